"""Programs of clusters that are not Python: fetched once, checked, kept outside the repository."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

DEFAULT_FLINK = "2.2"  # of the container files and the documentation

# What PyPI has of each Flink that Beam's job servers are published for: release, SHA-256.
RELEASES = {
    "1.19": ("1.19.3", "4a58e3a1fb7d83340bc96b6c080624c6d792d69fae5d294b96224775204a9c60"),
    "1.20": ("1.20.5", "e6aee62ea1a1fe7b32e28894ad079f3f1a50a372a4caac3df52405267f4228c8"),
    "2.0": ("2.0.2", "64dced9d0324a5f23f84e9cdf444d3fd64632169e477f001c21b422f39b995ba"),
    "2.1": ("2.1.3", "b48d3944755b9303f99d205ea1a9bcb798fc563a872c782393fb466f16d4f91c"),
    "2.2": ("2.2.1", "74dc5546fbd9add8fbcdf1222a237e09491f9b80296241aef8676ec56f8e686e"),
}


class MissingArtefactError(Exception):
    """A cluster cannot be had here; the message says what is missing and what to do."""


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tandemqa" / "cluster"


def flink_version() -> str:
    """Return the Flink to test with: `$FLINK_VERSION`, or the default.

    Raises:
        MissingArtefactError: If Beam has no job server for it.
    """
    flink = os.environ.get("FLINK_VERSION", DEFAULT_FLINK)
    if flink not in RELEASES:
        raise MissingArtefactError(f"$FLINK_VERSION: one of {', '.join(RELEASES)}, not {flink}")
    return flink


def find_java() -> str:
    """Return the `java` program.

    Raises:
        MissingArtefactError: If there is none.
    """
    java = shutil.which("java")
    if java is None:
        raise MissingArtefactError("java is missing: apt-get install openjdk-17-jre-headless")
    return java


def flink_jars() -> Path:
    """Return the folder of Flink's jars, from the distribution on PyPI that carries them.

    Raises:
        MissingArtefactError: If it cannot be downloaded, or is not the one we know.
    """
    release, digest = RELEASES[flink_version()]
    wanted = f"apache-flink-libraries=={release}"
    jars = cache_folder() / wanted.replace("==", "-")
    if jars.is_dir():
        return jars
    partial = jars.with_name(f"{jars.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    requirements = partial / "requirements.txt"
    requirements.write_text(f"{wanted} --hash=sha256:{digest}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    # What a source distribution needs to be built is not among the hashes, and not needed.
    pip += ["--no-build-isolation", "--dest", str(partial)]
    _run([*pip, "--requirement", str(requirements)], wanted)
    (distribution,) = partial.glob("apache*flink*")
    for name, content in _jars_in(distribution):
        (partial / name).write_bytes(content)
    distribution.unlink()
    partial.rename(jars)
    return jars


def _jars_in(distribution: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the jars below `lib/` of a wheel or source distribution."""
    if distribution.suffix == ".whl":
        with zipfile.ZipFile(distribution) as wheel:
            for name in wheel.namelist():
                if name.startswith("pyflink/lib/") and name.endswith(".jar"):
                    yield Path(name).name, wheel.read(name)
        return
    with tarfile.open(distribution) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if "/deps/lib/" in member.name and member.name.endswith(".jar") and file:
                yield Path(member.name).name, file.read()


def job_server_jar() -> Path:
    """Return Beam's job server for this Flink; `$FLINK_JOB_SERVER_JAR` names one that is there.

    Maven compares what it downloads with the checksums that Maven Central publishes.

    Raises:
        MissingArtefactError: If it cannot be had.
    """
    cache_folder().mkdir(parents=True, exist_ok=True)
    given = os.environ.get("FLINK_JOB_SERVER_JAR")
    if given:
        if not Path(given).is_file():
            raise MissingArtefactError(f"$FLINK_JOB_SERVER_JAR: there is no file {given}")
        return Path(given)
    name = f"beam-runners-flink-{flink_version()}-job-server"
    beam = version("apache-beam")
    jar = cache_folder() / f"{name}-{beam}.jar"
    if jar.is_file():
        return jar
    if shutil.which("mvn") is None:
        raise MissingArtefactError("mvn is missing: apt-get install maven")
    artefact = f"org.apache.beam:{name}:{beam}"
    maven = ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "-Dstyle.color=never"]
    _run([*maven, "dependency:get", f"-Dartifact={artefact}", "-Dtransitive=false"], artefact)
    copy = ["dependency:copy", f"-Dartifact={artefact}", f"-DoutputDirectory={jar.parent}"]
    _run([*maven, *copy], artefact)
    return jar


def _run(command: list[str], artefact: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cache_folder())
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines() or ["no message"]
        reason = lines[0].rpartition(": ")[2]
        raise MissingArtefactError(f"{artefact} cannot be downloaded ({reason})")
