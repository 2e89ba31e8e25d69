"""What is compared with what, and what is concluded, without a model."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.checks import FieldPair
from pipelines.checks.content import unrelated
from pipelines.checks.length import length_ratio
from pipelines.checks.meaning import neighbours_meaning, other_meaning
from pipelines.judge.calibration import group_values
from pipelines.judge.meaning import measure_meaning
from pipelines.judge.validate import judge_group
from pipelines.translation.rows import Draft, Group
from schemas.check import FLAG, PASS, REJECT, Check
from schemas.manifest import Calibration
from schemas.record import Answer, Record
from schemas.row import RowAnswer
from tests.pipelines.report_corpus import make_row

USUAL = Calibration(median=0.9, mad=0.02, rows=1000, origin="run")
RIVER = "The long river flows to the north."
SEA = "All of its water reaches the sea."
RIO = "El largo río fluye hacia el norte."
MAR = "Toda su agua llega hasta el mar."


def make_pair(target, source, field="passage", **facts):
    calibration = Calibration(median=0.1, mad=0.1, rows=1000, origin="run")
    return FieldPair(field, "es", source, target, True, calibration, **facts)


def passage(meaning, **facts):
    spans = ((0, len(RIVER), 0, len(RIO)), (len(RIVER), len(RIVER + SEA), len(RIO), len(RIO + MAR)))
    return make_pair(
        RIO + MAR, RIVER + SEA, sentences=spans, meaning=meaning, usual_meaning=USUAL, **facts
    )


def question(**facts):
    return make_pair(RIO, RIVER, field="question", usual_meaning=USUAL, **facts)


def verdicts(rule, pair):
    return [check.verdict for check in rule(pair)]


def test_one_sentence_with_another_meaning_rejects_the_passage():
    assert verdicts(other_meaning, passage((0.9, 0.88))) == [PASS]
    assert verdicts(other_meaning, passage((0.95, 0.7))) == [REJECT]


def test_a_question_and_an_answer_are_compared_as_wholes():
    assert verdicts(other_meaning, question(meaning=(0.7,))) == [REJECT]
    answer = replace(question(meaning=(0.7,)), field="answer")
    assert verdicts(other_meaning, answer) == [FLAG]  # it never costs question and passage


def test_what_was_not_measured_or_has_hardly_a_letter_is_not_judged():
    assert verdicts(other_meaning, question()) == []
    short = make_pair("1999", "in 1999", field="question", usual_meaning=USUAL, meaning=(0.1,))
    assert verdicts(other_meaning, short) == []


def test_a_question_nearer_to_a_neighbour_is_rejected():
    assert verdicts(neighbours_meaning, question(margin=0.05)) == [PASS]
    assert verdicts(neighbours_meaning, question(margin=-0.001)) == [PASS]
    assert verdicts(neighbours_meaning, question(margin=-0.1)) == [REJECT]
    assert verdicts(neighbours_meaning, question()) == []


def related(question, **facts):
    """A question whose English one repeats its passage."""
    english = "How does the long river flow to the north?"
    overlap = Calibration(median=0.2, mad=0.1, rows=1000, origin="run")
    return make_pair(
        question,
        english,
        field="question",
        source_passage=RIVER,
        target_passage=RIO + MAR,
        overlap=overlap,
        usual_meaning=USUAL,
        **facts,
    )


def test_shared_words_and_similarity_count_together():
    other = "¿Quién vende sus zapatos en la tienda?"
    assert verdicts(unrelated, related(other)) == [REJECT]
    assert verdicts(unrelated, related(other, meaning=(0.9,))) == [FLAG]  # it says the same
    assert verdicts(other_meaning, related(other, meaning=(0.9,))) == [PASS]
    assert verdicts(other_meaning, related(other, meaning=(0.855,))) == [REJECT]
    same = "¿Cómo fluye el largo río hacia el norte?"
    assert verdicts(other_meaning, related(same, meaning=(0.855,))) == [PASS]


def test_a_question_must_be_more_similar_where_its_passage_cannot_tell():
    english = "Who sells his shoes in the shop?"  # no word of it stands in the passage
    for similarity, verdict in ((0.835, REJECT), (0.85, PASS)):
        alone = replace(related("¿Quién vende?", meaning=(similarity,)), source=english)
        assert verdicts(other_meaning, alone) == [verdict]
        assert verdicts(other_meaning, replace(alone, target_passage="")) == [verdict]
    same = "¿Cómo fluye el largo río hacia el norte?"
    assert verdicts(other_meaning, related(same, meaning=(0.835,))) == [PASS]


def test_a_longer_text_that_says_the_same_is_flagged():
    longer = replace(passage((0.9, 0.9)), target=(RIO + MAR) * 3)
    assert verdicts(length_ratio, longer) == [FLAG]
    assert verdicts(length_ratio, replace(longer, meaning=(0.9, 0.84))) == [REJECT]
    assert verdicts(length_ratio, replace(longer, meaning=())) == [REJECT]
    few = USUAL.model_copy(update={"rows": 10})
    assert verdicts(length_ratio, replace(longer, usual_meaning=few)) == [REJECT]
    half = replace(longer, target=RIO[:10])
    assert verdicts(length_ratio, half) == [REJECT]


class Words:
    """Embeds a text by its first letters, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts):
        self.asked += texts
        vectors = np.array([[text.startswith(("R", "The", "El")), 0.5] for text in texts])
        vectors = vectors.reshape(-1, 2)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def group(question="RIVER?", lang="es", **facts):
    spans = ((0, len(RIVER), 0, len(RIO)), (len(RIVER), len(RIVER + SEA), len(RIO), len(RIO + MAR)))
    answers = (RowAnswer("North", -1, "none", 0.0),)
    english = replace(make_row(1, "en"), question=question, passage=RIVER + SEA, answers=answers)
    row = replace(
        make_row(1, lang), question="RIO?", passage=RIO + MAR, sentence_map=spans, answers=answers
    )
    record = Record("r", "d", "train", question, RIVER + SEA, "", (Answer("North", -1),), "")
    return Group(record, english, (replace(Draft(row, "", ()), **facts),))


def test_texts_are_compared_with_their_english_ones():
    words = Words()
    (found,) = measure_meaning([(group(), ["RIVER?", "WATER?"])], words)
    meaning = found.drafts[0].meaning
    assert meaning.question == 1.0 and meaning.answers == (1.0,)
    assert meaning.sentences == (1.0, 1.0)
    assert meaning.margin == pytest.approx(0.5528, abs=1e-4)  # against WATER?, not itself
    assert (found.drafts[0].row.meaning_min, found.drafts[0].row.meaning_mean) == (1.0, 1.0)


def test_an_english_text_is_encoded_once_for_all_languages():
    words = Words()
    both = group()
    both = replace(both, drafts=(*both.drafts, *group(lang="gl").drafts))
    list(measure_meaning([(both, []), (group(), [])], words))
    assert len(words.asked) == len(set(words.asked))


def test_rows_that_failed_are_left_alone():
    failed = group(failure="not_translated")
    (found,) = measure_meaning([(failed, [])], Words())
    assert found == failed


def test_copies_do_not_count_as_usual_meaning():
    (found,) = measure_meaning([(group(), [])], Words())
    kinds = [kind for (_, kind), _ in group_values(found)]
    assert kinds.count("sentence_meaning") == 2
    copied = replace(found.drafts[0], row=replace(found.drafts[0].row, passage=RIVER + SEA))
    spans = ((0, len(RIVER), 0, len(RIVER)),)
    copied = replace(
        copied,
        row=replace(copied.row, sentence_map=spans),
        meaning=replace(copied.meaning, sentences=(1.0,)),
    )
    kinds = [kind for (_, kind), _ in group_values(replace(found, drafts=(copied,)))]
    assert "sentence_meaning" not in kinds


def test_an_earlier_verdict_is_kept_until_the_meaning_is_compared_anew():
    from pipelines.judge.validate import Standards

    old = Check("other_meaning", "question", 0.2, 0.8, REJECT)
    before = group()
    row = replace(before.drafts[0].row, checks=(old,))
    before = replace(before, drafts=(replace(before.drafts[0], row=row),))
    quarantined = judge_group(before, Standards())[1]
    assert "other_meaning" in quarantined[0].reasons
    (after,) = measure_meaning([(before, [])], Words())
    rows, quarantined = judge_group(after, Standards())
    kept = [item.row for item in quarantined] + rows
    assert all(old not in row.checks for row in kept)
