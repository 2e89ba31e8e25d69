"""Optional checks by a model: scores are stored, and nothing is rejected without a threshold.

A threshold is a score, or the share of correct texts that may be rejected: then every language
learns from the run under which score these fall. What a scorer is, `translators/scorers.py` says.
Do not score with the model you will train.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from pipelines.checks.lowest_score import lowest_score
from schemas.check import PASS, REJECT, SKIPPED, Check
from schemas.manifest import Calibration
from translators.scorers import UnusableScorer, check_scorer, score_pairs

Field = tuple[str, list[tuple[str, str]]]  # its name; its sentences, English and translated

_NAME: Final = re.compile(r"\w+")
_SCORER: Final = re.compile(
    r"(?P<scorer>.*?)(?:@(?:(?P<least>-?\d+(?:\.\d+)?)|(?P<share>\d+(?:\.\d+)?)%))?"
)
_FIELDS: Final = ("question", "passage")
_MOST_PERCENT: Final = 20
_LARGEST: Final = 700.0  # a manifest holds no greater median
_MEAN: Final = "_mean"
_DIGITS: Final = 4  # further ones depend on the machine and on what was scored together


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """A model to score translations with.

    Attributes:
        name: Name of the check, such as `low_similarity`; `_mean` is added for the mean.
        scorer: `module:function`, or `embedding:NAME` for a sentence-transformers model; empty
            to judge scores that the rows have already.
        least: Score under which a row is rejected; None where it is not given.
        share: Share of correct texts, 0 to 1, whose scores lie under the threshold that each
            language and field learns from the run; None to learn none.
    """

    name: str
    scorer: str
    least: float | None = None
    share: float | None = None

    @property
    def kinds(self) -> dict[str, str]:
        """By field, the name under which its scores are calibrated."""
        return {field: f"{self.name}_{field}" for field in _FIELDS}

    def as_json(self) -> dict[str, Any]:
        """Return the check as it stands in a manifest."""
        facts = asdict(self)
        if self.share is None:  # as before there were shares
            del facts["share"]
        return facts


def make_model_check(name: str, text: str) -> ModelCheck:
    """Return the check that a name and `SCORER@LEAST` describe; without `@LEAST` it only scores.

    `@0.5%` in place of `@LEAST` is a share of correct texts.

    Raises:
        UnusableScorer: If it describes none, or names a scorer that is not there.
    """
    described = _SCORER.fullmatch(text)
    if not _NAME.fullmatch(name) or not described or not any(described.groups()):
        raise UnusableScorer(
            f"--model-checks {name}={text}: wanted NAME=MODULE:FUNCTION or NAME=embedding:MODEL, "
            "with @LEAST to reject below a score, or @0.5% below that of all but half a percent of "
            "correct texts in this run; NAME=@LEAST judges the scores that are there"
        )
    scorer, least, share = described["scorer"], described["least"], described["share"]
    if share and not 0 < float(share) <= _MOST_PERCENT:
        raise UnusableScorer(
            f"--model-checks {name}={text}: wanted a share above 0% and up to {_MOST_PERCENT}%"
        )
    if scorer:
        check_scorer(scorer)
    return ModelCheck(
        name, scorer, float(least) if least else None, float(share) / 100 if share else None
    )


def score_values(
    checks: Iterable[Check], model_checks: Iterable[ModelCheck]
) -> Iterator[tuple[str, float]]:
    """Yield the scores that limits are learnt from, each with the kind of value it is."""
    learning = {check.name: check for check in model_checks if check.share is not None}
    for check in checks:
        if check.name in learning and check.value is not None:
            # As on the disk, where numbers have fewer digits: a corpus read again has the same.
            yield learning[check.name].kinds[check.field], round(check.value, _DIGITS)


def judge_scores(
    checks: Iterable[Check],
    model_checks: Iterable[ModelCheck],
    usual: Callable[[str], Calibration],
) -> list[Check]:
    """Return the outcomes, with those that have a learnt limit held against it.

    Args:
        checks: Outcomes of a row.
        model_checks: The model checks of this run.
        usual: What scores of a kind are like in the row's language.
    """
    learning = {check.name: check for check in model_checks if check.share is not None}

    def judge(check: Check) -> Check:
        model_check = learning.get(check.name)
        if not model_check or not model_check.share or check.value is None:
            return check
        least = lowest_score(usual(model_check.kinds[check.field]), model_check.share)
        return _outcome(check.name, check.field, check.value, round(least, _DIGITS))

    return [judge(check) for check in checks]


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


def run_model_check(
    check: ModelCheck, lang: str, fields: Sequence[Field], memory: str = ""
) -> list[list[Check]]:
    """Return the lowest and the mean score of the sentences of each field, in order.

    Args:
        check: The model check.
        lang: BCP-47 code of all translations.
        fields: Their sentences are scored in one call.
        memory: Translation memory beside which scores may be kept; empty for none.

    Raises:
        UnusableScorer: If the scorer cannot be loaded or returns the wrong number of scores, or
            such as no limit can be learnt from.
    """
    flat = [pair for _, sentences in fields for pair in sentences]
    scores = score_pairs(check.scorer, flat, lang, memory)
    if check.share is not None and any(abs(score) > _LARGEST for score in scores):
        raise UnusableScorer(
            f"scorer {check.scorer!r}: a limit is learnt from scores of up to {_LARGEST:g} only; "
            "scale them down"
        )
    remaining = iter(scores)
    return [
        _outcomes(check, field, [next(remaining) for _ in sentences]) for field, sentences in fields
    ]


def _outcomes(check: ModelCheck, field: str, scores: Sequence[float]) -> list[Check]:
    """Return what a field is given for its sentences; the scorer may not know some of them."""
    known = [score for score in scores if math.isfinite(score)]
    if scores and not known:
        return [Check(check.name, field, None, None, SKIPPED)]
    return (
        [
            _outcome(check.name, field, min(known), check.least),
            _outcome(check.name + _MEAN, field, sum(known) / len(known), None),
        ]
        if known
        else []
    )


def _outcome(name: str, field: str, score: float, least: float | None) -> Check:
    score = round(score, _DIGITS)
    return Check(name, field, score, least, REJECT if least is not None and score < least else PASS)
