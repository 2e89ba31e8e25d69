"""HTML entities in texts from web pages, and texts that rightly hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.entities import unescape
from pipelines.formats.item import Origin, build_record
from schemas.record import Answer

ORIGIN = Origin(path="dir/file", name="file", dataset="set")


def read(question, passage, *answers):
    return build_record(ORIGIN, "1", question, passage, answers=answers)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("the teacher&#39;s &amp; &quot;x&quot; &#x2014; &eacute;", 'the teacher\'s & "x" — é'),
        ("&amp;#39; &amp;amp;amp;", "' &"),
        ("main&nbsp;square", "main square"),
        ("&#55357;&#56842; &#55357;", "😊 \ufffd"),
        ("R&D, AT&T, ?a=1&copy=2, &bogus; &; &#;", "R&D, AT&T, ?a=1&copy=2, &bogus; &; &#;"),
    ],
)
def test_entities_are_replaced_and_what_resembles_them_is_not(text, plain):
    assert unescape(text) == plain


def test_answers_keep_their_place():
    escaped = "There&#39;s a cat &amp; a dog, a cat &amp; a dog."
    record = read(
        "Who&#39;s there?", escaped, ("cat &amp; a dog", 33), ("cat & a dog", 10), ("x", -1)
    )
    assert record.question == "Who's there?"
    assert record.passage == "There's a cat & a dog, a cat & a dog."
    assert record.answers == (Answer("cat & a dog", 25), Answer("cat & a dog", 10), Answer("x", -1))
    assert record.mended == ("html_entities",)


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        ("How do I write an ampersand?", "Write &amp; and nothing else."),
        ("What does HTML make of &lt;?", "A less-than sign."),
        ("How do I link it?", 'Write <a href="?a=1&amp;b=2">this</a>.'),
        ("What is it?", "It is `a &lt; b` here."),
    ],
)
def test_texts_about_markup_keep_their_entities(question, passage):
    record = read(question, passage)
    assert (record.question, record.passage, record.mended) == (question, passage, ())


def test_a_text_about_markup_that_is_escaped_itself_is_unescaped_once():
    record = read("What&#39;s HTML&#39;s ampersand?", "It&#39;s &amp;amp; in HTML.")
    assert record.passage == "It's &amp; in HTML."


@given(st.text("a&#39;xamp ", max_size=30), st.integers(0, 30))
def test_an_answer_that_fitted_fits_afterwards(passage, start):
    text = passage[start : start + 5]
    if not passage.strip() or not text.strip():
        return
    record = read("q", passage, (text, start))
    assert all(record.passage.startswith(a.text, a.start) for a in record.answers if a.start >= 0)
