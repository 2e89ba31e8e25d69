"""Words for thousands, millions and more, as they stand behind a number: `215 mil`."""

from typing import Final

import regex

# Beginnings of such words, by language; of languages that are not here nothing is concluded.
_BEGINNINGS: Final = {
    "ar": "ألف|الف|آلاف|الاف|مليون|ملايين|مليار|بليون",
    "bg": "хил|мил|млн|млрд",
    "ca": "mil",
    "cs": "tis|mil|mld",
    "da": "tus|mil|mio|mia",
    "de": "tausend|tsd|mil|mio|mrd",
    "el": "χιλ|εκατ|δισ",
    "eo": "mil",
    "es": "mil",
    "fi": "tuh|mil|mrd",
    "fr": "mil|md",
    "gl": "mil",
    "hi": "हज|लाख|करोड|मिलि|अरब",
    "hr": "tis|mil",
    "hu": "ezer|mil",
    "id": "ribu|juta|mil",
    "it": "mil|mia|mld",
    "nb": "tus|mil",
    "nl": "duiz|mil|mld",
    "pl": "tys|mil|mln|mld",
    "pt": "mil|bil",
    "pt-BR": "mil|bil",
    "ro": "mii|mil|mld",
    "ru": "тыс|мил|млн|млрд",
    "sk": "tis|mil|mld",
    "sv": "tus|mil|mdr",
    "th": "พัน|หมื่น|แสน|ล้าน",
    "tr": "bin|mil",
    "uk": "тис|міл|млн|млрд",
    "vi": "ngh|ngàn|triệu|tỷ|tỉ",
    "zh-Hans": "千|万|億|亿",
    "zh-Hant": "千|萬|億",
}
_MARKS: Final = r"[\s.\-‐]{0,2}"
# Units of a thousand smaller ones: 10,000 metres are 10 km.
_UNITS: Final = (
    r"k[gmw]|kil[oó]|quil[oóô]|chilo|χιλιό|кило|кіло|к[гм]|квт|كيلو|كم|كغ|किलो|किमी|กิโล|公[里斤]|千"
    r"|t\b|т\b|ton|тон|τόν|طن|टन|ตัน|吨|噸"
)


def is_cut(number: str, first: str, text: str, lang: str) -> bool:
    """Return whether a text has only the first digits of a number, without its thousands.

    Args:
        number: Digits of the whole number.
        first: Digits that stand alone in the text.
        text: The translation, in ASCII digits.
        lang: Its language, BCP-47; of many languages nothing is known, and the answer is no.
    """
    dropped = len(number) - len(first)
    if lang not in _BEGINNINGS or dropped < 3 or dropped % 3 or not number.startswith(first):
        return False
    # Two numbers with a space between them, as in "the 1963 123 Agreement", may be taken for one.
    if regex.search(rf"(?<!\d){number[len(first) :]}(?!\d)", text):
        return False
    scaled = rf"{_MARKS}(?:{_BEGINNINGS[lang]}|{_UNITS})"
    # Letters right behind it, as in `215k`, may stand for anything.
    alone = rf"(?<![\d.,])(?<!\d\s){first}(?!\d|[\p{{Latin}}\p{{Cyrillic}}]|[.,\s]\d|{scaled})"
    return regex.search(alone, text, regex.IGNORECASE) is not None
