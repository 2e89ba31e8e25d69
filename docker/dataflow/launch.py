"""Entry point of the Dataflow flex template: make the graph of a build and hand it over.

The launcher passes the template's parameters and Beam's options in one list, `--name=value`, and
does not wait: when the job has ended, `tandemqa verify` and `tandemqa report` do the rest.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tandemqa import make_parser

METADATA: Final = Path(__file__).with_name("metadata.json")
_SWITCHES: Final = {"overwrite", "answer_markers"}
_LISTS: Final = {"input", "fields", "limits"}  # values divided by blanks
_REPEATED: Final = {"exclude"}


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the arguments of `tandemqa build`, and those of Beam.

    Args:
        arguments: As the launcher passes them: parameters of the template have the names of
            options of `build`, with `_` for `-`.
    """
    names = {parameter["name"] for parameter in json.loads(METADATA.read_text())["parameters"]}
    ours: list[str] = []
    beam: list[str] = []
    for argument in arguments:
        name, _, value = argument.removeprefix("--").partition("=")
        if name not in names:
            beam.append(argument)
        elif value:
            ours += _option(name, value)
    return ours, beam


def _option(name: str, value: str) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if name in _SWITCHES:
        return [flag] if value == "true" else []
    if name in _REPEATED:
        return [part for item in value.split() for part in (flag, item)]
    return [flag, *value.split()] if name in _LISTS else [flag, value]


def launch(arguments: Sequence[str]) -> None:
    """Construct the build and run it without waiting for its end."""
    import apache_beam as beam

    from pipelines.build import build
    from pipelines.commands.options import DEFAULTS, REQUIRED
    from pipelines.commands.output import prepare_output
    from pipelines.commands.resolve import resolve
    from pipelines.io.remote import use_options
    from pipelines.run import beam_options
    from schemas.command import merge_config

    ours, others = split_arguments(arguments)
    options = beam_options(others)
    use_options(options)
    merged = merge_config(make_parser().parse_args(["build", *ours]), DEFAULTS, REQUIRED)
    config = resolve(merged)
    if not prepare_output(config, overwrite=bool(merged.get("overwrite"))):
        raise SystemExit(f"{config.output} is complete already; overwrite=true builds it again")
    pipeline = beam.Pipeline(options=options)
    build(pipeline, config)
    pipeline.run()


if __name__ == "__main__":
    launch(sys.argv[1:])
