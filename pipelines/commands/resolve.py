"""From options to a checked `BuildConfig`: every mistake is told before any work is done."""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from pipelines.checks.limit_settings import parse_limits
from pipelines.commands.options import absolute
from pipelines.corpus.config import BuildConfig
from pipelines.formats.fields import parse_fields
from pipelines.ingest.source import Source, check_sources, parse_source
from pipelines.io.storage import join, parent
from pipelines.judge.model_checks import parse_model_check
from pipelines.leaks.evaluation_sets import (
    EvaluationSet,
    check_evaluation_sets,
    parse_evaluation_set,
)
from pipelines.translation.translate import TranslationPlan
from schemas.command import UsageError
from schemas.language import parse_languages
from translators.registry import BACKENDS, TranslatorConfig, open_translator
from translators.translator import TranslatorInfo

Infos = tuple[tuple[str, TranslatorInfo], ...]


def resolve(options: Mapping[str, Any]) -> BuildConfig:
    """Return the build that the options describe.

    Raises:
        UsageError: If a source, language, translator or limit cannot be used.
    """
    try:
        sources = tuple(_sources(options))
        check_sources(sources)
        evaluation_sets = tuple(_evaluation_sets(options))
        check_evaluation_sets(evaluation_sets)
        translator = translator_config(options)
        output = absolute(str(options["output"]))
        memory = options.get("memory") or join(parent(output), "memory")
        return BuildConfig(
            sources=sources,
            evaluation_sets=evaluation_sets,
            translation=TranslationPlan(
                config=translator,
                infos=_infos(translator, options["languages"]),
                memory=absolute(str(memory)),
                packet_size=_positive("packet-size", options["packet_size"]),
                accelerator=_accelerator(options),
            ),
            output=output,
            shards=int(options["shards"]),
            max_failed_share=float(options["max_failed_share"]),
            limits=parse_limits(_settings(options.get("limits"))),
            language_model=str(options.get("language_model") or ""),
            model_checks=tuple(map(parse_model_check, _settings(options.get("model_checks")))),
            answer_markers=bool(options.get("answer_markers")),
            align_answers=bool(options.get("align_answers")),
            max_rejected_share=float(options["max_rejected_share"]),
            max_unverified_share=float(options["max_unverified_share"]),
            started=datetime.now(timezone.utc),
        )
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error


def _accelerator(options: Mapping[str, Any]) -> str:
    """Return the hint; the device must be named, as `auto` would mean the machine we start from.

    The device decides the number format, and with it the memory's key.
    """
    hint = str(options.get("translate_accelerator") or "")
    if hint and options.get("device") != "cuda":
        raise UsageError("--translate-accelerator needs --device cuda")
    return hint


def translator_config(options: Mapping[str, Any]) -> TranslatorConfig:
    """Return the translator that the options name, with what they say of it."""
    backend = str(options["translator"])
    names = set().union(*(known for _, known in BACKENDS.values()))
    given = {n: options[n] for n in sorted(names) if options.get(n) is not None}
    return TranslatorConfig(backend, tuple(given.items()))


def _infos(config: TranslatorConfig, languages: str | list[str]) -> Infos:
    text = languages if isinstance(languages, str) else ",".join(map(str, languages))
    codes = [language.code for language in parse_languages(text)]
    if "en" in codes:
        raise UsageError("--languages: en is the source language; it is always in the corpus")
    translator = open_translator(config)
    try:
        infos, problems = [], []
        for code in codes:
            try:
                infos.append((code, translator.info(code)))
            except ValueError as error:
                problems.append(str(error))
    finally:
        translator.close()
    if problems:
        raise UsageError("; ".join(problems))
    return tuple(infos)


def _sources(options: Mapping[str, Any]) -> list[Source]:
    inputs = options["input"]
    return [
        _source(item, options) for item in ([inputs] if isinstance(inputs, str | dict) else inputs)
    ]


def _evaluation_sets(options: Mapping[str, Any]) -> list[EvaluationSet]:
    """Return the evaluation sets: strings, or in YAML mappings of `set` and `fields`."""
    given = options.get("exclude") or []
    sets = []
    for item in [given] if isinstance(given, str | dict) else given:
        own: dict[str, Any] = dict(item) if isinstance(item, Mapping) else {"set": item}
        if not {"set"} <= set(own) <= {"set", "fields"}:
            raise UsageError(f"exclude {item!r}: wanted set, as on the command line, and fields")
        fields = parse_fields(f"{target}={path}" for target, path in own.get("fields", {}).items())
        sets.append(parse_evaluation_set(str(own["set"]), fields))
    return sets


def _source(item: str | Mapping[str, Any], options: Mapping[str, Any]) -> Source:
    """Return one source: a string, or in YAML a mapping with its own options."""
    own = {"path": item} if isinstance(item, str) else dict(item)
    names = ("format", "fields", "dataset", "split", "license")
    unknown = sorted(set(own) - {"path", *names})
    if unknown or "path" not in own:
        raise UsageError(
            f"input {item!r}: wanted path and any of {', '.join(names)}; unknown: {unknown}"
        )
    values = {name: own.get(name, options.get(name)) for name in names}
    mapping = values.pop("fields") or ()
    if isinstance(mapping, Mapping):
        mapping = [f"{target}={path}" for target, path in mapping.items()]
    layout = values.pop("format")
    path = f"{layout}:{own['path']}" if layout else str(own["path"])
    texts = {name: str(value) for name, value in values.items() if value is not None}
    return parse_source(path, fields=parse_fields(mapping), **texts)


def _settings(given: Mapping[str, Any] | list[str] | None) -> list[str]:
    """Return `NAME=VALUE` settings; in YAML they may stand in a mapping."""
    if isinstance(given, Mapping):
        return [f"{name}={value}" for name, value in given.items()]
    return list(given or ())


def _positive(name: str, value: str | int) -> int:
    number = int(value)
    if number < 1:
        raise UsageError(f"--{name}: wanted at least 1, found {number}")
    return number
