"""What two texts have in common: words, keys that ignore case and punctuation, shared n-grams."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.text.words import WORD

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

# Marks belong to words: without them Hindi and Thai fall to pieces.
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no bit of a token is lost


def find_words(text: str) -> list[str]:
    """Return the words of a text in NFKC without case, punctuation, symbols and white space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words: list[str] = WORD.findall(unicodedata.normalize("NFKC", folded))
    return words


def text_key(kind: str, words: Sequence[str]) -> bytes:
    """Return 8 bytes that two texts of a kind share when their letters and digits are the same.

    Where words end plays no part, so that "don't", "dont" and "don ' t" are one.
    """
    return _hash(f"{kind}\0{''.join(words)}")


def gram_hashes(tokens: Sequence[str], size: int) -> Hashes:
    """Return the distinct hashes, sorted, of all runs of `size` tokens; the same everywhere."""
    count = len(tokens) - size + 1
    if count < 1:
        return np.empty(0, np.uint64)
    hashes = np.fromiter(map(_token_hash, tokens), np.uint64, len(tokens))
    grams = hashes[:count].copy()
    for offset in range(1, size):
        grams *= _BASE  # wraps around, as it should
        grams += hashes[offset : offset + count]
    return np.unique(grams)


@dataclass(frozen=True, slots=True)
class Postings:
    """Which texts hold which n-gram: 12 bytes for each distinct n-gram of each text.

    Attributes:
        hashes: Hashes of n-grams, sorted; one for each text that holds it.
        owners: The text's number, for each of `hashes`.
        sizes: How many n-grams each text has among `hashes`.
    """

    hashes: Hashes
    owners: npt.NDArray[np.int32]
    sizes: Numbers

    def overlaps(self, grams: Hashes) -> tuple[npt.NDArray[np.int32], Numbers]:
        """Return the texts that share n-grams with `grams`, and how many each of them shares."""
        starts = np.searchsorted(self.hashes, grams, "left")
        ends = np.searchsorted(self.hashes, grams, "right")
        shared = np.flatnonzero(ends > starts)
        if not shared.size:
            return np.empty(0, np.int32), np.empty(0, np.int64)
        found = np.concatenate([self.owners[starts[i] : ends[i]] for i in shared])
        owners, counts = np.unique(found, return_counts=True)
        return owners, counts


def make_postings(texts: Sequence[Hashes], most_owners: int = 0) -> Postings:
    """Return the postings of texts, each given by its `gram_hashes`.

    Args:
        texts: The n-grams of each text.
        most_owners: Leave out n-grams of more texts than this: they are boilerplate; 0 for none.
    """
    hashes = np.concatenate([np.empty(0, np.uint64), *texts])
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), [len(text) for text in texts])
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    if most_owners:
        _, counts = np.unique(hashes, return_counts=True)
        kept = np.repeat(counts <= most_owners, counts)
        hashes, owners = hashes[kept], owners[kept]
    return Postings(hashes, owners, np.bincount(owners, minlength=len(texts)))


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


@lru_cache(maxsize=1 << 18)
def _token_hash(token: str) -> int:
    return int.from_bytes(_hash(token), "big")
