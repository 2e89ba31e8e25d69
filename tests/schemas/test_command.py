"""Options come from flags, a YAML file and defaults, in that order; all faults are told at once."""

import gc
import sys
from typing import Annotated, Literal

import pytest
from pydantic import BeforeValidator

from schemas.command import Command, UsageError
from schemas.option_values import Many, Pairs, Words, split_words
from schemas.options import Options, make_options, option
from tandemqa import COMMANDS, find_command, main, run


class Inner(Options):
    seed: int = option(0, "seed of 100 %", "N", ge=0, le=9)
    rate: float | None = option(None, "rate", "RATE", group="more", gt=0)


class Outer(Options):
    input: Many = option(..., "inputs", "PATH", many=True, min_length=1)
    name: str = option(..., "name", "NAME", positional=True)
    inner: Inner = Inner()
    languages: Words = option((), "codes", "CODES")
    fields: Pairs = option((), "fields", "TARGET=PATH", many=True)
    sizes: Annotated[tuple[int, ...], BeforeValidator(split_words)] = option((), "sizes", "SIZES")
    mode: Literal["mixed", "pair"] = option("mixed", "mode")
    quiet: bool = option(False, "no progress")


COMMAND = Command("try", "try it", "tandemqa try", Outer, lambda options, beam: 0)


@pytest.fixture
def config(tmp_path):
    def write(content: str) -> list[str]:
        path = tmp_path / "try.yaml"
        path.write_text(content)
        return ["--config", str(path)]

    return write


def test_flags_override_the_file_and_the_file_overrides_defaults(config):
    file = config("name: file\ninput: one.json\nseed: 5\nlanguages: [es, ca]\nquiet: true\n")
    options = COMMAND.parse([*file, "flag", "--languages", "pt,fr"])
    assert (options.name, options.input, options.inner.seed) == ("flag", ("one.json",), 5)
    assert (options.languages, options.mode, options.quiet) == (("pt", "fr"), "mixed", True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["flag", "--input", "a", "b", "--seed", "3"],
        ["--input", "a", "--seed=3", "flag", "--input", "b"],
        ["--input", "a", "b", "--seed", "3", "flag"],
    ],
)
def test_the_order_of_arguments_does_not_matter_and_lists_grow(arguments):
    options = COMMAND.parse(arguments)
    assert (options.name, options.input, options.inner.seed) == ("flag", ("a", "b"), 3)


def test_keys_of_the_file_have_either_dash_and_mappings_are_pairs(config):
    options = COMMAND.parse(config("name: a\ninput: [b]\nfields: {question: Q, title: }\n"))
    assert options.fields == (("question", "Q"), ("title", ""))
    options = COMMAND.parse(config("name: a\ninput: [b]\nfields: [question=Q, {title: T}]\n"))
    assert options.fields == (("question", "Q"), ("title", "T"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--input, NAME: needed, on the command line or in --config"),
        (["--langauges", "es"], "unknown option --langauges; did you mean --languages?"),
        (["--language=es"], "unknown option --language; did you mean --languages?"),
        (["--zzz"], "unknown option --zzz; known: --config, --fields"),
        (["a", "b"], "unexpected argument b"),
        (["--seed"], "--seed: expected one argument"),
        (["--seed", "many"], "--seed many: wanted a whole number, 0 to 9"),
        (["--seed", "2.5"], "--seed 2.5: wanted a whole number"),
        (["--seed", "10"], "--seed 10: wanted 0 to 9"),
        (["--rate", "nan"], "--rate nan: wanted more than 0"),
        (["--mode", "pare"], "--mode pare: wanted mixed or pair; did you mean pair?"),
        (["--fields", "question"], "--fields question: wanted TARGET=PATH"),
        (["--sizes", "1,b"], "--sizes b: wanted a whole number"),
        (["--seed", "x", "--rate", "0"], "--rate 0: wanted more than 0"),
    ],
)
def test_a_wrong_command_line_is_told_what_to_type(arguments, message):
    with pytest.raises(UsageError) as error:
        COMMAND.parse(arguments)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- a list", "try.yaml: wanted `option: value` lines"),
        ("inptu: x", "try.yaml: unknown option inptu; did you mean input?"),
        ("input: [", "while parsing"),
        ("seed: yes", r"--seed True: wanted a whole number, 0 to 9 \(in .*try.yaml\)"),
        ("quiet: 'false'", "--quiet false: wanted true or false"),
        ("rate: [1]", r"--rate \[1\]: wanted a number"),
        ("languages: [en, no]", r"--languages \['en', False\]: wanted names such as"),
        ("name: {a: b}", r"NAME \{'a': 'b'\}: wanted a text"),
        ("input: []", "--input: wanted one or more"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(config, content, message):
    with pytest.raises(UsageError, match=message):
        COMMAND.parse(config(content))


def test_options_from_elsewhere_are_checked_alike():
    options = make_options(Outer, {"name": 5, "input": "a", "rate": "0.5", "quiet": False})
    assert (options.name, options.inner.rate, options.quiet) == ("5", 0.5, False)
    with pytest.raises(UsageError, match=r"unknown option sead; did you mean seed\?"):
        make_options(Outer, {"sead": 5})


def test_help_shows_what_is_needed_defaults_groups_and_an_example():
    text = COMMAND.make_parser().format_help()
    assert text.startswith("usage: tandemqa try --input PATH ... NAME [options]\n")
    assert "--input PATH ..." in text
    assert "seed of 100 % (default: 0)" in text
    assert "--mode {mixed,pair}" in text
    assert "more:\n  --rate RATE" in text
    assert "example: tandemqa try" in text
    assert text.count("default") == 2


def test_every_command_has_an_example_and_every_option_a_meaning():
    for name in COMMANDS:
        command = find_command(name)
        assert command.name == name
        assert command.example.startswith(("tandemqa", "echo"))
        for option_ in command.make_parser()._actions:
            assert option_.help, f"{name} {option_.option_strings}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a command; `tandemqa --help` lists them"),
        (["biuld"], "unknown command biuld; did you mean build?"),
        (["--verison"], "unknown option --verison"),
        (["languages", "--", "--runner=x"], "takes no options behind --: --runner=x"),
        (["evaluate"], "MODEL, --benchmark: needed"),
        (["train"], "DIR, --output, --model: needed"),
        (["study"], "FILE.yaml: needed"),
        (["revalidate"], "DIR, --output: needed"),
        (["plan"], "--input, --languages, --output: needed"),
        (["build", "--language", "es"], "unknown option --language; did you mean --languages?"),
    ],
)
def test_wrong_usage_ends_with_2_and_what_to_type(arguments, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(arguments)
    assert message in capsys.readouterr().err


def test_version_and_help_stand_alone(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tandemqa 0")
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("with_torch", [False, True])
def test_the_end_of_a_command_is_quick_where_nothing_complains_of_it(with_torch, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", gc)
    if not with_torch:
        monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(sys, "argv", ["tandemqa", "--version"])
    frozen = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    assert main() == 0
    assert bool(frozen) is not with_torch
