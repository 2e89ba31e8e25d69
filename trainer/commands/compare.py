"""`tandemqa compare`: whether one model is better than another, question by question."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from schemas.command import Command, UsageError
from schemas.options import Options, option
from schemas.plain_text import write_out


class CompareOptions(Options):
    """The options of `compare`."""

    first: str = option(
        ..., "results that `tandemqa evaluate --output` wrote", "A.json", positional=True
    )
    second: str = option(
        ...,
        "other results on the same benchmark; beside both there is NAME.questions.npz",
        "B.json",
        positional=True,
    )
    output: str | None = option(None, "also write the comparison as JSON", "JSON", min_length=1)


def _run(options: CompareOptions, _: Sequence[str]) -> int:
    from schemas.files import write_json
    from trainer.evaluation.comparison import (
        compare,
        describe_comparison,
        format_comparison,
        read_evaluation,
    )

    output = _choose_file(options.output) if options.output else None
    first, second = (
        read_evaluation(Path(path).expanduser()) for path in (options.first, options.second)
    )
    comparison = compare(first, second)
    if output is not None:
        write_json(output, describe_comparison(comparison))
    write_out(format_comparison(comparison))
    return 0


def _choose_file(output: str) -> Path:
    """Return the file to write; only an earlier comparison is replaced."""
    from schemas.ownership import check_writable
    from trainer.evaluation.comparison import is_comparison

    path = Path(output).expanduser().resolve()  # a link to a file stays
    if path.exists() and not is_comparison(path):
        raise UsageError(
            f"--output: {path} is there already, and is no comparison that tandemqa wrote; name "
            "another file"
        )
    check_writable(path.parent, "--output")
    return path


COMMAND: Final = Command(
    "compare",
    "compare two evaluations question by question: differences, with intervals and p",
    "tandemqa compare results/mono.json results/hybrid.json",
    CompareOptions,
    _run,
)
