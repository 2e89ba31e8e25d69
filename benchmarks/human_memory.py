"""XQuAD-R's human translations as a translation memory: real builds without a translator.

The memory is that of a language model called `human` behind an endpoint that is never asked, as
all segments are found. Titles stay English, as they do in XQuAD-R. Where the sentences of a passage
do not correspond, its translation is cut at the spaces nearest to the English proportions: the text
of the passage is still the translators', only the sentence map is not.

Run it from the root of the repository:
`.venv/bin/python -m benchmarks.human_memory XQUAD-R MEMORY`, then build with
`--memory MEMORY --translator llm --endpoint http://localhost/v1 --model human`. It needs the
package `openai`, as that translator does.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.memory_files import write_packets
from benchmarks.quality.gold import LANGUAGES, GoldRow, read_gold
from translators.llm import LLM
from translators.memory import describe, directory
from translators.segmentation import Segment, split_passage, split_short
from translators.translator import Translation

ENDPOINT, MODEL = "http://localhost/v1", "human"


def write_memory(xquad: Path, memory: Path) -> None:
    """Write the translations of XQuAD-R into all its languages."""
    translator = LLM(ENDPOINT, MODEL)
    articles = json.loads((xquad / "en.json").read_text(encoding="utf-8"))["data"]
    titles = {article["title"]: article["title"] for article in articles}
    for lang in LANGUAGES:
        info = translator.info(lang)
        made = titles | dict(_pairs(read_gold(xquad, lang)))
        known = {source: Translation(text) for source, text in made.items()}
        folder = memory / directory(info, lang)
        write_packets(folder, describe(info, lang), known, known.__getitem__)


def _pairs(rows: list[GoldRow]) -> Iterator[tuple[str, str]]:
    """Yield all segments with their translations."""
    for row in rows:
        for source, target in (row.question, row.answer):
            yield from _cut(split_short(source), source, target)
        if row.first:
            yield from _passage_pairs(row)


def _passage_pairs(row: GoldRow) -> Iterator[tuple[str, str]]:
    source, target = row.passage
    segments = split_passage(source)
    places = {(a, b): target[c:d] for a, b, c, d in row.sentence_map}
    texts = [places.get((segment.start, segment.end)) for segment in segments]
    if all(texts):
        yield from zip((segment.text for segment in segments), texts, strict=True)
    else:
        yield from _cut(segments, source, target)


def _cut(segments: Sequence[Segment], source: str, target: str) -> Iterator[tuple[str, str]]:
    """Cut a translation in proportion to the English segments."""
    start = 0
    for segment in segments:
        share = segment.end / segments[-1].end
        end = len(target) if share == 1 else _nearest_space(target, round(share * len(target)))
        yield segment.text, target[start:end].strip() or segment.text
        start = end


def _nearest_space(text: str, place: int) -> int:
    """Return where the nearest space is, or the place itself where there is none near."""
    near = [i for i in range(place - 15, place + 15) if text[max(i, 0) : i + 1] == " "]
    return min(near, key=lambda i: abs(i - place), default=place)


if __name__ == "__main__":
    write_memory(Path(sys.argv[1]), Path(sys.argv[2]))
