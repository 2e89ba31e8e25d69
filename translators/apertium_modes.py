"""Where Apertium's language data lie, which commands run them, and what version they are.

A *mode* such as `eng-spa` is a file with one shell pipeline from text to text.
"""

import hashlib
import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from schemas.errors import NotInstalledError
from translators.apertium_filters import KEEP_ACRONYMS, PART_WORDS
from translators.apertium_tagger import complete_tagger

_LOG: Final = logging.getLogger(__name__)
_SHIPPED: Final = Path("/usr/share/apertium")  # where Debian's packages put their data
_NEEDLESS: Final = re.compile(r"apertium-wblank-(?:attach|detach) *\| *")  # for formatted text
_HMM_TAGGER: Final = re.compile(r"apertium-tagger -z -g (?:\$2 )?'([^']+)'")
_LICENSES: Final = {
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
}


def check_modes(modes: Sequence[str], packages: Sequence[str]) -> None:
    """Check that Apertium, the modes, their programs and their data are installed.

    Args:
        modes: Names of modes.
        packages: Debian packages to name in the message.

    Raises:
        NotInstalledError: If anything is missing; the message names all of it.
    """
    missing = [
        name for name in ("apertium", "apertium-wblank-mode", "perl") if not shutil.which(name)
    ]
    for mode in modes:
        if _mode_file(mode).is_file():
            programs = {stage.split()[0] for stage in _pipeline(mode).split("|")}
            missing += sorted(program for program in programs if not shutil.which(program))
            missing += [str(path) for path in _data_files(mode) if not path.is_file()]
        else:
            missing.append(f"mode {mode} in {_mode_file(mode).parent}")
    if missing:
        raise NotInstalledError(
            f"Apertium cannot translate {' > '.join(modes)}; missing: {', '.join(missing)}",
            install_command(packages),
        )


def install_command(packages: Sequence[str]) -> str:
    """Return what to type to install Apertium with these Debian packages."""
    return f"apt-get install {' '.join(['apertium', *packages])}"


def commands(mode: str, files: ExitStack) -> tuple[str, ...]:
    """Return the null-flushed commands of a mode: up to the generator, and what follows it.

    They are apart because the generator marks unknown words (`*word`), and what follows it
    (contractions such as `d'eosinophils`) works only without the marks.

    Args:
        mode: Name of an installed mode.
        files: Holds what the commands read, until it is closed.
    """
    pipeline = subprocess.run(
        ["apertium-wblank-mode", "-z", str(_mode_file(mode))],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    pipeline = _NEEDLESS.sub("", pipeline).strip()
    tagger = _HMM_TAGGER.search(pipeline)
    if tagger:
        pipeline = pipeline.replace(tagger.group(1), _completed(tagger.group(1), files))
    before, generator, after = pipeline.partition("$1")
    stage, _, finish = after.partition("|")
    parts = (before + generator + stage, finish)
    first, *others = [part.replace("$1", "-g").replace("$2", "") for part in parts if part.strip()]
    analyser, *rules, generation = map(str.strip, first.split("|"))
    return (" | ".join([analyser, KEEP_ACRONYMS, *rules, PART_WORDS, generation]), *others)


def engine() -> str:
    """Return the names and versions of the programs that translate."""
    apertium = _output("apertium", "-V").removeprefix("Apertium ")
    lttoolbox = _output("lt-proc", "-v").removeprefix("lt-proc version ")
    return f"apertium {apertium}, lttoolbox {lttoolbox}"


def revision(modes: Iterable[str]) -> str:
    """Return the versions of the packages with the data, or a hash of data from elsewhere."""
    return ", ".join(dict.fromkeys(_mode_revision(mode) for mode in modes))


def licenses(modes: Iterable[str]) -> str:
    """Return the SPDX expression of the data's licences, `GPL` where the package names none."""
    return " AND ".join(sorted({_package_license(_package(mode)) for mode in modes}))


def _completed(tagger: str, files: ExitStack) -> str:
    """Return the path of completed tagger data, kept in memory, or that of data of another kind.

    A file in memory leaves nothing behind, however this process ends.
    """
    try:
        data = complete_tagger(Path(tagger).read_bytes())
    except ValueError as error:
        _LOG.warning("%s: %s; translations may depend on their neighbours", tagger, error)
        return tagger
    file = files.enter_context(os.fdopen(os.memfd_create(Path(tagger).name), "wb", buffering=0))
    file.write(data)
    return f"/proc/{os.getpid()}/fd/{file.fileno()}"


def _mode_file(mode: str) -> Path:
    return Path(os.environ.get("APERTIUM_DATADIR", _SHIPPED)) / "modes" / f"{mode}.mode"


def _pipeline(mode: str) -> str:
    return _mode_file(mode).read_text(encoding="utf-8").strip()


def _data_files(mode: str) -> list[Path]:
    return [Path(name) for name in re.findall(r"'(/[^']+)'", _pipeline(mode))]


def _package(mode: str) -> str:
    """Return the package that ships a mode: its folder of data is named after it."""
    return _data_files(mode)[0].parent.name


def _mode_revision(mode: str) -> str:
    files = _data_files(mode)
    if all(_SHIPPED in file.parents for file in files):
        version = _output("dpkg-query", "--show", _package(mode)).replace("\t", " ")
        if version:
            return version
    digest = hashlib.sha256(_pipeline(mode).encode())
    for file in files:
        digest.update(file.read_bytes())
    return f"{mode} sha256:{digest.hexdigest()[:16]}"


def _package_license(package: str) -> str:
    notice = Path("/usr/share/doc") / package / "copyright"
    text = notice.read_text(encoding="utf-8") if notice.is_file() else ""
    named = re.search(r"^License: *(\S+)", text, re.MULTILINE)
    return _LICENSES.get(named.group(1), "GPL") if named else "GPL"


def _output(*command: str) -> str:
    """Return what a command prints; nothing if there is no such command or it fails."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""
