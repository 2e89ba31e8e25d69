"""The neural backends on tiny real models."""

import shutil
from pathlib import Path

import pytest

from translators.marian import Marian
from translators.nllb import NLLB

BACKENDS = {"marian": Marian, "nllb": NLLB}


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(params=["marian", "nllb"])
def backend(request):
    return request.param


@pytest.fixture
def make_backend(backend):
    """The class of the backend."""
    return BACKENDS[backend]


@pytest.fixture
def directory(backend, request):
    return request.getfixturevalue(f"tiny_{backend}")


@pytest.fixture
def open_backend(make_backend, directory, cache):
    """Open the backend on the CPU; close it after the test."""
    opened = []

    def make(**options):
        options = {"model": str(directory), "cache": str(cache), "device": "cpu", **options}
        opened.append(make_backend(**options))
        return opened[-1]

    yield make
    for translator in opened:
        translator.close()


@pytest.fixture
def copy(directory, tmp_path):
    """A copy of the tiny model that may be spoilt."""
    return Path(shutil.copytree(directory, tmp_path / "copy"))
