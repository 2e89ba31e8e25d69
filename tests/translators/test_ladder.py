from hypothesis import given
from hypothesis import strategies as st

from translators.ladder import translate_all
from translators.translator import Translation, TranslationError


class Shouter:
    """Translates by shouting; refuses every batch with a text that it finds bad."""

    def __init__(self, bad=(), answers=None):
        self.bad, self.answers, self.calls = set(bad), answers or {}, 0

    def translate(self, texts, target):
        self.calls += 1
        if self.bad.intersection(texts):
            raise TranslationError("bad text")
        return [self.answers.get(text, Translation(text.upper())) for text in texts]


@given(st.lists(st.tuples(st.from_regex("[a-z]{1,4}", fullmatch=True), st.booleans())))
def test_exactly_the_bad_segments_fail(cases):
    bad = {text for text, is_bad in cases if is_bad}
    texts = [text for text, _ in cases]
    answers = translate_all(Shouter(bad), texts, "es")
    assert [(a.text, a.error) for a in answers] == [
        ("", "failed") if text in bad else (text.upper(), "") for text in texts
    ]


def test_one_bad_segment_costs_few_calls():
    translator = Shouter({"w70"})
    answers = translate_all(translator, [f"w{n}" for n in range(128)], "es")
    assert [n for n, answer in enumerate(answers) if answer.error] == [70]
    assert translator.calls == 1 + 2 * 7


def test_a_batch_that_works_is_one_call():
    translator = Shouter()
    assert len(translate_all(translator, ["a", "b", "c"], "es")) == 3
    assert translator.calls == 1


def test_no_text_is_no_call():
    translator = Shouter()
    assert translate_all(translator, [], "es") == []
    assert translator.calls == 0


def test_empty_output_is_an_error():
    translator = Shouter(answers={"a": Translation(" \n"), "b": Translation("")})
    answers = translate_all(translator, ["a", "b", "c"], "es")
    assert [(a.text, a.error) for a in answers] == [("", "empty"), ("", "empty"), ("C", "")]


def test_the_translators_own_reason_is_kept_and_its_text_is_not():
    translator = Shouter(answers={"a": Translation("rest", error="input_too_long")})
    (answer,) = translate_all(translator, ["a"], "es")
    assert (answer.text, answer.error) == ("", "input_too_long")


def test_a_wrong_count_of_answers_is_never_paired_with_texts():
    class Swallower(Shouter):
        def translate(self, texts, target):
            return [a for a in super().translate(texts, target) if a.text != "B"]

    answers = translate_all(Swallower(), ["a", "b", "c"], "es")
    assert [(a.text, a.error) for a in answers] == [("A", ""), ("", "failed"), ("C", "")]
