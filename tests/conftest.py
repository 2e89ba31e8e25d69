"""Fixtures shared by all tests: real Apertium, tiny real models, real data when it is there."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tandemqa import run
from tests.browser import CHROMIUM, Browser
from tests.llm_server import LLMServer
from tests.silence import Silence

ROOT = Path(__file__).parent.parent
DATA = ROOT.parent / "shared" / "data"

# Workers of pytest-xdist ignore Ctrl-C, and so would the builds that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and no timing on shared machines.
settings.register_profile("tests", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("tests")


@pytest.fixture
def data() -> Path:
    """The folder of real data, or skip."""
    if not DATA.is_dir():
        pytest.skip(f"real data is absent: {DATA}")
    return DATA


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Silence:
    """Let time limits of pipelines end when their programs say so, however slow the machine is."""
    folder = tmp_path_factory.mktemp("silence")
    monkeypatch.setenv("SILENCE", str(folder))
    silence = Silence(folder)
    monkeypatch.setattr("translators.pipe.select", silence)
    return silence


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The one Chromium of this test process."""
    if not CHROMIUM:
        pytest.skip("Chromium is absent: apt-get install chromium")
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def browse(chromium: Browser, tmp_path: Path) -> Callable[[str], str]:
    """Return the document as it is after Chromium loaded a page and ran its scripts."""

    def load(content: str) -> str:
        path = tmp_path / "page.html"
        path.write_text(content, encoding="utf-8")
        return chromium.load(path.as_uri())

    return load


@pytest.fixture(scope="session")
def apertium() -> None:
    """Skip without Apertium and its English-Spanish data."""
    if not shutil.which("apertium") or not Path("/usr/share/apertium/modes/eng-spa.mode").exists():
        pytest.skip("Apertium is absent: apt-get install apertium apertium-eng-spa")


@pytest.fixture(scope="session")
def llm_server(apertium: None) -> Iterator[LLMServer]:
    """A server that speaks OpenAI's protocol and translates into Spanish with Apertium."""
    server = LLMServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def tiny_marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny real MarianMT with several targets that knows `tiny_pairs.tsv` by heart."""
    from tests.tiny_models import TINY_PAIRS, build_marian

    return build_marian(tmp_path_factory.mktemp("marian"), TINY_PAIRS)


@pytest.fixture(scope="session")
def tiny_nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny real NLLB that knows `tiny_pairs.tsv` by heart."""
    from tests.tiny_models import TINY_PAIRS, build_nllb

    return build_nllb(tmp_path_factory.mktemp("nllb"), TINY_PAIRS)


@pytest.fixture
def questions(tmp_path: Path) -> Callable[..., str]:
    """Write records as JSONL and return the path."""

    def write(*records: dict[str, object], name: str = "questions.jsonl") -> str:
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return str(path)

    return write


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., int]:
    """Run `tandemqa build` in this process; output and memory are below `tmp_path`."""

    def call(*arguments: str, languages: str = "es", output: str = "corpus") -> int:
        return run(
            [
                "build",
                *("--output", str(tmp_path / output)),
                *("--memory", str(tmp_path / "memory")),
                *("--languages", languages),
                *arguments,
            ]
        )

    return call
