"""What a run trains on, and what its model says about that."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyarrow.dataset as ds
import pytest
import yaml
from sentence_transformers import SentenceTransformer

from schemas.command import FailedRunError, UsageError
from schemas.corpus_layout import MANIFEST_NAME
from schemas.manifest import Manifest, SourceCounts, TranslatorEntry
from tests.trainer.corpus_folder import make_rows, write_corpus
from trainer.corpora.corpus_facts import read_facts
from trainer.fine_tuning.base_licence import find_licence
from trainer.fine_tuning.hub import push_model
from trainer.fine_tuning.model_card import write_card
from trainer.fine_tuning.training import train
from trainer.fine_tuning.training_data import open_training_data


def write_manifest(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST_NAME
    manifest = Manifest.model_validate_json(path.read_bytes())
    path.write_text(manifest.model_copy(update=changes).model_dump_json())


@pytest.fixture
def corpus(tmp_path) -> Path:
    train_rows = make_rows(range(40))
    rows = [*train_rows, *make_rows(range(40, 50), split="validation")]
    folder = write_corpus(tmp_path / "rivers", rows)
    translator = TranslatorEntry(
        backend="apertium", model="eng-spa", revision="1", engine="", parameters={},
        parameters_hash="", license="GPL-2.0", pivots=[], memory="",
    )  # fmt: skip
    write_manifest(
        folder,
        config={"sources": [{"dataset": "rivers", "license": "CC0-1.0"}]},
        translators={"es": translator},
        source=SourceCounts(read=50, groups=50, leaked={"xquad": 7}),
    )
    return folder


def test_the_dev_pool_is_the_validation_split(settings, corpus):
    run = settings(corpora=[str(corpus)], fields={}, dev_groups=8)
    table, pool = open_training_data(run)
    assert len(set(table.column("group").tolist())) == 40
    assert len(pool.relevance) == 8
    texts = {text for questions in pool.questions.values() for text in questions.texts}
    assert texts <= {f"{lang} question {n}" for lang in ("en", "es") for n in range(40, 50)}


def test_without_a_validation_split_groups_are_held_out(settings, tmp_path):
    folder = write_corpus(tmp_path / "other", make_rows(range(40)))
    table, pool = open_training_data(settings(corpora=[str(folder)], fields={}, dev_groups=4))
    assert len(set(table.column("group").tolist())) == 36
    assert len(pool.relevance) == 4


def test_facts_are_those_of_the_manifest(corpus):
    facts = read_facts(str(corpus))
    assert facts.digest == sha256((corpus / MANIFEST_NAME).read_bytes()).hexdigest()
    assert facts.rows == {"en": 40, "es": 40}
    assert facts.sources == (("rivers", "CC0-1.0"),)
    assert facts.splits == ("train", "validation")


def test_the_digest_of_plain_files_is_that_of_their_content(pairs, tmp_path):
    before = read_facts(str(pairs)).digest
    assert before == sha256(pairs.read_bytes()).hexdigest()
    assert read_facts(str(pairs.with_name("pair?.parquet"))).digest == before
    pairs.write_bytes(pairs.read_bytes() + b"x")
    assert read_facts(str(pairs)).digest != before
    with pytest.raises(UsageError, match="no corpus and no Parquet file"):
        read_facts(str(tmp_path / "nothing"))


def test_the_model_card_says_what_the_model_was_trained_on(settings, corpus):
    run = settings(corpora=[str(corpus)], fields={}, mono_ratio=0.25, dev_groups=8)
    train(run, quiet=True)
    card = (Path(run.output) / "README.md").read_text()
    for line in (
        "25% of the batches monolingual",
        "### rivers",
        f"- SHA-256 of its manifest or files: `{read_facts(str(corpus)).digest}`",
        "- Source: rivers (licence: CC0-1.0)",
        "- `en`: 40 rows; original",
        "- `es`: 40 rows; apertium: eng-spa (GPL-2.0)",
        "- Records of `xquad` removed before translation: 7",
        "was the best of its kind on held-out groups",
    ):
        assert line in card
    front_matter = yaml.safe_load(card.split("---\n")[1])
    assert front_matter["language"] == ["en", "es"]
    assert {"tandemqa", "corpus:rivers"} < set(front_matter["tags"])
    assert "| multilingual " in card


def test_no_passage_of_the_corpus_is_in_the_model_card(settings, corpus, capfd):
    run = settings(corpora=[str(corpus)], fields={}, dev_groups=8)
    train(run, quiet=True)
    card = (Path(run.output) / "README.md").read_text()
    rows = ds.dataset(corpus / "data").to_table(columns=["question", "passage"]).to_pylist()
    assert not [text for row in rows for text in row.values() if text in card]
    assert "Computing widget examples" not in "".join(capfd.readouterr())


def test_the_licence_of_the_base_model_and_what_restricts_it_are_named(settings, corpus):
    run = settings(corpora=[str(corpus)], fields={})
    base = Path(run.model.model)
    (base / "README.md").write_text("---\nlicense: mit\n---\n# Base\n")
    assert find_licence(str(base), None) == "mit"
    record = {"dev": [], "best_step": 1, "training_loss": 0.5, "seconds": 1.0}
    model = SentenceTransformer(str(base), device="cpu")

    def license_with(translator: str) -> str:
        facts = replace(read_facts(str(corpus)), translators={"es": translator})
        write_card(base, model, run, [facts], record)
        return yaml.safe_load((base / "README.md").read_text().split("---\n")[1])["license"]

    assert license_with("nllb: facebook/nllb (CC-BY-NC-4.0)") == "other"
    assert "**Not for commercial use** are parts" in (base / "README.md").read_text()
    (base / "README.md").write_text("---\nlicense: mit\n---\n")
    assert license_with("apertium: eng-spa (GPL-2.0)") == "mit"


@pytest.mark.parametrize("card", ["", "# Title", "---\n: [\n---\n", "---\n- a\n---\n"])
def test_a_card_without_a_licence_tells_none(card, tmp_path):
    (tmp_path / "README.md").write_text(card)
    assert find_licence(str(tmp_path), None) == ""


def test_tensorboard_logs_stay_when_checkpoints_go(settings):
    run = settings(report_to="tensorboard", steps=4)
    train(run, quiet=True)
    (events,) = (Path(run.output) / "logs").glob("events.out.tfevents.*")
    content = events.read_bytes()
    assert b"train/loss" in content
    assert b"train/data_wait_share" in content
    assert b"train/loss_monolingual" in content
    assert b"train/loss_es" in content
    assert b"train/loss_crosslingual" in content


class Hub:
    """What `huggingface_hub.HfApi` does, without a network."""

    calls: list[tuple[str, dict[str, object]]] = []  # noqa: RUF012
    error: Exception | None = None

    def create_repo(self, name: str, **options: object) -> "Hub":
        if self.error:
            raise self.error
        self.calls.append((name, options))
        self.repo_id = name
        return self

    def upload_folder(self, **options: object) -> None:
        self.calls.append(("upload", options))

    def __str__(self) -> str:
        return f"https://huggingface.co/{self.repo_id}"


def test_a_model_is_uploaded_only_by_its_name_and_privately_when_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    monkeypatch.setattr(Hub, "calls", [])
    assert push_model(str(tmp_path), "me/model", private=True) == "https://huggingface.co/me/model"
    (created, options), (_, uploaded) = Hub.calls
    assert (created, options["private"]) == ("me/model", True)
    assert uploaded["folder_path"] == str(tmp_path)


def test_a_hub_that_cannot_be_reached_leaves_the_model_where_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    monkeypatch.setattr(Hub, "error", OSError("no route"))
    with pytest.raises(FailedRunError, match=r"no route.*The model is complete in"):
        push_model(str(tmp_path), "me/model", private=False)
