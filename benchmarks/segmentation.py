"""Compare sentence splitters with human sentence breaks.

Run in the repository root: `PYTHONPATH=. python benchmarks/segmentation.py`

A boundary is right when a sentence starts at the same non-whitespace character in the gold
standard. Gold: XQuAD-R (running text) and QED (tokenised text). Speed: MedQuAD answers, with
lists and odd spacing; a splitter that loses or changes characters in them is marked `lossy`.
"""

import argparse
import gzip
import json
import re
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from translators.segmentation import SPLITTER_VERSION, split_passage
from translators.sentences import find_sentence_starts, split_blocks

Splitter = Callable[[str], Iterable[str]]
Gold = list[tuple[str, list[int]]]


def _ours() -> Splitter:
    return lambda text: [text[s.start : s.end] for s in split_passage(text)]


def _ours_unwrapped() -> Splitter:
    def split(text: str) -> list[str]:
        blocks = [" ".join(text[start:end].split()) for start, end in split_blocks(text)]
        return [
            block[start:end]
            for block in blocks
            for start, end in pairwise([0, *find_sentence_starts(block), len(block)])
        ]

    return split


def _sentencex() -> Splitter:
    sentencex = import_module("sentencex")
    return lambda text: sentencex.segment("en", text)


def _blingfire() -> Splitter:
    blingfire = import_module("blingfire")
    return lambda text: blingfire.text_to_sentences(text).split("\n")


def _sentence_splitter() -> Splitter:
    splitter = import_module("sentence_splitter").SentenceSplitter(language="en")
    return lambda text: splitter.split(text)


def _segtok() -> Splitter:
    segmenter = import_module("segtok.segmenter")
    return lambda text: segmenter.split_multi(text)


def _syntok() -> Splitter:
    segmenter = import_module("syntok.segmenter")
    return lambda text: [
        "".join(token.spacing + token.value for token in sentence)
        for paragraph in segmenter.process(text)
        for sentence in paragraph
    ]


def _pysbd() -> Splitter:
    segmenter = import_module("pysbd").Segmenter(language="en", clean=False)
    return lambda text: segmenter.segment(text)


def _punkt() -> Splitter:
    punkt = import_module("nltk.tokenize.punkt").PunktSentenceTokenizer()  # a model: a download
    return lambda text: punkt.tokenize(text)


def _spacy() -> Splitter:
    model = import_module("spacy").blank("en")
    model.add_pipe("sentencizer")
    return lambda text: [sentence.text for sentence in model(text).sents]


def _regex() -> Splitter:
    return re.compile(r"(?<=[.!?])\s+").split


SPLITTERS: dict[str, Callable[[], Splitter]] = {
    "tandemqa": _ours,
    "tandemqa before wrapping": _ours_unwrapped,
    "sentencex": _sentencex,
    "blingfire": _blingfire,
    "sentence-splitter": _sentence_splitter,
    "segtok": _segtok,
    "syntok": _syntok,
    "pysbd": _pysbd,
    "nltk punkt, untrained": _punkt,
    "spacy sentencizer": _spacy,
    "regex (floor)": _regex,
}


def read_xquad(data: Path) -> Gold:
    """Return the English XQuAD-R passages with their sentence starts."""
    articles = json.loads((data / "xquad-r" / "en.json").read_text("utf-8"))["data"]
    return [
        (paragraph["context"], [start for start, _ in paragraph["sentence_breaks"]])
        for article in articles
        for paragraph in article["paragraphs"]
    ]


def read_qed(data: Path) -> Gold:
    """Return the distinct QED paragraphs with their sentence starts."""
    lines = (data / "qed-dev.jsonlines").read_text("utf-8").splitlines()
    return list({p["paragraph_text"]: p["sentence_starts"] for p in map(json.loads, lines)}.items())


def read_medquad(data: Path, every: int) -> list[str]:
    """Return every n-th MedQuAD answer."""
    with gzip.open(data / "medquad.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line)["answer"] for line in lines][::every]


def _squeeze(text: str) -> str:
    return "".join(text.split())


def measure_agreement(split: Splitter, gold: Gold) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the boundaries inside passages."""
    right = found = wanted = 0
    for text, starts in gold:
        expected = {len(_squeeze(text[:start])) for start in starts} - {0}
        position, predicted = 0, set()
        for sentence in split(text):
            predicted.add(position)
            position += len(_squeeze(sentence))
        predicted -= {0, position}
        right += len(expected & predicted)
        found += len(predicted)
        wanted += len(expected)
    precision, recall = right / max(found, 1), right / wanted
    return precision, recall, 2 * right / (found + wanted)


def measure_speed(split: Splitter, texts: list[str]) -> tuple[float, int]:
    """Return characters per second, and in how many texts characters were lost or changed."""
    started = time.perf_counter()
    pieces = [list(split(text)) for text in texts]
    seconds = time.perf_counter() - started
    lossy = sum(
        _squeeze("".join(p)) != _squeeze(text) for p, text in zip(pieces, texts, strict=True)
    )
    return sum(map(len, texts)) / seconds, lossy


def main() -> None:
    """Print one table row for each splitter that is installed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), metavar="DIR", help="data folder"
    )
    parser.add_argument(
        "--every", type=int, default=40, metavar="N", help="time every n-th answer (default: 40)"
    )
    arguments = parser.parse_args()
    sets = [read_xquad(arguments.data), read_qed(arguments.data)]
    answers = read_medquad(arguments.data, arguments.every)
    skipped = []
    print(f"tandemqa = {SPLITTER_VERSION}; {len(answers)} answers timed\n")
    print("| splitter | XQuAD-R P / R / F1 | QED P / R / F1 | Mchar/s | lossy answers |")
    print("|---|---|---|---|---|")
    for name, load in SPLITTERS.items():
        try:
            split = load()
        except ImportError:
            skipped.append(name)
            continue
        scores = [" / ".join(f"{s:.3f}" for s in measure_agreement(split, gold)) for gold in sets]
        speed, lossy = measure_speed(split, answers)
        print(f"| {name} | {scores[0]} | {scores[1]} | {speed / 1e6:.2f} | {lossy} |", flush=True)
    if skipped:
        print(f"\nskipped, not installed: {', '.join(skipped)}")


if __name__ == "__main__":
    main()
