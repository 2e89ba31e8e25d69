"""Optional checks by a model: scores are stored, and nothing is rejected without a threshold.

What a scorer is, `translators/scorers.py` says. Do not score with the model you will train.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.check import PASS, REJECT, Check
from translators.scorers import UnusableScorer, check_scorer, score_pairs

Field = tuple[str, list[tuple[str, str]]]  # its name; its sentences, English and translated

_NAME: Final = re.compile(r"\w+")
_SCORER: Final = re.compile(r"(?P<scorer>.*?)(?:@(?P<least>-?\d+(?:\.\d+)?))?")
_MEAN: Final = "_mean"
_DIGITS: Final = 4  # further ones depend on the machine and on what was scored together


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
    if scorer:
        check_scorer(scorer)
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
    scores = score_pairs(check.scorer, flat, lang)
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


def _outcome(name: str, field: str, score: float, least: float | None) -> Check:
    score = round(score, _DIGITS)
    return Check(name, field, score, least, REJECT if least is not None and score < least else PASS)
