"""Optional checks by a model: scores are stored, and nothing is rejected without a threshold.

A scorer is any function that gives a number to each pair of an English text and its translation;
a COMET-style model is one by its import path `module:function`, sentence embeddings by
`embedding:MODEL`. Do not score with the model you will train. For CometKiwi, for example:

    def quality(pairs, lang):
        texts = [{"src": english, "mt": translation} for english, translation in pairs]
        return model.predict(texts).scores
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from schemas.check import PASS, REJECT, Check

# (English text, translation) pairs and the BCP-47 code; one score each, higher is better.
Scorer = Callable[[Sequence[tuple[str, str]], str], Sequence[float]]

Field = tuple[str, list[tuple[str, str]]]  # its name; its sentences, English and translated

_EMBEDDING: Final = "embedding"
_NAME: Final = re.compile(r"\w+")
_SCORER: Final = re.compile(r"(?P<scorer>.*?)(?:@(?P<least>-?\d+(?:\.\d+)?))?")
_MEAN: Final = "_mean"
_DIGITS: Final = 4  # further ones depend on the machine and on what was scored together


class UnusableScorer(ValueError):
    """A model check names something that cannot score."""


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """A model to score translations with.

    Attributes:
        name: Name of the check, such as `low_similarity`; `_mean` is added for the mean.
        scorer: `module:function`, or `embedding:NAME` for a sentence-transformers model; empty
            to judge scores that the rows have already.
        least: Score under which a row is rejected; None to store scores only.
    """

    name: str
    scorer: str
    least: float | None = None


def make_model_check(name: str, text: str) -> ModelCheck:
    """Return the check that a name and `SCORER@LEAST` describe; without `@LEAST` it only scores.

    Raises:
        UnusableScorer: If it describes none, or names a scorer that is not there.
    """
    described = _SCORER.fullmatch(text)
    if not _NAME.fullmatch(name) or not described or not any(described.groups()):
        raise UnusableScorer(
            f"--model-checks {name}={text}: wanted NAME=MODULE:FUNCTION or NAME=embedding:MODEL, "
            "with @LEAST to reject below a score; NAME=@LEAST judges the scores that are there"
        )
    scorer, least = described["scorer"], described["least"]
    if scorer.partition(":")[0] != _EMBEDDING and scorer:
        load_scorer(scorer)
    elif scorer:
        _need_sentence_transformers(scorer)
    return ModelCheck(name, scorer, float(least) if least else None)


def judge_again(checks: Iterable[Check], check: ModelCheck) -> list[Check]:
    """Return the outcomes with those of a model check held against its threshold once more."""
    return [
        _outcome(c.name, c.field, c.value, check.least)
        if c.name == check.name and c.value is not None
        else c
        for c in checks
    ]


def is_of(check: Check, model_checks: Iterable[str]) -> bool:
    """Return whether an outcome is of one of the model checks with these names."""
    return check.name.removesuffix(_MEAN) in model_checks


def run_model_check(check: ModelCheck, lang: str, fields: Sequence[Field]) -> list[list[Check]]:
    """Return the lowest and the mean score of the sentences of each field, in order.

    Args:
        check: The model check.
        lang: BCP-47 code of all translations.
        fields: Their sentences are scored in one call.

    Raises:
        UnusableScorer: If the scorer cannot be loaded or returns the wrong number of scores.
    """
    flat = [pair for _, sentences in fields for pair in sentences]
    scores = [float(s) for s in load_scorer(check.scorer)(flat, lang)] if flat else []
    if len(scores) != len(flat):
        raise UnusableScorer(
            f"scorer {check.scorer!r} returned {len(scores)} scores for {len(flat)} pairs; "
            "want exactly one for each"
        )
    remaining = iter(scores)
    found = []
    for field, sentences in fields:
        own = [next(remaining) for _ in sentences]
        found.append(
            [
                _outcome(check.name, field, min(own), check.least),
                _outcome(check.name + _MEAN, field, sum(own) / len(own), None),
            ]
            if own
            else []
        )
    return found


@cache
def load_scorer(path: str) -> Scorer:
    """Return the scorer that an import path or `embedding:MODEL` names.

    Raises:
        UnusableScorer: If there is no such thing.
    """
    module, _, name = path.partition(":")
    if not name:
        raise UnusableScorer(f"scorer {path!r}: want MODULE:FUNCTION or embedding:MODEL")
    if module == _EMBEDDING:
        return _embedding_scorer(name)
    try:
        scorer: Scorer = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UnusableScorer(
            f"scorer {path!r}: {error}; it must be installed or on PYTHONPATH"
        ) from None
    return scorer


def _embedding_scorer(model: str) -> Scorer:
    """Return cosine similarity by a sentence-transformers model, -1 to 1."""
    _need_sentence_transformers(f"{_EMBEDDING}:{model}")
    encoder = import_module("sentence_transformers").SentenceTransformer(model)

    def score(pairs: Sequence[tuple[str, str]], lang: str) -> Sequence[float]:
        texts = [text for pair in pairs for text in pair]
        vectors = encoder.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        return [float(a @ b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]

    return score


def _need_sentence_transformers(scorer: str) -> None:
    if not find_spec("sentence_transformers"):
        raise UnusableScorer(
            f"scorer {scorer!r} needs sentence-transformers: pip install sentence-transformers"
        )


def _outcome(name: str, field: str, score: float, least: float | None) -> Check:
    score = round(score, _DIGITS)
    return Check(name, field, score, least, REJECT if least is not None and score < least else PASS)
