"""Answer spans by eflomal, to compare with: the outermost words that the answer's link to."""

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.quality.gold import GoldRow
from schemas.row import RowAnswer

_WORD = re.compile(r"\w+")
_STEM = 5


def is_installed() -> bool:
    """Return whether eflomal is there; it is no dependency of ours."""
    return find_spec("eflomal") is not None


def align(rows: Sequence[GoldRow], others: Sequence[tuple[str, str]]) -> list[RowAnswer]:
    """Return the answers of rows, aligned together with other sentences."""
    from eflomal import Aligner

    pairs = [_sentence(row) for row in rows]
    with TemporaryDirectory() as folder:
        links = Path(folder, "links")
        texts = [(_line(s), _line(t)) for s, t in [*pairs, *others]]
        Aligner(model=3).align(
            [s for s, _ in texts],
            [t for _, t in texts],
            links_filename_rev=str(links),
            quiet=True,
        )
        found = links.read_text().splitlines()
    return [_answer(row, line) for row, line in zip(rows, found, strict=False)]


def _touched(row: GoldRow) -> tuple[int, int, int, int]:
    start, end = row.places[0], row.places[0] + len(row.answer[0])
    spans = [s for s in row.sentence_map if s[0] < end and start < s[1]]
    return spans[0][0], spans[-1][1], spans[0][2], spans[-1][3]


def _sentence(row: GoldRow) -> tuple[str, str]:
    a, b, c, d = _touched(row)
    return row.passage[0][a:b], row.passage[1][c:d]


def _line(text: str) -> str:
    return " ".join(word.lower()[:_STEM] for word in _WORD.findall(text)) + "\n"


def _answer(row: GoldRow, links: str) -> RowAnswer:
    a, _, c, _ = _touched(row)
    source, target = _sentence(row)
    start, end = row.places[0] - a, row.places[0] - a + len(row.answer[0])
    inside = {
        i for i, m in enumerate(_WORD.finditer(source)) if m.start() < end and start < m.end()
    }
    linked = [tuple(map(int, link.split("-"))) for link in links.split()]
    words = list(_WORD.finditer(target))
    hit = [j for i, j in linked if i in inside]
    if not hit:
        return RowAnswer("", -1, "none", 0.0)
    first, last = words[min(hit)].start(), words[max(hit)].end()
    return RowAnswer(target[first:last], c + first, "alignment", 1.0)
