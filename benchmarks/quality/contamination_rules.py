"""Compare rules for recognising passages of an evaluation set that were reworded."""

import random
from collections.abc import Callable, Iterable
from typing import Final
from zlib import crc32

from benchmarks.quality.markdown import table
from pipelines.leaks import rules as leaks
from pipelines.leaks.rules import EvaluationItem, find_leaks, make_index
from pipelines.text.overlap import find_words, gram_hashes
from schemas.record import Record

NOTE = """How passages are recognised: the share of XQuAD's that are, when words of theirs are
replaced, and the share of MedQuAD that is removed when a twentieth of it, full of stock sentences,
is the evaluation set."""

Rule = Callable[[list[str]], bool]

_random: Final = random.Random(7)


def make_rules(passages: list[list[str]]) -> dict[str, Rule]:
    """Return, by name, whether a passage is recognised as one of `passages`."""
    index = make_index(EvaluationItem("", "", " ".join(words)) for words in passages)

    def ours(words: list[str]) -> bool:
        record = Record("", "", "train", "", " ".join(words))
        return bool(find_leaks(record, [("set", index)]))

    def shares(size: int, least: int) -> Rule:
        known = {gram for words in passages for gram in gram_hashes(words, size).tolist()}
        return lambda words: len(known.intersection(gram_hashes(words, size).tolist())) >= least

    share = f"{leaks.SHARED_SHARE:.0%} of the {leaks.GRAM_WORDS}-grams"
    return {
        f"ours: {share}": ours,
        "one 13-gram": shares(13, 1),
        "one 8-gram": shares(8, 1),
        "three 8-grams": shares(8, 3),
    }


def replace_words(words: list[str], rate: float, vocabulary: list[str]) -> list[str]:
    """Return the words with some of them replaced, as a reworded passage has them."""
    return [_random.choice(vocabulary) if _random.random() < rate else word for word in words]


def compare_rules(evaluated: Iterable[str], clean: Iterable[str]) -> str:
    """Return a table of rules for passages."""
    xquad = [find_words(text) for text in sorted(set(evaluated))]
    medquad = [find_words(text) for text in sorted(set(clean))]
    in_set = [crc32(" ".join(words).encode()) % 20 == 0 for words in medquad]
    stock = [words for words, chosen in zip(medquad, in_set, strict=True) if chosen]
    others = [words for words, chosen in zip(medquad, in_set, strict=True) if not chosen]
    vocabulary = [word for words in medquad[:500] for word in words]
    rates = (0.05, 0.1, 0.15)
    edited = [[replace_words(words, rate, vocabulary) for words in xquad] for rate in rates]
    on_stock, on_xquad = make_rules(stock), make_rules(xquad)
    lines = []
    for name, recognises in on_xquad.items():
        recall = [f"{sum(map(recognises, texts)) / len(texts):.1%}" for texts in edited]
        removed = sum(map(on_stock[name], others)) / len(others)
        lines.append([name, *recall, f"{removed:.1%}"])
    return table(["rule", *(f"{rate:.0%} replaced" for rate in rates), "stock sentences"], lines)
