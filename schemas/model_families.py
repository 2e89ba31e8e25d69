"""Families of encoders: what their models need, and which of them a model belongs to.

A model is recognised by its name, wherever it lies, by what its card says of it, or by its
files; it need not be loaded.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_READ_BYTES: Final = 1 << 18  # of a file: E5's card begins with thousands of lines of scores
_SNAPSHOT: Final = re.compile(r"models--[^/]+--([^/]+)/snapshots/[^/]+/?$")
_CARD_NAME: Final = re.compile(r"^ *- name: *['\"]?([\w./-]+)['\"]? *$", re.M)  # of `model-index`


@dataclass(frozen=True, slots=True)
class Family:
    """Models that were trained alike.

    Attributes:
        name: What people call them.
        pattern: Their names on the Hugging Face hub, without the owner.
        scale: Inverse temperature of the loss that they were trained with.
        learning_rate: Highest rate of fine-tuning that keeps what they know.
        question_prompt: Put before questions.
        passage_prompt: Put before passages.
    """

    name: str
    pattern: "re.Pattern[str]"
    scale: float
    learning_rate: float
    question_prompt: str = ""
    passage_prompt: str = ""


GENTLE_RATE: Final = 1e-5
"""Highest learning rate for encoders that were trained on a billion pairs; see RESULTS.md."""
USUAL_RATE: Final = 3e-5
"""Highest learning rate of other encoders."""
USUAL_SCALE: Final = 20.0
"""Inverse temperature of a loss where that of the model is not known: sentence-transformers'."""

_E5: Final = Family(  # arXiv:2212.03533 and 2402.05672: temperature 0.01; prompts of the cards
    "E5",
    re.compile(r"(?:multilingual-)?e5-(?:small|base|large)(?:-v2|-unsupervised)?"),
    100.0,
    GENTLE_RATE,
    "query: ",
    "passage: ",
)

FAMILIES: Final = (
    _E5,
    # arXiv:2309.07597: temperature 0.01; a prompt is optional since version 1.5.
    # M3 is arXiv:2402.03216: temperature 0.02.
    Family("BGE", re.compile(r"bge-(?:small|base|large)-(?:en|zh)(?:-v1\.5)?"), 100.0, GENTLE_RATE),
    Family("BGE-M3", re.compile(r"bge-m3(?:-unsupervised|-retromae)?"), 50.0, GENTLE_RATE),
    # arXiv:2308.03281 and 2407.19669: temperature 0.01.
    Family(
        "GTE",
        re.compile(r"gte-(?:small|base|large|multilingual-base|\w+-en-v1\.5)"),
        100.0,
        GENTLE_RATE,
    ),
    # Trained with the default of sentence-transformers.
    Family(
        "sentence-transformers",
        re.compile(
            r"(?:all|multi-qa|paraphrase|msmarco|distiluse)-[\w.-]*(?:MiniLM|mpnet|bert|albert)[\w.-]*"
            r"|static-(?:retrieval|similarity)-[\w.-]+",
            re.I,
        ),
        20.0,
        USUAL_RATE,
    ),
)


def recognise(model: str) -> Family | None:
    """Return the family of a model; None for models that are not known.

    Args:
        model: Its name on the hub, or its folder, which may be a snapshot or a copy.
    """
    for name in _names(model):
        for family in FAMILIES:
            if family.pattern.fullmatch(name.lower()) or family.pattern.fullmatch(name):
                return family
    return _E5 if _is_built_like_e5(Path(model)) else None


def _names(model: str) -> Iterator[str]:
    """Yield the names that a model may have been published under."""
    snapshot = _SNAPSHOT.search(model)
    yield snapshot[1] if snapshot else Path(model).name
    card = Path(model) / "README.md"
    if card.is_file():
        with card.open("rb") as stream:
            text = stream.read(_READ_BYTES).decode("utf-8", errors="replace")
        header = text.split("\n---", 1)[0] if text.startswith("---") else ""
        for name in _CARD_NAME.findall(header):
            yield name.rpartition("/")[2]


def _is_built_like_e5(folder: Path) -> bool:
    """Whether a folder is a copy of a multilingual E5 that lost its card.

    Of the well-known models with the vocabulary of XLM-R, only these end with mean pooling and
    normalisation, and take 512 tokens.
    """
    config = _read(folder / "config.json")
    modules = _read(folder / "modules.json")
    pooling = _read(folder / "1_Pooling" / "config.json")
    length = _read(folder / "sentence_bert_config.json")
    kinds = [
        str(module.get("type")).rpartition(".")[2]
        for module in (modules if isinstance(modules, list) else ())
        if isinstance(module, dict)
    ]
    return (
        isinstance(config, dict)
        and config.get("vocab_size") in (250002, 250037)
        and config.get("hidden_size") in (384, 768, 1024)
        and kinds == ["Transformer", "Pooling", "Normalize"]
        and isinstance(pooling, dict)
        and (pooling.get("pooling_mode") == "mean" or bool(pooling.get("pooling_mode_mean_tokens")))
        and isinstance(length, dict)
        and length.get("max_seq_length") == 512
    )


def _read(path: Path) -> Any:  # noqa: ANN401 - any JSON
    if not path.is_file():  # a pipe would be waited for
        return None
    try:
        with path.open("rb") as stream:
            return json.loads(stream.read(_READ_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
