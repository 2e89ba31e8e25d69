"""Human translations of XQuAD-R as field pairs, for tests with real data."""

import json
from collections.abc import Iterator
from pathlib import Path

from pipelines.checks import FieldPair
from pipelines.judge.calibration import calibrate
from pipelines.text.normalise import normalise_text

LANGUAGES = ("ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh-Hans")


def gold_pairs(data: Path, every: int) -> Iterator[FieldPair]:
    """Yield question and passage of every n-th row in ten languages."""
    english = list(_rows(data, "en"))
    for lang in LANGUAGES:
        rows = zip(english, _rows(data, lang.split("-")[0]), strict=True)
        for (source_question, source), (question, target) in list(rows)[::every]:
            yield FieldPair(
                "question",
                lang,
                source_question,
                question,
                True,
                calibrate(lang, "question", {}),
                source_passage=source,
                target_passage=target,
                overlap=calibrate(lang, "overlap", {}),
            )
            passage = calibrate(lang, "passage", {})
            yield FieldPair("passage", lang, source, target, True, passage)


def _rows(data: Path, lang: str) -> Iterator[tuple[str, str]]:
    corpus = json.loads((data / "xquad-r" / f"{lang}.json").read_text(encoding="utf-8"))
    for article in corpus["data"]:
        for paragraph in article["paragraphs"]:
            passage = normalise_text(paragraph["context"]).strip()
            for item in paragraph["qas"]:
                yield normalise_text(item["question"]).strip(), passage
