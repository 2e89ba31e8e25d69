"""The frozen language table: what tandemqa calls a language and what each backend calls it.

`languages.tsv` beside this file is the one table, a line a language. Its `aliases` column decides
every ambiguous name once (`zh` is zh-Hans, `no` is nb); nothing is derived from a library at run
time, so an upgrade cannot change what a code means. It holds all 202 languages of the NLLB-200
tokenizer and those that only OPUS-MT or Apertium reach. An OPUS-MT model for a whole family stands
only for languages where its authors publish chr-F of 0.35 or more: the model cards claim many
more.
"""

import csv
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

SOURCE_LANGUAGE: Final = "en"
"""Every record is in English."""

_TABLE: Final = Path(__file__).with_name("languages.tsv")
_UNSPACED_SCRIPTS: Final = frozenset({"Hans", "Hant", "Jpan"})
_UNSPACED_WORDS: Final = _UNSPACED_SCRIPTS | {"Thai", "Laoo", "Khmr", "Mymr", "Tibt"}
_SUGGESTIONS: Final = 3
_WHERE_TO_LOOK: Final = "`tandemqa languages` lists all."

UNICODE_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Arab": ("Arabic",),
        "Armn": ("Armenian",),
        "Beng": ("Bengali",),
        "Cyrl": ("Cyrillic",),
        "Deva": ("Devanagari",),
        "Ethi": ("Ethiopic",),
        "Geor": ("Georgian",),
        "Grek": ("Greek",),
        "Gujr": ("Gujarati",),
        "Guru": ("Gurmukhi",),
        "Hang": ("Hangul", "Han"),
        "Hans": ("Han",),
        "Hant": ("Han",),
        "Hebr": ("Hebrew",),
        "Jpan": ("Han", "Hiragana", "Katakana"),
        "Khmr": ("Khmer",),
        "Knda": ("Kannada",),
        "Kore": ("Hangul", "Han"),
        "Laoo": ("Lao",),
        "Latn": ("Latin",),
        "Mlym": ("Malayalam",),
        "Mymr": ("Myanmar",),
        "Olck": ("Ol_Chiki",),
        "Orya": ("Oriya",),
        "Sinh": ("Sinhala",),
        "Taml": ("Tamil",),
        "Telu": ("Telugu",),
        "Tfng": ("Tifinagh",),
        "Thai": ("Thai",),
        "Tibt": ("Tibetan",),
    }
)
"""Unicode's scripts by ISO 15924 code; combined codes stand for several."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language tandemqa knows; fields of backends that cannot make it are empty.

    Attributes:
        code: BCP-47 code in its shortest sensible form, such as `de`, `zh-Hans`, `pt-BR`.
        name: English name.
        aliases: Other names users may type, lower case: ISO 639 codes, older codes, names.
        script: ISO 15924 code of the script its translations are written in.
        nllb: Code in the NLLB-200 tokenizer, such as `deu_Latn`.
        opus_mt: Hugging Face name of the OPUS-MT model from English.
        opus_mt_token: Target token such as `>>por<<`; empty for models with one target.
        apertium: Apertium modes from English in order; more than one means pivots.
        apertium_packages: Debian packages that ship these modes.
        apertium_note: Warning about the route; empty when it is usable.
        bergamot: What names of Bergamot's models from English call it; empty without a model.
        bergamot_note: Warning about that model, such as another variety of the language.
        group: Name of the set of languages that identification confuses with it.
        langdetect: Label langdetect gives it; a label may cover several languages.
    """

    code: str
    name: str
    aliases: tuple[str, ...]
    script: str
    nllb: str
    opus_mt: str
    opus_mt_token: str
    apertium: tuple[str, ...]
    apertium_packages: tuple[str, ...]
    apertium_note: str
    bergamot: str
    bergamot_note: str
    group: str
    langdetect: str

    @property
    def spaces(self) -> bool:
        """Whether sentences are joined with a space."""
        return self.script not in _UNSPACED_SCRIPTS

    @property
    def word_spaces(self) -> bool:
        """Whether words stand between spaces; in Thai only sentences and phrases do."""
        return self.script not in _UNSPACED_WORDS


class UnknownLanguage(ValueError):
    """A name or code stands for no language of the table."""


def parse_language(text: str) -> Language:
    """Return the language a user means by a code, an NLLB code, an alias or an English name.

    Case does not matter, nor whether the parts are divided by `-`, `_` or spaces.

    Raises:
        UnknownLanguage: If the table has no such language; the message suggests near ones.
    """
    try:
        return _BY_NAME[_normalise(text)]
    except KeyError:
        raise UnknownLanguage(f"{_describe_unknown(text)} {_WHERE_TO_LOOK}") from None


def parse_languages(text: str) -> tuple[Language, ...]:
    """Return the languages of a comma separated list, in its order.

    A language named twice, also by different names (`es,spa`), counts once.

    Raises:
        UnknownLanguage: If any is unknown; the message names all of them.
        ValueError: If the list is empty.
    """
    items = [item for item in text.split(",") if item.strip()]
    if not items:
        raise ValueError(
            f"no language in {text!r}; want a comma separated list such as 'es,zh-Hans,pt-BR'. "
            + _WHERE_TO_LOOK
        )
    unknown = [item for item in items if _normalise(item) not in _BY_NAME]
    if unknown:
        problems = map(_describe_unknown, dict.fromkeys(unknown))
        raise UnknownLanguage(" ".join([*problems, _WHERE_TO_LOOK]))
    return tuple(dict.fromkeys(map(parse_language, items)))


def canonical_code(name: str) -> str:
    """Return the code of the language that a name stands for, else the name as it is.

    Data of others may have languages that the table lacks; they keep their names.
    """
    language = _BY_NAME.get(_normalise(name))
    return language.code if language else name.strip()


def select_languages(
    wanted: Sequence[str], available: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Find languages among names that others chose: `German` finds `de`, `deu` and `deu_Latn`.

    Args:
        wanted: Names as a user types them; without any, all that are available are wanted.
        available: Names that files, folders or columns have.

    Returns:
        The available names of the wanted languages, in the order of `wanted`, and the codes of
        those that are not available.
    """
    names: dict[str, list[str]] = {}
    for name in available:
        names.setdefault(canonical_code(name), []).append(name)
    codes = list(dict.fromkeys(map(canonical_code, wanted))) or list(names)
    found = [name for code in codes for name in names.get(code, ())]
    return found, [code for code in codes if code not in names]


def list_codes(codes: Iterable[str]) -> str:
    """Return codes as a message lists them, with suggestions for those that the table lacks."""
    hints = {code: "" if code in LANGUAGES else _suggest(code) for code in codes}
    return ", ".join(f"{code} ({hint})" if hint else code for code, hint in hints.items())


def _suggest(text: str) -> str:
    near = ", ".join(f"{language.code} ({language.name})" for language in _nearest(text))
    return f"did you mean: {near}?" if near else ""


def _normalise(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")


def _describe_unknown(text: str) -> str:
    hint = _suggest(text)
    return f"unknown language {text.strip()!r}" + (f"; {hint}" if hint else ".")


def _nearest(text: str) -> list[Language]:
    """Return the language without region and script (`es` for `es-MX`), else look-alikes."""
    name = _normalise(text)
    base = _BY_NAME.get(name.split("-")[0])
    if base:
        return [base]
    look_alikes = difflib.get_close_matches(name, _BY_NAME, n=10)
    return list(dict.fromkeys(_BY_NAME[near] for near in look_alikes))[:_SUGGESTIONS]


def _read_table() -> Iterator[Language]:
    with _TABLE.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            columns: dict[str, Any] = row
            for column in ("aliases", "apertium", "apertium_packages"):
                columns[column] = tuple(row[column].split())
            yield Language(**columns)


LANGUAGES: Final[Mapping[str, Language]] = MappingProxyType(
    {language.code: language for language in _read_table()}
)
_BY_NAME: Final[Mapping[str, Language]] = {
    _normalise(name): language
    for language in LANGUAGES.values()
    for name in (language.code, language.nllb, language.name, *language.aliases)
    if name
}
