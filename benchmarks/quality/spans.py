"""How well answers find their place in human translations, by method and language."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from benchmarks.quality import eflomal_spans
from benchmarks.quality.gold import GoldRow
from benchmarks.quality.judging import Gold
from benchmarks.quality.markdown import percent, table
from benchmarks.quality.projection import Project, Score, disturb, others, project, sentences
from pipelines.answers.markers import mark_answer, read_marked
from pipelines.answers.spans import align_answer
from pipelines.answers.word_alignment import Lexicon, learn_lexicon
from schemas.language import LANGUAGES
from schemas.record import Answer
from schemas.row import RowAnswer
from translators.registry import TranslatorConfig, open_translator
from translators.segmentation import Segment

NOTE = """English answers are projected into the human translations; gold is the answer that
people marked there. Sentence maps come from XQuAD-R's sentence breaks, so only answers count whose
passage has a certain one ({count:,} of 11,900). *Kept*: a place was found. *Exact*: the same
letters and digits as gold's. *Overlap*: F1 of words (of characters in Chinese and Thai). *Place*:
the span overlaps gold's. Exact, overlap and place are shares of the kept ones."""

TRANSLATION_NOTE = """The answer's own translation is gold's text (*perfect*); gold's text disturbed
in one of five ways, by hash: case and quotation marks, an article before it, inflected ends, a
word lost, words in another order (*disturbed*); or another row's answer (*failed*)."""

METHODS_NOTE = """By method, disturbed and failed translations together: answers, exact, overlap.
Alignment gets what the other methods leave, where words have spaces."""

OCCURRENCES_NOTE = """Answers whose text stands more than once in the translated passage, perfectly
translated: how often the right one is taken."""

APERTIUM_NOTE = """Spanish, with answers and marked sentences translated by Apertium and passages by
people. That is harder than in a corpus, where one translator makes both."""

ALIGNERS_NOTE = """Aligners on all German answers, both learnt on the same sentences. eflomal
2.0.0 draws samples at random, and its links depend on what else is aligned; ours are the same every
time. In one run for each, eflomal took 33 s and ours 2 s on one core."""


def report(gold: Gold) -> str:
    """Return the section."""
    usable = {lang: [row for row in rows if _is_usable(row)] for lang, rows in gold.items()}
    lexicons = {lang: _lexicon(rows) for lang, rows in gold.items()}
    count = sum(map(len, usable.values()))
    return "\n\n".join(
        [
            "## Answer spans",
            NOTE.format(count=count),
            TRANSLATION_NOTE,
            language_table(usable, lexicons),
            METHODS_NOTE,
            method_table(usable, lexicons),
            OCCURRENCES_NOTE,
            occurrence_table(usable),
            APERTIUM_NOTE,
            apertium_table(usable["es"], lexicons["es"]),
            ALIGNERS_NOTE,
            aligner_table(usable["de"], lexicons["de"], gold),
        ]
    )


def _is_usable(row: GoldRow) -> bool:
    return bool(row.sentence_map) and min(row.places) >= 0


def _lexicon(rows: Sequence[GoldRow]) -> Lexicon | None:
    return learn_lexicon(sentences(rows)) if LANGUAGES[rows[0].lang].word_spaces else None


def language_table(usable: Gold, lexicons: dict[str, Lexicon | None]) -> str:
    """Return kept, exact, overlap and place by language and kind of translation."""
    lines = []
    totals: dict[str, Score] = defaultdict(Score)
    for lang, rows in usable.items():
        wrong = others(rows)
        kinds: dict[str, Project] = {
            "perfect": lambda row: project(row, row.answer[1]),
            "disturbed": lambda row: project(row, disturb(row)),
            "disturbed, aligned": lambda row: project(row, disturb(row), lexicons[row.lang]),
            "failed": lambda row, wrong=wrong: project(row, wrong[row.row_id]),
            "failed, aligned": lambda row, wrong=wrong: project(
                row, wrong[row.row_id], lexicons[row.lang]
            ),
        }
        for name, run in kinds.items():
            score = Score()
            for row in rows:
                found = run(row)
                score.add(row, found)
                totals[name].add(row, found)
            lines.append([lang, name, score.total, *score.cells()])
    for name, score in totals.items():
        lines.append(["**all**", name, score.total, *(f"**{cell}**" for cell in score.cells())])
    lines.sort(key=lambda line: list(totals).index(line[1]))
    head = ["language", "answer's translation", "answers", "kept", "exact", "overlap", "place"]
    return table(head, lines)


def method_table(usable: Gold, lexicons: dict[str, Lexicon | None]) -> str:
    """Return how good each method's spans are, by language."""
    methods = ("whole_sentence", "verbatim", "translated_exact", "translated_fuzzy", "alignment")
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for lang, rows in usable.items():
        wrong = others(rows)
        for row in rows:
            for translated in (disturb(row), wrong[row.row_id]):
                found = project(row, translated, lexicons[lang])
                for key in ((lang, found.method), ("**all**", found.method)):
                    scores[key].add(row, found)
    lines = [
        [lang, *(_short(scores[lang, method]) for method in methods)]
        for lang in [*usable, "**all**"]
    ]
    return table(["language", *(f"`{method}`" for method in methods)], lines)


def _short(score: Score) -> str:
    if not score.kept:
        return "–"
    _, exact, overlap, _ = score.cells()
    return f"{score.kept:,}: {exact}, {overlap}"


def occurrence_table(usable: Gold) -> str:
    """Return how often the right one of several occurrences is taken."""
    lines = []
    for lang, rows in usable.items():
        several = [r for r in rows if r.passage[1].lower().count(r.answer[1].lower()) > 1]
        first = sum(r.passage[1].lower().find(r.answer[1].lower()) == r.places[1] for r in several)
        ours = sum(project(r, r.answer[1]).start == r.places[1] for r in several)
        lines.append(
            [lang, len(several), percent(first, len(several)), percent(ours, len(several))]
        )
    sums = [sum(float(line[1]) * float(line[i]) / 100 for line in lines) for i in (2, 3)]
    total = sum(int(line[1]) for line in lines)
    lines.append(["**all**", total, *(f"**{percent(part, total)}**" for part in sums)])
    return table(["language", "answers", "first in the passage", "ours"], lines)


def apertium_table(rows: Sequence[GoldRow], lexicon: Lexicon | None) -> str:
    """Return what each step of the cascade adds with a real translator."""
    with_marks = [
        mark_answer(Answer(row.answer[0], row.places[0]), row.passage[0], _segments(row))
        for row in rows
    ]
    answers = _translate([row.answer[0] for row in rows])
    marked = iter(_translate([segment.text for found in with_marks for segment in found]))
    marks = [read_marked(next(marked)) if found else "" for found in with_marks]
    steps: dict[str, Callable[[int, GoldRow], RowAnswer]] = {
        "verbatim, exact, fuzzy": lambda i, row: project(row, answers[i]),
        "and markers": lambda i, row: project(row, answers[i], None, marks[i]),
        "and alignment": lambda i, row: project(row, answers[i], lexicon),
        "and markers and alignment": lambda i, row: project(row, answers[i], lexicon, marks[i]),
    }
    lines = []
    for name, run in steps.items():
        score = Score()
        for i, row in enumerate(rows):
            score.add(row, run(i, row))
        lines.append([name, score.total, *score.cells()])
    return table(["method", "answers", "kept", "exact", "overlap", "place"], lines)


def _segments(row: GoldRow) -> list[Segment]:
    return [Segment(row.passage[0][a:b], a, b) for a, b, _, _ in row.sentence_map]


def _translate(texts: list[str]) -> list[str]:
    translator = open_translator(TranslatorConfig("apertium", ()))
    try:
        return [translation.text for translation in translator.translate(texts, "es")]
    finally:
        translator.close()


def aligner_table(rows: Sequence[GoldRow], lexicon: Lexicon | None, learnt: Gold) -> str:
    """Return our aligner beside eflomal, where that is installed."""
    scores = {"ours": Score(), "eflomal, reverse": Score()}
    lost = RowAnswer("", -1, "none", 0.0)
    for row in rows:
        answer = Answer(row.answer[0], row.places[0])
        if lexicon:
            found = align_answer(answer, lost, *row.passage, row.sentence_map, lexicon)
            scores["ours"].add(row, found)
    if eflomal_spans.is_installed():
        aligned = eflomal_spans.align(rows, sentences(learnt[rows[0].lang]))
        for row, found in zip(rows, aligned, strict=True):
            scores["eflomal, reverse"].add(row, found)
    lines = [[name, score.total, *score.cells()] for name, score in scores.items() if score.total]
    return table(["aligner", "answers", "kept", "exact", "overlap", "place"], lines)
