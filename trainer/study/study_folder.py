"""The folder of a study: whose it is, before anything is written there."""

from pathlib import Path
from typing import Final

from schemas.errors import UsageError
from schemas.files import read_json
from schemas.ownership import Entry, check_is_folder, how_to_adopt, name_some, read_marker

STUDY: Final = "study"
"""What the marker of the folder says."""
RESULTS_NAME: Final = "results.json"
RUNS_NAME: Final = "runs"
PLOTS_NAME: Final = "plots"

_RESULTS: Final = {"title", "study", "cells"}


def check_study_folder(output: Path) -> None:
    """Refuse a folder that is not ours and not empty, or that leads elsewhere.

    Raises:
        UsageError: Naming what is there, and what to do.
    """
    check_is_folder(output, "--output")
    runs = output / RUNS_NAME
    links = [
        Entry(path.relative_to(output).as_posix(), regular=False)
        for path in [output / PLOTS_NAME, runs, *runs.glob("*"), *runs.glob("*/*")]
        if path.is_symlink()
    ]
    if links:
        raise UsageError(f"--output {output}: {name_some(links)}; links are not followed")
    names = sorted(path.name for path in output.iterdir()) if output.exists() else []
    if names and not (read_marker(output, STUDY) or _has_results(output)):
        unfinished = f". {how_to_adopt(str(output), STUDY)}" if RUNS_NAME in names else ""
        raise UsageError(
            f"--output {output} contains files that tandemqa did not write: "
            f"{name_some(map(Entry, names))}; name a new or empty folder{unfinished}"
        )


def _has_results(output: Path) -> bool:
    """Whether there are results of a study; versions without markers wrote nothing else."""
    try:
        return set(read_json(output / RESULTS_NAME)) >= _RESULTS
    except (OSError, ValueError):
        return False
