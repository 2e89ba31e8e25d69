"""Whole builds with real Apertium: what is kept, what is not, and what a second run does."""

import gzip
import json
import re
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from pipelines import rehearsal
from schemas.manifest import Manifest
from tandemqa import run

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("apertium")

RIVER = (
    "The river is long. It is 850 kilometres long, and many boats use it. "
    "The people in the towns drink its water."
)


def manifest_of(folder: Path) -> Manifest:
    return Manifest.model_validate_json((folder / "manifest.json").read_text())


def rows_of(folder: Path, lang: str | None = None) -> list[dict]:
    rows = ds.dataset(folder / "data").to_table().to_pylist()
    return [row for row in rows if lang in (None, row["lang"])]


def shards_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def record(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": f"r{number}",
        "question": f"How long is the river number {number}?",
        "passage": RIVER.replace("850", str(850 + number)),
        "answers": [{"text": str(850 + number), "start": RIVER.index("850")}],
        **changes,
    }


def test_the_examples_become_a_corpus_that_everybody_can_read(tmp_path, build, capsys):
    code = build("--config", str(ROOT / "examples" / "demo.yaml"), languages="es,pt")
    corpus = tmp_path / "corpus"
    manifest = manifest_of(corpus)
    assert code == 0
    assert "kept" in capsys.readouterr().out
    assert manifest.conservation_faults() == []
    assert manifest.source.duplicates == 1
    assert manifest.source.failed == {"impossible_question": 2}
    assert manifest.translators["pt"].pivots == ["es"]
    assert run(["verify", str(corpus)]) == 0

    import datasets

    loaded = datasets.load_dataset(str(corpus), "es", cache_dir=str(tmp_path / "cache"))
    assert sum(loaded[split].num_rows for split in loaded) == manifest.counts["es"].kept
    spanish = rows_of(corpus, "es")
    assert {split for split in loaded} == {row["split"] for row in spanish}
    assert all(row["passage"].strip() and row["question"].strip() for row in spanish)
    found = [a for row in spanish for a in row["answers"] if a["start"] >= 0]
    assert len(found) > len(spanish) / 2


def test_rows_of_a_group_are_parallel_and_sentences_line_up(tmp_path, build, questions):
    build("--input", questions(record(1)))
    english, spanish = sorted(rows_of(tmp_path / "corpus"), key=lambda row: row["lang"])
    assert english["group_id"] == spanish["group_id"]
    assert english["passage_id"] == spanish["passage_id"]
    assert english["languages"] == spanish["languages"] == ["en", "es"]
    assert spanish["cross"] and spanish["mono"]
    source = [english["passage"][m["src_start"] : m["src_end"]] for m in spanish["sentence_map"]]
    target = [spanish["passage"][m["tgt_start"] : m["tgt_end"]] for m in spanish["sentence_map"]]
    assert " ".join(source) == english["passage"]
    assert " ".join(target) == spanish["passage"]
    (answer,) = spanish["answers"]
    assert answer["method"] == "verbatim"
    assert spanish["passage"][answer["start"] :].startswith("851")


def test_the_order_of_the_input_does_not_change_a_byte(tmp_path, build, questions):
    records = [record(n) for n in range(8)]
    build("--input", questions(*records), output="one")
    path = questions(*records[::-1])
    build("--input", path, output="two")
    assert shards_of(tmp_path / "one") == shards_of(tmp_path / "two")


def test_one_more_language_translates_only_that_language(tmp_path, build, questions):
    path = questions(*(record(n) for n in range(5)))
    build("--input", path, output="one")
    first = manifest_of(tmp_path / "one").segments["es"]
    build("--input", path, languages="es,ca", output="two")
    second = manifest_of(tmp_path / "two").segments
    assert first.remembered == 0 and first.translated == first.distinct
    assert second["es"].translated == 0 and second["es"].remembered == first.distinct
    assert second["ca"].translated == first.distinct


def test_a_finished_corpus_is_not_built_again_nor_overwritten_by_another(
    tmp_path, build, questions, capsys
):
    path = questions(record(1))
    build("--input", path)
    before = manifest_of(tmp_path / "corpus").created
    assert build("--input", path) == 0
    assert manifest_of(tmp_path / "corpus").created == before
    with pytest.raises(SystemExit, match="2"):
        build("--input", path, languages="ca")
    assert "--overwrite" in capsys.readouterr().err
    assert build("--input", path, "--overwrite", languages="ca") == 0
    assert {row["lang"] for row in rows_of(tmp_path / "corpus")} == {"en", "ca"}


def test_hostile_records_are_counted_or_kept_and_never_lost(tmp_path, build):
    long = " ".join(f"The town number {n} has a school." for n in range(960))
    assert len(long) > 30_000
    hostile = [
        record(1, passage=long, question="How many towns have a school?", answers=[]),
        record(2, passage="\U0001f600\U0001f680\U0001f30d", question="What is this?", answers=[]),
        record(3, passage=f"\u202e{RIVER}\u200f", question="Where \u202eis it?"),
        record(4, passage=RIVER.replace(" ", "\x00 "), question="Is it\x00 deep?"),
        record(5, answers=[{"text": "not in there", "start": 3}]),
        record(6, id="r5"),
        record(7, question="\x00"),
        *(record(8) for _ in range(10_000)),
    ]
    lines = [json.dumps(item).encode() for item in hostile]
    lines += [b'{"id": "x", "question": "\xff\xfe"', b"{broken", b'{"id": 3, "question": "Q?"}']
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert build("--input", str(path), "--quiet") == 0
    manifest = manifest_of(tmp_path / "corpus")
    assert manifest.conservation_faults() == []
    assert manifest.source.read == len(lines)
    assert manifest.source.duplicates == 9_999
    assert manifest.source.failed == {
        "empty_question": 1,
        "invalid_utf8": 1,
        "malformed_json": 1,
        "missing_passage": 1,
    }
    assert manifest.source.groups == 7
    assert run(["verify", str(tmp_path / "corpus")]) == 0
    english = {row["record_id"]: row for row in rows_of(tmp_path / "corpus", "en")}
    assert english["r3"]["passage"] == RIVER
    assert english["r4"]["passage"] == RIVER
    assert english["r1"]["passage"] == long
    spanish = {row["record_id"]: row for row in rows_of(tmp_path / "corpus", "es")}
    assert spanish.keys() == english.keys()
    assert len(spanish["r1"]["sentence_map"]) == 960
    assert spanish["r2"]["passage"] == "\U0001f600\U0001f680\U0001f30d"


def test_records_with_one_id_and_an_answer_that_is_not_in_its_passage_are_all_kept(
    tmp_path, build, questions
):
    strange = [{"text": "9999", "start": 3}, {"text": "not in there", "start": 900}]
    path = questions(record(1, answers=strange), record(2, id="r1"))
    assert build("--input", path, "--quiet") == 0
    english = rows_of(tmp_path / "corpus", "en")
    assert [row["record_id"] for row in english] == ["r1", "r1"]
    assert len({row["group_id"] for row in english}) == 2
    rows = [row for row in rows_of(tmp_path / "corpus") if "851" in row["passage"]]
    assert [row["lang"] for row in rows] == ["en", "es"]
    for row in rows:
        assert [answer["start"] for answer in row["answers"]] == [-1, -1]
        assert [answer["method"] for answer in row["answers"]] == ["none", "none"]


def test_a_truncated_archive_is_one_failed_record_and_the_rest_is_kept(tmp_path, build):
    lines = "".join(json.dumps(record(n)) + "\n" for n in range(200)).encode()
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(lines)[:-40])
    assert build("--input", str(path), "--quiet") == 0
    manifest = manifest_of(tmp_path / "corpus")
    assert manifest.source.failed == {"truncated_file": 1}
    assert manifest.source.groups > 100


def test_a_source_that_is_mostly_broken_stops_before_translation(tmp_path, build, capsys):
    path = tmp_path / "broken.jsonl"
    good = [json.dumps(record(n)) for n in range(30)]
    path.write_text("\n".join([*good, *["{broken"] * 70]) + "\n")
    assert build("--input", str(path)) == 1
    message = capsys.readouterr().err
    assert "70 of 100 source items (70.0%) cannot be used" in message
    assert "malformed_json 70" in message
    assert not (tmp_path / "memory").exists()
    assert build("--input", str(path), "--max-failed-share", "0.8") == 0


def test_an_empty_file_is_an_error_and_no_empty_corpus(tmp_path, build, capsys):
    path = tmp_path / "empty.jsonl"
    path.touch()
    assert build("--input", str(path)) == 1
    assert "no usable record among 1 source items: empty_file 1" in capsys.readouterr().err
    assert not (tmp_path / "corpus" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "absent.jsonl"], "no such file"),
        (["--input", "squat:absent.json"], "did you mean squad"),
        (["--input", "{path}", "--fields", "question=[["], "question"),
        (["--input", "{path}", "--languages", "sprench"], "did you mean"),
        (["--input", "{path}", "--languages", "en"], "source language"),
        (["--input", "{path}", "--model", "x"], "--model: not an option of apertium"),
        (["--input", "{path}", "--languages", "zh"], "zh"),
        (["--input", "{path}", "--packet-size", "0"], "--packet-size"),
        (["--input", "{path}", "--", "--ruunner=FlinkRunner"], "--ruunner"),
        ([], "--input: needed"),
    ],
)
def test_what_cannot_work_is_one_clear_error_before_any_work(
    tmp_path, build, questions, capsys, arguments, message
):
    path = questions(record(1))
    with pytest.raises(SystemExit, match="2"):
        build(*(argument.replace("{path}", path) for argument in arguments))
    assert message in capsys.readouterr().err
    assert not (tmp_path / "corpus").exists()
    assert not (tmp_path / "memory").exists()


def test_an_unknown_option_in_a_config_file_is_named(tmp_path, build, capsys):
    config = tmp_path / "build.yaml"
    config.write_text("langauges: es\n")
    with pytest.raises(SystemExit, match="2"):
        build("--config", str(config))
    assert "unknown option langauges" in capsys.readouterr().err


def test_a_folder_of_other_things_is_never_used_as_output(tmp_path, build, questions, capsys):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "thesis.txt").write_text("years of work")
    with pytest.raises(SystemExit, match="2"):
        build("--input", questions(record(1)))
    assert "thesis.txt" in capsys.readouterr().err


def test_plan_tells_what_the_memory_lacks_and_translates_nothing(
    tmp_path, build, questions, capsys
):
    path = questions(*(record(n) for n in range(5)))
    build("--input", path, "--quiet")
    shared = ["--input", path, "--memory", str(tmp_path / "memory")]
    output = ["--output", str(tmp_path / "other"), "--languages", "es,ca"]
    files = sorted((tmp_path / "memory").rglob("*"))
    capsys.readouterr()
    assert run(["plan", *shared, *output, "--price-per-hour", "2"]) == 0
    told = capsys.readouterr().out
    lines = {line.split()[0]: line.split() for line in told.splitlines() if line}
    distinct = manifest_of(tmp_path / "corpus").segments["es"].distinct
    assert lines["es"][1:4] == ["0", str(distinct), "0"]
    assert lines["ca"][1:3] == [str(distinct), "0"]
    assert int(lines["ca"][3]) > distinct
    assert re.search(r"^whole build +\d.* s +\d+\.\d\d$", told, re.MULTILINE)
    assert re.search(
        r"^memory: 0\.4 GB needed, [\d.]+ GB free on this machine$", told, re.MULTILINE
    )
    assert re.search(r"^disk: [\d.]+ MB needed, .* free at .*/other$", told, re.MULTILINE)
    assert sorted((tmp_path / "memory").rglob("*")) == files
    assert not (tmp_path / "other").exists()


def test_plan_tells_the_time_of_a_build_that_translates_nothing(tmp_path, build, questions, capsys):
    path = questions(*(record(n) for n in range(5)))
    build("--input", path, "--quiet")
    files = sorted((tmp_path / "memory").rglob("*"))
    capsys.readouterr()
    shared = ["--input", path, "--memory", str(tmp_path / "memory"), "--languages", "es"]
    assert run(["plan", *shared, "--output", str(tmp_path / "other"), "--quiet"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^translate +0 s$", told, re.MULTILINE)
    assert re.search(r"^whole build +\d.* s$", told, re.MULTILINE)
    assert sorted((tmp_path / "memory").rglob("*")) == files


def test_plan_rehearses_all_languages_with_what_the_memory_holds_and_what_it_translates(
    tmp_path, build, questions, monkeypatch
):
    path = questions(*(record(n) for n in range(20)))
    build("--input", path, "--quiet")
    kept = []

    def build_and_look(config, records, beam_arguments):
        run_build(config, records, beam_arguments)
        kept.append({lang: len(rows_of(Path(config.output), lang)) for lang in ("en", "es", "gl")})

    run_build = rehearsal._build
    monkeypatch.setattr(rehearsal, "_build", build_and_look)
    places = ["--memory", str(tmp_path / "memory"), "--output", str(tmp_path / "other")]
    assert run(["plan", "--input", path, "--languages", "es,gl", *places, "--quiet"]) == 0
    assert kept == [{"en": 20, "es": 20, "gl": 20}]


def test_a_large_build_tells_first_how_long_it_will_take(
    tmp_path, build, questions, monkeypatch, capsys
):
    monkeypatch.setattr("pipelines.commands.build._LARGE", 0)
    path = questions(*(record(n) for n in range(20)))
    assert build("--input", path, languages="es,gl") == 0
    told = capsys.readouterr().err.splitlines()
    trying = told.index("trying some records, to tell how long all will take")
    assert re.fullmatch(
        r"about 20 records, about \d+ s( \(translating: \d+ s\))?", told[trying + 1]
    )
    assert build("--input", path, "--overwrite", languages="es,gl") == 0
    known = r"about 20 records, \d+ s or more: what is missing of es, gl comes on top"
    assert re.search(known, capsys.readouterr().err)


def test_records_of_an_evaluation_set_are_removed_before_translation_and_counted(
    tmp_path, build, questions
):
    lake = "The lake is 12 kilometres wide and very deep, and in winter it freezes for a month."
    other = {"id": "x", "question": "How wide is the lake?", "passage": lake}
    path = questions(other, record(3), name="train.jsonl")
    secret = questions(record(3), name="secret.jsonl")
    assert build("--input", path, "--exclude", f"bench={secret}", "--quiet") == 0
    manifest = manifest_of(tmp_path / "corpus")
    assert manifest.source.leaked == {"bench": 1}
    assert manifest.conservation_faults() == []
    assert {row["record_id"] for row in rows_of(tmp_path / "corpus")} == {"x"}
    card = (tmp_path / "corpus" / "README.md").read_text()
    assert "bench" in card
