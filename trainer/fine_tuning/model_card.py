"""The model card: what the model is, what it was trained on, and how good it was there.

It is ours from head to foot: that of sentence-transformers shows passages of the corpus.
"""

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

import yaml
from sentence_transformers import SentenceTransformer

from schemas.language import LANGUAGES
from schemas.licences import OTHER, UNKNOWN, hub_licence, is_non_commercial
from schemas.plain_text import markdown_code, markdown_text, one_line
from schemas.tables import markdown_table
from schemas.wording import counted
from trainer.corpora.corpus_facts import CorpusFacts
from trainer.encoder import longest_input
from trainer.evaluation.measures import SETTINGS
from trainer.fine_tuning.base_licence import find_licence
from trainer.fine_tuning.training_settings import TrainingSettings

CARD_NAME: Final = "README.md"
_MANY_LANGUAGES: Final = 6


def write_card(
    folder: Path,
    model: SentenceTransformer,
    settings: TrainingSettings,
    corpora: Sequence[CorpusFacts],
    record: Mapping[str, Any],
) -> None:
    """Write the card into the model's folder.

    Args:
        folder: The model's folder.
        model: The trained model.
        settings: The run.
        corpora: What was trained on.
        record: What came out: `dev`, `best_step`, `training_loss` and `seconds`.
    """
    template = (files("trainer.fine_tuning") / "model_card.md").read_text(encoding="utf-8")
    present = sorted({lang for facts in corpora for lang in facts.rows})
    languages = [lang for lang in present if lang in (settings.languages or present)]
    licence = find_licence(settings.model.model, settings.model.revision)
    batches, length = settings.batches, longest_input(model)
    card = Template(template).substitute(
        header=_header(settings, corpora, languages, licence),
        title=markdown_text(Path(settings.output).name),
        languages=_name_languages(languages),
        dimensions=f"{model.get_embedding_dimension():,}",
        similarity=_similarity(model),
        base=_base(settings.model.model),
        version=version("tandemqa"),
        cut=f"cut at {length:,} tokens" if length else "read in full, however long they are",
        prompts=_prompts(model.prompts),
        corpora="\n".join(line for facts in corpora for line in _corpus(facts)),
        steps=counted(settings.steps, "step"),
        batch_size=f"{batches.batch_size:,}",
        mono_ratio=f"{batches.mono_ratio:.0%}",
        cross_mode=batches.cross_mode,
        chosen=_chosen(settings, record),
        settings_table=_settings_table(settings, record),
        scores=_scores(record),
        licences=_licences(licence, corpora),
    )
    (folder / CARD_NAME).write_text(card, encoding="utf-8")


def _header(
    settings: TrainingSettings,
    corpora: Sequence[CorpusFacts],
    languages: Sequence[str],
    licence: str,
) -> str:
    """Return what the hub reads, as YAML."""
    base, datasets = settings.model.model, {name for facts in corpora for name, _ in facts.sources}
    identifier = OTHER if _restricting(corpora) else hub_licence(licence)
    metadata = {
        "language": list(dict.fromkeys(lang.split("-")[0] for lang in languages)),
        "license": identifier,
        "library_name": "sentence-transformers",
        "pipeline_tag": "sentence-similarity",
        **({"base_model": base} if _is_hub_name(base) else {}),
        "tags": [
            *("sentence-transformers", "sentence-similarity", "feature-extraction"),
            *("tandemqa", "multilingual", *sorted(f"corpus:{one_line(name)}" for name in datasets)),
        ],
    }
    return yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, width=math.inf)


def _is_hub_name(base: str) -> bool:
    return not Path(base).exists() and base.count("/") == 1


def _base(base: str) -> str:
    if _is_hub_name(base):
        return f"[{markdown_text(base)}](https://huggingface.co/{base})"
    return markdown_code(Path(base).name)


def _name_languages(languages: Sequence[str]) -> str:
    names = [LANGUAGES[lang].name if lang in LANGUAGES else lang for lang in languages]
    if not names:
        return "languages"
    if len(names) > _MANY_LANGUAGES:
        return f"{len(names)} languages"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _similarity(model: SentenceTransformer) -> str:
    name = str(model.similarity_fn_name or "cosine")
    return {"cosine": "cosine similarity", "dot": "dot product"}.get(name, name)


def _prompts(prompts: Mapping[str, str | None]) -> str:
    question, passage = prompts.get("query") or "", prompts.get("document") or ""
    if not question and not passage:
        return "Texts are encoded as they are, without prompts."
    return (
        f"Questions are encoded behind the prompt {markdown_code(repr(question))}, passages behind "
        f"{markdown_code(repr(passage))}; `encode_query` and `encode_document` add them."
    )


def _chosen(settings: TrainingSettings, record: Mapping[str, Any]) -> str:
    if not settings.dev_groups:
        return "The last checkpoint was kept."
    return (
        f"The checkpoint of step {record['best_step']} was the best of its kind on held-out "
        "groups, by the mAP in the pool of all languages."
    )


def _settings_table(settings: TrainingSettings, record: Mapping[str, Any]) -> str:
    rows = {
        "learning rate": f"{settings.learning_rate:g}, warmup {settings.warmup:.0%}",
        "scale of the similarities": f"{settings.loss.scale:g}",
        "hard negatives for each pair": str(settings.negatives or "none"),
        "teacher": _teacher(record.get("teacher")),
        "share of the untouched weights": f"{settings.average:g}",
        "LoRA rank": str(settings.lora or "none; all weights"),
        "seed": str(settings.batches.seed),
        "training loss": f"{record['training_loss']:.4f}",
        "time": f"{record['seconds']:,.0f} s",
    }
    return markdown_table(("setting", "value"), list(rows.items()), "lr")


def _teacher(teacher: Mapping[str, Any] | None) -> str:
    if teacher is None:
        return "none"
    return (
        f"{markdown_code(Path(teacher['model']).name)}, a {teacher['kind']}; weight "
        f"{teacher['weight']:g}, scale {teacher['scale']:g}"
    )


def _scores(record: Mapping[str, Any]) -> str:
    """Return how the saved checkpoint did on the groups that were held out."""
    saved = [scores for scores in record["dev"] if scores["step"] == record["best_step"]]
    if not saved:
        return "No groups were held out, so nothing was measured during training."
    rows = [
        (title, f"{saved[-1][name]:.4f}")
        for setting, (title, _) in SETTINGS.items()
        if (name := f"eval_dev_{setting}_map") in saved[-1]
    ]
    table = markdown_table(("setting", "mAP"), rows, "lr")
    return (
        f"{table}\n\nMeasured on held-out groups of the training corpus, which are "
        "translations: use a benchmark that people translated, such as XQuAD-R, to compare "
        "models (`tandemqa evaluate`)."
    )


def _corpus(facts: CorpusFacts) -> list[str]:
    lines = [f"### {markdown_text(Path(facts.path).name)}", ""]
    if facts.tandemqa_version:
        lines.append(f"- Built by tandemqa {markdown_text(facts.tandemqa_version)}")
    lines.append(f"- SHA-256 of its manifest or files: `{facts.digest}`")
    for name, licence in facts.sources:
        lines.append(f"- Source: {markdown_text(name)} (licence: {markdown_text(licence)})")
    for lang, rows in sorted(facts.rows.items()):
        who = facts.translators.get(lang, "original")
        lines.append(f"- `{lang}`: {counted(rows, 'row')}; {markdown_text(who)}")
    for name, removed in sorted(facts.evaluation_sets.items()):
        lines.append(f"- Records of {markdown_code(name)} removed before translation: {removed:,}")
    return [*lines, ""]


def _restricting(corpora: Sequence[CorpusFacts]) -> list[str]:
    """Return what allows no commercial use among sources and translators."""
    told = [
        text
        for facts in corpora
        for text in [*(f"{n} ({licence})" for n, licence in facts.sources),
                     *facts.translators.values()]
        if is_non_commercial(text.rpartition("(")[2])
    ]  # fmt: skip
    return list(dict.fromkeys(told))


def _licences(licence: str, corpora: Sequence[CorpusFacts]) -> str:
    told = (
        "The licence of the base model is not known here; see its own card."
        if hub_licence(licence) == UNKNOWN
        else f"The base model is under {markdown_text(licence)}."
    )
    if restricting := _restricting(corpora):
        names = ", ".join(map(markdown_text, restricting))
        told += f"\n\n**Not for commercial use** are parts of what it was trained on: {names}."
    return f"{told} Sources and translators have the licences named above."
