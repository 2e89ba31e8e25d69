from hypothesis import given
from hypothesis import strategies as st

from pipelines.answers.spans import project_answer, source_answer
from schemas.language import LANGUAGES
from schemas.record import Answer

SOURCE = "Ann lives in Rome. She was born in Rome in 1971. Bob was born in 1971 too."
TARGET = "Ann vive en Roma. Ella nació en Roma en 1971. Bob nació también en 1971."
MAP = ((0, 18, 0, 17), (19, 48, 18, 45), (49, 74, 46, 72))


def project(text, start, translated):
    return project_answer(Answer(text, start), translated, SOURCE, TARGET, MAP)


def test_a_number_is_found_in_the_sentence_it_comes_from():
    first = project("1971", SOURCE.index("1971"), "1971")
    second = project("1971", SOURCE.rindex("1971"), "1971")
    assert (first.start, first.method) == (TARGET.index("1971"), "verbatim")
    assert (second.start, second.method) == (TARGET.rindex("1971"), "verbatim")


def test_a_translated_answer_is_found_in_its_own_sentence_only():
    second = project("Rome", SOURCE.rindex("Rome"), "Roma")
    assert second.method == "translated_exact"
    assert second.start == TARGET.rindex("Roma")
    assert TARGET[second.start : second.start + len(second.text)] == second.text


def test_articles_case_and_outer_punctuation_do_not_hide_an_answer():
    found = project("born in Rome", SOURCE.index("born"), "La Nació en Roma.")
    assert found.text == "nació en Roma"


def test_a_word_is_not_found_inside_another():
    target = "Romance de Ann."
    found = project_answer(Answer("Rome", 13), "Roma", SOURCE, target, ((0, 18, 0, 15),))
    assert (found.start, found.method, found.text) == (-1, "none", "Roma")


def test_an_answer_of_whole_sentences_becomes_those_sentences():
    found = project("She was born in Rome in 1971", 19, "not used")
    assert found.method == "whole_sentence"
    assert found.text == "Ella nació en Roma en 1971."


def test_of_several_occurrences_the_one_of_the_same_rank_is_taken():
    source, target = "Rome and Rome again", "otra vez Roma y Roma"
    for rank, start in enumerate((0, 9)):
        found = project_answer(Answer("Rome", start), "Roma", source, target, ((0, 19, 0, 20),))
        assert found.start == (9, 16)[rank]
        assert found.confidence < 1


def test_chinese_needs_no_spaces_around_an_answer():
    found = project_answer(
        Answer("Rome", 13), "罗马", SOURCE, "安住在罗马城。", ((0, 18, 0, 7),), spaced=False
    )
    assert found.start == 3


def test_a_thai_answer_is_found_between_other_letters():
    target = "แอนอาศัยอยู่ในกรุงโรมกับแม่"
    spaced = LANGUAGES["th"].word_spaces
    spans = ((0, 18, 0, len(target)),)
    found = project_answer(Answer("Rome", 13), "กรุงโรม", SOURCE, target, spans, spaced)
    assert (found.text, found.method) == ("กรุงโรม", "translated_exact")


def test_an_inflected_answer_is_found_by_its_likeness_and_only_when_it_is_unique():
    source = "The bridge was built by Roman engineers."
    target = "El puente fue construido por ingenieros romanos."
    spans = ((0, len(source), 0, len(target)),)
    found = project_answer(Answer("Roman engineers", 24), "ingeniero romano", source, target, spans)
    assert (found.text, found.method) == ("ingenieros romanos", "translated_fuzzy")
    assert 0.7 < found.confidence < 1
    twice = target[:-1] + " o ingenieros romanas."
    spans = ((0, len(source), 0, len(twice)),)
    lost = project_answer(Answer("Roman engineers", 24), "ingeniero romano", source, twice, spans)
    assert (lost.start, lost.method) == (-1, "none")


def test_an_answer_without_a_place_keeps_its_translation():
    found = project("yes", -1, "sí")
    assert (found.text, found.start, found.method) == ("sí", -1, "none")


def test_the_english_row_keeps_only_true_offsets():
    assert source_answer(Answer("Ann", 0), SOURCE).method == "source"
    assert source_answer(Answer("Bob", 0), SOURCE).start == -1


@given(st.text(), st.text(), st.text(), st.integers(-1, 30), st.booleans())
def test_a_span_always_holds_its_text(target, answer, translated, start, spaced):
    found = project_answer(
        Answer(answer, start), translated, SOURCE, target, ((0, 40, 0, len(target)),), spaced
    )
    assert found.start == -1 or target.startswith(found.text, found.start)
