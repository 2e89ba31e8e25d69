"""Functions that tell how good a translation is, by their import path.

A scorer gives a number to each pair of an English text and its translation: a COMET-style model is
one by `module:function` (`examples/quality/comet.py`), a language model that judges
(`examples/quality/llm_judge.py`), sentence embeddings by `embedding:MODEL`. Its contract:

    def quality(pairs, lang):  # (English text, translation) pairs and a BCP-47 code
        return [...]           # one number for each pair, higher is better; NaN for "cannot say"

    quality.fingerprint = "wmt22-cometkiwi-da 1"  # all that decides the scores: they are kept

Without a fingerprint nothing is kept, and the scorer is asked again in every run.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import numpy as np

from schemas.errors import NotInstalledError, UsageError
from translators.kept_vectors import SCORES, open_store, vector_key
from translators.sentence_encoder import (
    INSTALL,
    EncoderSettings,
    SentenceEncoder,
    UnusableEncoder,
    open_encoder,
)

Pair = tuple[str, str]  # English text, translation
Scorer = Callable[[Sequence[Pair], str], Sequence[float]]

_EMBEDDING: Final = "embedding"


class UnusableScorer(ValueError):
    """What should score cannot."""


def check_scorer(path: str) -> None:
    """Make sure that there is such a scorer; models of embeddings are not loaded.

    Raises:
        UnusableScorer: If there is none, or it says what it lacks.
        NotInstalledError: If sentence-transformers is missing.
    """
    if path.partition(":")[0] == _EMBEDDING:
        _need_sentence_transformers(path)
        return
    try:
        fingerprint(load_scorer(path))
    except UnusableScorer:
        raise
    except ValueError as error:
        raise UnusableScorer(f"scorer {path!r}: {error}") from error


def fingerprint(scorer: Scorer) -> str:
    """Return what decides the scores of a scorer; empty if it does not say so."""
    return str(getattr(scorer, "fingerprint", ""))


def score_pairs(path: str, pairs: Sequence[Pair], lang: str, memory: str = "") -> list[float]:
    """Return one score for each pair of an English text and its translation; NaN for none.

    Args:
        path: Import path of the scorer, or `embedding:MODEL`.
        pairs: They are scored in one call.
        lang: BCP-47 code of all translations.
        memory: Translation memory beside which the scores of a scorer with a fingerprint are
            kept, so that no pair is asked for twice; empty to keep none.

    Raises:
        UnusableScorer: If the scorer cannot be loaded or returns the wrong number of scores.
    """
    decided_by = fingerprint(load_scorer(path))
    folder = sha256(f"{path}\n{decided_by}".encode()).hexdigest()[:32]
    store = open_store(memory, SCORES, folder) if decided_by else None
    if store is None:
        return _ask(path, pairs, lang)
    keys = [vector_key(lang, *pair) for pair in pairs]
    found = {key: _unpack(kept) for key, kept in store.find(keys).items()}
    missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in found}
    new = dict(zip(missing, _ask(path, list(missing.values()), lang), strict=True))
    store.add({key: _pack(score) for key, score in new.items() if math.isfinite(score)})
    return [(found | new)[key] for key in keys]


def _pack(score: float) -> bytes:
    return np.float64(score).tobytes()


def _unpack(kept: bytes) -> float:
    return float(np.frombuffer(kept, np.float64)[0])


def _ask(path: str, pairs: Sequence[Pair], lang: str) -> list[float]:
    try:
        scores = [float(score) for score in load_scorer(path)(pairs, lang)] if pairs else []
    except (UnusableScorer, OSError):
        raise
    except Exception as error:  # in the code of somebody else
        raise UnusableScorer(f"scorer {path!r} failed: {type(error).__name__}: {error}") from error
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


@dataclass(frozen=True, slots=True)
class _Similarity:
    """Cosine similarity by a sentence-transformers model, -1 to 1."""

    encoder: SentenceEncoder

    @property
    def fingerprint(self) -> str:
        return self.encoder.fingerprint

    def __call__(self, pairs: Sequence[Pair], lang: str) -> Sequence[float]:
        vectors = self.encoder.encode([text for pair in pairs for text in pair])
        return [float(a @ b) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]


def _embedding_scorer(model: str) -> Scorer:
    _need_sentence_transformers(f"{_EMBEDDING}:{model}")
    try:
        return _Similarity(open_encoder(EncoderSettings(model)))
    except (UnusableEncoder, UsageError) as error:
        raise UnusableScorer(f"scorer '{_EMBEDDING}:{model}': {error}") from error


def _need_sentence_transformers(scorer: str) -> None:
    if not find_spec("sentence_transformers"):
        raise NotInstalledError(f"scorer {scorer!r} needs sentence-transformers", INSTALL)
