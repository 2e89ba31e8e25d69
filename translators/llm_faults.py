"""What language models do instead of translating, told from the source and the answer alone.

The rules are cheap and cautious: an answer that they doubt is asked for once more, and an answer
that they doubt twice costs its segment. Whether the words are those of the language, and whether
numbers and lengths agree, is checked for every translator (`pipelines/checks`).
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Final

import regex

from schemas.language import UNICODE_SCRIPTS, Language
from schemas.reason import NO_REASON, Reason, declare_reason

REFUSED: Final = declare_reason("llm_refused", "the language model declined to translate")
COMMENTED: Final = declare_reason(
    "llm_commented", "the language model added an introduction, a note or an explanation"
)
REPEATED: Final = declare_reason(
    "llm_repeated_english", "the language model left or repeated the English text"
)
ANSWERED: Final = declare_reason(
    "llm_answered", "the language model answered a question in place of translating it"
)
MARKED: Final = declare_reason(
    "llm_added_markup", "the language model added markup, a list or special tokens"
)
QUOTED: Final = declare_reason(
    "llm_added_quotes", "the language model put its translation into quotation marks"
)
OTHER_LANGUAGE: Final = declare_reason(
    "llm_other_language", "the language model answered in another script, or in English"
)

_APOLOGY: Final = re.compile(
    r"\W*(?:i['’]?m (?:really |very |so )?sorry|i (?:must )?apologi[sz]e|sorry,|"
    r"i (?:can['’]?t|cannot|can not|won['’]t|am unable|am not able|must decline)|"
    r"i['’]m (?:unable|not able)|unfortunately, i|as an? (?:ai|language model)|"
    r"lo siento|lo lamento|je suis désolé|désolé|je ne peux pas|es tut mir leid|tut mir leid|"
    r"sinto muito|desculpe|mi dispiace|het spijt me|przepraszam|przykro mi|извините|"
    r"к сожалению, я|прошу прощения|вибачте|抱歉|对不起|對不起|很遗憾|申し訳|すみません|죄송|"
    r"عذرا|آسف|أعتذر|maaf|mohon maaf|xin lỗi|üzgünüm|beklager|jag är ledsen|tyvärr|anteeksi|"
    r"omlouvám se|îmi pare rău|sajnálom|συγγνώμη|מצטער|क्षमा करें|मुझे खेद|দুঃখিত|ขอโทษ|ขออภัย)",
    re.IGNORECASE,
)
_APOLOGETIC: Final = re.compile(
    r"sorry|apolog|regret|unfortunate|unable|not able|can['’]?t\b|can ?not|could not|couldn['’]t|"
    r"won['’]t|will not|forgive|pardon|excuse|decline|afraid|shame|\bAI\b|language model",
    re.IGNORECASE,
)
_INTRODUCTION: Final = re.compile(
    r"\W*(?:sure|certainly|of course|absolutely|okay|ok|here['’]?s|here is|here you go|"
    r"(?:the |your |my )?translat\w+|(?:the )?(?:final |best )?answer)\b[^:\n]{0,80}[:!]",
    re.IGNORECASE,
)
_TRANSLATION: Final = (
    "translat|tradu[cçz]|übersetz|vertal|oversæt|oversett|översätt|þýðing|перев[ое]д|переклад|"
    "перак|прев[ео]д|tłumacz|překlad|preklad|prijevod|prevod|vertim|tulkoj|fordít|käänn|tõlk|"
    "çevir|tərcümə|таржима|аударма|bản dịch|terjemah|tafsiri|翻译|翻譯|译文|譯文|翻訳|번역|ترجم|"
    "अनुवाद|অনুবাদ|மொழிபெயர்|అనువాద|ಅನುವಾದ|വിവർത്തന|แปล|μετάφρ|תרגום|թարգման|თარგმან"
)
_ANNOUNCED: Final = re.compile(
    rf"[^:：\n]{{0,60}}(?:{_TRANSLATION})[^:：\n]{{0,40}}[:：]", re.IGNORECASE
)
_NOTE: Final = re.compile(
    r"(?:^|[(\[*\n]\s*|[.!?]\s+)(?:translator['’]s )?(?:note|nota|notes|notas|hinweis|anmerkung|"
    r"remarque|opmerking|uwaga|poznámka|примечание|примітка|note that|注|註|注意|참고|ملاحظة|"
    r"catatan|lưu ý|not)\s?[:：]",
    re.IGNORECASE,
)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>\n]{0,80}>|<\|[^|<>\n]{1,40}\|>|\[/?INST\]")
_MARKUP: Final = re.compile(
    r"```|`|\*\*|__|\\boxed|^\s*(?:#{1,6}|[-*•])\s|^\s*\{\s*[\"']", re.MULTILINE
)
_QUOTES: Final = {
    **{quote: quote for quote in "\"'"},
    **{"“": "”", "‘": "’", "«": "»", "»": "«", "„": "“", "「": "」", "『": "』", "‹": "›"},
}
_QUOTE: Final = "".join({*_QUOTES, *_QUOTES.values(), "”"})
_QUESTION_MARK: Final = "?？؟;՞፧"
# Questions are told by words, or the mark stands within: no mark is no sign there.
_UNMARKED: Final = frozenset(
    {*("Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Jpan", "Armn", "Olck", "Ethi", "Tfng")}
)
_ENGLISH: Final = frozenset(
    {*("the", "and", "with", "which", "that", "are", "were", "been", "this", "from", "have")}
)
_LOWER_CASE: Final = re.compile(r"\b[a-z]{2,}\b")
_SENTENCE: Final = 3  # lower-case words that a name or formula does not have

Rule = Callable[[str, str, Language], bool]


def find_fault(source: str, answer: str, language: Language) -> Reason:
    """Return what is wrong with an answer; no reason if it may be a translation.

    Args:
        source: English segment, on one line.
        answer: What the model said, without its reasoning and white space around it.
        language: The target.
    """
    rules = (reason for rule, reason in _RULES if rule(source, answer, language))
    return next(rules, NO_REASON)


def _is_refusal(source: str, answer: str, language: Language) -> bool:
    return bool(_APOLOGY.match(answer)) and not _APOLOGETIC.search(source)


def _has_markup(source: str, answer: str, language: Language) -> bool:
    added = (mark for kind in (_TAG, _MARKUP) for mark in kind.findall(answer))
    return any(mark.strip() not in source for mark in added)


def _has_quotes(source: str, answer: str, language: Language) -> bool:
    if source[0] in _QUOTE or source.rstrip(".?!")[-1:] in _QUOTE:
        return False
    end = answer.rstrip(".。")
    return len(end) > 1 and _QUOTES.get(end[0]) == end[-1]


def _has_comment(source: str, answer: str, language: Language) -> bool:
    if "\n" in answer or len(answer) > 3 * len(source) + 60:
        return True
    label = re.match(rf"\W*{re.escape(language.name)}\b[^:\n]{{0,20}}:", answer, re.IGNORECASE)
    if (label and language.name not in source) or (_NOTE.search(answer) and ":" not in source):
        return True
    announced = _INTRODUCTION.match(answer) or _ANNOUNCED.match(answer)
    return bool(announced) and ":" not in source


def _repeats_english(source: str, answer: str, language: Language) -> bool:
    return _is_sentence(source) and _plain(source) in _plain(answer)


def _is_answer(source: str, answer: str, language: Language) -> bool:
    if language.script in _UNMARKED or not source.endswith("?"):
        return False
    last = max(answer.rfind(mark) for mark in _QUESTION_MARK)
    behind = sum(character.isalnum() for character in answer[last + 1 :])
    return last < 0 or (behind > 0 and source.count("?") == 1)


def _is_other_language(source: str, answer: str, language: Language) -> bool:
    if not _is_sentence(source):
        return False
    letters = sum(map(str.isalpha, answer))
    own = len(_letters_of(language.script).findall(answer))
    if letters and own < letters * (0.5 if language.script == "Latn" else 0.1):
        return True
    words = re.findall(r"\w+", answer.lower())
    english = [word for word in words if word in _ENGLISH]
    return len(set(english)) > 1 and len(english) > 0.15 * len(words)


def _is_sentence(source: str) -> bool:
    """Whether a text has words to translate: names, titles and formulas may stay as they are."""
    lower = len(_LOWER_CASE.findall(source))
    return lower >= _SENTENCE and 2 * lower >= len(re.findall(r"\w+", source))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@cache
def _letters_of(script: str) -> "regex.Pattern[str]":
    classes = "".join(rf"\p{{Script={name}}}" for name in UNICODE_SCRIPTS[script])
    return regex.compile(rf"[[{classes}]&&\p{{L}}]", regex.VERSION1)


_RULES: Final[tuple[tuple[Rule, Reason], ...]] = (
    (_is_refusal, REFUSED),
    (_has_markup, MARKED),
    (_has_comment, COMMENTED),
    (_has_quotes, QUOTED),
    (_repeats_english, REPEATED),
    (_is_other_language, OTHER_LANGUAGE),
    (_is_answer, ANSWERED),
)
