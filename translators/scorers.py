"""Functions that tell how good a translation is, by their import path.

A scorer gives a number to each pair of an English text and its translation: a COMET-style model is
one by `module:function`, sentence embeddings by `embedding:MODEL`. For CometKiwi, for example:

    def quality(pairs, lang):
        texts = [{"src": english, "mt": translation} for english, translation in pairs]
        return model.predict(texts).scores
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from schemas.errors import UsageError
from translators.sentence_encoder import EncoderSettings, UnusableEncoder, open_encoder

# (English text, translation) pairs and the BCP-47 code; one score each, higher is better.
Scorer = Callable[[Sequence[tuple[str, str]], str], Sequence[float]]

_EMBEDDING: Final = "embedding"


class UnusableScorer(ValueError):
    """What should score cannot."""


def check_scorer(path: str) -> None:
    """Make sure that there is such a scorer; models of embeddings are not loaded.

    Raises:
        UnusableScorer: If there is none.
    """
    if path.partition(":")[0] == _EMBEDDING:
        _need_sentence_transformers(path)
    else:
        load_scorer(path)


def score_pairs(path: str, pairs: Sequence[tuple[str, str]], lang: str) -> list[float]:
    """Return one score for each pair of an English text and its translation.

    Args:
        path: Import path of the scorer, or `embedding:MODEL`.
        pairs: They are scored in one call.
        lang: BCP-47 code of all translations.

    Raises:
        UnusableScorer: If the scorer cannot be loaded or returns the wrong number of scores.
    """
    scores = [float(score) for score in load_scorer(path)(pairs, lang)] if pairs else []
    if len(scores) != len(pairs):
        raise UnusableScorer(
            f"scorer {path!r} returned {len(scores)} scores for {len(pairs)} pairs; "
            "want exactly one for each"
        )
    return scores


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
    try:
        encoder = open_encoder(EncoderSettings(model))
    except (UnusableEncoder, UsageError) as error:
        raise UnusableScorer(f"scorer '{_EMBEDDING}:{model}': {error}") from error

    def score(pairs: Sequence[tuple[str, str]], lang: str) -> Sequence[float]:
        vectors = encoder.encode([text for pair in pairs for text in pair])
        return [float(a @ b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]

    return score


def _need_sentence_transformers(scorer: str) -> None:
    if not find_spec("sentence_transformers"):
        raise UnusableScorer(
            f"scorer {scorer!r} needs sentence-transformers: pip install sentence-transformers"
        )
