"""Project English answers into human translations, and score where they end up."""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

from benchmarks.quality.gold import GoldRow
from benchmarks.quality.markdown import percent
from pipelines.answers.spans import align_answer, project_answer
from pipelines.answers.word_alignment import Lexicon
from schemas.language import LANGUAGES
from schemas.record import Answer
from schemas.row import RowAnswer

Project = Callable[[GoldRow], RowAnswer]


@dataclass
class Score:
    """Sums over answers."""

    total: int = 0
    kept: int = 0
    exact: int = 0
    overlap: float = 0.0
    place: int = 0

    def add(self, row: GoldRow, found: RowAnswer) -> None:
        """Count one answer."""
        self.total += 1
        if found.start < 0:
            return
        start, end = row.places[1], row.places[1] + len(row.answer[1])
        self.kept += 1
        self.exact += _letters(found.text) == _letters(row.answer[1])
        self.overlap += _overlap(found.text, row.answer[1], row.lang)
        self.place += found.start < end and start < found.start + len(found.text)

    def cells(self) -> list[str]:
        """Return kept, exact, overlap and place in percent."""
        return [
            percent(self.kept, self.total),
            *(percent(part, self.kept) for part in (self.exact, self.overlap, self.place)),
        ]


def sentences(rows: Sequence[GoldRow]) -> list[tuple[str, str]]:
    """Return the sentences and questions that an aligner learns from."""
    pairs = [row.question for row in rows]
    for row in rows:
        if row.first:
            spans = row.sentence_map
            pairs += [(row.passage[0][a:b], row.passage[1][c:d]) for a, b, c, d in spans]
    return pairs


def project(
    row: GoldRow, translated: str, lexicon: Lexicon | None = None, marked: str = ""
) -> RowAnswer:
    """Return the answer as the pipeline finds it."""
    answer, (source, target) = Answer(row.answer[0], row.places[0]), row.passage
    spaced = LANGUAGES[row.lang].word_spaces
    found = project_answer(answer, translated, source, target, row.sentence_map, spaced, marked)
    if found.start < 0 and lexicon:
        return align_answer(answer, found, source, target, row.sentence_map, lexicon)
    return found


def disturb(row: GoldRow) -> str:
    """Return gold's answer as a translator might have it who does not see the passage."""
    text = row.answer[1]
    words = text.split()
    kind = crc32(row.row_id.encode()) % 5
    if kind == 0:
        return f"«{text.swapcase()}»"
    if kind == 1:
        article = {"es": "el", "de": "der", "el": "το", "tr": "bir", "vi": "các"}.get(row.lang, "")
        return f"{article} {text}.".strip()
    if kind == 2:
        return re.sub(r"(?<=\w{3})\w\b", "a", text) if len(words) > 1 else text[:-1] or text
    if kind == 3:
        return " ".join(words[1:]) if len(words) > 1 else text
    return " ".join([*words[1:], words[0]])


def others(rows: Sequence[GoldRow]) -> dict[str, str]:
    """Return for each row the answer of a row with another passage."""
    chance = random.Random(3)
    found = {}
    for row in rows:
        other = chance.choice(rows)
        while other.passage == row.passage:
            other = chance.choice(rows)
        found[row.row_id] = other.answer[1]
    return found


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _overlap(first: str, second: str, lang: str) -> float:
    one, other = _units(first, lang), _units(second, lang)
    common = (one & other).total()
    return 2 * common / (one.total() + other.total()) if common else 0.0


def _units(text: str, lang: str) -> Counter[str]:
    words: Iterable[str] = re.sub(r"[^\w\s]+", " ", text.casefold()).split()
    return Counter(words if LANGUAGES[lang].word_spaces else "".join(words))
