"""What a retrieval benchmark is: questions, candidates, and which of these answer which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

Relevance = Mapping[str, Mapping[str, int]]
"""Grades above zero by question id, then by candidate id, as in a qrels file."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of one language.

    Attributes:
        ids: Question ids. Translations of one question share their id across languages.
        texts: The questions, in the same order.
    """

    ids: Sequence[str]
    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What can be retrieved in one language: sentences or passages.

    Attributes:
        ids: Candidate ids, unique in the whole benchmark.
        texts: The candidates, in the same order.
        groups: What each candidate's content is, the same for parallel candidates of all
            languages; so that results in different languages can be compared.
        contexts: What each candidate is part of (a sentence's paragraph); empty where candidates
            have none.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    groups: Sequence[str]
    contexts: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Questions and candidates by language (BCP-47), and the relevance between them.

    Relevance is by question id, whatever the language it is asked in: where questions and
    candidates are parallel, an id has relevant candidates in several languages. A question to
    which nothing is relevant scores 0.

    Attributes:
        name: Its name.
        questions: Questions by language.
        candidates: Candidates by language.
        relevance: Relevance of candidates; every question has an entry.
        left_out: By question id, irrelevant candidates that it must not find: such as itself.
        notes: What has to be known to read the figures, a sentence each.

    Raises:
        ValueError: If ids repeat, lengths differ, or relevance names what is not there.
    """

    name: str
    questions: Mapping[str, Questions]
    candidates: Mapping[str, Candidates]
    relevance: Relevance
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        """Check that all parts fit together."""
        known = self._check_candidates()
        for lang, questions in self.questions.items():
            _same_length(f"{self.name}: questions in {lang}", questions.ids, questions.texts)
            if len(set(questions.ids)) != len(questions.ids):
                raise ValueError(f"{self.name}: a question id repeats in {lang}")
            for name in questions.ids:
                if name not in self.relevance:
                    raise ValueError(f"{self.name}: nothing is known of question {name}")
        for question, grades in self.relevance.items():
            for candidate, grade in grades.items():
                if candidate not in known:
                    raise ValueError(
                        f"{self.name}: {candidate}, relevant to {question}, is no candidate"
                    )
                if grade < 1:
                    raise ValueError(
                        f"{self.name}: grade {grade} of {candidate} for question {question}; "
                        "leave out what is not relevant"
                    )

    def _check_candidates(self) -> set[str]:
        known: set[str] = set()
        for lang, candidates in self.candidates.items():
            where = f"{self.name}: candidates in {lang}"
            _same_length(where, candidates.ids, candidates.texts)
            _same_length(where, candidates.ids, candidates.groups)
            if len(candidates.contexts) > 0:
                _same_length(where, candidates.ids, candidates.contexts)
            before = len(known)
            known.update(candidates.ids)
            if len(known) != before + len(candidates.ids):
                raise ValueError(f"{where}: a candidate id repeats")
        return known

    @property
    def languages(self) -> tuple[str, ...]:
        """All languages that have questions or candidates, in their order."""
        return tuple(dict.fromkeys([*self.questions, *self.candidates]))

    def is_parallel(self) -> bool:
        """Return whether any question has relevant candidates in several languages."""
        lang_of = {name: lang for lang, of_lang in self.candidates.items() for name in of_lang.ids}
        return any(
            len({lang_of[name] for name in grades}) > 1 for grades in self.relevance.values()
        )

    def content_digest(self) -> str:
        """Return a hash of all texts and judgements: the same for the same benchmark only."""
        digest = sha256()
        for lang in sorted(self.languages):
            asked, given = self.questions.get(lang), self.candidates.get(lang)
            texts = [sorted(zip(of.ids, of.texts, strict=True)) for of in (asked, given) if of]
            digest.update(repr((lang, texts)).encode("utf-8", "backslashreplace"))
        for question, grades in sorted(self.relevance.items()):
            digest.update(
                repr((question, sorted(grades.items()))).encode("utf-8", "backslashreplace")
            )
        return digest.hexdigest()

    @property
    def has_contexts(self) -> bool:
        """Whether the candidates are part of something larger."""
        return all(len(c.contexts) > 0 for c in self.candidates.values())

    def with_context(self) -> "Benchmark":
        """Return the benchmark whose candidates have their context appended.

        There is no separator and there are no line ends, as in XTREME-R
        (google-research/xtreme, third_party/utils_lareqa.py).
        """
        candidates = {
            lang: replace(
                of_lang,
                texts=[
                    (text + context).replace("\n", "")
                    for text, context in zip(of_lang.texts, of_lang.contexts, strict=True)
                ],
            )
            for lang, of_lang in self.candidates.items()
        }
        return replace(self, candidates=candidates)


def _same_length(where: str, ids: Sequence[str], values: Sequence[str]) -> None:
    if len(ids) != len(values):
        raise ValueError(f"{where}: {len(ids)} ids, but {len(values)} texts, groups or contexts")
