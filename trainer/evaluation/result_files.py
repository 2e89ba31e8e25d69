"""The files of an evaluation: where they go, and that they replace nothing but our own."""

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from schemas.errors import UsageError
from schemas.files import read_json
from schemas.ownership import Entry, check_is_folder, check_writable, name_some
from trainer.evaluation.question_scores import load_question_scores, questions_file

_HEAT_MAPS: Final = (".pdf", ".png", ".svg")
_KEPT: Final = re.compile(r"[0-9a-f]{32}\.npy(?:\.[0-9a-f]{8}\.partial)?")
_LOOKED_AT: Final = 1_000  # files of a cache


@dataclass(frozen=True, slots=True)
class ResultFiles:
    """Where the results of an evaluation are written.

    Attributes:
        results: The results, as JSON.
        heat_map: The heat map.
        questions: What each question scored.
    """

    results: Path
    heat_map: Path
    questions: Path


def choose_files(output: str, heat_map: str | None) -> ResultFiles:
    """Return the files of an evaluation, before it begins.

    Args:
        output: The results.
        heat_map: Other place of the heat map than beside the results.

    Raises:
        UsageError: If one of them is not a file, or one that tandemqa did not write, or if they
            cannot be written.
    """
    results = Path(output).expanduser()
    if results.is_dir():
        raise UsageError(f"--output {results}: a folder; wanted a file, such as results.json")
    results = results.resolve()  # a link to a file stays
    beside = results.with_suffix(".png")
    files = ResultFiles(
        results,
        Path(heat_map).expanduser().resolve() if heat_map else beside,
        questions_file(results),
    )
    if files.heat_map.suffix not in _HEAT_MAPS:
        raise UsageError(f"--heat-map {heat_map}: wanted {', '.join(_HEAT_MAPS)}")
    if results in (files.heat_map, files.questions):
        raise UsageError(f"--output {results}: wanted a name that ends with .json")
    earlier = _read_results(results)
    if files.questions.exists() and not _holds_scores(files.questions):
        raise _refusal("--output", files.questions)
    drawn = (earlier["settings"].get("heat_map") or str(beside)) if earlier else ""
    if files.heat_map.exists() and str(files.heat_map) != drawn:
        raise _refusal("--heat-map" if heat_map else "--output", files.heat_map)
    check_writable(results.parent, "--output")
    check_writable(files.heat_map.parent, "--heat-map")
    return files


def check_cache(cache: Path) -> None:
    """Refuse a folder for embeddings that has other things in it, or cannot be written to.

    Raises:
        UsageError: If it is such a folder, or none.
    """
    check_is_folder(cache, "--cache")
    found = list(islice(cache.iterdir(), _LOOKED_AT)) if cache.exists() else []
    if found and not any(_KEPT.fullmatch(path.name) for path in found):
        raise UsageError(
            f"--cache {cache} has no embeddings, but other files: "
            f"{name_some(Entry(path.name) for path in sorted(found))}; name a new or empty folder"
        )
    check_writable(cache, "--cache")


def _read_results(path: Path) -> dict[str, Any] | None:
    """Return earlier results; None if there is nothing at their place."""
    if not path.exists():
        return None
    try:
        content = read_json(path) if path.is_file() else {}
    except (OSError, ValueError):
        content = {}
    settings = content.get("settings")
    if {"benchmark", "model"} <= set(content) and isinstance(settings, dict):
        return content
    raise _refusal("--output", path)


def _holds_scores(path: Path) -> bool:
    try:
        load_question_scores(path)
    except UsageError:
        return False
    return True


def _refusal(option: str, path: Path) -> UsageError:
    return UsageError(
        f"{option}: {path} is there already, and not known to be written by tandemqa; move it "
        "away, or name another file"
    )
