"""Judged sets: documents, questions and judgements (qrels) of one language, and several of them."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.collection_entries import Entry, Fault, Judgement
from schemas.collection_files import Role
from schemas.command import UsageError
from schemas.plain_text import writable
from schemas.wording import counted
from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions

_SHOWN: Final = 3  # ids or sentences of one kind in a message


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Documents, questions and judgements of one language.

    Attributes:
        documents: Text of each document, its title in front, by id.
        questions: Text of each judged question by id.
        grades: Grades by question, then by document; not relevant is 0 or less.
        source: Where it came from, for messages.
        notes: What is odd about it, a sentence each.
    """

    documents: Mapping[str, str]
    questions: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]
    source: str
    notes: Sequence[str] = field(default=())


class SetBuilder:
    """Takes in the files of one judged set.

    What agrees with itself may be there twice; what contradicts itself is refused in the end, with
    all that does.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.documents: dict[str, str] = {}
        self.questions: dict[str, str] = {}
        self.grades: dict[str, dict[str, int]] = {}
        self.contradictions: list[str] = []
        self.repeated = 0

    def add(self, entries: Iterable[Entry], path: str, role: Role) -> None:
        """Take in one file.

        Raises:
            UsageError: With file and line, if something cannot be read.
        """
        for entry in entries:
            place = f"{path}:{entry.line}"
            if isinstance(entry, Fault):
                raise UsageError(f"{place}: {entry.detail}")
            if isinstance(entry, Judgement):
                self._add_judgement(entry, place)
            elif role == "queries":
                self._add_text(
                    self.questions, "question", entry.id, _text(entry.text, place), place
                )
            else:
                text = join_title(_text(entry.title, place), _text(entry.text, place))
                self._add_text(self.documents, "document", entry.id, text, place)

    def finish(self) -> JudgedSet:
        """Return the set; questions without a text are left out.

        Raises:
            UsageError: If texts or judgements contradict each other, or there are no texts.
        """
        if self.contradictions:
            raise UsageError(
                f"{self.source} contradicts itself: {_some(self.contradictions, '; ')}"
            )
        for kind, texts in (("document", self.documents), ("question", self.questions)):
            if texts and not any(texts.values()):
                raise UsageError(f"{self.source}: no {kind} has a text; wanted the key text")
        judged = {name: text for name, text in self.questions.items() if name in self.grades}
        silent = [name for name, text in judged.items() if not text]
        return JudgedSet(
            documents=self.documents,
            questions={name: text for name, text in judged.items() if text},
            grades={name: found for name, found in self.grades.items() if judged.get(name) != ""},
            source=self.source,
            notes=self._notes(silent),
        )

    def _add_text(self, texts: dict[str, str], kind: str, name: str, text: str, place: str) -> None:
        if name not in texts:
            texts[name] = text
        elif texts[name] == text:
            self.repeated += 1
        else:
            self.contradictions.append(f"{place}: {kind} {name} already has another text")

    def _add_judgement(self, judgement: Judgement, place: str) -> None:
        grade = int(judgement.grade)
        if grade != judgement.grade:
            raise UsageError(
                f"{place}: grade {judgement.grade:g}; trec_eval and mteb know whole numbers only"
            )
        found = self.grades.setdefault(judgement.query_id, {})
        known = found.setdefault(judgement.passage_id, grade)
        if known != grade:
            pair = f"document {judgement.passage_id} for question {judgement.query_id}"
            self.contradictions.append(f"{place}: {pair} has grade {grade}, and {known} before")

    def _notes(self, silent: Sequence[str]) -> list[str]:
        empty = [name for name, text in self.documents.items() if not text]
        notes = []
        if silent:
            notes.append(
                f"{counted(len(silent), 'question')} without a text left out: {_some(silent)}"
            )
        if empty:
            notes.append(f"{counted(len(empty), 'document')} without a text kept: {_some(empty)}")
        if self.repeated:
            notes.append(f"{counted(self.repeated, 'text')} given twice counted once")
        return notes


def make_benchmark(
    name: str, sets: Mapping[str, JudgedSet], may_be_parallel: bool = False
) -> Benchmark:
    """Return judged sets as one benchmark.

    The document that has a question's own id is taken for the question itself, as in ArguAna and
    Quora, and left out for that question unless it is judged relevant. Judged questions without a
    relevant document score 0. BEIR, trec_eval and mteb do the same.

    Args:
        name: Name of the benchmark.
        sets: Judged set by language.
        may_be_parallel: Whether sets with the very same judgements are translations of each
            other. Otherwise they have nothing to do with each other, whatever their ids.

    Raises:
        UsageError: If a judgement names what is not there, or nothing is judged.
    """
    grades = {lang: _positive(lang, of_lang) for lang, of_lang in sets.items()}
    first, *others = grades.values()
    shared = may_be_parallel and bool(others) and all(other == first for other in others)
    relevance: dict[str, dict[str, int]] = {}
    left_out: dict[str, list[str]] = {}
    for lang, of_lang in grades.items():
        for question, found in of_lang.items():
            key = question if shared else f"{lang}:{question}"
            own = relevance.setdefault(key, {})
            own |= {f"{lang}:{document}": grade for document, grade in found.items()}
            if question in sets[lang].documents and question not in found:
                left_out.setdefault(key, []).append(f"{lang}:{question}")
    return Benchmark(
        name=name,
        questions={
            lang: Questions(
                [question if shared else f"{lang}:{question}" for question in grades[lang]],
                [of_lang.questions[question] for question in grades[lang]],
            )
            for lang, of_lang in sets.items()
        },
        candidates={
            lang: Candidates(
                [f"{lang}:{document}" for document in of_lang.documents],
                list(of_lang.documents.values()),
                [name if shared else f"{lang}:{name}" for name in of_lang.documents],
            )
            for lang, of_lang in sets.items()
        },
        relevance=relevance,
        left_out=left_out,
        notes=[note for lang in sets for note in _notes(lang, sets[lang], grades[lang])],
    )


def join_title(title: str, text: str) -> str:
    """Return a document as it is encoded: the title in front, as BEIR and MIRACL do it."""
    return f"{title} {text}".strip()


def _positive(lang: str, judged: JudgedSet) -> dict[str, dict[str, int]]:
    """Return the grades above 0 of each judged question; none where nothing is relevant."""
    positive = {
        question: {document: grade for document, grade in found.items() if grade > 0}
        for question, found in judged.grades.items()
    }
    for question, found in positive.items():
        if question not in judged.questions:
            raise UsageError(f"{judged.source}: judged question {question} is not there")
        for document in found:
            if document not in judged.documents:
                raise UsageError(
                    f"{judged.source}: document {document}, relevant to question {question}, is "
                    "not there; is a part of the corpus missing?"
                )
    if not any(positive.values()):
        raise UsageError(f"{judged.source}: no question in {lang} has a relevant document")
    return positive


def _notes(lang: str, judged: JudgedSet, grades: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield what has to be known to read the figures, a sentence each."""
    for note in judged.notes:
        yield f"{lang}: {note}"
    own = sum(name in judged.documents and name not in found for name, found in grades.items())
    if own:
        questions = counted(own, "question")
        yield f"{lang}: for {questions}, the document with the question's own id is left out"
    barren = [name for name, found in grades.items() if not found]
    if barren:
        questions = counted(len(barren), "question")
        yield f"{lang}: {questions} without a relevant document, scored 0: {_some(barren)}"


def _text(value: Any, place: str) -> str:  # noqa: ANN401
    """Return a text, the lines of a list of texts, or "" for null and NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, (_text(inner, place) for inner in value)))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UsageError(f"{place}: wanted a text, found a {type(value).__name__}")
    return writable(str(value)).strip()  # no tokenizer takes lone surrogates


def _some(names: Sequence[str], divider: str = ", ") -> str:
    more = len(names) - _SHOWN
    return divider.join(names[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
