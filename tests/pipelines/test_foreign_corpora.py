"""A corpus that somebody else made: every fault is a sentence, and nothing outside is touched."""

import os
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus.sorted_file import encode
from schemas.command import UsageError
from schemas.corpus_layout import TOP_FILES
from schemas.manifest import SourceCounts, load_manifest
from schemas.row import Row, rows_to_table
from tandemqa import run
from tests.damage import everything
from tests.pipelines.report_corpus import make_corpus, make_row
from trainer.corpora.corpus import open_corpus

SHARD = "data/train/lang=es/part-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "corpus"
    manifest = make_corpus(folder, groups=30)
    card = b"# A corpus\n"
    (folder / "README.md").write_bytes(card)
    groups = manifest.source.groups
    source = SourceCounts(
        read=groups + 3, failed={"malformed_json": 2}, duplicates=1, groups=groups
    )
    digest = sha256(card).hexdigest()
    manifest = manifest.model_copy(update={"source": source, "card_sha256": digest})
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder


@pytest.fixture
def corpus(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "place" / "corpus"))


def verify(corpus: Path, capsys) -> list[str]:
    """Return what `verify` says; it must have found something."""
    capsys.readouterr()
    assert run(["verify", str(corpus)]) == 1
    said = capsys.readouterr()
    return (said.out + said.err).splitlines()


def put(corpus: Path, content: bytes, rows: int, path: str = SHARD) -> None:
    """Write a shard and enter it into the manifest, as who made the corpus could."""
    (corpus / path).write_bytes(content)
    manifest = load_manifest(str(corpus))
    files = [
        entry.model_copy(
            update={
                "rows": rows,
                "size": len(content),
                "sha256": sha256(content).hexdigest(),
            }
        )
        if entry.path == path
        else entry
        for entry in manifest.files
    ]
    manifest = manifest.model_copy(update={"files": files})
    (corpus / "manifest.json").write_text(manifest.model_dump_json())


def put_table(corpus: Path, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    put(corpus, sink.getvalue().to_pybytes(), table.num_rows)


def put_rows(corpus: Path, rows: list[Row]) -> None:
    put(corpus, encode(rows_to_table(rows)), len(rows))


def no_answers(corpus):
    table = read(corpus)
    place = table.schema.get_field_index("answers")
    field = table.schema.field(place)
    values = pa.array([[]] * table.num_rows, field.type)
    put_table(corpus, table.set_column(place, field, values))


def read(corpus: Path) -> pa.Table:
    return pq.read_table(corpus / SHARD, partitioning=None)


def change_split(corpus):
    text = (corpus / "manifest.json").read_text()
    old = f'"path":"{SHARD}","kind":"row","split":"train"'
    assert old in text
    (corpus / "manifest.json").write_text(text.replace(old, old.replace('train"', 'test"')))


def link_shard(corpus):
    shutil.move(corpus / SHARD, corpus.parent / "shard")
    (corpus / SHARD).symlink_to(corpus.parent / "shard")


def link_folder(corpus):
    shutil.move(corpus / "data", corpus.parent / "data")
    (corpus / "data").symlink_to(corpus.parent / "data")


def pipe(corpus):
    (corpus / SHARD).unlink()
    os.mkfifo(corpus / SHARD)


def device(corpus):
    (corpus / SHARD).unlink()
    (corpus / SHARD).symlink_to("/dev/zero")


def grow(corpus):
    with (corpus / SHARD).open("ab") as file:
        file.truncate(1 << 40)


def flip(corpus):
    content = bytearray((corpus / SHARD).read_bytes())
    content[len(content) // 2] ^= 1
    (corpus / SHARD).write_bytes(content)


def other_split(corpus):
    rows = [make_row(n, "es", split="test") for n in range(9)]
    put_rows(corpus, sorted(rows, key=lambda row: row.group_id))


def path_as_split(corpus):
    put_rows(corpus, [make_row(1, "es", split="../../victim/x")])


def path_as_language(corpus):
    put_rows(corpus, [replace(make_row(1, "es"), lang="../../victim/x")])


def path_as_group(corpus):
    put_rows(corpus, [make_row(1, "es", group_id="../../x")])


def nothing_in_a_list(corpus):
    table = read(corpus)
    place = table.schema.get_field_index("languages")
    values = pa.array([[None]] * table.num_rows, table.schema.field(place).type)
    put_table(corpus, table.set_column(place, table.schema.field(place), values))


def text_that_is_none(corpus):
    table = read(corpus)
    place = table.schema.get_field_index("question")
    raw = pa.array([b"\xff\xfe"] * table.num_rows, pa.binary())
    text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    put_table(corpus, table.set_column(place, table.schema.field(place), text))


def other_schema(corpus):
    put_table(corpus, read(corpus).select(["group_id", "question"]))


def column_twice(corpus):
    table = read(corpus)
    put_table(corpus, table.append_column("question", table.column("question")))


def no_parquet(corpus):
    put(corpus, b"PAR1" + b"\0" * 40 + b"PAR1", 3)


def fewer_rows(corpus):
    put(corpus, (corpus / SHARD).read_bytes(), 3)


FAULTS = {
    change_split: "does not agree with kind, split and lang",
    link_shard: f"{SHARD}: a link",
    link_folder: f"{SHARD}: a link",
    pipe: f"{SHARD}: not a regular file",
    device: f"{SHARD}: a link",
    grow: f"{SHARD}: 1,099,511,627,776 bytes",
    flip: f"{SHARD}: content changed",
    other_split: f"{SHARD}: holds rows of another split",
    path_as_split: f"{SHARD}: holds rows of another split",
    path_as_language: f"{SHARD}: holds rows of another language",
    path_as_group: f"{SHARD}: holds a group_id that is none",
    nothing_in_a_list: f"{SHARD}: holds nothing in a list of languages",
    text_that_is_none: f"{SHARD}: not readable as Parquet",
    other_schema: f"{SHARD}: schema changed",
    column_twice: f"{SHARD}: schema changed",
    no_parquet: f"{SHARD}: not readable as Parquet",
    fewer_rows: "3 in the manifest",
    no_answers: "groups with more answers in one language than in another",
}


@pytest.mark.parametrize("damage", FAULTS)
def test_verify_names_each_fault(corpus, capsys, damage):
    damage(corpus)
    told = verify(corpus, capsys)
    assert any(FAULTS[damage] in line for line in told), told


UNSEEN_BY_REPORTS = (other_split, path_as_split, path_as_language, nothing_in_a_list, no_answers)


@pytest.mark.parametrize("damage", FAULTS)
def test_report_uses_nothing_that_is_damaged(corpus, capsys, damage):
    damage(corpus)
    before = everything(corpus.parent)
    code = run(["report", str(corpus)])
    made = set(everything(corpus.parent)) - set(before)
    if code == 0:  # it reads no column in which the damage is
        assert damage in UNSEEN_BY_REPORTS
        assert {Path(name).name for name in made} <= set(TOP_FILES)
    else:
        assert code == 1 and "tandemqa: failed: " in capsys.readouterr().err
        assert everything(corpus.parent) == before


@pytest.mark.parametrize(
    "damage",
    [path_as_split, path_as_language, path_as_group, link_shard, pipe, flip, other_schema],
)
def test_revalidate_writes_nothing_outside_its_output(corpus, capsys, damage):
    damage(corpus)
    told = revalidate(corpus, capsys, 1)
    assert FAULTS[damage].removeprefix(f"{SHARD}: ") in told
    assert not (corpus.parent / "output" / "manifest.json").exists()


def test_revalidate_judges_a_whole_corpus_and_names_answers_that_are_missing(corpus, capsys):
    revalidate(corpus, capsys, 0)
    shutil.rmtree(corpus.parent / "output")
    no_answers(corpus)
    assert "has 0 answers in es and 1 in en" in revalidate(corpus, capsys, 1)


def revalidate(corpus: Path, capsys, code: int) -> str:
    """Judge a corpus again; return what is said. Nothing beside the output may change."""
    before = everything(corpus.parent)
    output = corpus.parent / "output"
    assert run(["revalidate", str(corpus), "--output", str(output), "--quiet"]) == code
    after = {path: of for path, of in everything(corpus.parent).items() if output.name not in path}
    assert after == before
    return capsys.readouterr().err


# Training reads no lists, and takes any id.
@pytest.mark.parametrize(
    "damage", [d for d in FAULTS if d not in {path_as_group, nothing_in_a_list, no_answers}]
)
def test_training_opens_nothing_that_is_damaged(corpus, tmp_path, damage):
    damage(corpus)
    with pytest.raises(UsageError):
        open_corpus(corpus, cache=tmp_path / "cache")


def test_verify_finds_what_no_build_has_made(corpus, capsys):
    assert run(["verify", str(corpus)]) == 0
    (corpus / "data" / "raw").mkdir()
    (corpus / "data" / "raw" / "thesis.csv").touch()
    (corpus / "notes.txt").touch()
    (corpus / "quarantine" / "link").symlink_to("/etc")
    os.mkfifo(corpus / "pipe")
    (corpus / ".gitattributes").touch()
    told = verify(corpus, capsys)
    for name in ("data/raw/thesis.csv", "notes.txt", "quarantine/link", "pipe"):
        assert f"{name}: not in the manifest" in told
    assert told[-1] == "4 faults found"


def test_verify_finds_a_changed_or_missing_card(corpus, capsys):
    (corpus / "README.md").write_text("# Another corpus\n")
    assert "README.md: content changed (SHA-256 differs)" in verify(corpus, capsys)
    (corpus / "README.md").unlink()
    assert "README.md: missing" in verify(corpus, capsys)
    (corpus / "README.md").symlink_to("/dev/zero")
    assert any("README.md: cannot be read" in line for line in verify(corpus, capsys))


def test_a_missing_file_is_named(corpus, capsys):
    (corpus / SHARD).unlink()
    assert f"{SHARD}: missing" in verify(corpus, capsys)


def test_what_verify_prints_steers_no_terminal(corpus, capsys):
    (corpus / "data" / "\x1b[2J\r\nwhole: 9 files").touch()
    (corpus / "data" / os.fsdecode(b"\xff")).touch()
    told = verify(corpus, capsys)
    assert told == [
        r"data/\x1b[2J whole: 9 files: not in the manifest",
        r"data/\udcff: not in the manifest",
        "2 faults found",
    ]


def test_errors_and_logs_steer_no_terminal(corpus, capsys):
    with pytest.raises(SystemExit):
        run(["report", str(corpus), "--\x1b[31m"])
    assert run(["report", str(corpus / "\x1b[31m")]) == 1
    assert "\x1b" not in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_a_sentence(corpus, capsys):
    (corpus / "report.html" / "folder").mkdir(parents=True)
    with pytest.raises(SystemExit):
        run(["report", str(corpus)])
    assert "report.html: not a regular file" in capsys.readouterr().err
