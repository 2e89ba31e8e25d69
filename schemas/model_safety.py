"""A model folder may come from anybody: nothing in it is run, and nothing outside it is read."""

import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any, Final

from schemas.command import UsageError

_OUR_CLASSES: Final = "sentence_transformers."
_MODULES_NAME: Final = "modules.json"
_ADAPTER_NAME: Final = "adapter_config.json"
_TOP_FILES: Final = (_MODULES_NAME, _ADAPTER_NAME, "config.json")
# Weights that are pickled, by the names that the libraries look for.
_PICKLED: Final = re.compile(r"(?:pytorch|adapter)_model\b.*\.bin(?:\.index\.json)?")
_LARGEST_SETTINGS: Final = 64 << 20


def refuse_unsafe_model(folder: Path, among: frozenset[Path] = frozenset()) -> None:
    """Refuse a model folder that would run code, or lead out of itself.

    Args:
        folder: A folder with a sentence-transformers or transformers model.
        among: Folders that were looked at already.

    Raises:
        UsageError: If weights are pickled, a module has a class of its own or is elsewhere, or
            there is something that is no regular file.
    """
    if not any(os.path.lexists(folder / name) for name in _TOP_FILES):
        return  # no model, and perhaps all of a disk
    for path in sorted(folder.rglob("*")):
        if not path.is_file() and not path.is_dir():
            raise UsageError(f"model {folder}: {path.relative_to(folder)} is not a regular file")
        if _PICKLED.fullmatch(path.name) and not any(path.parent.glob("*.safetensors")):
            raise UsageError(
                f"model {folder}: the weights in {path.relative_to(folder)} are pickled, and "
                "reading them could run code; save the model as safetensors"
            )
    _refuse_foreign_modules(folder)
    base = _base_of_adapters(folder)
    if base is not None and base not in among:
        refuse_unsafe_model(base, among | {folder.resolve()})


def _refuse_foreign_modules(folder: Path) -> None:
    modules = _read_json(folder / _MODULES_NAME)
    if modules is None:
        return
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise UsageError(f"model {folder}: {_MODULES_NAME} is not a list of modules")
    for module in modules:
        kind, path = module.get("type"), module.get("path", "")
        if not isinstance(kind, str) or not kind.startswith(_OUR_CLASSES):
            raise UsageError(
                f"model {folder}: {_MODULES_NAME} names the class {kind}, which is not one of "
                "sentence-transformers; --trust-remote-code runs it"
            )
        place = PurePosixPath(path) if isinstance(path, str) else PurePosixPath("/")
        if place.is_absolute() or ".." in place.parts or "\0" in str(place):
            raise UsageError(
                f"model {folder}: the path {path!r} in {_MODULES_NAME} leads out of it"
            )


def _base_of_adapters(folder: Path) -> Path | None:
    """Return the folder of the model that adapters belong to; None if it is elsewhere."""
    settings = _read_json(folder / _ADAPTER_NAME)
    base = settings.get("base_model_name_or_path") if isinstance(settings, dict) else None
    if not isinstance(base, str) or "\0" in base or not Path(base).is_dir():
        return None
    return Path(base).resolve()


def _read_json(path: Path) -> Any:  # noqa: ANN401
    """Return the content of a JSON file; None if there is none."""
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _LARGEST_SETTINGS:
            raise ValueError("it is too large")
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not readable as JSON ({error})") from error
