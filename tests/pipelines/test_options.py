"""What `build` is told becomes the same configuration, from flags and from YAML, as ever."""

import re

import pytest

from pipelines.checks import Limits
from pipelines.checks.limit_settings import describe_limits
from pipelines.commands.build import COMMAND
from pipelines.commands.resolve import resolve
from tandemqa import run


def source(path: str, **others: object) -> dict[str, object]:
    plain = {"format": "jsonl", "fields": [], "dataset": "items", "split": "", "license": ""}
    return {**plain, "path": path, **others}


@pytest.fixture
def items(questions):
    return questions({"question": "Who?", "passage": "It was Ann."})


@pytest.fixture
def configure(tmp_path, apertium):
    def make(*arguments: str) -> dict[str, object]:
        return resolve(COMMAND.parse([*arguments, "--output", str(tmp_path / "out")])).as_json()

    return make


DEFAULTS = {
    "evaluation_sets": [],
    "languages": ["es"],
    "translator": "apertium",
    "translator_options": {},
    "packet_size": 2048,
    "shards": 0,
    "max_failed_share": 0.1,
    "max_rejected_share": 0.5,
    "max_unverified_share": 0.5,
    "limits": {},
    "language_model": "",
    "model_checks": [],
    "answer_markers": False,
    "align_answers": False,
}


def test_a_corpus_built_by_an_earlier_version_is_recognised(configure, items):
    """What the manifest of a corpus says may not change while the settings are the same."""
    found = configure("--input", items, "--languages", "es")
    (found_source,) = found.pop("sources")
    assert {name: found_source[name] for name in source(items)} == source(
        items, dataset=found_source["dataset"]
    )
    assert {name: found[name] for name in DEFAULTS} == DEFAULTS


def test_flags_and_yaml_say_the_same(configure, items, tmp_path):
    path = tmp_path / "build.yaml"
    path.write_text(
        f"input: {{path: {items}, license: MIT, fields: {{question: question}}}}\n"
        "languages: [es]\nlimits: {repeats: 4}\nmax-failed-share: 0\nprocesses: '2'\n"
        f"exclude: [{{set: 'x={items}', fields: {{question: question}}}}]\n"
    )
    told = configure("--config", str(path))
    path.write_text(f"exclude: {{set: 'x={items}', fields: [question=question]}}\n")
    flags = ("--license", "MIT", "--fields", "question=question", "--limits", "repeats=4")
    numbers = ("--max-failed-share", "0", "--processes", "2", "--languages", "es")
    assert configure("--config", str(path), "--input", items, *flags, *numbers) == told
    assert told["limits"] == {"repeats": 4}
    assert told["translator_options"] == {"processes": 2}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--languages", "xx,yy,es"], "unknown language 'yy'"),
        (["--translator", "nlb"], "--translator nlb: no such translator; did you mean nllb?"),
        (["--shards", "-1"], "--shards -1: wanted 0 or more"),
        (["--packet-size", "0"], "--packet-size 0: wanted 1 or more"),
        (["--max-failed-share", "2"], "--max-failed-share 2: wanted 0 to 1"),
        (["--limits", "repeatz=3"], "--limits repeatz=3: no such limit; did you mean repeats?"),
        (["--limits", "repeats"], "--limits repeats: wanted NAME=NUMBER"),
        (["--model-checks", "q"], "--model-checks q: wanted NAME=SCORER[@LEAST]"),
        (["--fields", "question"], "--fields question: wanted TARGET=PATH"),
        (["--beam-size", "2"], "--beam-size: not an option of apertium"),
    ],
)
def test_wrong_values_are_told_with_what_to_type(arguments, message, items, tmp_path, capsys):
    needed = {"--input": items, "--languages": "es", "--output": str(tmp_path / "out")}
    given = [
        part for flag, value in needed.items() if flag not in arguments for part in (flag, value)
    ]
    with pytest.raises(SystemExit, match="2"):
        run(["build", *given, *arguments])
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_options_of_one_input_are_checked_as_those_of_all(items, tmp_path, capsys):
    path = tmp_path / "build.yaml"
    path.write_text(f"input: [{{path: {items}, fromat: jsonl}}]\nlanguages: es\noutput: out\n")
    with pytest.raises(SystemExit, match="2"):
        run(["build", "--config", str(path)])
    assert "--input, number 1 fromat: unknown" in capsys.readouterr().err


def test_every_limit_is_listed_with_its_default_and_meaning(capsys):
    with pytest.raises(SystemExit, match="0"):
        run(["revalidate", "--limits", "help"])
    text = capsys.readouterr().out
    assert text == describe_limits()
    for name, field in Limits.model_fields.items():
        (found,) = re.finditer(rf"^{name} .*(?:\n .*)*", text, re.M)
        shown = " ".join(found[0].split())
        assert f"{field.default:.4g}" in shown and shown.endswith(field.description)
