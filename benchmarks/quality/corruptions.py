"""Broken rows made from gold: each function spoils a translation as translators do."""

import re
from collections.abc import Callable
from dataclasses import replace

from benchmarks.quality.gold import GoldRow
from benchmarks.quality.sentence_corruptions import MAPPED, drop_sentence
from benchmarks.quality.spoiler import Spoiler

Corruption = Callable[[GoldRow, str, Spoiler], str]

_MARKUP = ("<b>{}</b>", "&quot;{}&quot;", "{{{{{}}}}}", ">>x<< {}", "__{}__", "[[{}]]", "{}</s>")
_MARKUP += ("{} <unk>", "spa_Latn {}", "{} ⁇", "<g1>{}</g1>", "**{}**")
_DOTS = (".", "...", ". . . . . .", "........................", "…", "- - -", "_ _ _", "???")


def _text(row: GoldRow, field: str) -> str:
    return getattr(row, field)[1]


def copy_english(row: GoldRow, field: str, _: Spoiler) -> str:
    """Leave the English text."""
    return getattr(row, field)[0]


def other_language(row: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Translate into another language."""
    return _text(spoiler.foreign, field)


def loop(row: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Repeat one to four words (4 to 16 characters in Chinese and Thai) four to ten times."""
    text, times = _text(row, field), spoiler.random.randint(4, 10)
    if row.lang in {"zh-Hans", "th"}:
        length = min(spoiler.random.randint(4, 16), len(text) // 2)
        start = spoiler.random.randrange(len(text) - length)
        phrase = text[start : start + length]
        return text[:start] + phrase * times + text[start + length :]
    words = text.split()
    length = min(spoiler.random.randint(1, 4), len(words))
    start = spoiler.random.randrange(len(words) - length + 1)
    middle = words[start : start + length] * times
    return " ".join(words[:start] + middle + words[start + length :])


def half_cut(row: GoldRow, field: str, _: Spoiler) -> str:
    """Cut the second half off."""
    text = _text(row, field)
    return text[: len(text) // 2].strip()


def first_half_lost(row: GoldRow, field: str, _: Spoiler) -> str:
    """Lose the first half."""
    text = _text(row, field)
    return text[len(text) // 2 :].strip()


def other_row(_: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Take the text of a row with another passage."""
    return _text(spoiler.other, field)


def neighbour_question(row: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Take another question about the same passage."""
    return _text(spoiler.neighbour, field)


def digits_changed(row: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Change one digit of one number."""
    text = _text(row, field)
    places = [match.start() for match in re.finditer(r"[0-9]", text)]
    if not places:
        return text
    place = spoiler.random.choice(places)
    digit = str((int(text[place]) + spoiler.random.randint(1, 9)) % 10)
    return text[:place] + digit + text[place + 1 :]


def markup_added(row: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Put markup of one of twelve kinds around a part of the text."""
    text = _text(row, field)
    start = spoiler.random.randrange(max(1, len(text) - 10))
    end = start + spoiler.random.randint(3, 10)
    return text[:start] + spoiler.random.choice(_MARKUP).format(text[start:end]) + text[end:]


def empty(_: GoldRow, __: str, spoiler: Spoiler) -> str:
    """Leave nothing."""
    return spoiler.random.choice(("", " ", "\n"))


def placeholder(_: GoldRow, __: str, spoiler: Spoiler) -> str:
    """Leave dots, dashes or question marks."""
    return spoiler.random.choice(_DOTS)


def mojibake(row: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Decode UTF-8 as Latin-1 or Windows-1252, or write in ASCII with question marks."""
    text = _text(row, field)
    kind = spoiler.random.choice(("latin-1", "cp1252", "ascii"))
    if kind == "ascii":
        return text.encode("ascii", "replace").decode("ascii")
    return text.encode().decode(kind, "replace")


def answer_missing(row: GoldRow, field: str, _: Spoiler) -> str:
    """Lose the answer."""
    return _text(row, field).replace(row.answer[1], "")


def quarter_cut(row: GoldRow, field: str, _: Spoiler) -> str:
    """Cut the last quarter off."""
    text = _text(row, field)
    return text[: len(text) * 3 // 4].strip()


def sentence_dropped(row: GoldRow, field: str, spoiler: Spoiler) -> str:
    """Drop a sentence; nobody knows where the others stand."""
    return drop_sentence(row, spoiler)[0]


# Corruptions that no threshold was chosen with are held out.
HELD_OUT = {"digits changed", "quarter cut", "one sentence of another row"}

QUESTION: dict[str, Corruption] = {
    "English copy": copy_english,
    "other language": other_language,
    "loop": loop,
    "empty": empty,
    "placeholder": placeholder,
    "markup added": markup_added,
    "mojibake": mojibake,
    "half cut": half_cut,
    "first half lost": first_half_lost,
    "other row's text": other_row,
    "neighbour's question": neighbour_question,
    "digits changed": digits_changed,
    "quarter cut": quarter_cut,
}
PASSAGE: dict[str, Corruption] = {
    **{name: QUESTION[name] for name in QUESTION if name != "neighbour's question"},
    "one sentence dropped": sentence_dropped,
    "answer missing": answer_missing,
}


def spoil(row: GoldRow, field: str, name: str, spoiler: Spoiler) -> GoldRow | None:
    """Return the row with one text spoiled; None when the corruption changes nothing."""
    if name in MAPPED and field == "passage":
        text, spans = MAPPED[name](row, spoiler)
    else:
        corrupt = (QUESTION if field == "question" else PASSAGE)[name]
        text, spans = corrupt(row, field, spoiler), ()
    source, target = getattr(row, field)
    if text == target:
        return None
    return replace(row, **{field: (source, text)}, sentence_map=spans)
