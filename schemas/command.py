"""What a command is: its options, read from flags and YAML, and what it runs."""

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from textwrap import fill
from typing import Any, Final, Generic, NoReturn, TextIO

from schemas.errors import FailedRunError, UsageError
from schemas.options import BASIC, Made, Setting, make_options, settings_of, tell_unknown
from schemas.plain_text import printable
from schemas.progress import CLEAR_LINE, is_terminal

__all__ = ["Command", "FailedRunError", "UsageError"]

_ARGUMENTS: Final = "arguments"
_GENERAL: Final = "general options"
_CONFIG_HELP: Final = "file with any of these options, as `name: value` lines; flags override it"


@dataclass(frozen=True, slots=True)
class Command(Generic[Made]):
    """One command of `tandemqa`.

    Attributes:
        name: What the user types.
        summary: What it does, as the list of commands has it.
        example: A command line that does something useful.
        options: What it can be told.
        run: Does it, given the options and Beam's arguments; returns the exit code.
        takes_beam_options: Whether options behind `--` are for Beam.
    """

    name: str
    summary: str
    example: str
    options: type[Made]
    run: Callable[[Made, Sequence[str]], int]
    takes_beam_options: bool = False

    def execute(self, arguments: Sequence[str]) -> int:
        """Run the command and return its exit code.

        Raises:
            UsageError: If the arguments cannot be used.
            FailedRunError: If the run failed.
        """
        cut = list(arguments).index("--") if "--" in arguments else len(arguments)
        beam_arguments = list(arguments[cut + 1 :])
        options, verbose = self._read(arguments[:cut])
        if beam_arguments and not self.takes_beam_options:
            raise UsageError(f"this command takes no options behind --: {beam_arguments[0]}")
        handler = _AboveProgress()
        handler.setFormatter(_PrintableFormatter(logging.BASIC_FORMAT))
        level = logging.INFO if verbose else logging.WARNING
        logging.basicConfig(level=level, handlers=[handler])
        return self.run(options, beam_arguments)

    def parse(self, arguments: Sequence[str]) -> Made:
        """Return the options: flags, then the YAML file of `--config`, then defaults.

        Raises:
            UsageError: If anything is unknown, missing or wrong.
        """
        return self._read(arguments)[0]

    def _read(self, arguments: Sequence[str]) -> tuple[Made, bool]:
        settings = settings_of(self.options)
        parsed, left = self.make_parser().parse_known_args(arguments)
        _refuse_unknown(left, settings)
        values = vars(parsed)
        path, verbose = values.pop("config", None), bool(values.pop("verbose", False))
        _explain(values, settings)
        content = read_yaml(path, settings) if path else {}
        places = {name: path for name in content if name not in values}
        return make_options(self.options, {**content, **values}, places), verbose

    def make_parser(self) -> argparse.ArgumentParser:
        """Return the parser of the flags; what is not given is absent from its result."""
        settings = settings_of(self.options)
        parser = _Parser(
            f"tandemqa {self.name}",
            usage=_usage(self, settings),
            description=f"{self.summary[0].upper()}{self.summary[1:]}.",
            epilog=f"example: {self.example}",
            allow_abbrev=False,
            formatter_class=_HelpFormatter,
            add_help=False,
        )
        groups: dict[str, argparse._ArgumentGroup] = {}
        for setting in sorted(settings.values(), key=_rank):
            title = _ARGUMENTS if setting.shown["positional"] else setting.shown["group"]
            if title not in groups:
                groups[title] = parser.add_argument_group(title)
            _add_argument(groups[title], setting)
        general = parser.add_argument_group(_GENERAL)
        general.add_argument(
            "--config", metavar="FILE.yaml", default=argparse.SUPPRESS, help=_CONFIG_HELP
        )
        general.add_argument("--verbose", action="store_true", help="log what each step does")
        general.add_argument("-h", "--help", action="help", help="show this help")
        return parser


class _AboveProgress(logging.StreamHandler[TextIO]):
    """Takes the moving line of progress off a terminal before it writes; it is drawn anew."""

    def emit(self, record: logging.LogRecord) -> None:
        if is_terminal(self.stream):
            self.stream.write(CLEAR_LINE)
        super().emit(record)


class _PrintableFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message.removeprefix("argument "))


class _HelpFormatter(argparse.HelpFormatter):
    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        if action.nargs == "+":  # argparse would print the metavar twice
            return f"{action.metavar} ..."
        return super()._format_args(action, default_metavar)


def _usage(command: Command[Any], settings: Mapping[str, Setting]) -> str:
    """Return the line that shows what must be given."""
    words = ["tandemqa", command.name]
    for setting in settings.values():
        if setting.field.is_required():
            words.append(setting.label)
            words += [] if setting.shown["positional"] else [_metavar(setting)]
            words += ["..."] if setting.shown["many"] else []
    words += ["[options]", *(["[-- BEAM OPTIONS]"] if command.takes_beam_options else [])]
    return fill(" ".join(words), 80, subsequent_indent="       ", break_on_hyphens=False)


def _rank(setting: Setting) -> int:
    """Return the rank of an option's group: arguments, basic options, then as they are defined."""
    return 0 if setting.shown["positional"] else 1 if setting.shown["group"] == BASIC else 2


def _metavar(setting: Setting) -> str:
    return f"{{{','.join(setting.choices)}}}" if setting.choices else setting.shown["metavar"]


def _add_argument(group: argparse._ArgumentGroup, setting: Setting) -> None:
    """Add a flag whose value stays a text: pydantic converts and checks all of them."""
    shown = setting.shown
    details: dict[str, Any] = {
        "default": argparse.SUPPRESS,
        "help": setting.help_text.replace("%", "%%"),
    }
    if setting.kind is bool:
        details["action"] = "store_true"
    else:
        details["metavar"] = _metavar(setting)
    if shown["positional"]:
        group.add_argument(setting.name, nargs="*" if shown["many"] else "?", **details)
        return
    if shown["many"]:
        details |= {"nargs": "+", "action": "extend"}
    group.add_argument(setting.label, dest=setting.name, **details)


def _refuse_unknown(left: Sequence[str], settings: Mapping[str, Setting]) -> None:
    flags = [s.label for s in settings.values() if not s.shown["positional"]]
    unknown = [argument.partition("=")[0] for argument in left if argument.startswith("-")]
    if unknown:
        known = [*flags, "--config", "--verbose", "--help"]
        raise UsageError("; ".join(tell_unknown(name, known) for name in unknown))
    if left:
        raise UsageError(f"unexpected argument {left[0]}")


def _explain(values: Mapping[str, Any], settings: Mapping[str, Setting]) -> None:
    """Print what an option can be, if its value is `help`."""
    for name, setting in settings.items():
        if values.get(name) in ("help", ["help"]) and setting.shown["explained_by"]:
            module, function = setting.shown["explained_by"].split(":")
            sys.stdout.write(getattr(import_module(module), function)())
            raise SystemExit(0)


def read_yaml(path: str, known: Mapping[str, Setting]) -> dict[str, Any]:
    """Return the content of a YAML file of options; keys may have `-` or `_`.

    Raises:
        UsageError: If it cannot be read or has unknown keys.
    """
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"--config {path}: {error}") from error
    if not isinstance(content, Mapping):
        raise UsageError(f"--config {path}: wanted `option: value` lines")
    values = {str(key).replace("-", "_"): value for key, value in content.items()}
    if unknown := [name for name in values if name not in known]:
        faults = "; ".join(tell_unknown(name, known) for name in unknown)
        raise UsageError(f"--config {path}: {faults}")
    return values
