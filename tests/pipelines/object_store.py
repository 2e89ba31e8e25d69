"""An S3 server on this machine (moto in a process of its own), and what stands in it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from tests.cluster.services import Service, free_port

BUCKET = "corpora"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@dataclass(frozen=True)
class ObjectStore:
    """A running server with an empty bucket."""

    endpoint: str
    client: Any

    @property
    def beam_options(self) -> list[str]:
        return ["--", f"--s3_endpoint_url={self.endpoint}", "--s3_region_name=us-east-1"]

    def path(self, *parts: str) -> str:
        return "/".join([f"s3://{BUCKET}", *parts])

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return every visible object below a prefix, by its name there."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        found = {}
        for key in [item["Key"] for page in pages for item in page.get("Contents", [])]:
            with suppress(self.client.exceptions.NoSuchKey):  # deleted since it was listed
                body = self.client.get_object(Bucket=BUCKET, Key=key)["Body"]
                found[key.removeprefix(prefix).lstrip("/")] = body.read()
        return found


@contextmanager
def serve(folder: Path) -> Iterator[ObjectStore]:
    """Start a server on a free port, with its log in a folder; stop it at the end."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = Service("s3", command, folder, CREDENTIALS)
    endpoint = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    server.start()
    try:
        server.wait_for_port(port)
        client.create_bucket(Bucket=BUCKET)
        yield ObjectStore(endpoint, client)
    finally:
        server.kill()
