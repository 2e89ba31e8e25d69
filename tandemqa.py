"""The `tandemqa` command: make sure that our packages are ours, then run one of the commands.

`schemas`, `translators`, `pipelines` and `trainer` are also names of unrelated packages on PyPI,
and pip lets one overwrite the other without a word.
"""

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import packages_distributions
from typing import Final

_PACKAGES: Final = ("schemas", "translators", "pipelines", "trainer")
_DISTRIBUTION: Final = "tandemqa"
_COMMANDS: Final = {
    "pipelines": ("build", "plan", "verify", "revalidate", "report", "translate", "languages"),
    "trainer": ("train", "evaluate", "study"),
}


def find_clashes(providers: Mapping[str, Sequence[str]]) -> list[str]:
    """Return one sentence for each of our packages that another distribution provides too.

    Args:
        providers: Distributions by top-level package, as `packages_distributions` gives them.
    """
    return [
        f"package {package!r} is also installed by {', '.join(sorted(others))}"
        for package in _PACKAGES
        if (others := set(providers.get(package, ())) - {_DISTRIBUTION})
    ]


def main() -> int:
    """Run the command line; the exit code is 0 done, 1 failed or faults found, 2 usage."""
    clashes = find_clashes(packages_distributions())
    if clashes:
        sys.stderr.write(
            "tandemqa: error: "
            + "; ".join(clashes)
            + ". Install tandemqa in an environment of its own: make setup\n"
        )
        return 2
    return run(sys.argv[1:])


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code.

    What stands behind `--` goes to Beam.
    """
    from schemas.command import FailedRunError, UsageError  # only now is it known to be ours

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
        description="Turn English question-answer sets into translated parallel corpora, and "
        "train and evaluate multilingual retrievers on them.",
        epilog="`tandemqa COMMAND --help` shows the options and an example of each command.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for package, names in _COMMANDS.items():
        for name in names:
            import_module(f"{package}.commands.{name}").add_parser(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
