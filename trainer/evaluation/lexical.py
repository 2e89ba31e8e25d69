"""Search engines that compare words, as vectors: what a model has to beat, or is compared with.

Words in another script are never found, and nothing is understood; yet within one language they
are good search engines.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import regex

from schemas.errors import UsageError
from trainer.benchmarks.benchmark import Benchmark
from trainer.evaluation.embeddings import Embedded

if TYPE_CHECKING:
    from scipy.sparse import csr_array  # type: ignore[import-untyped]  # it has no stubs

TFIDF: Final = "tfidf"
BM25: Final = "bm25"

_LARGE: Final = 1000  # candidates
_WITHOUT_SPACES: Final = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORDS: Final = regex.compile(
    rf"(?P<run>[{_WITHOUT_SPACES}][{_WITHOUT_SPACES}\p{{M}}]*)"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}]--[{_WITHOUT_SPACES}]]+",
    regex.V1,
)


@dataclass(frozen=True, slots=True)
class LexicalModel:
    """A search engine that compares words.

    Attributes:
        name: What it is asked for by.
        method: What it does, for the record.
        embed: Returns a benchmark as its vectors.
        packages: That do it.
        max_length: None, as texts of any length are read in full.
    """

    name: str
    method: str
    embed: Callable[[Benchmark], Embedded]
    packages: tuple[str, ...]
    max_length: None = None

    def describe(self) -> dict[str, Any]:
        """Return what decides the scores, for the record."""
        return {"method": self.method, "max_length": self.max_length}


def find_lexical(model: str) -> LexicalModel | None:
    """Return the search engine of a name; None for others, and where a folder has that name."""
    return None if Path(model).exists() else LEXICAL.get(model)


def _embed_tfidf(benchmark: Benchmark) -> Embedded:
    """Return the benchmark as TF-IDF vectors of 3 to 5 characters, weighted over all candidates.

    In larger pools, what occurs in a single candidate is left out, which makes vectors several
    times smaller.
    """
    import numpy as np
    from scipy.sparse import csr_array
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    texts = [text for of_lang in benchmark.candidates.values() for text in of_lang.texts]
    vectorizer = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(3, 5),
        sublinear_tf=True,
        min_df=2 if len(texts) >= _LARGE else 1,
        dtype=np.float32,
    )
    vectorizer.fit(texts)
    return Embedded(
        questions={
            lang: csr_array(vectorizer.transform(of_lang.texts))
            for lang, of_lang in benchmark.questions.items()
        },
        candidates={
            lang: csr_array(vectorizer.transform(of_lang.texts))
            for lang, of_lang in benchmark.candidates.items()
        },
    )


def _embed_bm25(benchmark: Benchmark) -> Embedded:
    """Return the benchmark as vectors of words, whose products are their BM25 scores.

    Frequencies and lengths are those of all candidates together.
    """
    from scipy.sparse import csc_array

    try:
        import bm25s  # type: ignore[import-untyped]
    except ImportError as error:
        raise UsageError("bm25: not installed; type pip install 'tandemqa[bm25]'") from error
    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it tells each step otherwise
    texts = [text for of_lang in benchmark.candidates.values() for text in of_lang.texts]
    numbers = {"": 0}  # no word, so that there is a vocabulary whatever the texts are
    words = [[numbers.setdefault(word, len(numbers)) for word in split_words(t)] for t in texts]
    index = bm25s.BM25()
    index.index((words, numbers), show_progress=False)
    parts = tuple(index.scores[name] for name in ("data", "indices", "indptr"))
    weights = csc_array(parts, shape=(len(texts), len(numbers))).tocsr()
    candidates, start = {}, 0
    for lang, of_lang in benchmark.candidates.items():
        candidates[lang] = weights[start : start + len(of_lang.texts)]
        start += len(of_lang.texts)
    questions = {
        lang: _count_words(of_lang.texts, numbers) for lang, of_lang in benchmark.questions.items()
    }
    return Embedded(questions, candidates)


def _count_words(texts: Sequence[str], numbers: Mapping[str, int]) -> "csr_array":
    """Return how often each known word occurs in each text."""
    import numpy as np
    from scipy.sparse import csr_array

    ends: list[int] = [0]
    words: list[int] = []
    counts: list[int] = []
    for text in texts:
        found = Counter(numbers[word] for word in split_words(text) if word in numbers)
        words += found.keys()
        counts += found.values()
        ends.append(len(words))
    shape = (len(texts), len(numbers))
    return csr_array((np.array(counts, np.float32), words, ends), shape=shape)


def split_words(text: str) -> Iterator[str]:
    """Yield the words of a text, without capitals; pairs of characters where no spaces divide."""
    for match in _WORDS.finditer(text.casefold()):
        word = match[0]
        if match["run"] is None or len(word) == 1:
            yield word
        else:
            yield from (word[place : place + 2] for place in range(len(word) - 1))


LEXICAL: Final[Mapping[str, LexicalModel]] = {
    model.name: model
    for model in (
        LexicalModel(
            TFIDF,
            "TF-IDF of 3 to 5 characters within words",
            _embed_tfidf,
            ("scikit-learn", "scipy", "numpy"),
        ),
        LexicalModel(
            BM25,
            "BM25 (as in Lucene, k1 1.5, b 0.75) of words, and of pairs of characters in scripts "
            "without spaces",
            _embed_bm25,
            ("bm25s", "scipy", "numpy"),
        ),
    )
}
"""Search engines by name."""
