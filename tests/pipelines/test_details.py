"""What is told about a rejected row shows the text, not only figures."""

import pytest

import pipelines.corpus.reasons  # noqa: F401  # imports whatever declares reasons
from pipelines.judge.details import _TELLERS, Evidence, describe_rejection
from schemas.check import REJECT, Check
from schemas.reason import declared_reasons

SOURCE = "The river is 850 kilometres long. Many boats use it every day of the year."
FIRST, SECOND = "The river is 850 kilometres long.", "Many boats use it every day of the year."
SEGMENTS = ((FIRST, "El río mide 850 kilómetros."), (SECOND, "Barcos."))


def told(name: str, target: str, value: float | None = 1.0, **more: object) -> str:
    check = Check(name, "passage", value, 1.0, REJECT)
    return describe_rejection(Evidence(check, SOURCE, target, **more))


@pytest.mark.parametrize(
    ("name", "target", "value", "words"),
    [
        ("markup_added", "El <b>río</b> &amp; mide", 1.0, ["“<b>”", "“&amp;”"]),
        ("mojibake", "El rÃ\xado mide", 0.5, ["damaged characters"]),
        ("untranslated", FIRST, -20.0, [f"begins with “{FIRST}”"]),
        ("wrong_script", "Το ποτάμι", 0.1, ["“Το ποτάμι”"]),
        ("length_ratio", "El río.", -1.2, ["7 characters for 74 of English", "0.30 times"]),
        ("number_missing", "El río es largo.", 1.0, ["“850” of the English text is missing"]),
        ("repetition", "río río río río", 4.0, ["4 times in a row"]),
        ("target_duplicate", "No se sabe.", 12.0, ["12 different English texts", "“No se sabe.”"]),
        ("unknown_words", "El river", 0.52, ["does not know 52% of the words"]),
        ("decode_limit", "El río mide", 1.0, ["stops at “…El río mide”"]),
        ("empty", "", 0.0, ["nothing in it"]),
        ("empty", "...", 0.0, ["no text in “...”"]),
        ("unrelated", "¿Cuánto?", -4.25, ["“¿Cuánto?”", "4.2 spreads"]),
        ("glued_words", "El ríoMide de850", 0.3, ["“ríoMide”"]),
        ("number_changed", "Mide 950 km", 1.0, ["“950” for “850”"]),
        ("labse", "El río", 0.25, ["0.250, where the limit is 1.000"]),
    ],
)
def test_a_rejection_shows_what_was_seen(name, target, value, words):
    sentence = told(name, target, value)
    assert sentence.startswith("passage: ")
    assert all(word in sentence for word in words), sentence


def test_sentences_are_quoted_with_their_english():
    assert "“Barcos.” for “Many boats use it" in told("sentence_short", "", segments=SEGMENTS)
    missing = ((FIRST, "El río mide 850 kilómetros."), (SECOND, " "))
    assert f"nothing for “{SECOND}”" in told("sent_count", "", segments=missing)
    english = ((FIRST, "El río mide 850 kilómetros."), (SECOND, SECOND))
    assert f"“{SECOND}” for “{SECOND}”" in told("english_sentence", "", segments=english)


def test_meaning_is_told_with_the_pair_that_was_compared():
    seen = {"segments": SEGMENTS, "similarities": (0.9, 0.4)}
    sentence = told("other_meaning", "", 0.4, **seen)
    assert f"“Barcos.” for “{SECOND[:30]}" in sentence
    assert "has a similarity of 0.400, where the limit is 1.000" in sentence
    kept = told("other_meaning", "El río", 0.4, segments=SEGMENTS)  # compared in an earlier run
    assert kept == "passage: a similarity of 0.400, where the limit is 1.000"
    sentence = told("neighbours_meaning", "¿Cuánto?", -2.0, nearest="How many?")
    assert (
        "“¿Cuánto?” is more similar to another question about the passage, “How many?" in sentence
    )


def test_numbers_of_the_answer_are_named():
    sentence = told("answer_number_missing", "El río mide.", answers=("850 kilometres",))
    assert "“850” of the answer is missing" in sentence


def test_a_check_that_measured_nothing_says_so_and_a_long_text_is_cut():
    assert told("labse", "", None) == "passage: nothing could be measured"
    assert len(told("untranslated", "word " * 500)) < 100


def test_a_text_of_others_is_told_on_one_line():
    sentence = told("markup_added", "a <b\nhref='\x1b[31m'> c {{x}}\u202e")
    assert not set("\n\x1b\u202e") & set(sentence)


def test_every_reason_that_is_told_exists():
    assert set(_TELLERS) <= set(declared_reasons())
