"""The options of `evaluate`, from the command line and from a YAML file."""

import argparse
from collections.abc import Mapping
from typing import Any, Final

from schemas.command import UsageError
from trainer.option_values import Option, convert, flag, words

REQUIRED: Final = ("model", "benchmark", "output")

EVALUATION_OPTIONS: Final[dict[str, Option]] = {
    "model": Option(str, "MODEL", "name on the Hugging Face hub, or folder"),
    "benchmark": Option(
        str,
        "NAME",
        "xquad-r, mlqa-r, miracl, beir, corpus (held-out split of a corpus) or mteb:TASK",
    ),
    "data": Option(str, "DIR", "folder of the benchmark; miracl and mteb can do without"),
    "languages": Option(
        words, "CODES", "these only, by code or name, such as en,es; all by default"
    ),
    "split": Option(str, "NAME", "split of beir, corpus or mteb; test by default, if there is one"),
    "output": Option(
        str,
        "JSON",
        "file of the results; a heat map (.png) and what each question "
        "scored (.questions.npz) are put beside it",
    ),
    "heat_map": Option(str, "FILE", "other place of the heat map, .png or .svg"),
    "floors": Option(words, "NAMES", "of tfidf and untrained; or none", "tfidf,untrained"),
    "base_model": Option(str, "MODEL", "model before training, as one more floor"),
    "no_context": Option(bool, "", "do not score candidates with their context as well"),
    "cache": Option(str, "DIR", "folder that keeps embeddings, so that scoring again is quick"),
    "batch_size": Option(int, "N", "texts encoded at a time", 64),
    "revision": Option(str, "REV", "commit, tag or branch on the hub"),
    "max_length": Option(int, "N", "longest input in tokens; the model's own by default"),
    "dtype": Option(str, "TYPE", "float32, bfloat16 or float16; that of the weights by default"),
    "device": Option(str, "NAME", "such as cpu or cuda:1; the best there is by default"),
    "question_prompt": Option(str, "TEXT", "before each question; the model's by default"),
    "passage_prompt": Option(str, "TEXT", "before each candidate; the model's by default"),
    "trust_remote_code": Option(bool, "", "run code that comes with the model"),
    "quiet": Option(bool, "", "show no progress and no table"),
}

DEFAULTS: Final = {
    name: option.default
    for name, option in EVALUATION_OPTIONS.items()
    if option.default is not None
}


def add_evaluation_options(parser: argparse.ArgumentParser) -> None:
    """Add all of them; what is not given is None, so that a YAML file can give it."""
    parser.add_argument("--config", metavar="YAML", help="file with any of these options")
    for name, option in EVALUATION_OPTIONS.items():
        shown = "" if option.default is None else f" (default: {option.default})"
        if name == "model":
            parser.add_argument(name, nargs="?", metavar=option.metavar, help=option.text)
        elif option.kind is bool:
            parser.add_argument(flag(name), action="store_true", default=None, help=option.text)
        else:
            parser.add_argument(
                flag(name), type=option.kind, metavar=option.metavar, help=option.text + shown
            )


def read_evaluation_options(merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with their values as their kinds have them.

    Raises:
        UsageError: If a value makes no sense.
    """
    from trainer.benchmarks.known_benchmarks import check_name
    from trainer.evaluation.floors import FLOORS

    values = convert({name: option.kind for name, option in EVALUATION_OPTIONS.items()}, merged)
    if values["batch_size"] < 1:
        raise UsageError(f"--batch-size {values['batch_size']}: wanted 1 or more")
    values["floors"] = tuple(floor for floor in values["floors"] or () if floor != "none")
    if set(values["floors"]) - set(FLOORS):
        raise UsageError(
            f"--floors {','.join(values['floors'])}: wanted {', '.join(FLOORS)} or none"
        )
    check_name(values["benchmark"], values.get("split"))
    return values
