"""How many correct translations of other genres the checks reject: science, papers, names."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.quality.gold import GoldRow, SentenceMap
from benchmarks.quality.judging import Gold, check, rejecting, units
from benchmarks.quality.markdown import percent, table
from pipelines.text.names import is_name

# Put behind a sentence of both texts, as translators leave such things.
_PLANTED = (
    " (EF <0.40 {0} RVEF>0.45)",
    " (p <0.001 {0} n>30)",
    " a<b {0} c>d",
    " [1] [2,3] [[4]]",
    " [12–15]",
    " $x_{{i}}^{{2}} + \\nu_{{{{k}}}}$",
    " {{{{a, b}}, {{c}}}}",
    " Na⁺/K⁺-ATPase, CH₃COOH, 2,4-D",
    " 5 µg/mL, 37 °C, 3.2 Å³, 50 %",
    " <LLOQ {0} >ULOQ",
    " R&D; Johnson&Johnson;",
    " **p<0.05, ***p<0.01",
    " `for i in range(n): print(i)`",
    " _____",
    " § 12(b)(3), 42 U.S.C. § 1983",
    " <{1}>",
)
_AND = {"ar": "و", "de": "und", "el": "και", "es": "y", "hi": "और", "ru": "и", "th": "และ"}
_AND |= {"tr": "ve", "vi": "và", "zh-Hans": "和"}
_PAPER = 25  # passages; about 125 sentences

NOTE = """The same translations in other shapes, as right as before. *Science*: an inequality,
formula, reference, unit, piece of code or placeholder at the end of a question or passage that
passed, in both texts. *Papers*: {paper} passages in a row, about 125 sentences, with their map.
*Answers*: as whole questions and as whole passages; *names* are those that the checks take for a
name or term in English. Annotators marked some answers longer or shorter than in English, which
counts as false here. Shares in percent, all languages."""


def report(gold: Gold) -> str:
    """Return the section."""
    lines = []
    for name, field, rows in _kinds(gold):
        found = [rejecting(check(row, field)) for row in rows]
        why = Counter(reason for names in found for reason in names)
        reasons = ", ".join(f"{reason} {count}" for reason, count in why.most_common())
        lines.append(
            (name, field, len(found), percent(sum(map(bool, found)), len(found), 2), reasons)
        )
    head = ["genre", "as a", "texts", "rejected", "why"]
    note = NOTE.format(paper=_PAPER)
    return "\n\n".join(["## False rejects in other genres", note, table(head, lines)])


def _kinds(gold: Gold) -> Iterator[tuple[str, str, list[GoldRow]]]:
    for field in ("question", "passage"):
        texts = [row for rows in gold.values() for row in units(rows, field)]
        right = [row for row in texts if not rejecting(check(row, field))]
        yield "science", field, [_plant(row, field, i) for i, row in enumerate(right)]
    yield "papers", "passage", [paper for rows in gold.values() for paper in _papers(rows)]
    rows = [row for of_language in gold.values() for row in of_language]
    for field in ("question", "passage"):
        answers = [replace(row, sentence_map=(), **{field: row.answer}) for row in rows]
        yield "answers", field, answers
        yield "names", field, [row for row in answers if is_name(row.answer[0])]


def _plant(row: GoldRow, field: str, index: int) -> GoldRow:
    """Return the row with something scientific at the end of both texts, if it passed before."""
    template = _PLANTED[index % len(_PLANTED)]
    source, target = getattr(row, field)
    texts = (
        source + template.format("and", "name"),
        target + template.format(_AND[row.lang], "nombre"),
    )
    return replace(row, sentence_map=(), **{field: texts})


def _papers(rows: list[GoldRow]) -> Iterator[GoldRow]:
    """Yield passages joined to papers, each starting five passages after the one before."""
    passages = [row for row in rows if row.first and row.sentence_map]
    for start in range(0, len(passages) - _PAPER + 1, 5):
        yield _join(passages[start : start + _PAPER])


def _join(rows: list[GoldRow]) -> GoldRow:
    spans: list[tuple[int, int, int, int]] = []
    source = target = ""
    for row in rows:
        at, to = len(source), len(target)
        spans += [(a + at, b + at, c + to, d + to) for a, b, c, d in row.sentence_map]
        source, target = source + row.passage[0] + "\n", target + row.passage[1] + "\n"
    joined: SentenceMap = tuple(spans)
    return replace(rows[0], passage=(source.strip(), target.strip()), sentence_map=joined)
