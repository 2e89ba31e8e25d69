"""From options to a checked `BuildConfig`: every mistake is told before any work is done."""

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from pipelines.checks.limit_settings import make_limits
from pipelines.commands.needs import Needs
from pipelines.commands.options import CheckOptions, CorpusOptions, InputOptions, absolute
from pipelines.commands.translators import choose_translators
from pipelines.corpus.config import BuildConfig
from pipelines.formats.dialect import parse_dialect
from pipelines.formats.fields import check_fields
from pipelines.ingest.source import Source, check_sources, parse_source
from pipelines.io.storage import join, parent
from pipelines.judge.measure_meaning import MeaningCheck, make_meaning_check
from pipelines.judge.model_checks import make_model_check
from pipelines.leaks.evaluation_sets import (
    EvaluationSet,
    check_evaluation_sets,
    parse_evaluation_set,
)
from pipelines.text.second_opinion import find_opinion
from pipelines.translation.translate import TranslationPlan
from schemas.errors import NotInstalledError, UsageError
from schemas.language import SOURCE_LANGUAGE, parse_languages
from schemas.manifest import SourceReading
from translators.registry import TranslatorConfig
from translators.sentence_encoder import UnusableEncoder

_FOR_ALL: Final = {
    *("format", "fields", "dataset", "split", "license"),
    *("encoding", "separator", "columns", "strict_fields"),
}
_AS_GIVEN: Final = {
    "shards",
    "max_failed_share",
    "max_rejected_share",
    "max_unverified_share",
    "answer_markers",
    "align_answers",
}


def resolve(options: CorpusOptions) -> BuildConfig:
    """Return the build that the options describe.

    Raises:
        UsageError: If a source, language, translator or limit cannot be used, or something that
            the build needs is not installed; all of that is named.
    """
    needs = Needs()
    config = resolve_installed(options, needs)
    needs.refuse()
    return config


def resolve_installed(options: CorpusOptions, needs: Needs) -> BuildConfig:
    """Return what can be told here of the build that the options describe.

    Args:
        options: Those of the command.
        needs: Takes what is not installed. Checks that need it are left out, and the languages in
            `needs` have no translator; inputs that cannot be read are an error.

    Raises:
        UsageError: If a source, language, translator or limit cannot be used.
    """
    try:
        translation = _translation(options, needs)
        meaning, model_checks = None, []
        with needs.collect():
            meaning = choose_meaning(options)
        for check in options.model_checks:
            with needs.collect():
                model_checks.append(make_model_check(*check))
        language_model = _language_model(options.language_model, needs)
        sources = tuple(_source(item, options) for item in options.input)
        evaluation_sets = tuple(
            parse_evaluation_set(item.set, check_fields(item.fields)) for item in options.exclude
        )
        return BuildConfig(
            sources=sources,
            readings=_check_inputs(sources, evaluation_sets, needs),
            evaluation_sets=evaluation_sets,
            translation=translation,
            output=absolute(options.output),
            limits=make_limits(options.limits),
            model_checks=tuple(model_checks),
            meaning=meaning,
            language_model=language_model,
            started=datetime.now(timezone.utc),
            **options.model_dump(include=_AS_GIVEN),
        )
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error


def _check_inputs(
    sources: tuple[Source, ...], evaluation_sets: tuple[EvaluationSet, ...], needs: Needs
) -> tuple[SourceReading, ...]:
    """Return how the sources are understood; without what reads them, nothing can be told."""
    try:
        readings = check_sources(sources)
        check_evaluation_sets(evaluation_sets)
    except NotInstalledError as error:
        needs.add(error)
        needs.refuse()
    return readings


def _language_model(path: str, needs: Needs) -> str:
    """Return the path of the model for second opinions; none where it cannot be loaded here."""
    if not path:
        return ""
    with needs.collect():
        find_opinion(path)
        return path
    return ""


def choose_meaning(options: CheckOptions) -> MeaningCheck | None:
    """Return what compares the meaning of texts; None if nothing was asked for.

    Raises:
        UsageError: If the model cannot be used.
    """
    if not options.meaning:
        return None
    model = absolute(options.meaning) if Path(options.meaning).is_dir() else options.meaning
    try:
        return make_meaning_check(model, options.meaning_device, options.meaning_precision)
    except UnusableEncoder as error:
        raise UsageError(f"--meaning {options.meaning}: {error}") from error


def _translation(options: CorpusOptions, needs: Needs) -> TranslationPlan:
    """Return who translates into what, and where it is kept.

    An accelerator needs a named device: `auto` would mean that of the machine we start from, and
    the device decides the number format, and with it the memory's key.
    """
    if options.translate_accelerator and dict(options.backend.given()).get("device") != "cuda":
        raise UsageError("--translate-accelerator needs --device cuda")
    try:
        languages = parse_languages(",".join(options.languages))
    except ValueError as error:
        raise UsageError(f"--languages: {error}") from error
    if SOURCE_LANGUAGE in [language.code for language in languages]:
        raise UsageError("--languages: en is the source language; it is always in the corpus")
    chosen = choose_translators(options.translator, languages, options.backend.given(), needs)
    _check_context(found.config for found in chosen)
    memory = options.memory or join(parent(absolute(options.output)), "memory")
    return TranslationPlan(
        configs=tuple((found.language, found.config) for found in chosen),
        infos=tuple((found.language, found.info) for found in chosen),
        memory=absolute(memory),
        packet_size=options.packet_size,
        accelerator=options.translate_accelerator,
        fallbacks=tuple(
            (found.language, config, info) for found in chosen for config, info in found.fallbacks
        ),
    )


def _check_context(configs: Iterable[TranslatorConfig]) -> None:
    """Refuse contexts that one translator would be shown and another not: segments are shared."""
    shown = {config.backend: dict(config.options).get("context", 0) for config in configs}
    without = sorted(name for name, reach in shown.items() if not reach)
    if without and any(shown.values()):
        raise UsageError(f"--context: {', '.join(without)} cannot be shown any; build apart")


def _source(item: InputOptions, options: CorpusOptions) -> Source:
    """Return one source; what it does not say itself is said for all of them."""
    given = {**options.model_dump(include=_FOR_ALL), **item.model_dump(exclude_unset=True)}
    path, layout = given.pop("path"), given.pop("format")
    fields = check_fields(given.pop("fields"))
    dialect = parse_dialect(given.pop("encoding"), given.pop("separator"), given.pop("columns"))
    strict = given.pop("strict_fields")
    text = f"{layout}:{path}" if layout else path
    return parse_source(text, fields=fields, dialect=dialect, strict=strict, **given)
