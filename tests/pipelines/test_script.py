import pytest

from pipelines.text.script import decides_language, letters, script_share
from schemas.language import LANGUAGES


def test_marks_count_as_letters():
    assert letters("की 12!") == 2
    assert letters("") == 0


@pytest.mark.parametrize(
    ("text", "script", "share"),
    [
        ("Nil", "Latn", 1.0),
        ("Νείλος", "Latn", 0.0),
        ("中文ab", "Hans", 0.5),
        ("日本のカナ", "Hans", 0.0),
        ("日本のカナ", "Jpan", 1.0),
        ("나일강 江", "Kore", 1.0),
        ("123 …", "Latn", 0.0),
    ],
)
def test_share_of_letters_in_a_script(text, script, share):
    assert script_share(text, script) == pytest.approx(share)


def test_every_language_has_a_script_we_can_measure():
    for language in LANGUAGES.values():
        assert 0.0 <= script_share("a", language.script) <= 1.0


def test_greek_and_chinese_are_known_by_their_script_and_spanish_is_not():
    assert decides_language("Grek")
    assert decides_language("Hans")
    assert not decides_language("Latn")
