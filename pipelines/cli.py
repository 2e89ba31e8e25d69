"""The command line: which commands there are; each is a module in `pipelines/commands/`."""

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from pipelines.errors import FailedRunError, UsageError

_COMMANDS: Final = ("build", "plan", "verify", "revalidate", "report", "translate", "languages")


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code.

    What stands behind `--` goes to Beam.
    """
    cut = list(arguments).index("--") if "--" in arguments else len(arguments)
    parser = make_parser()
    options = parser.parse_args(arguments[:cut])
    beam_arguments = list(arguments[cut + 1 :])
    logging.basicConfig(level=logging.INFO if options.verbose else logging.WARNING)
    logging.getLogger().addFilter(_is_for_users)
    try:
        if beam_arguments and not options.takes_beam_options:
            raise UsageError(f"this command takes no options behind --: {beam_arguments[0]}")
        code: int = options.run(options, beam_arguments)
        return code
    except UsageError as error:
        parser.exit(2, f"tandemqa: error: {error}\n")
    except FailedRunError as error:
        sys.stderr.write(f"tandemqa: failed: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("tandemqa: stopped\n")
        return 130


def _is_for_users(record: logging.LogRecord) -> bool:
    """Beam warns at import that Google's libraries are missing; they are an extra of its own."""
    return "apitools not found" not in record.getMessage()


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; it imports nothing heavy."""
    parser = argparse.ArgumentParser(
        prog="tandemqa",
        allow_abbrev=False,
        description="Turn English question-answer sets into translated parallel corpora.",
        epilog="`tandemqa COMMAND --help` shows the options and an example of each command.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in _COMMANDS:
        import_module(f"pipelines.commands.{name}").add_parser(commands)
    return parser
