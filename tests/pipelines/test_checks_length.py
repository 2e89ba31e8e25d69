import pytest

from schemas.manifest import Calibration
from tests.pipelines.test_checks import ENGLISH, SPANISH, check, flagged, rejected

SENTENCES = (ENGLISH.split(". "), SPANISH.split(". "))
QUESTION = "How long has the river been used by the people who live there?"
PREGUNTA = "¿Cuánto tiempo han usado el río las personas que viven allí?"


def sentence_map(source, target):
    """Pair the sentences of two texts, which have as many."""
    spans, s, t = [], 0, 0
    for one, other in zip(source, target, strict=True):
        spans.append((s, s + len(one), t, t + len(other)))
        s, t = s + len(one) + 2, t + len(other) + 2
    return tuple(spans)


def passage(sentences):
    return rejected(". ".join(sentences), ENGLISH, sentences=sentence_map(SENTENCES[0], sentences))


def test_half_of_a_question_is_refused_for_its_length_and_its_lost_question_mark():
    assert rejected(PREGUNTA, QUESTION, field="question") == set()
    assert "length_ratio" in rejected(PREGUNTA[:37], QUESTION, field="question")
    assert "length_ratio" in rejected(PREGUNTA[30:], QUESTION, field="question")


def test_a_question_may_be_shorter_by_less_when_its_question_mark_is_lost():
    shorter = "¿Cuánto hace que la gente de ahí usa el río"
    assert "length_ratio" not in rejected(shorter + "?", QUESTION, field="question")
    assert "length_ratio" in rejected(shorter, QUESTION, field="question")


def test_a_question_that_ends_without_any_mark_may_hardly_be_shorter():
    cut = PREGUNTA[: len(PREGUNTA) * 3 // 4]
    assert "length_ratio" in rejected(cut, QUESTION, field="question")
    assert "length_ratio" not in rejected(cut + "?", QUESTION, field="question")
    assert "length_ratio" not in rejected(PREGUNTA[:-1] + " ahora", QUESTION, field="question")
    # Where the translator leaves question marks out, that tells nothing.
    assert "length_ratio" not in rejected(cut, QUESTION, field="question", unmarked=0.4)


def test_a_lost_sentence_is_refused_without_a_map_because_its_end_is_missing_too():
    third = " ".join([SPANISH] * 3)
    cut = third[: -len(SENTENCES[1][2]) - 1]
    assert "length_ratio" in rejected(cut, " ".join([ENGLISH] * 3))
    reworded = third.replace("Mucha gente ha", "Hay gente que ha")
    assert "length_ratio" not in rejected(reworded, " ".join([ENGLISH] * 3))


def test_a_sentence_without_a_translation_is_refused():
    assert passage(SENTENCES[1]) == set()
    assert "sent_count" in passage([SENTENCES[1][0], "", SENTENCES[1][2]])


def test_half_of_a_sentence_is_refused():
    short = "Mucha gente vive ahí"
    assert "sentence_short" in passage([*SENTENCES[1][:2], short])


def test_an_overlong_sentence_is_flagged():
    long = [SENTENCES[1][0], SENTENCES[1][1] * 4, SENTENCES[1][2]]
    target = ". ".join(long)
    found = flagged(target, ENGLISH, sentences=sentence_map(SENTENCES[0], long))
    assert "sentence_long" in found


def test_a_sentence_left_in_english_is_refused():
    mixed = [*SENTENCES[1][:2], SENTENCES[0][2]]
    assert "english_sentence" in passage(mixed)


def test_a_sentence_left_in_english_is_refused_in_other_scripts_too():
    greek = [
        "Ο Νείλος είναι ένας ποταμός στην Αφρική",
        "Ρέει προς τον βορρά για 6.650 χιλιόμετρα και φτάνει στη θάλασσα στην Αίγυπτο",
        SENTENCES[0][2],
    ]
    spans = sentence_map(SENTENCES[0], greek)
    assert "english_sentence" in rejected(". ".join(greek), ENGLISH, "el", sentences=spans)


@pytest.mark.parametrize("origin", ["run", "widened"])
def test_lengths_are_held_against_the_calibration(origin):
    usual = Calibration(median=0.6, mad=0.1, rows=500, origin=origin)
    double = " ".join([SPANISH, SPANISH.upper()])
    assert "length_ratio" not in rejected(double, calibration=usual)
    assert "length_ratio" in rejected(SPANISH, calibration=usual)


def test_short_sources_have_no_usual_length():
    assert ("length_ratio", "skipped") in check("¿Quién fue ella?", "Who?", field="question")
