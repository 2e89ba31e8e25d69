"""Long texts are cut by tokens; what loses numbers or length is cut again, the better is kept."""

import pytest

from translators.pieces import translate_in_pieces
from translators.translator import Translation

NUMBERS = " ".join(f"item {n} of the list," for n in range(10, 30))


def count_words(texts):
    return [len(text.split()) for text in texts]


class Forgetful:
    """Repeats texts, but of long ones only the first so many words."""

    def __init__(self, words, error=""):
        self.words, self.error, self.asked = words, error, []

    def __call__(self, texts):
        self.asked.append(list(texts))
        return [
            Translation("", error=self.error)
            if self.error and self.error in text
            else Translation(" ".join(text.split()[: self.words]), -1.0 / len(text.split()))
            for text in texts
        ]


def translate(texts, model, longest=1000, spaced=True):
    done = translate_in_pieces(texts, longest, spaced, count_words, model)
    return [pieces.join(spaced) for pieces in done]


def test_what_is_longer_than_the_model_reads_is_cut_and_joined():
    model = Forgetful(1000)
    (answer,) = translate([NUMBERS], model, longest=30)
    assert answer.text == NUMBERS
    assert len(model.asked) == 1
    assert [count <= 30 for count in count_words(model.asked[0])] == [True] * 4
    assert answer.score == pytest.approx(-4 / 100)


@pytest.mark.parametrize("text", [NUMBERS, "word " * 60 + "end"])
def test_what_lost_numbers_or_length_is_cut_once_more(text):
    model = Forgetful(24)
    (answer,) = translate([text], model)
    assert len(model.asked) == 2
    assert len(answer.text.split()) == 48


def test_the_first_translation_stays_when_the_second_is_not_better():
    model = Forgetful(1000)
    text = NUMBERS.replace("10", "１０")
    model_without = Forgetful(0)
    assert translate([text], model)[0].text == text
    assert translate(["plain words only, " * 20], model_without)[0].text == ""
    assert len(model.asked) == 1
    assert len(model_without.asked) == 2


def test_short_texts_are_translated_once():
    model = Forgetful(1)
    assert [t.text for t in translate(["In 1891 it opened", "No"], model)] == ["In", "No"]
    assert len(model.asked) == 1


@pytest.mark.parametrize("digits", ["1.234", "1 234", "١٢٣٤", "१,२३४"])
def test_numbers_are_the_same_in_other_notations(digits):
    asked = []

    def translated(texts):
        asked.append(texts)
        return [Translation(text.replace("1,234", digits), -1.0) for text in texts]

    translate(["The " + "very " * 25 + "old town has 1,234 people."], translated)
    assert len(asked) == 1


def test_chinese_may_be_short():
    def translated(texts):
        return [Translation("字" * (len(text) // 4), -1.0) for text in texts]

    text = "plain words without any numbers " * 10
    assert len(translate([text.strip()], translated, spaced=False)[0].text) > 70


def test_a_piece_that_fails_fails_its_text_and_no_other():
    model = Forgetful(1000, error="bad")
    good, bad = translate(["word " * 9 + "end", "word " * 9 + "bad"], model, longest=5)
    assert good.text == "word " * 9 + "end"
    assert (bad.text, bad.error) == ("", "bad")
