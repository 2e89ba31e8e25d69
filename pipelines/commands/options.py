"""The options of `build` and `plan`, from the command line and from a YAML file."""

import argparse
from pathlib import Path
from typing import Any, Final

from translators.registry import BACKENDS, OPTIONS

REQUIRED: Final = ("input", "languages", "output")
DEFAULTS: Final[dict[str, Any]] = {
    "translator": "apertium",
    "packet_size": 2048,
    "shards": 0,
    "max_failed_share": 0.1,
    "max_rejected_share": 0.5,
    "max_unverified_share": 0.5,
}


def add_build_options(parser: argparse.ArgumentParser) -> None:
    """Add what `build` and `plan` have in common."""
    # Defaults are applied after the YAML file was read, so that flags override the file.
    parser.set_defaults(**dict.fromkeys(DEFAULTS))
    what = parser.add_argument_group("what")
    what.add_argument("--config", metavar="YAML", help="file with any of these options")
    what.add_argument(
        "--input",
        nargs="+",
        metavar="[FORMAT:]PATH",
        help="English question-answer sets: files, globs, folders, URIs or hf:NAME",
    )
    what.add_argument("--format", help="format of all inputs; guessed from names by default")
    what.add_argument(
        "--fields",
        nargs="+",
        metavar="TARGET=PATH",
        help="where the texts stand, such as question=QUESTION passage=CONTEXTS",
    )
    what.add_argument("--dataset", help="name of the dataset; the file's name by default")
    what.add_argument("--split", help="split of all records that name none; train by default")
    what.add_argument("--license", help="licence of the inputs, such as CC-BY-4.0")
    what.add_argument(
        "--exclude",
        action="append",
        metavar="[NAME[:LANG]=][FORMAT:]PATH",
        help="evaluation set whose items must not be in the corpus, in any format of --input, or "
        "queries:PATH for questions alone; in another language than English (xquad:es=...) it "
        "only raises an alarm about the translated rows; repeatable",
    )
    what.add_argument("--languages", metavar="CODES", help="target languages, such as es,ca,pt-BR")
    where = parser.add_argument_group("where")
    where.add_argument("--output", metavar="DIR", help="the corpus directory")
    where.add_argument(
        "--memory",
        metavar="DIR",
        help="translation memory; `memory` beside the output by default",
    )
    _add_translator_options(parser)
    _add_answer_options(parser)
    _add_limits(parser)


def _add_answer_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("answers")
    group.add_argument(
        "--answer-markers",
        action="store_true",
        default=None,
        help="translate sentences once more with the answer in brackets, to see where it went; "
        "nearly doubles the work where answers are many",
    )
    add_align_answers(group)


def add_align_answers(group: argparse._ActionsContainer) -> None:
    """Add the option to align words."""
    group.add_argument(
        "--align-answers",
        action="store_true",
        default=None,
        help="find answers that are not found otherwise by a word alignment learnt on the corpus",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    limits = parser.add_argument_group("limits")
    _with_default(limits, "--packet-size", int, "N", "segments in a packet, about")
    _with_default(limits, "--shards", int, "N", "shards per language; 0 chooses by size")
    _with_default(
        limits,
        "--max-failed-share",
        float,
        "SHARE",
        "stop when more than this share of the source items is malformed or not in English",
    )
    _with_default(
        limits,
        "--max-rejected-share",
        float,
        "SHARE",
        "mark the corpus failed when a language loses more than this share of its rows",
    )
    _with_default(
        limits,
        "--max-unverified-share",
        float,
        "SHARE",
        "mark the corpus failed when more than this share of the rows is in a language that could "
        "not be verified, though a detector knows it",
    )
    add_check_options(limits)
    limits.add_argument(
        "--language-model",
        metavar="BIN",
        help="fastText model, such as GlotLID, for second opinions on languages",
    )


def add_check_options(group: argparse._ActionsContainer) -> None:
    """Add the options that decide about rows, which can be changed without translating again."""
    group.add_argument(
        "--limits", nargs="+", metavar="NAME=VALUE", help="limits of checks to change"
    )
    group.add_argument(
        "--model-checks",
        nargs="+",
        metavar="NAME=SCORER[@LEAST]",
        help="models that score translations, as MODULE:FUNCTION or embedding:MODEL; scores are "
        "stored, and rows below LEAST rejected",
    )


def _add_translator_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("translator")
    group.add_argument(
        "--translator",
        choices=sorted(BACKENDS),
        help=f"who translates (default: {DEFAULTS['translator']})",
    )
    add_backend_options(group)
    group.add_argument(
        "--translate-accelerator",
        metavar="HINT",
        help="GPU for the workers of the translation alone, where the runner can give one, such "
        "as 'type:nvidia-l4;count:1;install-nvidia-driver'; needs --device cuda",
    )


def add_backend_options(group: argparse._ArgumentGroup) -> None:
    """Add the options of the backends; what is not given is left to the backend."""
    for name, (kind, metavar, text) in OPTIONS.items():
        takers = ", ".join(sorted(b for b, (_, options) in BACKENDS.items() if name in options))
        group.add_argument(
            f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=f"{text} ({takers})"
        )


def _with_default(
    group: argparse._ArgumentGroup, flag: str, kind: type, metavar: str, text: str
) -> None:
    default = DEFAULTS[flag.removeprefix("--").replace("-", "_")]
    group.add_argument(flag, type=kind, metavar=metavar, help=f"{text} (default: {default})")


def absolute(path: str) -> str:
    """Return a local path from the root, so that workers see the same; URIs stay."""
    return path if "://" in path else Path(path).expanduser().resolve().as_posix()
