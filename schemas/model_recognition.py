"""Recognise a model, so that it gets what it needs; it need not be loaded.

Told by the record of a training of ours, else by its name, wherever it lies, by its card, or by its
files. What only looks like a family is not taken for one: scale and prompts of another model do
harm.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.model_families import E5, FAMILIES, STATIC, Family

RECORD_NAME: Final = "training.json"
"""What `train` writes beside a model when it is finished."""

_READ_BYTES: Final = 1 << 18  # of a file: E5's card begins with thousands of lines of scores
_RECORD_BYTES: Final = 1 << 24  # it has the scores of all checkpoints
_SNAPSHOT: Final = re.compile(r"models--[^/]+--([^/]+)/snapshots/[^/]+/?$")
_CARD_NAME: Final = re.compile(r"^ *- name: *['\"]?([\w./-]+)['\"]? *$", re.M)  # of `model-index`
_ORIGINS: Final = (("config.json", "_name_or_path"), ("tokenizer_config.json", "name_or_path"))


@dataclass(frozen=True, slots=True)
class Trained:
    """What a model needs that tandemqa trained: what it was trained with.

    Attributes:
        name: What people call it.
        scale: Inverse temperature of the loss.
        learning_rate: Highest rate.
        question_prompt: Put before questions.
        passage_prompt: Put before passages.
        source: Where its values are from, in words.
    """

    name: str
    scale: float
    learning_rate: float
    question_prompt: str
    passage_prompt: str
    source: str = f"its {RECORD_NAME}"


def recognise(model: str) -> Family | Trained | None:
    """Return what a model needs; None for models that are not known.

    Args:
        model: Its name on the hub, or its folder, which may be a snapshot or a copy.
    """
    folder = Path(model)
    if trained := _read_record(folder):
        return trained
    for name in _names(model):
        for family in FAMILIES:
            if family.pattern.fullmatch(name.lower()) or family.pattern.fullmatch(name):
                return family
    prompts = stated_prompts(model)
    if prompts == (E5.question_prompt, E5.passage_prompt) or _is_built_like_e5(folder, small=True):
        return E5
    return STATIC if _kinds_of_modules(folder)[:1] == ["StaticEmbedding"] else None


def resembles(model: str) -> Family | None:
    """Return the family that an unknown model is built like, which does not prove that it is one.

    Base and large E5 have the files of any XLM-R with mean pooling, normalisation and 512 tokens,
    E5-instruct included, which needs other prompts.
    """
    return E5 if _is_built_like_e5(Path(model), small=False) else None


def stated_prompts(model: str) -> tuple[str, str]:
    """Return the prompts for questions and passages that the files in a folder state."""
    content = _read(Path(model) / "config_sentence_transformers.json")
    prompts = content.get("prompts") if isinstance(content, dict) else None
    if not isinstance(prompts, dict):
        return "", ""
    return _text(prompts, "query"), _text(prompts, "document") or _text(prompts, "passage")


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""


def _read_record(folder: Path) -> Trained | None:
    record = _read(folder / RECORD_NAME, _RECORD_BYTES)
    identity = record.get("identity") if isinstance(record, dict) else None
    settings = identity.get("settings") if isinstance(identity, dict) else None
    if not isinstance(settings, dict):
        return None
    base, loss = settings.get("model"), settings.get("loss")
    scale = _positive(loss.get("scale") if isinstance(loss, dict) else None)
    rate = _positive(settings.get("learning_rate"))
    if not (scale and rate):
        return None
    name = base.get("model") if isinstance(base, dict) else None
    prompts = stated_prompts(str(folder))
    return Trained(f"trained by tandemqa from {name}", scale, rate, *prompts)


def _positive(value: object) -> float | None:
    """Return a number above 0; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < math.inf else None


def _names(model: str) -> Iterator[str]:
    """Yield the names that a model may have been published under."""
    snapshot = _SNAPSHOT.search(model)
    yield snapshot[1] if snapshot else Path(model).name
    folder = Path(model)
    card = folder / "README.md"
    if card.is_file():
        with card.open("rb") as stream:
            text = stream.read(_READ_BYTES).decode("utf-8", errors="replace")
        header = text.split("\n---", 1)[0] if text.startswith("---") else ""
        for name in _CARD_NAME.findall(header):
            yield name.rpartition("/")[2]
    for file, key in _ORIGINS:
        content = _read(folder / file)
        if isinstance(content, dict):
            yield _text(content, key).rstrip("/").rpartition("/")[2]


def _is_built_like_e5(folder: Path, small: bool) -> bool:
    """Whether a folder has the files of a multilingual E5.

    Of the well-known models, only its small one has the vocabulary of XLM-R in a BERT with mean
    pooling, normalisation and 512 tokens.
    """
    config = _read(folder / "config.json")
    pooling = _read(folder / "1_Pooling" / "config.json")
    length = _read(folder / "sentence_bert_config.json")
    shapes = [("bert", 250037, 384)]
    if not small:
        shapes = [("xlm-roberta", 250002, 768), ("xlm-roberta", 250002, 1024)]
    return (
        isinstance(config, dict)
        and tuple(map(config.get, ("model_type", "vocab_size", "hidden_size"))) in shapes
        and _kinds_of_modules(folder) == ["Transformer", "Pooling", "Normalize"]
        and isinstance(pooling, dict)
        and (pooling.get("pooling_mode") == "mean" or bool(pooling.get("pooling_mode_mean_tokens")))
        and isinstance(length, dict)
        and length.get("max_seq_length") == 512
    )


def _kinds_of_modules(folder: Path) -> list[str]:
    modules = _read(folder / "modules.json")
    return [
        str(module.get("type")).rpartition(".")[2]
        for module in (modules if isinstance(modules, list) else ())
        if isinstance(module, dict)
    ]


def _read(path: Path, most: int = _READ_BYTES) -> Any:  # noqa: ANN401 - any JSON
    if not path.is_file():  # a pipe would be waited for
        return None
    try:
        with path.open("rb") as stream:
            return json.loads(stream.read(most))
    except (OSError, ValueError, RecursionError):
        return None
