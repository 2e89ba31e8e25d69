"""`--meaning` in a build and after it."""

import pyarrow.parquet as pq
import pytest

pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")

from sentence_transformers import SentenceTransformer

from schemas.row import MEANING_COLUMNS
from tandemqa import run
from tests.pipelines.test_build import manifest_of, record, rows_of, shards_of
from tests.trainer.tiny_encoder import write_encoder
from translators.kept_vectors import open_store
from translators.sentence_encoder import SentenceEncoder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    SentenceTransformer(write_encoder(folder / "plain")).save(str(folder / "model"))
    return str(folder / "model")


def test_meaning_is_measured_in_the_build_or_after_it_with_the_same_result(
    tmp_path, build, questions, apertium, model, monkeypatch
):
    source = questions(*map(record, range(8)))
    build("--input", source, "--quiet", output="plain")
    build("--input", source, "--quiet", "--meaning", model, output="measured")
    open_store.cache_clear()  # as in another run
    monkeypatch.setattr(SentenceEncoder, "embed", None)  # embeddings of the build are kept
    arguments = ["--output", str(tmp_path / "later"), "--meaning", model, "--quiet"]
    assert run(["revalidate", str(tmp_path / "plain"), *arguments]) == 0

    plain, measured, later = (tmp_path / name for name in ("plain", "measured", "later"))
    assert shards_of(measured) == shards_of(later) != shards_of(plain)
    assert manifest_of(measured).config["meaning"] == manifest_of(later).config["meaning"]
    assert manifest_of(measured).calibration == manifest_of(later).calibration
    assert "meaning" not in manifest_of(plain).config
    for corpus in (measured, later):
        assert run(["verify", str(corpus)]) == 0
    for row in rows_of(measured, "es"):
        assert -1 <= row["meaning_min"] <= row["meaning_mean"] <= 1.0001
        assert "other_meaning" in {check["name"] for check in row["checks"]}
    assert all(row["meaning_min"] is None for row in rows_of(measured, "en"))
    shard = next((plain / "data").rglob("*.parquet"))
    assert not set(MEANING_COLUMNS) & set(pq.read_schema(shard).names)

    again = tmp_path / "again"  # without the model: what it said is kept
    assert run(["revalidate", str(measured), "--output", str(again), "--quiet"]) == 0
    kept, before = (rows_of(corpus, "es") for corpus in (again, measured))
    for row in (*kept, *before):
        row["checks"] = sorted(row["checks"], key=lambda check: (check["field"], check["name"]))
    assert kept == before


def test_a_model_that_cannot_be_used_is_told_before_any_work(tmp_path, build, questions, capsys):
    with pytest.raises(SystemExit, match="2"):
        build("--input", questions(record(1)), "--meaning", str(tmp_path / "absent"))
    assert "--meaning" in capsys.readouterr().err
    assert not (tmp_path / "corpus").exists()
