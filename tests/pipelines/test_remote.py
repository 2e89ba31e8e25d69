"""Corpora, memories and inputs on an object store: the same bytes, and never half of anything."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

import pytest

pytest.importorskip("moto.server", reason="needs moto[s3,server], an S3 to test against")
import boto3

from pipelines.io import amazon, remote, storage
from schemas.manifest import Manifest
from tandemqa import run
from tests.pipelines.object_store import BUCKET, CREDENTIALS, ObjectStore, serve
from translators.memory import decode_packet

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "science.jsonl"
SOURCE = "".join(EXAMPLES.read_text(encoding="utf-8").splitlines(keepends=True)[:12])


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("s3")) as running:
        yield running


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    for name in amazon.VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    yield
    remote.FileSystems.set_options(None)


def build_arguments(source: str, output: str, memory: str) -> list[str]:
    options = ["--languages", "es", "--packet-size", "12", "--quiet"]
    return ["build", "--input", source, "--output", output, "--memory", memory, *options]


def build_remotely(store: ObjectStore, folder: str) -> list[str]:
    """Return the command of a build with input, memory and output in the store."""
    places = [store.path(folder, name) for name in ("in/science.jsonl", "corpus", "memory")]
    return [*build_arguments(*places), *store.beam_options]


def put_source(store: ObjectStore, folder: str) -> None:
    key = f"{folder}/in/science.jsonl"
    store.client.put_object(Bucket="corpora", Key=key, Body=SOURCE.encode())


@pytest.fixture(scope="module")
def local(tmp_path_factory, apertium):
    folder = tmp_path_factory.mktemp("local")
    (folder / "science.jsonl").write_text(SOURCE, encoding="utf-8")
    places = [str(folder / name) for name in ("science.jsonl", "corpus", "memory")]
    assert run(build_arguments(*places)) == 0
    return folder


def parquet(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if name.endswith(".parquet")}


def local_parquet(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.parquet")}


def assert_same(store: ObjectStore, folder: str, local: Path) -> None:
    """Shards and memory in the store are those of the local build."""
    for name in ("corpus", "memory"):
        assert parquet(store.objects(f"{folder}/{name}")) == local_parquet(local / name)
    assert not store.client.list_multipart_uploads(Bucket="corpora", Prefix=folder).get("Uploads")


def test_a_build_on_an_object_store_is_the_local_one_and_every_command_works_there(
    store, local, tmp_path, capsys
):
    put_source(store, "whole")
    command = build_remotely(store, "whole")
    assert run(command) == 0
    assert_same(store, "whole", local)
    corpus = store.path("whole", "corpus")
    objects = store.objects("whole/corpus")
    assert {"manifest.json", "README.md", "report.html"} <= objects.keys()
    assert json.loads(objects["report.json"])

    assert run(["verify", corpus, *store.beam_options]) == 0
    assert run(["report", corpus, *store.beam_options]) == 0
    wide = store.path("whole", "wide")
    again = ["revalidate", corpus, "--output", wide, "--queue", store.path("whole", "queue.jsonl")]
    assert run([*again, *store.beam_options]) == 0
    assert run(["verify", wide, *store.beam_options]) == 0
    assert parquet(store.objects("whole/wide")) == parquet(objects)

    before = parquet(store.objects("whole/memory"))
    assert run(["memory", "compact", store.path("whole", "memory"), *store.beam_options]) == 0
    assert 1 == len(parquet(store.objects("whole/memory"))) < len(before)

    capsys.readouterr()
    assert run(["plan", *command[1 : command.index("--quiet")], *store.beam_options]) == 0
    es = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("es"))
    assert es.split()[1] == "0"  # all segments are in the memory

    assert run(command) == 0
    assert "complete already" in capsys.readouterr().err


def test_a_build_killed_on_an_object_store_leaves_nothing_half_written_and_goes_on(store, local):
    put_source(store, "killed")
    command = [sys.executable, "-m", "tandemqa", *build_remotely(store, "killed")]
    for finished in (2, 5):
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        while len(parquet(store.objects("killed/memory"))) < finished and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert "manifest.json" not in store.objects("killed/corpus")
        saved = parquet(store.objects("killed/memory"))
        for name, content in saved.items():
            decode_packet(content, name)
    subprocess.run(command, cwd=ROOT, check=True)
    manifest = Manifest.model_validate_json(store.objects("killed/corpus")["manifest.json"])
    assert manifest.segments["es"].remembered >= sum(
        len(decode_packet(content, name)) for name, content in saved.items()
    )
    for upload in store.client.list_multipart_uploads(Bucket="corpora").get("Uploads", []):
        store.client.abort_multipart_upload(  # what a bucket's lifecycle rule does
            Bucket="corpora", Key=upload["Key"], UploadId=upload["UploadId"]
        )
    assert_same(store, "killed", local)


def test_files_of_an_earlier_build_with_more_shards_are_gone_from_the_store(store, local):
    """And secrets that were given as options are nowhere in the corpus."""
    put_source(store, "shards")
    secret = ["--s3_access_key_id=visible", "--s3_secret_access_key=very-secret"]
    command = [*build_remotely(store, "shards"), *secret]
    cut = command.index("--")
    assert run([*command[:cut], "--shards", "4", *command[cut:]]) == 0
    assert run([*command[:cut], "--overwrite", *command[cut:]]) == 0
    assert_same(store, "shards", local)
    for name, content in store.objects("shards/corpus").items():
        assert b"very-secret" not in content, name


@pytest.mark.parametrize("more", [[], ["--overwrite"]], ids=["", "overwrite"])
def test_objects_of_somebody_else_are_never_touched(store, local, more, capsys):
    put_source(store, "others")
    for name in ("README.md", "data/raw/thesis.csv", "report.html"):
        store.client.put_object(Bucket=BUCKET, Key=f"others/corpus/{name}", Body=b"precious")
    before = store.objects("others/corpus")
    command = build_remotely(store, "others")
    with pytest.raises(SystemExit, match="2"):
        run([command[0], *more, *command[1:]])
    assert "data/raw/thesis.csv" in capsys.readouterr().err
    assert store.objects("others/corpus") == before


def test_a_changed_object_is_a_changed_input(store, local, capsys):
    put_source(store, "changed")
    command = build_remotely(store, "changed")
    assert run(command) == 0
    changed = SOURCE.replace("Earth", "Mars").encode()
    store.client.put_object(Bucket=BUCKET, Key="changed/in/science.jsonl", Body=changed)
    with pytest.raises(SystemExit, match="2"):
        run(command)
    assert "the input changed since this corpus was built" in capsys.readouterr().err


def test_worker_processes_are_told_where_the_store_is(store, local):
    put_source(store, "processes")
    options = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    assert run([*build_remotely(store, "processes"), *options]) == 0
    assert_same(store, "processes", local)


def test_a_worker_without_options_takes_endpoint_and_credentials_from_the_environment(
    store, monkeypatch
):
    remote.FileSystems.set_options(None)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    storage.write_bytes(store.path("bare", "file"), b"content")
    assert storage.read_bytes(store.path("bare", "file")) == b"content"


def called_by(thread: threading.Thread) -> list[str]:
    """Return the names of the functions that a thread is in."""
    frames = traceback.walk_stack(sys._current_frames()[thread.ident])
    return [frame.f_code.co_name for frame, _ in frames]


@pytest.fixture
def options(store):
    from pipelines.run import beam_options

    remote.use_options(beam_options(store.beam_options[1:]))


@pytest.mark.usefixtures("options")
class TestFiles:
    def test_objects_of_several_parts_come_back_whole(self, store):
        content = os.urandom(11 << 20)
        storage.write_bytes(store.path("files", "large"), content)
        assert storage.read_bytes(store.path("files", "large")) == content

    def test_an_empty_file_is_an_absent_one(self, store):
        path = store.path("files", "empty")
        storage.write_bytes(path, b"old")
        storage.write_bytes(path, b"")
        assert not storage.exists(path)
        storage.delete(path)  # gone already: no error

    def test_folder_markers_and_partial_files_are_not_listed(self, store):
        for key in ("marked/", "marked/sub/", "marked/x.partial", "marked/file"):
            store.client.put_object(Bucket="corpora", Key=key, Body=b"")
        found = [path for path, _ in storage.list_files(store.path("marked"))]
        assert found == [store.path("marked", "file")]
        assert list(storage.list_files(store.path("absent"))) == []

    def test_errors_of_the_store_are_os_errors_that_name_the_path(self, store):
        with pytest.raises(OSError, match=r"s3://nobucket/file.*does not exist"):
            storage.write_bytes("s3://nobucket/file", b"content")
        with pytest.raises(OSError, match=r"s3://corpora/absent"):
            storage.read_bytes(store.path("absent"))

    def test_operations_share_a_client_until_their_keys_change(self, store, monkeypatch):
        made = []
        new_client = boto3.session.Session.client
        monkeypatch.setattr(
            boto3.session.Session,
            "client",
            lambda *given, **options: made.append(1) or new_client(*given, **options),
        )
        amazon._client.cache_clear()
        for number in range(3):
            storage.write_bytes(store.path("files", "shared"), f"{number}".encode())
            assert storage.read_bytes(store.path("files", "shared")) == f"{number}".encode()
        assert len(made) == 1
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        assert storage.exists(store.path("files", "shared"))
        assert len(made) == 2

    def test_an_interrupt_does_not_publish_half_an_upload(self, store, monkeypatch):
        content = os.urandom(12 << 20)
        main = threading.main_thread()

        def upload_and_interrupt(path, data):
            while "result" not in called_by(main):  # until it waits for us
                time.sleep(0.01)
            signal.pthread_kill(main.ident, signal.SIGINT)
            remote.upload(path, data)

        monkeypatch.setattr(storage, "upload", upload_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            storage.write_bytes(store.path("files", "interrupted"), content)
        assert store.objects("files")["interrupted"] == content


@pytest.mark.parametrize("bucket", ["nobucket", "corp*ra"])
def test_a_folder_that_cannot_be_written_is_told_before_any_work(
    store, questions, apertium, capsys, bucket
):
    source = questions({"question": "Who?", "passage": "It was Ann."})
    places = [f"s3://{bucket}/corpus", f"s3://{bucket}/memory"]
    with pytest.raises(SystemExit, match="2"):
        run([*build_arguments(source, *places), *store.beam_options])
    errors = capsys.readouterr().err
    assert f"cannot write to s3://{bucket}/corpus" in errors
    assert f"cannot write to s3://{bucket}/memory" in errors


def test_a_corpus_that_cannot_be_reached_is_one_message(store, capsys):
    assert run(["verify", store.path("nothing"), *store.beam_options]) == 1
    assert "no manifest.json" in capsys.readouterr().err


def test_plan_refuses_other_runners(store, capsys):
    places = ["--input", str(EXAMPLES), "--languages", "es", "--output", store.path("plan")]
    with pytest.raises(SystemExit, match="2"):
        run(["plan", *places, "--", "--runner=FlinkRunner"])
    assert "runs on this machine" in capsys.readouterr().err


def test_what_a_missing_package_is_called_is_said(monkeypatch):
    monkeypatch.setattr(remote, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'tandemqa\[aws\]'"):
        remote.check_folder("s3://corpora/corpus")
    with pytest.raises(ValueError, match=r"pip install 'tandemqa\[gcp\]'"):
        remote.check_folder("gs://corpora/corpus")
