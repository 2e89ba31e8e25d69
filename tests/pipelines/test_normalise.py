import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.normalise import missing_text, nearest, normalise_record, normalise_text
from schemas.record import Answer, Record

ANY_TEXT = st.text(alphabet=st.characters())  # lone surrogates included


def record(question="Who?", passage="Ann did.", answers=()):
    return Record("1", "d", "train", question, passage, answers=tuple(answers))


def test_control_characters_go_and_joiners_stay():
    assert normalise_text("a\x00b\u200bc\u202ed\ud800e\ufeff") == "abcde"
    family = "\U0001f468\u200d\U0001f469"
    assert normalise_text(family) == family


def test_line_breaks_become_one_kind():
    assert normalise_text("a\r\nb\rc\u2028d") == "a\nb\nc\nd"


@given(ANY_TEXT)
def test_normalised_text_is_stable_and_can_be_stored(text):
    once = normalise_text(text)
    assert normalise_text(once) == once == unicodedata.normalize("NFC", once)
    once.encode("utf-8")


@given(ANY_TEXT, ANY_TEXT.filter(lambda t: normalise_text(t).strip()), ANY_TEXT)
def test_answers_stand_where_their_offsets_say(before, answer, after):
    passage = f"{before} {answer} {after}"
    found = normalise_record(record(passage=passage, answers=[Answer(answer, len(before) + 1)]))
    (moved,) = found.answers
    assert moved.start == -1 or found.passage.startswith(moved.text, moved.start)


def test_an_offset_moves_with_what_was_removed_before_it():
    passage = "  \x00A\u0301nn saw Ann."
    moved = normalise_record(record(passage=passage, answers=[Answer("Ann", 11)]))
    assert moved.passage == "\u00c1nn saw Ann."
    assert moved.answers == (Answer("Ann", 8),)


def test_an_answer_that_is_not_in_the_passage_stays_without_a_place():
    assert normalise_record(record(answers=[Answer("Bob", 3)])).answers == (Answer("Bob", -1),)


def test_texts_without_content_are_named():
    assert missing_text(normalise_record(record(question="\x00 \u200b"))).reason == "empty_question"
    assert missing_text(normalise_record(record(passage=" \n"))).reason == "empty_passage"
    assert missing_text(record()) is None


def test_an_answer_without_an_offset_is_placed_when_it_stands_there_just_once():
    passage = "In 1971 Ann met Bob, and Ann left in 19711."
    given = [Answer("1971"), Answer("Ann"), Answer("Eve")]
    placed = normalise_record(record(passage=passage, answers=given)).answers
    assert [answer.start for answer in placed] == [3, -1, -1]


def test_the_nearest_occurrence_is_chosen():
    assert nearest("x a x a x", "a", 6) == 6
    assert nearest("x a x a x", "a", 3) == 2
    assert nearest("x a x a x", "a", 99) == 6
    assert nearest("x", "a", 0) == -1
