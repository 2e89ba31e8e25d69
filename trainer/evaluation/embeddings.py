"""Embed a benchmark: each language once, and keep the embeddings if a folder is given."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from tqdm import tqdm

from schemas.errors import FailedRunError
from schemas.progress import progress_bar
from trainer.benchmarks.benchmark import Benchmark
from trainer.corpora.kept_arrays import load_array, save_array
from trainer.encoder import Embeddings, Encoder

if TYPE_CHECKING:
    from scipy.sparse import csr_array  # type: ignore[import-untyped]  # it has no stubs

    Vectors: TypeAlias = Embeddings | csr_array

_BATCHES: Final = 8  # between two steps of the progress bar


@dataclass(frozen=True, slots=True)
class Embedded:
    """A benchmark's questions and candidates as vectors by language, in its order.

    Their similarity is the dot product. The vectors are dense, or sparse rows (TF-IDF).
    """

    questions: "Mapping[str, Vectors]"
    candidates: "Mapping[str, Vectors]"


def embed(
    benchmark: Benchmark,
    encoder: Encoder,
    cache: Path | None = None,
    questions: "Mapping[str, Vectors] | None" = None,
) -> Embedded:
    """Return the embeddings of a benchmark.

    Args:
        benchmark: The benchmark.
        encoder: What embeds it.
        cache: Folder that keeps the embeddings; they are found by model and texts.
        questions: Embeddings of its questions, if they are known.
    """
    asked = benchmark.questions if questions is None else {}
    total = sum(_measure(of_lang.texts) for of_lang in asked.values())
    total += sum(_measure(of_lang.texts) for of_lang in benchmark.candidates.values())
    bar: tqdm[Any] = progress_bar(
        task="encode", unit="bytes", scaled=True, total=total, delay=5, leave=False
    )
    with bar:
        if questions is None:
            questions = {
                lang: _recall(encoder, encoder.encode_questions, of_lang.texts, cache, bar)
                for lang, of_lang in asked.items()
            }
        candidates = {
            lang: _recall(encoder, encoder.encode_candidates, of_lang.texts, cache, bar)
            for lang, of_lang in benchmark.candidates.items()
        }
    return Embedded(questions, candidates)


def _recall(
    encoder: Encoder,
    encode: Callable[[Sequence[str]], Embeddings],
    texts: Sequence[str],
    cache: Path | None,
    bar: "tqdm[Any]",
) -> Embeddings:
    """Return the embeddings of texts, from the cache or computed and added to it."""
    if cache is None:
        return _encode(encoder, encode, texts, bar)
    file = cache / f"{_key(encoder, encode.__name__, texts)}.npy"
    embeddings = load_array(file, len(texts))
    if embeddings is not None:
        bar.update(_measure(texts))
        return embeddings
    embeddings = _encode(encoder, encode, texts, bar)
    try:
        save_array(file, embeddings)
    except OSError as error:
        raise FailedRunError(f"{cache}: embeddings cannot be written there: {error}") from error
    return embeddings


def _encode(
    encoder: Encoder,
    encode: Callable[[Sequence[str]], Embeddings],
    texts: Sequence[str],
    bar: "tqdm[Any]",
) -> Embeddings:
    """Return the embeddings of texts, the longest first: what is left then never takes longer."""
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    step = _BATCHES * encoder.batch_size
    parts = []
    for start in range(0, len(order), step):
        part = [texts[place] for place in order[start : start + step]]
        parts.append(encode(part))
        bar.update(_measure(part))
    sorted_parts = np.concatenate(parts)
    embeddings = np.empty_like(sorted_parts)
    embeddings[order] = sorted_parts
    return embeddings


def _measure(texts: Sequence[str]) -> int:
    """Return the bytes of texts, which grow with their tokens in any script."""
    return sum(len(text.encode("utf-8", errors="surrogatepass")) for text in texts)


def _key(encoder: Encoder, role: str, texts: Sequence[str]) -> str:
    """Return the name of the file that holds these texts as this model sees them."""
    digest = hashlib.sha256(f"{encoder.fingerprint}\0{role}".encode())
    for text in texts:
        content = text.encode("utf-8", errors="surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:32]
