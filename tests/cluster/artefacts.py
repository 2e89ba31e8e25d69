"""Programs of clusters that are not Python: fetched once, checked, kept outside the repository."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

FLINK = "2.2"
WHEEL = "apache-flink-libraries==2.2.1"
WHEEL_SHA256 = "74dc5546fbd9add8fbcdf1222a237e09491f9b80296241aef8676ec56f8e686e"


class MissingArtefactError(Exception):
    """A cluster cannot be had here; the message says what is missing and what to do."""


def cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tandemqa" / "cluster"


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
    """Return the folder of Flink's jars, from the wheel on PyPI that carries them.

    Raises:
        MissingArtefactError: If it cannot be downloaded, or is not the one we know.
    """
    jars = cache_folder() / WHEEL.replace("==", "-")
    if jars.is_dir():
        return jars
    partial = jars.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    wanted = partial / "requirements.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    _run([*pip, "--dest", str(partial), "--requirement", str(wanted)], WHEEL)
    (wheel,) = partial.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith("pyflink/lib/") and name.endswith(".jar"):
                (partial / Path(name).name).write_bytes(archive.read(name))
    wheel.unlink()
    partial.rename(jars)
    return jars


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
    name = f"beam-runners-flink-{FLINK}-job-server"
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
