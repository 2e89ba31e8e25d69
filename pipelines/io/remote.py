"""File systems behind URIs (`s3://`, `gs://`): Beam's, with its options, and checks before work."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions, S3Options
from apache_beam.options.value_provider import RuntimeValueProvider

from pipelines.io import amazon
from schemas.errors import NotInstalledError
from schemas.files import partial_name

# Scheme, what it needs, and our extra that brings it.
_NEEDS: Final = {"s3": ("boto3", "aws"), "gs": ("apitools", "gcp")}
_GLOB: Final = frozenset("*?[")


def use_options(options: PipelineOptions) -> None:
    """Let file systems know Beam's options (`--s3_endpoint_url` and the like) in this process.

    A pipeline does so by itself; this is for what reads and writes before and after it. The local
    runner does not tell its worker processes any options; they inherit the environment.
    """
    FileSystems.set_options(options)
    s3 = options.view_as(S3Options)
    given = {variable: getattr(s3, name) for name, variable in amazon.VARIABLES.items()}
    os.environ.update({variable: value for variable, value in given.items() if value})


def file_systems() -> type[FileSystems]:
    """Return Beam's file systems.

    A worker that a bare worker pool started was told no options, and then S3 refuses to work at
    all; with empty ones it takes credentials and endpoint from the environment (`AWS_...`).
    """
    if FileSystems._pipeline_options is None and RuntimeValueProvider.runtime_options is None:
        FileSystems.set_options(PipelineOptions([]))
    amazon.share_clients()
    return FileSystems


@contextmanager
def os_errors(path: str) -> Iterator[None]:
    """Turn what a client library raises into an OSError that names the path."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # each library has errors of its own, with no common base
        raise OSError(f"{path}: {error}") from error


def upload(path: str, content: bytes) -> None:
    """Write an object, which is visible when it is complete.

    Raises:
        OSError: If it cannot be written.
    """
    plain = CompressionTypes.UNCOMPRESSED
    with os_errors(path), file_systems().create(path, compression_type=plain) as file:
        file.write(content)


def check_folder(folder: str) -> None:
    """Refuse a remote folder that cannot be written, before any work.

    Raises:
        NotInstalledError: If a package is missing.
        ValueError: If the name cannot be listed.
        OSError: If the store refuses a small object.
    """
    scheme = folder.partition("://")[0]
    module, extra = _NEEDS.get(scheme, ("", ""))
    if module and find_spec(module) is None:
        raise NotInstalledError(
            f"{folder}: {scheme}:// needs {module}", f"pip install 'tandemqa[{extra}]'"
        )
    if _GLOB & set(folder):
        raise ValueError(f"{folder}: a remote folder's name cannot hold any of * ? [")
    probe = f"{folder.rstrip('/')}/{partial_name('')}"
    upload(probe, b"tandemqa can write here")
    with os_errors(probe):
        file_systems().delete([probe])
