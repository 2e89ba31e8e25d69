"""One client of Amazon's library for many operations on S3; Beam makes a new one for each.

A new client reads the description of the whole service again, which takes longer than most
requests (about 0.1 s of CPU), and opens a connection of its own.
"""

import os
import time
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Final

from apache_beam.io.aws.clients.s3 import boto3_client

# What Amazon's library reads from the environment, by the name of Beam's option.
VARIABLES: Final = {
    "s3_endpoint_url": "AWS_ENDPOINT_URL_S3",
    "s3_region_name": "AWS_DEFAULT_REGION",
    "s3_access_key_id": "AWS_ACCESS_KEY_ID",
    "s3_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "s3_session_token": "AWS_SESSION_TOKEN",
}
# Seconds until a new client is made, which reads again the files that keys may stand in.
_LIFE: Final = 300


def share_clients() -> None:
    """Let Beam's operations in this process share clients; calling it again changes nothing."""
    if find_spec("boto3"):
        vars(boto3_client)["boto3"] = _SharedBoto3()


class _SharedBoto3:
    """Stands where Beam looks for boto3; whatever else it may look for there is boto3's."""

    session = SimpleNamespace(Session=lambda: _Session())

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(import_module("boto3"), name)


class _Session:
    """Stands where Beam makes a session of boto3 for one client."""

    def client(self, **options: object) -> Any:  # noqa: ANN401
        environment = tuple(map(os.environ.get, VARIABLES.values()))
        age = int(time.monotonic() / _LIFE)
        # A forked process may not share the connections of its parent.
        return _client(os.getpid(), age, environment, **options)


@lru_cache(maxsize=4)
def _client(*distinction: object, **options: object) -> Any:  # noqa: ANN401
    import boto3

    return boto3.session.Session().client(**options)
