"""What all commands' parsers have in common."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Run = Callable[[argparse.Namespace, Sequence[str]], int]


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
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--verbose", action="store_true", default=False, help="log what each step does"
    )
    parser.set_defaults(run=run, takes_beam_options=takes_beam_options)
    return parser
