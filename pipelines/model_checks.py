"""Optional checks by a model: scores are stored, and nothing is rejected.

A scorer is any function that gives a number to each pair of an English text and its translation;
a COMET-style model is one by its import path `module:function`, sentence embeddings by
`embedding:MODEL`. Do not score with the model you will train.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from pipelines.checks.field_pair import FieldPair
from schemas.check import FLAG, PASS, Check

# (English text, translation) pairs and the BCP-47 code; one score each, higher is better.
Scorer = Callable[[Sequence[tuple[str, str]], str], Sequence[float]]

_EMBEDDING: Final = "embedding"


class UnusableScorer(ValueError):
    """A model check names something that cannot score."""


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """A model to score translations with.

    Attributes:
        name: Name of the check, such as `low_similarity`; `_mean` is added for the mean.
        scorer: `module:function`, or `embedding:NAME` for a sentence-transformers model.
        least: Score under which a row is flagged; None to store scores only.
    """

    name: str
    scorer: str
    least: float | None = None


def run_model_check(check: ModelCheck, pairs: Sequence[FieldPair]) -> list[list[Check]]:
    """Return the lowest and the mean score of the sentences of each field, in order.

    All pairs must be in the same language; their sentences are scored in one call. A field
    without a sentence map is one sentence.

    Raises:
        UnusableScorer: If the scorer cannot be loaded or returns the wrong number of scores.
    """
    texts = [pair.segments() or [(pair.source, pair.target)] for pair in pairs]
    flat = [segment for segments in texts for segment in segments]
    scores = [float(s) for s in load_scorer(check.scorer)(flat, pairs[0].lang)] if flat else []
    if len(scores) != len(flat):
        raise UnusableScorer(
            f"scorer {check.scorer!r} returned {len(scores)} scores for {len(flat)} pairs; "
            "want exactly one for each"
        )
    found, start = [], 0
    for pair, segments in zip(pairs, texts, strict=True):
        own = scores[start : start + len(segments)]
        start += len(segments)
        found.append(
            [
                _outcome(check.name, pair.field, min(own), check.least),
                _outcome(f"{check.name}_mean", pair.field, sum(own) / len(own), None),
            ]
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
        raise UnusableScorer(f"scorer {path!r}: {error}") from None
    return scorer


def _embedding_scorer(model: str) -> Scorer:
    """Return cosine similarity by a sentence-transformers model, -1 to 1."""
    if not find_spec("sentence_transformers"):
        raise UnusableScorer(
            f"scorer 'embedding:{model}' needs sentence-transformers: "
            "pip install sentence-transformers"
        )
    encoder = import_module("sentence_transformers").SentenceTransformer(model)

    def score(pairs: Sequence[tuple[str, str]], lang: str) -> Sequence[float]:
        texts = [text for pair in pairs for text in pair]
        vectors = encoder.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        return [float(a @ b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]

    return score


def _outcome(name: str, field: str, score: float, least: float | None) -> Check:
    return Check(name, field, score, least, FLAG if least is not None and score < least else PASS)
