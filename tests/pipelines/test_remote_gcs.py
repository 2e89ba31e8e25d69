"""A corpus on Google Cloud Storage, played by an emulator; see test_remote.py for what S3 shows."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("apache_beam.io.gcp.gcsio", reason="needs tandemqa[gcp]")
pytest.importorskip("gcp_storage_emulator", reason="needs gcp-storage-emulator, of tandemqa[dev]")

from apache_beam.internal.gcp import auth
from google.cloud import storage as google_storage

from pipelines.io import remote, storage
from pipelines.run import beam_options
from tandemqa import run
from tests.cluster.services import Service, free_port

EXAMPLES = Path(__file__).parents[2] / "examples" / "science.jsonl"
SOURCE = "".join(EXAMPLES.read_text(encoding="utf-8").splitlines(keepends=True)[:6])
BUCKET = "corpora"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--in-memory"]
    address = ["--host=127.0.0.1", f"--port={port}"]
    server = Service("gcs", [*command, *address], tmp_path_factory.mktemp("gcs"))
    server.start()
    try:
        server.wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()


@pytest.fixture
def bucket(emulator, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    # Or Beam would look for credentials for half a minute, whatever `--no_auth` says.
    monkeypatch.setattr(auth._Credentials, "_credentials_init", True)
    client = google_storage.Client.create_anonymous_client()
    client.project = "project"
    found = client.bucket(BUCKET)
    if not found.exists():
        client.create_bucket(BUCKET)
    remote.use_options(beam_options(["--no_auth"]))
    yield found
    remote.FileSystems.set_options(None)


def build(source: str, output: str, memory: str, *options: str) -> int:
    places = ["--input", source, "--output", output, "--memory", memory]
    return run(["build", *places, "--languages", "es", "--packet-size", "12", "--quiet", *options])


def test_a_build_on_google_cloud_storage_is_the_local_one(bucket, tmp_path, apertium):
    (tmp_path / "science.jsonl").write_text(SOURCE, encoding="utf-8")
    local = [str(tmp_path / name) for name in ("science.jsonl", "corpus", "memory")]
    assert build(*local) == 0
    bucket.blob("in/science.jsonl").upload_from_string(SOURCE)
    places = [f"gs://{BUCKET}/{name}" for name in ("in/science.jsonl", "corpus", "memory")]
    assert build(*places, "--", "--no_auth") == 0
    assert run(["verify", places[1], "--", "--no_auth"]) == 0
    for name in ("corpus", "memory"):
        stored = {
            blob.name.removeprefix(f"{name}/"): blob.download_as_bytes()
            for blob in bucket.list_blobs(prefix=f"{name}/")
            if blob.name.endswith(".parquet")
        }
        folder = tmp_path / name
        assert stored == {
            str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")
        }
    assert bucket.blob("corpus/manifest.json").exists()


def test_objects_of_several_chunks_come_back_whole_and_errors_name_the_path(bucket):
    content = bytes(range(256)) * (18 << 12)  # 18 MiB: two chunks of an upload
    storage.write_bytes(f"gs://{BUCKET}/large", content)
    assert storage.read_bytes(f"gs://{BUCKET}/large") == content
    with pytest.raises(OSError, match=f"gs://{BUCKET}/absent"):
        storage.read_bytes(f"gs://{BUCKET}/absent")
    storage.delete(f"gs://{BUCKET}/large")
    assert not storage.exists(f"gs://{BUCKET}/large")
