"""XQuAD-R's human translations as gold: rows that every check should accept."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.text.normalise import normalise_text

LANGUAGES = ("ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh-Hans")

# Passages whose translators mistook a number, found by `number_changed` and read: the first
# question's id, the English number and what it became.
MISTAKES = {
    ("de", "57111380a58dae1900cd6bd6"): ("1580", "1589"),
    ("hi", "572a005f1d046914007796b7"): ("19,018", "18,018"),
    ("ru", "572824f13acd2414000df58f"): ("2004", "2001"),
    ("th", "572a13841d0469140077973b"): ("1914", "1941"),
    ("th", "57302700a23a5019007fce89"): ("1979", "1949"),
    ("tr", "572881d34b864d1900164a5a"): ("1263", "1963"),
    ("tr", "572920d73f37b31900478055"): ("2006", "2016"),
}

# Questions whose translators asked something else, and passages whose sentences are as many and do
# not correspond: found by what the meaning check rejects, and read.
OTHER_QUESTIONS = {
    ("hi", "5729281baf94a219006aa120"): "who dominates long-distance races",
    ("ru", "56e77da237bdd419002c403d"): "the name of a lama who has taken the vow",
}
OTHER_SENTENCES = {("es", "56de0daecffd8e1900b4b595"), ("tr", "57111380a58dae1900cd6bd6")}

SentenceMap = tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class GoldRow:
    """A question with its passage, in English and in a human translation.

    Attributes:
        lang: BCP-47 code.
        row_id: Id of the question in XQuAD.
        question: English and translated question.
        passage: English and translated passage.
        answer: English and translated answer.
        places: Where the answers stand in their passages; -1 where they do not.
        sentence_map: As in a row of a corpus; empty where the sentences do not correspond.
        first: Whether it is the first question of its passage.
    """

    lang: str
    row_id: str
    question: tuple[str, str]
    passage: tuple[str, str]
    answer: tuple[str, str]
    places: tuple[int, int]
    sentence_map: SentenceMap
    first: bool

    @property
    def held_out(self) -> bool:
        """Whether the row was kept out of every choice of a threshold: by hash of the passage."""
        return hashlib.sha256(self.passage[0].encode()).digest()[0] % 2 == 1

    @property
    def mistaken(self) -> bool:
        """Whether the passage is known to have a mistake, so that its rejection is right."""
        return (self.lang, self.row_id) in MISTAKES

    @property
    def asks_otherwise(self) -> bool:
        """Whether the question is known to ask something else than the English one."""
        return (self.lang, self.row_id) in OTHER_QUESTIONS


def read_gold(folder: Path, lang: str) -> list[GoldRow]:
    """Return all rows of one language of XQuAD-R."""
    english = list(_paragraphs(folder / "en.json"))
    translated = list(_paragraphs(folder / f"{lang.split('-')[0]}.json"))
    rows = []
    for source, target in zip(english, translated, strict=True):
        corresponds = (lang, source["qas"][0]["id"]) not in OTHER_SENTENCES
        sentence_map = _sentence_map(source, target) if corresponds else ()
        for i, (asked, answered) in enumerate(zip(source["qas"], target["qas"], strict=True)):
            answers = [_answer(p, q) for p, q in ((source, asked), (target, answered))]
            rows.append(
                GoldRow(
                    lang=lang,
                    row_id=asked["id"],
                    question=(_clean(asked["question"]), _clean(answered["question"])),
                    passage=(_clean(source["context"]), _clean(target["context"])),
                    answer=(answers[0][0], answers[1][0]),
                    places=(answers[0][1], answers[1][1]),
                    sentence_map=sentence_map,
                    first=i == 0,
                )
            )
    return rows


def _paragraphs(path: Path) -> Iterator[dict]:
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        yield from article["paragraphs"]


def _answer(paragraph: dict, question: dict) -> tuple[str, int]:
    """Return the answer and its offset in the normalised passage."""
    answer = question["answers"][0]
    text = _clean(answer["text"])
    start = len(_clean(paragraph["context"][: answer["answer_start"]] + "x")) - 1
    found = _clean(paragraph["context"]).startswith(text, start)
    return text, start if found and text else -1


def _clean(text: str) -> str:
    return normalise_text(text).strip()


def _sentence_map(source: dict, target: dict) -> SentenceMap:
    """Return where the sentences stand, or nothing when they cannot be paired for certain.

    For certain: as many sentences, and every answer in the same one.
    """
    same_number = len(source["sentence_breaks"]) == len(target["sentence_breaks"])
    if not same_number or _answer_sentences(source) != _answer_sentences(target):
        return ()
    spans = zip(_spans(source), _spans(target), strict=True)
    return tuple((*one, *other) for one, other in spans)


def _answer_sentences(paragraph: dict) -> list[int]:
    starts = [start for start, _ in paragraph["sentence_breaks"]]
    places = [question["answers"][0]["answer_start"] for question in paragraph["qas"]]
    return [sum(start <= place for start in starts) for place in places]


def _spans(paragraph: dict) -> list[tuple[int, int]]:
    """Return the sentences' offsets in the normalised text."""
    text, spans, end = _clean(paragraph["context"]), [], 0
    for a, b in paragraph["sentence_breaks"]:
        sentence = _clean(paragraph["context"][a:b])
        start = text.index(sentence, end)
        end = start + len(sentence)
        spans.append((start, end))
    return spans
