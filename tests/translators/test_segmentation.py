import gzip
import itertools
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from translators import segmentation
from translators.segmentation import (
    SPLITTER_VERSION,
    Segment,
    is_translatable,
    join_translations,
    split_passage,
    split_short,
)
from translators.wrapping import MAX_CHARACTERS, MAX_WORDS, wrap

DATA = Path(__file__).parents[2].parent / "shared" / "data"
PIECES = """He|said|the|3.5|Dr|U.S|e.g|x|.|?|...|!|,|;|-|1.|(a)|"|'|“|”|``|''|(|)|[|]|<|。|…|•|👩|🇩
    |. |? |, | - |- |2. |\u0301|\u200d|\u200f|\x00|\ud800
    | |  |    |\t|\n|\r\n|\n\n|\x0b|\x1c|\x85|\u2028|\xa0|\u3000"""
AWKWARD = st.lists(st.sampled_from(PIECES.split("|")), max_size=60).map("".join)
ANY_TEXT = st.text(st.characters(), max_size=300) | AWKWARD


def texts(passage):
    return [segment.text for segment in split_passage(passage)]


def check_rebuild(passage, segments):
    position = 0
    for segment in segments:
        piece = passage[segment.start : segment.end]
        assert position <= segment.start < segment.end
        assert not passage[position : segment.start].strip()
        assert piece == piece.strip()
        assert segment.text == " ".join(piece.split())
        position = segment.end
    assert not passage[position:].strip()
    originals = [passage[segment.start : segment.end] for segment in segments]
    joined, sentence_map = join_translations(passage, segments, originals, spaced=True)
    assert joined == passage
    assert sentence_map == [(s.start, s.end, s.start, s.end) for s in segments]


@given(ANY_TEXT)
@settings(max_examples=300, deadline=None)
@example("")
@example(" \n\t\u3000")
@example("\ufeffA. B.\n\r\nC. D")
@example("a\ud800b. \udfff C. D")
@example("😀😀 👩‍👩‍👧 \u200f.")
def test_any_text_is_rebuilt_exactly(passage):
    check_rebuild(passage, split_passage(passage))
    check_rebuild(passage, split_short(passage))


@given(st.lists(AWKWARD, min_size=10, max_size=60).map(" x. ".join))
@settings(max_examples=50, deadline=None)
def test_long_texts_are_rebuilt_exactly(passage):
    check_rebuild(passage, split_passage(passage))


@given(ANY_TEXT, st.booleans(), st.data())
@settings(max_examples=100, deadline=None)
def test_sentence_map_points_at_the_translations(passage, spaced, data):
    segments = split_passage(passage)
    words = st.text("añ中 .", min_size=1, max_size=5)
    translations = data.draw(st.lists(words, min_size=len(segments), max_size=len(segments)))
    joined, sentence_map = join_translations(passage, segments, translations, spaced)
    assert [joined[a:b] for _, _, a, b in sentence_map] == translations
    assert [(a, b) for a, b, _, _ in sentence_map] == [(s.start, s.end) for s in segments]


@pytest.mark.parametrize(
    ("passage", "sentences"),
    [
        ("It rains. It pours.", ["It rains.", "It pours."]),
        ("Dr. No met Ms. Jones. Bye.", ["Dr. No met Ms. Jones.", "Bye."]),
        ("Use soap, e.g. Lux. See Fig. 3.", ["Use soap, e.g. Lux.", "See Fig. 3."]),
        ("The U.S. Army left the U.S. He left.", ["The U.S. Army left the U.S.", "He left."]),
        ("J. R. R. Tolkien and J.K. Rowling write.", ["J. R. R. Tolkien and J.K. Rowling write."]),
        ("Take 3.5 mg of v2.0. Then rest.", ["Take 3.5 mg of v2.0.", "Then rest."]),
        ("See vol. 2 and approx. 5 more.", ["See vol. 2 and approx. 5 more."]),
        ("I wait... and wait. Now.", ["I wait... and wait.", "Now."]),
        (
            '"What?" he asked. She said "Go." Then.',
            ['"What?" he asked.', 'She said "Go."', "Then."],
        ),
        ("He said “One. Two.” (Really.) Yes.", ["He said “One.", "Two.”", "(Really.)", "Yes."]),
        (
            "of Germany . `` Yes , '' he said . No .",
            ["of Germany .", "`` Yes , '' he said .", "No ."],
        ),
        ("Less than < 5. More (than > 6). Fine.", ["Less than < 5.", "More (than > 6).", "Fine."]),
        (
            "In the early stages.Signs include pain.",
            ["In the early stages.", "Signs include pain."],
        ),
        ("It rains. . He said `` Go . ''", ["It rains. .", "He said `` Go . ''"]),
        ("Non-U.S. staff use Mail.Ru daily.", ["Non-U.S. staff use Mail.Ru daily."]),
    ],
)
def test_sentences_are_found(passage, sentences):
    assert texts(passage) == sentences


def test_bullets_become_segments_of_their_own():
    passage = "Key Points\n                    - Adult cells).    - Leukemia may  - spread. - So"
    items = ["Key Points", "-", "Adult cells).", "-", "Leukemia may", "-", "spread.", "-", "So"]
    assert texts(passage) == items


def test_numbered_items_are_told_from_numbers():
    assert texts("Do this:   1. Rest.   2. Eat.\n(a) Fish") == (
        ["Do this:", "1.", "Rest.", "2.", "Eat.", "(a)", "Fish"]
    )
    assert texts("He had 12 - all of them - in 1990.") == ["He had 12 - all of them - in 1990."]


def test_hard_wrapped_lines_stay_together_and_headings_do_not():
    wrapped = (
        "This line of text was broken by hand in the middle of the United\nStates and\ngoes on."
    )
    assert texts(wrapped) == [wrapped.replace("\n", " ")]
    assert texts("Outlook\nMost get well\n\nnext one") == ["Outlook", "Most get well", "next one"]


@pytest.mark.parametrize(
    "lines",
    [
        ["The colours are:", "red", "white", "blue"],
        ["1998", "1999", "2000"],
        ["12.5 mg", "25 mg", "50 mg"],
        ["yes", "no"],
        ["step one: open it", "step two: close it", "step three: go home."],
        ["paper, twenty sheets of A4 with holes punched at the left side", "ink", "glue", "tape"],
        ["los niños", "las niñas", "élan"],
    ],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n    ", "  \n"])
def test_list_items_are_segments_whatever_they_begin_with(lines, line_break):
    assert [s.text for s in split_passage(line_break.join(lines))] == lines


@pytest.mark.parametrize(
    "text",
    [
        "What is the\ncapital of France?",
        "It reads the file and\nwrites to the\noutput.",
        "a long sentence that was wrapped by somebody at sixty chars\nwithout any good reason to "
        "do so, and which goes on for a\nwhile until it ends.",
    ],
)
def test_wrapped_sentences_are_no_lists(text):
    assert [s.text for s in split_passage(text)] == [" ".join(text.split())]


def test_wide_gaps_separate_columns_but_not_a_running_sentence():
    assert texts("is called   a stroke. beef    3 oz    Liver        fish") == (
        ["is called a stroke.", "beef", "3 oz", "Liver", "fish"]
    )


def test_whitespace_alone_has_no_segments():
    assert split_passage(" \n\t\xa0 ") == split_short("\u3000\n") == split_passage("") == []


def test_short_texts_are_not_split_unless_long():
    question = "  Who is she? Where\nis she? "
    assert split_short(question) == [Segment("Who is she? Where is she?", 2, 27)]
    assert len(split_short("Who is she? " * 20)) == 1
    assert len(split_short("Who is she? " * 22)) == 22


def test_overlong_sentences_are_cut_at_punctuation_into_balanced_pieces():
    clause = "the cat sat on the mat and looked at the dog in the garden of the old house"
    sentence = ", ".join([clause] * 4) + "; " + ", but ".join([clause] * 4) + "."
    pieces = texts(sentence)
    assert pieces[0].endswith("house;")
    assert all(len(piece) <= MAX_CHARACTERS for piece in pieces)
    assert max(map(len, pieces)) < 2 * min(map(len, pieces))
    assert texts("The end. " + sentence)[1:] == pieces


def test_a_sentence_at_the_limit_is_not_cut():
    sentence = "x" * (MAX_CHARACTERS - 5) + " end."
    assert texts(sentence) == [sentence]
    assert len(texts("y" + sentence)) > 1


def test_many_short_words_are_cut_by_their_number():
    pieces = texts("a b " * MAX_WORDS)
    assert len(pieces) == 2
    assert all(len(piece.split()) <= MAX_WORDS for piece in pieces)


@given(st.text("ab ,;.", min_size=1, max_size=4000), st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_no_piece_is_over_the_limits(text, repeat):
    text = " ".join((text * repeat).split()) or "x"
    for start, end in wrap(text, 0, len(text)):
        assert end - start <= MAX_CHARACTERS
        assert len(text[start:end].split()) <= MAX_WORDS


@pytest.mark.parametrize(
    "cluster",
    ["e\u0301\u0323", "👩🏽‍⚕️", "🇩🇪", "क्षि", "\u1100\u1161\u11a8", "\ud83d\ude00", "👨‍👩‍👧‍👦"],
)
def test_endless_words_are_never_cut_inside_a_character(cluster):
    for lead in ("", "x", "xy"):
        word = lead + cluster * 600
        pieces = texts(word)
        assert "".join(pieces) == word
        assert len(pieces) > 1
        ends = list(itertools.accumulate(map(len, pieces)))[:-1]
        assert all((end - len(lead)) % len(cluster) == 0 for end in ends)


def test_a_sequence_of_combining_characters_is_kept_whole():
    word = "e" + "\u0301" * 2000
    assert texts(word) == [word]


UNITS = "a|.|. |'|.'|.' |.\"|(|A. |a. |a |a  |a   A|- |1. |\n| \n|x\n|<a|[a. |“A. |a, |\u0301|🇩|中"


@pytest.mark.parametrize("unit", [*UNITS.split("|"), "http://a.b/", "\ud800", "The cat sat. "])
def test_time_grows_linearly(unit):
    passage = unit * (120_000 // len(unit))
    started = time.process_time()
    split_passage(passage)
    assert time.process_time() - started < 10  # quadratic: minutes


COPIED = """12 3.5% 2009-05-12 12/05/2009 301-435-8528 ... — - (a) 1. 😀 👍🏽 $5 ١٢ ½ 12:30 COL1A1
    H1N1 COVID-19 https://a.org/b?c=d www.who.int See@nih.gov (http://a.org). cancer.gov/types"""


@pytest.mark.parametrize("segment", [*COPIED.split(), "\x00", "https://a.org 5", "😀 👍🏽"])
def test_segments_without_words_are_copied(segment):
    assert not is_translatable(segment)


TRANSLATED = (
    "no|Yes|5 mg|1st|12 May 1945|See https://a.org|P.A.D.|NATO|e.g.|ok 👍|and/or|BRCA1 gene"
)


@pytest.mark.parametrize("segment", TRANSLATED.split("|"))
def test_segments_with_words_are_translated(segment):
    assert is_translatable(segment)


@given(st.text("aZé19.,:/@-_ß()\n\x1c ", max_size=14))
def test_one_plain_word_tells_what_all_words_tell(segment):
    found = is_translatable(segment)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segmentation, "_PLAIN_WORD", re.compile("(?!)"))
        assert is_translatable(segment) == found


def test_unspaced_languages_drop_single_spaces_behind_sentences_only():
    passage = " One. Two.\n- Three.  Four. "
    segments = split_passage(passage)
    assert [s.text for s in segments] == ["One.", "Two.", "-", "Three.", "Four."]
    joined, sentence_map = join_translations(
        passage, segments, ["一。", "二。", "-", "三。", "四。"], spaced=False
    )
    assert joined == " 一。二。\n- 三。  四。 "
    assert sentence_map[1] == (6, 10, 3, 5)


def test_a_missing_translation_is_refused():
    with pytest.raises(ValueError, match="1 translations for 2 segments"):
        join_translations("One. Two.", split_passage("One. Two."), ["Uno."], spaced=True)


def test_version_names_the_library_and_the_rules():
    assert SPLITTER_VERSION.startswith("sentencex 1.")
    assert "rules" in SPLITTER_VERSION


@pytest.mark.skipif(not (DATA / "xquad-r").is_dir(), reason=f"needs XQuAD-R in {DATA}")
def test_human_sentence_breaks_are_found():
    articles = json.loads((DATA / "xquad-r" / "en.json").read_text("utf-8"))["data"]
    right = found = wanted = 0
    for paragraph in (p for article in articles for p in article["paragraphs"]):
        gold = {start for start, _ in paragraph["sentence_breaks"]} - {0}
        ours = {segment.start for segment in split_passage(paragraph["context"])[1:]}
        right, found, wanted = right + len(gold & ours), found + len(ours), wanted + len(gold)
    assert right / found > 0.98
    assert right / wanted > 0.98


@pytest.mark.skipif(
    not (DATA / "medquad.jsonl.gz").exists(), reason=f"needs medquad.jsonl.gz in {DATA}"
)
def test_real_lists_are_rebuilt_exactly():
    with gzip.open(DATA / "medquad.jsonl.gz", "rt", encoding="utf-8") as lines:
        answers = [json.loads(line)["answer"] for line in itertools.islice(lines, 0, None, 50)]
    for answer in answers:
        check_rebuild(answer, split_passage(answer))
