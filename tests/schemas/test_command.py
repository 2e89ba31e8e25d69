"""Options come from flags, a YAML file and defaults, in that order; help says what is unset."""

import argparse

import pytest

from schemas.command import UsageError, add_command, merge_config
from tandemqa import make_parser


def options(config: str | None, **given: object) -> argparse.Namespace:
    unset = {"input": None, "packet_size": None, "languages": None}
    return argparse.Namespace(config=config, **{**unset, **given})


def test_flags_override_the_file_and_the_file_overrides_defaults(tmp_path):
    path = tmp_path / "build.yaml"
    path.write_text("input: file.json\npacket-size: 5\n")
    merged = merge_config(
        options(str(path), input="flag.json"), {"packet_size": 1, "languages": "es"}, ["input"]
    )
    assert merged == {"input": "flag.json", "packet_size": 5, "languages": "es"}


def test_everything_that_is_missing_is_told_at_once():
    with pytest.raises(UsageError, match="--input, --packet-size: needed"):
        merge_config(options(None), {}, ["input", "packet_size"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- a list", "wanted `option: value` lines"),
        ("inptu: x", "unknown option inptu; known: input"),
        ("input: [", "while parsing"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_that_names_it(tmp_path, content, message):
    path = tmp_path / "build.yaml"
    path.write_text(content)
    with pytest.raises(UsageError, match=f"build.yaml: .*{message}"):
        merge_config(options(str(path)), {}, [])


def test_help_shows_defaults_only_where_they_say_something():
    commands = argparse.ArgumentParser().add_subparsers()
    parser = add_command(commands, "try", "try it", "tandemqa try", lambda *_: 0)
    parser.add_argument("--seed", type=int, default=0, help="seed")
    parser.add_argument("--limits", default=[], help="limits")
    parser.add_argument("--path", help="path")
    text = parser.format_help()
    assert text.count("default") == 1
    assert "seed (default: 0)" in text


def test_every_command_has_an_example_and_every_option_a_meaning():
    parser = make_parser()
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name, command in action.choices.items():
        assert "example: " in (command.epilog or ""), name
        for option in command._actions:
            assert option.help, f"{name} {option.option_strings}"
