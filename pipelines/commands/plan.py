"""`tandemqa plan`: what a build would do, how long it would take and what it would cost."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipelines.commands.options import CorpusOptions, absolute
from schemas.command import Command, UsageError
from schemas.options import option
from schemas.plain_text import write_error, write_out
from schemas.wording import duration

if TYPE_CHECKING:
    from pipelines.commands.needs import Needs
    from pipelines.corpus.config import BuildConfig
    from pipelines.plan import Estimate, Forecast, Work
    from pipelines.rehearsal import Dictionary


class PlanOptions(CorpusOptions):
    """The options of `plan`."""

    price_per_hour: float | None = option(
        None, "price of a machine like this one, to estimate the cost", "PRICE", ge=0
    )
    quiet: bool = option(False, "show no progress and not how inputs were understood")


def _run(options: PlanOptions, beam_arguments: Sequence[str]) -> int:
    begun = time.monotonic()
    from pipelines.commands.needs import Needs
    from pipelines.commands.output import check_memory, check_output
    from pipelines.commands.resolve import resolve_installed
    from pipelines.commands.summary import tell_readings
    from pipelines.io.remote import use_options
    from pipelines.run import beam_options

    if any(argument.startswith("--runner") for argument in beam_arguments):
        raise UsageError("plan runs on this machine; remove --runner")
    use_options(beam_options(beam_arguments))
    check_output(absolute(options.output))
    needs = Needs()
    config = resolve_installed(options, needs)
    check_memory(config.translation)
    if not options.quiet:
        write_error(tell_readings(config.readings))
    _tell_all(options, config, needs, beam_arguments, time.monotonic() - begun)
    if needs:
        write_out("\n" + needs.tell("not installed here, and left out of all figures"))
    return 0


def _tell_all(
    options: PlanOptions,
    config: "BuildConfig",
    needs: "Needs",
    beam_arguments: Sequence[str],
    starting: float,
) -> None:
    """Say what there is to translate, and what the whole build would take."""
    from pipelines.io.progress import READING, Progress
    from pipelines.local.speed import measure_gain
    from pipelines.plan import forecast, survey
    from pipelines.rehearsal import rehearse
    from pipelines.run import local_processes

    processes = local_processes(beam_arguments)
    gain = measure_gain(processes)
    work = survey(config, beam_arguments, None if options.quiet else Progress(READING))
    estimates, dictionaries = _estimate_all(config, work, needs, gain)
    price = options.price_per_hour
    counts = f"{work.records:,} records, {work.segments:,} distinct segments"
    write_out(f"{counts}\n\n{_tell_languages(config.languages, work, estimates, price)}\n\n")
    if not estimates:
        return
    known = replace(config, translation=config.translation.only(estimates))
    rehearsal = rehearse(known, work.sample, dictionaries, work.missing, beam_arguments)
    if rehearsal:
        whole = forecast(
            work,
            rehearsal,
            rehearsal.speed((gain + measure_gain(processes)) / 2),
            starting=starting,
            translating=sum(found.seconds for found in estimates.values()),
            processes=processes,
            shards=config.shards,
        )
        write_out(_tell_whole(whole, config.output, price))
    write_out("times are for this machine, from a sample\n")


def _estimate_all(
    config: "BuildConfig", work: "Work", needs: "Needs", gain: float
) -> tuple[dict[str, "Estimate"], dict[str, "Dictionary"]]:
    """Return what each language would take, and translations of a sample.

    Languages that nobody here can translate into are absent.
    """
    from pipelines.plan import Estimate, estimate
    from pipelines.rehearsal import segments_of
    from schemas.errors import NotInstalledError

    texts = {k: text for record in work.sample for k, text in segments_of(config, record).items()}
    estimates, dictionaries = {}, {}
    for lang in config.languages:
        if lang in needs.languages:
            continue
        dictionaries[lang] = work.held[lang]
        if lang not in work.missing:
            estimates[lang] = Estimate(0, 0.0)
            continue
        lacking = {key: text for key, text in texts.items() if key not in work.held[lang]}
        try:
            found, done = estimate(config, lang, work.missing[lang], lacking, gain)
        except NotInstalledError as error:  # such as what converts a model
            needs.add(error, lang)
        else:
            estimates[lang], dictionaries[lang] = found, {**work.held[lang], **done}
    return estimates, dictionaries


def _tell_languages(
    languages: Sequence[str], work: "Work", estimates: Mapping[str, "Estimate"], price: float | None
) -> str:
    """Return what the memory lacks and what that takes; a dash where it cannot be known here."""
    from pipelines.plan import Estimate, Missing
    from schemas.tables import text_table

    head = ("language", "missing", "in memory", "tokens", "time", "cost")
    rows = []
    for lang in languages:
        missing = work.missing.get(lang, Missing()).segments
        counts = (f"{missing:,}", f"{work.segments - missing:,}")
        if lang in estimates:
            rows.append((lang, *counts, *_spent(estimates[lang], price)))
        else:
            rows.append((lang, "-", "-", "-", "-", ""))
    if estimates:
        total = sum(estimates.values(), Estimate(0, 0.0))
        rows.append(("all", "", "", *_spent(total, price)))
    return text_table(head, rows, "lrrrrr")


def _tell_whole(whole: "Forecast", output: str, price: float | None) -> str:
    """Return the time of each step of a build, and the memory and disk it needs."""
    from pipelines.io.machine import available_disk, available_memory
    from pipelines.io.storage import is_local
    from schemas.tables import text_table

    steps = [
        ("read, segment, look up", duration(whole.reading), ""),
        ("translate", duration(whole.translating), ""),
        ("assemble, check, write", duration(whole.writing), ""),
        ("whole build", duration(whole.seconds), ""),
    ]
    if price is not None:
        steps[-1] = (*steps[-1][:2], f"{whole.seconds / 3600 * price:,.2f}")
    lines = [text_table(("step", "time", "cost" if price is not None else ""), steps, "lrr"), ""]
    lines.append(_tell_need("memory", whole.memory, available_memory(), "on this machine"))
    if is_local(output):
        lines.append(_tell_need("disk", whole.disk, available_disk(output), f"at {output}"))
    return "\n".join(lines) + "\n"


def _tell_need(what: str, needed: int, free: int | None, where: str) -> str:
    if free is None:
        return f"{what}: {_size(needed)} needed"
    short = "" if free > needed else "; that is not enough"
    return f"{what}: {_size(needed)} needed, {_size(free)} free {where}{short}"


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"


def _spent(found: "Estimate", price: float | None) -> tuple[str, str, str]:
    """Return tokens, time and cost as the table has them: of the machine and of a server."""
    machine = found.seconds / 3600 * price if price is not None else None
    costs = [cost for cost in (machine, found.cost) if cost is not None]
    tokens = f"{found.tokens:,}"
    if found.input_tokens:
        tokens = f"{found.input_tokens:,} in, {found.output_tokens:,} out"
    return tokens, duration(found.seconds), f"{sum(costs):,.2f}" if costs else ""


COMMAND: Final = Command(
    "plan",
    "say what a build would translate, how long and at what cost; translate nothing",
    "tandemqa plan --input squad.json --languages es,ca --output corpora/squad "
    "--price-per-hour 1.20",
    PlanOptions,
    _run,
    takes_beam_options=True,
)
