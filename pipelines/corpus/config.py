"""What one build is to do: sources, languages, translator, places and limits."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pipelines.checks import Limits
from pipelines.checks.limit_settings import changed_limits
from pipelines.ingest.source import Source
from pipelines.judge.measure_meaning import MeaningCheck
from pipelines.judge.model_checks import ModelCheck
from pipelines.leaks.evaluation_sets import EvaluationSet
from pipelines.translation.translate import TranslationPlan
from schemas.manifest import InputEntry, SourceReading
from schemas.row import RowTranslator
from translators.memory import parameters_hash
from translators.translator import TranslatorInfo


@dataclass(frozen=True, slots=True)
class BuildConfig:
    """A build, fully resolved; it is pickled to workers and written into the manifest.

    Attributes:
        sources: What is read.
        evaluation_sets: What must not be in the corpus.
        translation: Who translates into which languages, and the memory.
        output: The corpus directory.
        shards: Shards per language; 0 chooses by size.
        max_failed_share: Share of source items that may be malformed, 0 to 1.
        max_rejected_share: Share of a language's rows that may be rejected or failed, 0 to 1.
        max_unverified_share: Share of a language's rows that may be in a language nobody verified,
            though a detector knows it, 0 to 1.
        started: When the command was given.
        limits: When each check refuses.
        language_model: Path of a fastText model for second opinions on languages; may be empty.
        model_checks: Models that score translations.
        meaning: What compares the meaning of texts; None for nothing.
        answer_markers: Whether sentences are translated once more with their answer marked.
        align_answers: Whether words are aligned to find answers.
        inputs: What the files of sources and evaluation sets are, when the build begins.
        readings: How the sources were understood; no part of the configuration.
    """

    sources: tuple[Source, ...]
    evaluation_sets: tuple[EvaluationSet, ...]
    translation: TranslationPlan
    output: str
    shards: int
    max_failed_share: float
    max_rejected_share: float
    max_unverified_share: float
    started: datetime
    limits: Limits
    language_model: str
    model_checks: tuple[ModelCheck, ...]
    meaning: MeaningCheck | None
    answer_markers: bool
    align_answers: bool
    inputs: tuple[InputEntry, ...] = ()
    readings: tuple[SourceReading, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The target languages, in the order they were asked for."""
        return tuple(lang for lang, _ in self.translation.infos)

    @property
    def row_translators(self) -> dict[str, tuple[RowTranslator, ...]]:
        """Who translates into each language, as rows name it: the first and its fallbacks."""
        return {
            lang: tuple(map(_row_translator, self.translation.all_infos(lang)))
            for lang in self.languages
        }

    def as_json(self) -> dict[str, Any]:
        """Return what decides the content of the corpus, as it stands in the manifest."""
        facts = {
            "sources": [source.as_json() for source in self.sources],
            "evaluation_sets": [evaluated.as_json() for evaluated in self.evaluation_sets],
            "languages": list(self.languages),
            **self._translators(),
            "packet_size": self.translation.packet_size,
            "shards": self.shards,
            "max_failed_share": self.max_failed_share,
            "max_rejected_share": self.max_rejected_share,
            "max_unverified_share": self.max_unverified_share,
            "limits": changed_limits(self.limits),
            "language_model": self.language_model,
            "model_checks": [check.as_json() for check in self.model_checks],
            "answer_markers": self.answer_markers,
            "align_answers": self.align_answers,
        }
        if self.meaning:
            facts["meaning"] = asdict(self.meaning)
        plain: dict[str, Any] = json.loads(json.dumps(facts))
        return plain

    def _translators(self) -> dict[str, Any]:
        """Return who translates: one for all languages, or each language's own."""
        configs = dict(self.translation.configs)
        fallbacks: dict[str, list[dict[str, Any]]] = {}
        for lang, config, _ in self.translation.fallbacks:
            facts = {"translator": config.backend, "translator_options": dict(config.options)}
            fallbacks.setdefault(lang, []).append(facts)
        last = {"fallbacks": fallbacks} if fallbacks else {}
        if len(set(configs.values())) == 1:
            config = next(iter(configs.values()))
            options = dict(config.options)
            return {"translator": config.backend, "translator_options": options, **last}
        return {
            "translator": {lang: config.backend for lang, config in configs.items()},
            "translator_options": {lang: dict(config.options) for lang, config in configs.items()},
            **last,
        }


def _row_translator(info: TranslatorInfo) -> RowTranslator:
    return RowTranslator(
        backend=info.backend,
        model=info.model,
        revision=info.revision,
        engine=info.engine,
        parameters=parameters_hash(info),
    )
