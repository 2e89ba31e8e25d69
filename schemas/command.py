"""What a command is: its parser, its options from flags and YAML, and the errors it may end in."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Run = Callable[[argparse.Namespace, Sequence[str]], int]

_NO_OPTIONS: Final = {"run", "takes_beam_options", "config", "verbose"}


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the defaults that say something: not None, and not that a switch is off."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is False or action.default in (None, []):
            return action.help
        return super()._get_help_string(action)


class UsageError(ValueError):
    """The command cannot be run as it was given; nothing was done (exit code 2)."""


class FailedRunError(RuntimeError):
    """The run failed or found faults; what was finished is kept (exit code 1)."""


def add_command(
    commands: "Commands",
    name: str,
    help_text: str,
    example: str,
    run: Run,
    takes_beam_options: bool = False,
) -> argparse.ArgumentParser:
    """Return the parser of a new command."""
    parser = commands.add_parser(
        name,
        allow_abbrev=False,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        epilog=f"example: {example}",
        formatter_class=_HelpFormatter,
    )
    parser.add_argument(
        "--verbose", action="store_true", default=False, help="log what each step does"
    )
    parser.set_defaults(run=run, takes_beam_options=takes_beam_options)
    return parser


def merge_config(
    options: argparse.Namespace, defaults: Mapping[str, Any], required: Sequence[str]
) -> dict[str, Any]:
    """Return the options: flags, then the YAML file of `--config`, then defaults.

    Flags must have the default None, so that it can be seen which were given.

    Raises:
        UsageError: If the file cannot be read, has unknown keys, or something needed is missing.
    """
    known = set(vars(options)) - _NO_OPTIONS
    given = {name: getattr(options, name) for name in known if getattr(options, name) is not None}
    merged = {**defaults, **read_config(options.config, known), **given}
    missing = [name for name in required if not merged.get(name)]
    if missing:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise UsageError(f"{names}: needed, on the command line or in --config")
    return merged


def read_config(path: str | None, known: set[str]) -> dict[str, Any]:
    """Return the content of a YAML file of options; keys may have `-` or `_`."""
    if path is None:
        return {}
    import yaml

    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"--config {path}: {error}") from error
    if not isinstance(content, Mapping):
        raise UsageError(f"--config {path}: wanted `option: value` lines")
    values = {str(key).replace("-", "_"): value for key, value in content.items()}
    unknown = sorted(set(values) - known)
    if unknown:
        raise UsageError(
            f"--config {path}: unknown option {', '.join(unknown)}; "
            f"known: {', '.join(sorted(known))}"
        )
    return values
