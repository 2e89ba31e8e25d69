"""No command of the pipelines deletes or overwrites what tandemqa did not write."""

import json
import os
import shutil
from pathlib import Path

import pytest

from schemas.corpus_layout import is_parquet_name, is_partial_name
from schemas.ownership import MARKER_NAME
from tandemqa import run
from tests.user_files import make_user_folder, state

RECORDS = [
    {"question": "Who wrote the letter?", "passage": "Ann wrote the letter to her sister."},
    {"question": "Where is the bridge?", "passage": "The bridge is near the old market."},
]
SHARD = "data/train/lang=es/part-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def finished(tmp_path_factory, apertium):
    """A folder with an input and the corpus that was built from it."""
    folder = tmp_path_factory.mktemp("finished")
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    (folder / "q.jsonl").write_text(lines)
    assert run(build_command(folder)) == 0
    return folder


@pytest.fixture
def work(finished, tmp_path):
    """A copy of all that, to be spoiled; the corpus is a build of this very input."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "corpus" / "manifest.json"
    path.write_text(path.read_text().replace(str(finished), str(tmp_path)))
    return tmp_path


def build_command(folder: Path, *more: str, output: str = "corpus") -> list[str]:
    return [
        "build",
        *("--input", str(folder / "q.jsonl"), "--languages", "es", "--quiet"),
        *("--output", str(folder / output), "--memory", str(folder / "memory"), *more),
    ]


def refused(command: list[str], capsys) -> str:
    with pytest.raises(SystemExit) as end:
        run(command)
    assert end.value.code == 2
    return str(capsys.readouterr().err)


OVERWRITE = pytest.mark.parametrize("more", [[], ["--overwrite"]], ids=["", "overwrite"])


@OVERWRITE
@pytest.mark.parametrize(
    "names",
    [
        ("README.md", "data/raw/thesis.csv"),
        ("README.md",),
        ("report.html",),
        ("manifest.json",),
        ("data/train.csv",),
        ("data/train/lang=es/notes.txt",),
        ("quarantine/patients.csv",),
        (SHARD,),
        (".hidden",),
        ("draft.partial",),
    ],
    ids=lambda names: names[-1],
)
def test_a_build_leaves_a_folder_of_somebody_else_alone(tmp_path, names, more, capsys):
    user = make_user_folder(tmp_path / "user", *names)
    before = state(user)
    (tmp_path / "q.jsonl").write_text(json.dumps(RECORDS[0]) + "\n")
    error = refused(build_command(tmp_path, *more, output="user"), capsys)
    assert state(user) == before
    assert names[-1] in error
    assert not (tmp_path / "memory").exists()


@OVERWRITE
def test_the_folder_behind_a_link_is_refused_as_well(tmp_path, more, capsys):
    user = make_user_folder(tmp_path / "user")
    (tmp_path / "link").symlink_to(user)
    before = state(user)
    (tmp_path / "q.jsonl").write_text(json.dumps(RECORDS[0]) + "\n")
    assert "thesis.csv" in refused(build_command(tmp_path, *more, output="link"), capsys)
    assert state(user) == before
    assert (tmp_path / "link").is_symlink()


@OVERWRITE
@pytest.mark.parametrize("place", ["data", "data/train", "data/train/lang=es", "README.md", SHARD])
def test_links_in_a_corpus_are_not_followed(work, more, place, capsys):
    elsewhere = make_user_folder(work / "elsewhere")
    target = work / "corpus" / place
    folder = target.is_dir()
    shutil.rmtree(target) if folder else target.unlink()
    target.symlink_to(elsewhere if folder else elsewhere / "README.md")
    before = state(work)
    assert place in refused(build_command(work, *more), capsys)
    assert state(work) == before


@OVERWRITE
@pytest.mark.parametrize("name", ["data/raw/thesis.csv", "quarantine/notes.txt", "data/pipe"])
def test_a_file_of_the_user_among_the_shards_is_named_and_kept(work, more, name, capsys):
    path = work / "corpus" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path) if name.endswith("pipe") else path.write_text("precious")
    before = state(work)
    assert name in refused(build_command(work, *more), capsys)
    assert state(work) == before


def test_files_of_the_user_beside_the_shards_are_left_alone(work):
    make_user_folder(work / "corpus", "notes.txt", "plots/draft.partial", "x.12345678.partial")
    before = state(work / "corpus")
    assert run(build_command(work, "--overwrite")) == 0
    after = state(work / "corpus")
    for name in ("notes.txt", "plots/draft.partial", "x.12345678.partial", SHARD):
        assert after[name] == before[name]


@pytest.mark.parametrize("name", ["README.md", "report.html", "report.json"])
def test_a_page_that_the_user_edited_is_not_replaced(work, name, capsys):
    page = work / "corpus" / name
    page.write_text(page.read_text() + "\nMy own words.\n")
    before = state(work)
    error = refused(build_command(work, "--overwrite"), capsys)
    assert f"{name} is not known to be as tandemqa wrote it" in error
    assert state(work) == before


def test_pages_that_nobody_edited_are_replaced(work):
    assert run(build_command(work, "--overwrite")) == 0
    assert run(["report", str(work / "corpus")]) == 0
    assert run(["verify", str(work / "corpus")]) == 0


@pytest.mark.parametrize("link", [False, True])
def test_report_does_not_replace_a_page_of_the_user(work, link, capsys):
    page = work / "corpus" / "report.html"
    page.unlink()
    mine = make_user_folder(work / "user", "mine.html") / "mine.html"
    if link:
        page.symlink_to(mine)
    else:
        page.write_text("mine")
    before = state(work)
    assert "report.html" in refused(["report", str(work / "corpus")], capsys)
    assert state(work) == before


def test_a_corpus_of_an_earlier_version_is_known_by_its_manifest(work, capsys):
    corpus = work / "corpus"
    (corpus / MARKER_NAME).unlink()
    assert run(build_command(work)) == 0
    assert "complete already" in capsys.readouterr().err
    assert run(["report", str(corpus)]) == 0
    assert run(build_command(work, "--overwrite")) == 0


@OVERWRITE
def test_an_unfinished_corpus_of_an_earlier_version_is_continued_when_the_user_says_so(
    work, more, capsys
):
    corpus = work / "corpus"
    for name in (MARKER_NAME, "manifest.json", "README.md", "report.html", "report.json"):
        (corpus / name).unlink()
    before = state(corpus)
    error = refused(build_command(work, *more), capsys)
    assert state(corpus) == before
    command = error.partition("run the command again: ")[2].strip()
    assert os.system(command) == 0
    assert run(build_command(work, *more)) == 0
    assert run(["verify", str(corpus)]) == 0


def test_leftovers_of_other_attempts_are_removed_and_nothing_else(work):
    corpus = work / "corpus"
    (corpus / "manifest.json").unlink()  # as if the build had been killed
    ours = (
        "data/train/lang=fr/part-00000-of-00001.parquet",
        "data/test/lang=es/part-00002-of-00004.parquet",
        "quarantine/lang=zh-Hans/part-00000-of-00001.parquet",
        f"{SHARD}.0a1b2c3d.partial",
    )
    make_user_folder(corpus, *ours, "notes.txt")
    assert run(build_command(work)) == 0
    assert not set(ours) & set(state(corpus))
    (corpus / "notes.txt").unlink()
    assert run(["verify", str(corpus)]) == 0


@OVERWRITE
@pytest.mark.parametrize("inside", ["", "/deeper"])
def test_an_output_that_is_a_file_is_told_before_anything_else(tmp_path, inside, more, capsys):
    make_user_folder(tmp_path, "out")
    command = ["build", "--input", "absent", "--languages", "es", *more]
    error = refused([*command, "--output", str(tmp_path / "out") + inside], capsys)
    assert "out is a file" in error
    assert (tmp_path / "out").read_text() == "precious out\n"


def test_an_output_that_cannot_be_written_is_told_before_any_work(work, monkeypatch, capsys):
    def fail(*_, **__):
        raise AssertionError("work began")

    monkeypatch.setattr("pipelines.run.run_pipeline", fail)
    arguments = build_command(work, output="../../../../../../../../proc/tandemqa")
    assert "cannot write to --output /proc/tandemqa" in refused(arguments, capsys)
    command = ["revalidate", str(work / "corpus"), "--output", "/proc/tandemqa"]
    assert "cannot write to --output /proc/tandemqa" in refused(command, capsys)


@pytest.mark.parametrize("command", ["build", "plan"])
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda memory: make_user_folder(memory), "is no translation memory"),
        (lambda memory: memory.write_text("precious"), "is a file"),
        (lambda memory: make_user_folder(memory, "apertium/es"), "is a file"),
    ],
    ids=["folder", "file", "file inside"],
)
def test_a_memory_that_is_none_is_refused(work, command, spoil, told, capsys):
    shutil.rmtree(work / "memory")
    spoil(work / "memory")
    before = state(work)
    arguments = build_command(work, output="other")
    assert told in refused([command, *arguments[1:]], capsys)
    assert state(work) == before


def test_a_memory_that_leads_elsewhere_is_refused(work, capsys):
    elsewhere = make_user_folder(work / "elsewhere")
    shutil.rmtree(work / "memory" / "apertium")
    (work / "memory" / "apertium").symlink_to(elsewhere)
    before = state(work)
    assert "apertium is a link" in refused(build_command(work, output="other"), capsys)
    assert state(work) == before


def test_files_of_the_user_in_a_memory_are_left_alone(work):
    make_user_folder(work / "memory", "notes.txt", "apertium/es/x.partial")
    before = state(work / "memory")
    assert run(build_command(work, "--overwrite")) == 0
    assert state(work / "memory").items() >= before.items()


@OVERWRITE
def test_plan_writes_nothing(work, more, capsys):
    before = state(work)
    assert run(["plan", *build_command(work)[1:]]) == 0
    assert state(work) == before
    assert "2 records" in capsys.readouterr().out


def revalidate(work: Path, output: str, *more: str) -> list[str]:
    where = ["--output", str(work / output)]
    return ["revalidate", str(work / "corpus"), *where, "--limits", "passage_spreads=9", *more]


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("corpus", "is the corpus"),
        ("corpus/new", "is inside the corpus"),
        ("corpus/data/train/new", "is inside the corpus"),
        (".", "contains the corpus"),
        ("link/new", "is inside the corpus"),
        ("user", "thesis.csv"),
        ("q.jsonl", "is a file"),
        ("finished", "holds a corpus"),
    ],
)
def test_revalidate_writes_into_a_new_folder_only(work, output, told, capsys):
    make_user_folder(work / "user")
    (work / "link").symlink_to(work / "corpus")
    shutil.copytree(work / "corpus", work / "finished")
    before = state(work)
    assert told in refused(revalidate(work, output), capsys)
    assert state(work) == before


def test_a_queue_never_replaces_a_file(work, capsys):
    mine = make_user_folder(work / "user", "mine.jsonl") / "mine.jsonl"
    before = state(work)
    assert "is there already" in refused(revalidate(work, "new", "--queue", str(mine)), capsys)
    assert "is there already" in refused(revalidate(work, "new", "--queue", "/dev/null"), capsys)
    assert state(work) == before


def test_a_revalidation_that_was_killed_is_done_again(work):
    assert run(revalidate(work, "new")) == 0
    whole = state(work / "new" / "data")
    (work / "new" / "manifest.json").unlink()
    assert run(revalidate(work, "new")) == 0
    assert state(work / "new" / "data") == whole


def test_a_report_that_is_missing_is_written_by_the_next_run(work, capsys):
    for name in ("report.html", "report.json"):
        (work / "corpus" / name).unlink()
        assert run(build_command(work)) == 0
        assert (work / "corpus" / name).exists()
    assert "complete already" in capsys.readouterr().err


def test_a_report_of_a_replaced_corpus_does_not_stay(work, monkeypatch):
    from pipelines.report import write as report

    def killed(*_):
        raise KeyboardInterrupt

    page = (work / "corpus" / "report.json").read_bytes()
    monkeypatch.setattr(report, "gather_facts", killed)
    with pytest.raises(KeyboardInterrupt):
        run(build_command(work, "--overwrite"))
    assert not (work / "corpus" / "report.json").exists()
    monkeypatch.undo()
    assert run(build_command(work)) == 0
    assert (work / "corpus" / "report.json").read_bytes() != page


def test_a_full_disk_under_a_report_is_a_sentence(work, monkeypatch, capsys):
    from pipelines.report import write as report

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report, "write_pages", full)
    assert run(["report", str(work / "corpus")]) == 1
    error = capsys.readouterr().err
    assert "its report cannot be written ([Errno 28] No space left on device)" in error
    assert f"tandemqa report {work / 'corpus'}" in error


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        (SHARD, True),
        ("quarantine/lang=pt-BR/part-00001-of-00002.parquet", True),
        ("quarantine/records/part-00000-of-00001.parquet", True),
        ("data/train/lang=xx-unknown/part-00000-of-00001.parquet", False),
        ("data/raw/lang=es/part-00000-of-00001.parquet", False),
        ("data/train/lang=es/part-00001-of-00001.parquet", False),
        ("data/train/lang=es/part-0-of-1.parquet", False),
        ("data/train/lang=es/part-00000-of-00001.parquet\n", False),
        ("data/train/lang=es/../../../part-00000-of-00001.parquet", False),
        ("data/records/part-00000-of-00001.parquet", False),
        ("x/" + SHARD, False),
    ],
)
def test_only_names_that_we_can_have_made_are_ours(path, ours):
    assert is_parquet_name(path) == ours
    assert is_partial_name(f"{path}.0123abcd.partial") == ours
    assert not is_partial_name(f"{path}.partial")
