"""The `tandemqa` command: make sure that our packages are ours, then run one of the commands.

`schemas`, `translators`, `pipelines` and `trainer` are also names of unrelated packages on PyPI,
and pip lets one overwrite the other without a word.
"""

import gc
import logging
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import packages_distributions, version
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from schemas.command import Command

_PACKAGES: Final = ("schemas", "translators", "pipelines", "trainer")
_DISTRIBUTION: Final = "tandemqa"
_DESCRIPTION: Final = (
    "Turn English question-answer sets into translated parallel corpora, and train and evaluate "
    "multilingual retrievers on them."
)

# The package of each command, in the order of the help.
COMMANDS: Final = {
    "build": "pipelines",
    "plan": "pipelines",
    "verify": "pipelines",
    "revalidate": "pipelines",
    "report": "pipelines",
    "push": "pipelines",
    "translate": "pipelines",
    "languages": "pipelines",
    "memory": "pipelines",
    "train": "trainer",
    "evaluate": "trainer",
    "compare": "trainer",
    "study": "trainer",
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
    try:
        return _run_if_ours(sys.argv[1:])
    except BaseException as error:
        if not _is_interrupt(error):
            raise
        sys.stderr.write("tandemqa: stopped\n")
        return 130
    finally:
        if "torch" not in sys.modules:  # what it loads complains of objects that are left
            gc.freeze()  # else Python searches all that was loaded for garbage: a second


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether Ctrl-C lies behind an error: libraries make others of it while they load."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _run_if_ours(arguments: Sequence[str]) -> int:
    clashes = find_clashes(packages_distributions())
    if clashes:
        sys.stderr.write(
            "tandemqa: error: "
            + "; ".join(clashes)
            + ". Install tandemqa in an environment of its own: make setup\n"
        )
        return 2
    return run(arguments)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return the exit code.

    What stands behind `--` goes to Beam.
    """
    from schemas.command import FailedRunError, UsageError  # only now is it known to be ours
    from schemas.plain_text import write_error

    logging.getLogger().addFilter(_is_for_users)
    try:
        for argument in arguments:
            if not _is_unicode(argument):
                raise UsageError(f"{argument}: its name is not UTF-8; rename the file or folder")
        if not arguments or arguments[0].startswith("-"):
            return _answer(arguments)
        return find_command(arguments[0]).execute(arguments[1:])
    except UsageError as error:
        write_error(f"tandemqa: error: {error}\n")
        raise SystemExit(2) from None
    except FailedRunError as error:
        write_error(f"tandemqa: failed: {error}\n")
        return 1
    except OSError as error:  # a full disk, a folder that may not be written to
        write_error(f"tandemqa: failed: {error}\n")
        return 1


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def find_command(name: str) -> "Command[Any]":
    """Return a command; the modules of the others are not imported.

    Raises:
        UsageError: If there is none of that name.
    """
    from schemas.command import UsageError

    if name not in COMMANDS:
        near = get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose one of: {', '.join(COMMANDS)}"
        raise UsageError(f"unknown command {name}; {hint}")
    command: Command[Any] = import_module(f"{COMMANDS[name]}.commands.{name}").COMMAND
    return command


def _answer(arguments: Sequence[str]) -> int:
    """Answer what is asked without a command: the help or the version."""
    from schemas.command import UsageError

    if not arguments:
        raise UsageError("name a command; `tandemqa --help` lists them")
    if arguments[0] == "--version":
        sys.stdout.write(f"tandemqa {version(_DISTRIBUTION)}\n")
    elif arguments[0] in ("-h", "--help"):
        sys.stdout.write(_describe_commands())
    else:
        raise UsageError(
            f"unknown option {arguments[0]}: a command stands first, as in `tandemqa build ...`; "
            "without one there are --help and --version"
        )
    return 0


def _describe_commands() -> str:
    lines = ["usage: tandemqa COMMAND [options]", "", *wrap(_DESCRIPTION, 80), "", "commands:"]
    for name in COMMANDS:
        first, *rest = wrap(find_command(name).summary, 66)
        lines += [f"  {name:<11}{first}", *(f"{'':<13}{line}" for line in rest)]
    lines += ["", "`tandemqa COMMAND --help` shows the options and an example of each command."]
    return "\n".join([*lines, "`tandemqa --version` shows the version."]) + "\n"


def _is_for_users(record: logging.LogRecord) -> bool:
    """Leave out what Beam says to the root logger and nobody can act on.

    At import it warns that Google's libraries are missing, which are an extra of its own; while a
    job server starts it tells every few seconds that it waits, and fails by itself if it must.
    """
    told = record.getMessage()
    return not told.startswith("Waiting for grpc channel") and "apitools not found" not in told


if __name__ == "__main__":
    sys.exit(main())
