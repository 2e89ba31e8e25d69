"""Which model a language gets, and the checking of options."""

import pytest

from schemas.language import LANGUAGES
from translators.marian import Marian
from translators.nllb import NLLB


@pytest.fixture
def found(monkeypatch):
    """Record which models are looked for, and find none."""
    names = []

    def find(name, cache):
        names.append(name)
        raise ValueError("not here")

    monkeypatch.setattr("translators.marian.find_model", find)
    return names


@pytest.mark.parametrize(
    ("model", "lang", "name"),
    [
        (None, "es", LANGUAGES["es"].opus_mt),
        (None, "pt-BR", LANGUAGES["pt-BR"].opus_mt),
        ("one/model", "ca", "one/model"),
        ("/with=sign/dir", "ca", "/with=sign/dir"),
        ("es=/dir/a, pt-BR=org/b@main", "es", "/dir/a"),
        ("es=/dir/a, pt-BR=org/b@main", "pt-BR", "org/b@main"),
        ({"es": "x"}, "es", "x"),
    ],
)
def test_table_one_model_or_one_for_each_language(found, model, lang, name):
    with pytest.raises(ValueError, match="not here"):
        Marian(model).info(lang)
    assert found == [name]


def test_a_language_without_a_model_is_refused(found):
    with pytest.raises(ValueError, match=r"no model given for Catalan \(ca\), only for: es"):
        Marian("es=/dir").info("ca")
    with pytest.raises(ValueError, match="no model from English to Acehnese"):
        Marian().info("ace")
    with pytest.raises(ValueError, match="no code for Portuguese"):
        NLLB().info("pt-BR")
    with pytest.raises(ValueError, match="unknown language code 'xx'"):
        Marian().info("xx")
    assert found == []


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "marian"},
        {"device": "tpu"},
        {"compute_type": "int4"},
        {"engine": "transformers", "compute_type": "int8"},
        {"beam_size": 0},
        {"batch_tokens": -1},
        {"beam_size": "2"},
    ],
)
def test_options_are_checked_when_the_translator_is_made(options):
    with pytest.raises(ValueError, match="must be"):
        Marian(**options)
