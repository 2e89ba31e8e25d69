"""An S3 server on this machine (moto in a process of its own), and what stands in it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

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
def serve() -> Iterator[ObjectStore]:
    """Start a server on a free port; stop it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **CREDENTIALS},
    )
    endpoint = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    try:
        _create_bucket(client)
        yield ObjectStore(endpoint, client)
    finally:
        process.kill()
        process.wait()


def _create_bucket(client: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
            return
        except BotoCoreError:  # not listening yet
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
