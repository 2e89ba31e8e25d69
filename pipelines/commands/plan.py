"""`tandemqa plan`: what a build would do, how long it would take and what it would cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pipelines.commands.options import CorpusOptions, absolute
from schemas.command import Command, UsageError
from schemas.options import option
from schemas.plain_text import write_error, write_out

if TYPE_CHECKING:
    from pipelines.plan import Estimate


class PlanOptions(CorpusOptions):
    """The options of `plan`."""

    price_per_hour: float | None = option(
        None, "price of a machine like this one, to estimate the cost", "PRICE", ge=0
    )
    quiet: bool = option(False, "show no progress and not how inputs were understood")


def _run(options: PlanOptions, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.output import check_memory, check_output
    from pipelines.commands.resolve import resolve
    from pipelines.commands.summary import tell_readings
    from pipelines.io.remote import use_options
    from pipelines.plan import Estimate, Missing, estimate, survey
    from pipelines.run import beam_options
    from schemas.tables import text_table

    if any(argument.startswith("--runner") for argument in beam_arguments):
        raise UsageError("plan runs on this machine; remove --runner")
    use_options(beam_options(beam_arguments))
    check_output(absolute(options.output))
    config = resolve(options)
    check_memory(config.translation)
    if not options.quiet:
        write_error(tell_readings(config.readings))
    work = survey(config, beam_arguments, progress=not options.quiet)
    price = options.price_per_hour
    head = ("language", "missing", "in memory", "tokens", "time", "cost")
    rows = []
    total = Estimate(0, 0.0)
    for lang in config.languages:
        missing = work.missing.get(lang, Missing())
        found = estimate(config, lang, missing) if missing.segments else Estimate(0, 0.0)
        total = total + found
        known = work.segments - missing.segments
        rows.append(
            (
                lang,
                f"{missing.segments:,}",
                f"{known:,}",
                *_spent(found, price),
            )
        )
    rows.append(("all", "", "", *_spent(total, price)))
    write_out(
        f"{work.records:,} records, {work.segments:,} distinct segments\n\n"
        + text_table(head, rows, "lrrrrr")
        + "\n\ntimes are for this machine, from translating a sample\n"
    )
    return 0


def _spent(found: "Estimate", price: float | None) -> tuple[str, str, str]:
    """Return tokens, time and cost as the table has them: of the machine and of a server."""
    machine = found.seconds / 3600 * price if price is not None else None
    costs = [cost for cost in (machine, found.cost) if cost is not None]
    tokens = f"{found.tokens:,}"
    if found.input_tokens:
        tokens = f"{found.input_tokens:,} in, {found.output_tokens:,} out"
    return tokens, duration(found.seconds), f"{sum(costs):,.2f}" if costs else ""


def duration(seconds: float) -> str:
    """Return a time as a person says it, such as `2 h 05 min` or `12 s`."""
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{hours} h {minutes - 60 * hours:02} min" if hours else f"{minutes} min"


COMMAND: Final = Command(
    "plan",
    "say what a build would translate, how long and at what cost; translate nothing",
    "tandemqa plan --input squad.json --languages es,ca --output corpora/squad "
    "--price-per-hour 1.20",
    PlanOptions,
    _run,
    takes_beam_options=True,
)
