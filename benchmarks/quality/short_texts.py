"""From how many letters on the language of a text can be judged."""

from collections.abc import Iterator

from benchmarks.quality.judging import Gold
from benchmarks.quality.markdown import percent, table
from pipelines.text import language_id
from pipelines.text.language_id import UNTRANSLATED, VERIFIED, WRONG_LANGUAGE, verify_language
from pipelines.text.script import letters
from schemas.language import LANGUAGES

EVERY, LONGEST = 3, 16

NOTE = """The first two, three and four words of questions, if they have up to 16 letters, in
German, Spanish, Turkish and Vietnamese: in the language they should be in, and in each other one
or in English. Below the letters of the first column nothing is said (`SHORTEST`; ours is 8)."""


def short_table(gold: Gold) -> str:
    """Return refusals of right and wrong pieces by the least number of letters."""
    pieces = list(_pieces(gold))
    right = sum(is_right for *_, is_right in pieces)
    wrong = len(pieces) - right
    lines, usual = [], language_id.SHORTEST
    try:
        for language_id.SHORTEST in (4, 8, 12, 16):  # type: ignore[misc]
            counts = {True: [0, 0], False: [0, 0]}
            for text, lang, source, is_right in pieces:
                verdict = verify_language(text, lang, source).verdict
                counts[is_right][0] += verdict in {UNTRANSLATED, WRONG_LANGUAGE}
                counts[is_right][1] += verdict == VERIFIED
            lines.append(
                [
                    language_id.SHORTEST,
                    percent(counts[True][0], right, 2),
                    percent(counts[True][1], right),
                    percent(counts[False][0], wrong),
                    percent(counts[False][1], wrong, 2),
                ]
            )
    finally:
        language_id.SHORTEST = usual  # type: ignore[misc]
    head = ["letters", "right: refused", "right: verified", "wrong: refused", "wrong: verified"]
    return table(head, lines)


def _pieces(gold: Gold) -> Iterator[tuple[str, str, str, bool]]:
    """Yield piece, language it should be in, English question, and whether it is in it."""
    latin = [lang for lang in gold if LANGUAGES[lang].script == "Latn"]
    for lang in latin:
        for i in range(0, len(gold[lang]), EVERY):
            english, own = gold[lang][i].question
            others = [gold[other][i].question[1] for other in latin if other != lang]
            for text in (own, english, *others):
                for count in (2, 3, 4):
                    piece = " ".join(text.split()[:count])
                    if letters(piece) <= LONGEST:
                        yield piece, lang, english, text == own
