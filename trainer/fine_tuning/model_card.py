"""The model card: sentence-transformers' own, with what the model was trained on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sentence_transformers import SentenceTransformer

from schemas.plain_text import markdown_code, markdown_text
from trainer.corpora.corpus_facts import CorpusFacts
from trainer.fine_tuning.training_settings import TrainingSettings

CARD_NAME: Final = "README.md"
_BEFORE: Final = "## Usage"


def prepare_card(model: SentenceTransformer, languages: Sequence[str]) -> None:
    """Set what sentence-transformers writes into the card; nothing is asked of the network."""
    card = model.model_card_data
    card.local_files_only = True
    card.generate_widget_examples = False
    card.set_language(list(languages))
    card.add_tags(["tandemqa", "multilingual"])


def complete_card(
    folder: Path, settings: TrainingSettings, corpora: Sequence[CorpusFacts], dev: str
) -> None:
    """Add the section about corpora and batches to the card in the model's folder.

    Args:
        folder: The model's folder.
        settings: The run.
        corpora: What was trained on.
        dev: A sentence about how the checkpoint was chosen.
    """
    path = folder / CARD_NAME
    card = path.read_text(encoding="utf-8")
    section = "\n".join(_section(settings, corpora, dev))
    head, found, tail = card.partition(_BEFORE)
    path.write_text(f"{head}{section}\n{found}{tail}", encoding="utf-8")


def _section(settings: TrainingSettings, corpora: Sequence[CorpusFacts], dev: str) -> list[str]:
    batches = settings.batches
    lines = [
        "## Training Corpus",
        "",
        f"Trained with tandemqa for {settings.steps:,} steps of {batches.batch_size:,} "
        f"question-passage pairs: {batches.mono_ratio:.0%} of the batches monolingual, the others "
        f"cross-lingual (`{batches.cross_mode}`). {dev}",
        "",
    ]
    for facts in corpora:
        lines += _corpus(facts)
    return lines


def _corpus(facts: CorpusFacts) -> list[str]:
    lines = [f"### {markdown_text(Path(facts.path).name)}", ""]
    if facts.tandemqa_version:
        lines.append(f"- Built by tandemqa {markdown_text(facts.tandemqa_version)}")
    lines.append(f"- SHA-256 of its manifest or files: `{facts.digest}`")
    for name, licence in facts.sources:
        lines.append(f"- Source: {markdown_text(name)} (licence: {markdown_text(licence)})")
    for lang, rows in sorted(facts.rows.items()):
        who = facts.translators.get(lang, "original")
        lines.append(f"- `{lang}`: {rows:,} rows; {markdown_text(who)}")
    for name, removed in sorted(facts.evaluation_sets.items()):
        lines.append(f"- Records of {markdown_code(name)} removed before translation: {removed:,}")
    return [*lines, ""]
