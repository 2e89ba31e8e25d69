"""Entry point of the Dataflow flex template: make the graph of a build and hand it over.

The launcher passes the template's parameters and Beam's options in one list, `--name=value`, and
does not wait: when the job has ended, `tandemqa verify` and `tandemqa report` do the rest.
"""

import sys
from collections.abc import Sequence

from pipelines.commands.build import BuildOptions
from schemas.options import Setting, make_options, settings_of


def split_arguments(arguments: Sequence[str]) -> tuple[dict[str, object], list[str]]:
    """Return the options of `tandemqa build` by name, and the arguments of Beam.

    Args:
        arguments: As the launcher passes them: parameters of the template have the names of
            options of `build`, with `_` for `-`; several values are divided by blanks.
    """
    settings = settings_of(BuildOptions)
    ours: dict[str, object] = {}
    beam: list[str] = []
    for argument in arguments:
        name, _, value = argument.removeprefix("--").partition("=")
        if name not in settings:
            beam.append(argument)
        elif value:
            ours[name] = _value(value, settings[name])
    return ours, beam


def _value(text: str, setting: Setting) -> object:
    if setting.kind is bool:
        return {"true": True, "false": False}.get(text, text)
    return text.split() if setting.shown["many"] else text


def launch(arguments: Sequence[str]) -> None:
    """Construct the build and run it without waiting for its end."""
    import apache_beam as beam

    from pipelines.build import build
    from pipelines.commands.output import prepare_output
    from pipelines.commands.resolve import resolve
    from pipelines.io.remote import use_options
    from pipelines.run import beam_options

    ours, others = split_arguments(arguments)
    beam_settings = beam_options(others)
    use_options(beam_settings)
    options = make_options(BuildOptions, ours)
    config = prepare_output(resolve(options), overwrite=options.overwrite)
    if config is None:
        raise SystemExit(f"{options.output} is complete already; overwrite=true builds it again")
    pipeline = beam.Pipeline(options=beam_settings)
    build(pipeline, config)
    pipeline.run()


if __name__ == "__main__":
    launch(sys.argv[1:])
