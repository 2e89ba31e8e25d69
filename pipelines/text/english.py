"""Tell texts that are not English, with the language evidence that translations are judged by.

Nothing is said of what is too short, of names alone, and of English text with foreign words or
titles in it: a text is foreign only when all that is known of it agrees.
"""

from collections.abc import Iterator
from typing import Final

import regex

from pipelines.text.language_evidence import language_scores
from pipelines.text.language_id import CERTAIN, LIKELY, SHORTEST, STRONG, mask_names
from pipelines.text.names import QUESTION_OPENING, lower_case_words
from pipelines.text.script import letters, script_share
from pipelines.text.second_opinion import Opinion, agrees
from schemas.language import LANGUAGES, SOURCE_LANGUAGE, UnknownLanguage, parse_language

ENGLISH: Final = LANGUAGES[SOURCE_LANGUAGE]

# Share of a text's letters in foreign sentences from which the text is foreign. Correct English
# passages (XQuAD, QED, MedQuAD: 18,002) never do, and 2 of their 18,952 questions are called
# foreign, which are half in Hindi and a song's title.
FOREIGN_SHARE: Final = 1 / 3
_LATIN_SHARE: Final = 0.3  # names may stay Latin in other scripts
_FEWEST_LETTERS: Final = 4  # a question in Chinese may have no more
_SENTENCE_LETTERS: Final = 30  # shorter sentences say too little; they join the next one
_FEWEST_WORDS: Final = 2  # in small letters; with fewer a text may be a name or a title
# Titles and quotations may be foreign in an English text.
_QUOTED: Final = regex.compile(
    r"“[^”\n]{1,300}”|‘[^’\n]{1,300}’|«[^»\n]{1,300}»|\"[^\"\n]{1,300}\""
)
_SENTENCE_END: Final = regex.compile(r"(?<=[.!?…])\s+|\n+")


def foreign_language(text: str, opinion: Opinion | None = None) -> str:
    """Return the language a text seems to be in; empty when it may be English.

    Args:
        text: A question or a passage; long ones are judged sentence by sentence.
        opinion: Another detector, asked before a text is called foreign.

    Returns:
        The English name of the language, or of the script where that is all that is known.
    """
    counted: dict[str, int] = {}
    total = 0
    for sentence in _sentences(_QUOTED.sub(" ", text)):
        size = letters(sentence)
        total += size
        if name := _foreign_sentence(sentence, opinion):
            counted[name] = counted.get(name, 0) + size
    if not total or sum(counted.values()) <= FOREIGN_SHARE * total:
        return ""
    return max(counted, key=lambda name: (counted[name], name))


def _foreign_sentence(text: str, opinion: Opinion | None) -> str:
    if letters(text) >= _FEWEST_LETTERS and script_share(text, ENGLISH.script) < _LATIN_SHARE:
        return _name_of(text, opinion, LIKELY) or "another script"
    # What follows an English opening may be names: "How to diagnose Fibrolamellar carcinoma ?"
    if letters(text) < SHORTEST or QUESTION_OPENING.match(text):
        return ""
    if len(lower_case_words(text)) < _FEWEST_WORDS:
        return ""
    rival = _strong_rival(text)
    if not rival or not _strong_rival(mask_names(text, text)):
        return ""
    if opinion and agrees(opinion(text), ENGLISH) >= LIKELY:
        return ""
    return _name_of(text, opinion, CERTAIN) or _language_name(rival)


def _strong_rival(text: str) -> str:
    """Return the language that fits a text far better than English does; or nothing."""
    scores = language_scores(text, ENGLISH.script)
    if not scores:
        return ""
    best = max(scores, key=lambda label: scores[label])
    return best if scores[ENGLISH.langdetect] - scores[best] <= -STRONG else ""


def _name_of(text: str, opinion: Opinion | None, least: float) -> str:
    found = opinion(text) if opinion else {}
    best = max(found, key=lambda code: found[code], default="")
    return _language_name(best) if best and found[best] >= least else ""


def _language_name(code: str) -> str:
    try:
        return parse_language(code).name
    except UnknownLanguage:
        return code


def _sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text, short ones together with what follows them."""
    start = seen = size = 0
    for end in _SENTENCE_END.finditer(text):
        size += letters(text[seen : end.start()])
        seen = end.end()
        if size >= _SENTENCE_LETTERS:
            yield text[start : end.start()]
            start, size = seen, 0
    yield text[start:]
