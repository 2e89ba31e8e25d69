"""Whole builds with tiny real Marian and NLLB models, on both engines."""

from pathlib import Path

import pyarrow.dataset as ds
import pytest

from schemas.manifest import Manifest
from tandemqa import run
from tests.tiny_models import TINY_PAIRS, TINY_RECORDS

pytestmark = pytest.mark.slow


@pytest.fixture
def source(questions):
    return questions(
        *(
            {
                "id": str(number),
                "question": record.question,
                "passage": record.passage,
                "answers": [{"text": record.answer, "start": record.passage.index(record.answer)}],
            }
            for number, record in enumerate(TINY_RECORDS)
        )
    )


def rows_of(folder: Path) -> dict[tuple[str, str], dict]:
    table = ds.dataset(folder / "data").to_table()
    return {(row["lang"], row["record_id"]): row for row in table.to_pylist()}


@pytest.mark.parametrize("backend", ["marian", "nllb"])
def test_both_engines_build_the_same_corpus_of_the_sentences_the_model_was_trained_on(
    tmp_path, build, source, request, backend
):
    model = request.getfixturevalue(f"tiny_{backend}")
    options = ["--input", source, "--translator", backend, "--model", str(model)]
    options += ["--device", "cpu", "--quiet", "--cache", str(tmp_path / "cache")]
    corpora = {}
    for engine, precision in (("ctranslate2", "float32"), ("transformers", "float32")):
        chosen = ["--engine", engine, "--compute-type", precision]
        assert build(*options, *chosen, languages="es,ca", output=engine) == 0
        assert run(["verify", str(tmp_path / engine)]) == 0
        corpora[engine] = rows_of(tmp_path / engine)
    fast, reference = corpora["ctranslate2"], corpora["transformers"]
    assert fast.keys() == reference.keys()
    for key, row in fast.items():
        other = reference[key]
        assert row["question"] == other["question"]
        assert row["passage"] == other["passage"]
        assert row["answers"] == other["answers"]
        if key[0] != "en":
            assert row["score_mean"] == pytest.approx(other["score_mean"], abs=1e-3)
    known = {lang: dict(pairs) for lang, pairs in TINY_PAIRS.items()}
    for number, record in enumerate(TINY_RECORDS):
        for lang in ("es", "ca"):
            row = fast.get((lang, str(number)))
            if row:
                assert row["question"] == known[lang][record.question]
    manifest = Manifest.model_validate_json(
        (tmp_path / "ctranslate2" / "manifest.json").read_text()
    )
    assert manifest.conservation_faults() == []
    assert manifest.counts["es"].kept >= len(TINY_RECORDS) - 1
    assert manifest.counts["ca"].kept >= len(TINY_RECORDS) - 2
    assert manifest.counts["es"].failed == manifest.counts["ca"].failed == 0


def test_another_decoding_parameter_never_uses_old_entries(tmp_path, build, source, tiny_marian):
    options = ["--input", source, "--translator", "marian", "--model", str(tiny_marian)]
    options += ["--device", "cpu", "--quiet", "--cache", str(tmp_path / "cache")]
    counts = []
    for output, beams in (("one", "1"), ("two", "1"), ("three", "2")):
        build(*options, "--beam-size", beams, output=output)
        manifest = Manifest.model_validate_json((tmp_path / output / "manifest.json").read_text())
        counts.append(manifest.segments["es"])
    assert counts[0].remembered == 0
    assert counts[1].translated == 0
    assert counts[2].remembered == 0 and counts[2].translated == counts[0].translated
