"""A translator in its own process: crashes and hangs of the native library cost one segment."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.tiny_models import TINY_PAIRS
from translators.isolation import IsolatedTranslator, isolate
from translators.ladder import translate_all
from translators.registry import TranslatorConfig, open_translator

POISON = Path(__file__).parents[1] / "cluster" / "poison"
ROOT = Path(__file__).parents[2]
ENGLISH = [english for english, _ in TINY_PAIRS["es"]][:8]


@pytest.fixture(scope="module")
def config(tiny_marian, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    options = {"cache": str(cache), "device": "cpu", "model": str(tiny_marian), "timeout": 300.0}
    return TranslatorConfig("marian", tuple(sorted(options.items())))


@pytest.fixture
def poisoned(monkeypatch):
    """Break CTranslate2 in the processes that the test starts."""
    path = os.pathsep.join([str(POISON), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path.rstrip(os.pathsep))
    return monkeypatch


@pytest.fixture
def translator(config):
    translator = isolate(config)
    yield translator
    translator.close()
    assert not multiprocessing.active_children()


def test_what_comes_back_is_what_the_translator_makes(config, translator):
    direct = open_translator(config)
    assert translator.translate(ENGLISH, "es") == direct.translate(ENGLISH, "es")
    assert translator.info("ca") == direct.info("ca")
    assert translator.count_tokens(ENGLISH, "es") == direct.count_tokens(ENGLISH, "es")
    direct.close()


def test_errors_come_back_as_they_are(translator):
    with pytest.raises(ValueError, match="xx"):
        translator.info("xx")


def test_only_the_segment_that_crashes_the_library_fails(poisoned, config, translator):
    poisoned.setenv("POISON_CRASH", "poison")
    texts = [*ENGLISH[:3], "A drop of poison.", *ENGLISH[3:]]
    answers = translate_all(translator, texts, "es")
    assert [answer.error for answer in answers] == ["", "", "", "translator_crashed"] + [""] * 5
    direct = open_translator(config)
    healthy = [answer.text for answer in answers if not answer.error]
    assert healthy == [answer.text for answer in direct.translate(ENGLISH, "es")]
    direct.close()


@pytest.fixture
def told_hang(monkeypatch, tmp_path):
    """Let waiting for an answer end when the process says that it hangs, and only then."""
    told, poll = tmp_path / "hangs", Connection.poll
    monkeypatch.setenv("POISON_TOLD", str(told))

    def wait(connection: Connection, timeout: float = 0.0) -> bool:
        while True:
            silent = told.exists()
            if poll(connection, 0.02):
                return True
            if silent:
                told.unlink()
                return False

    monkeypatch.setattr(Connection, "poll", wait)


def test_only_the_segment_that_hangs_fails(poisoned, config, told_hang):
    poisoned.setenv("POISON_HANG", "endless")
    translator = IsolatedTranslator(config, timeout=300.0)
    answers = translate_all(translator, [ENGLISH[0], "An endless wait.", ENGLISH[1]], "es")
    translator.close()
    assert [answer.error for answer in answers] == ["", "translator_timeout", ""]


def test_a_library_that_always_crashes_is_told_at_the_first_segment(poisoned, translator):
    poisoned.setenv("POISON_CRASH", "s")  # every text ends in </s>
    with pytest.raises(ChildProcessError, match=r"marian does not work for 'es'.*SIGSEGV"):
        translate_all(translator, ENGLISH, "es")


def test_a_killed_process_is_replaced(translator):
    expected = translator.translate(ENGLISH, "es")
    (child,) = multiprocessing.active_children()
    os.kill(child.pid, signal.SIGKILL)
    assert translate_all(translator, ENGLISH, "es") == expected


def test_the_process_ends_when_the_one_that_asks_is_killed(poisoned, config):
    poisoned.setenv("POISON_HANG", "endless")
    script = (
        "import multiprocessing, threading, time\n"
        "from translators.isolation import isolate\n"
        "from translators.registry import TranslatorConfig\n"
        f"translator = isolate(TranslatorConfig('marian', {config.options!r}))\n"
        "translator.translate(['.'], 'es')\n"
        "call = threading.Thread(target=translator.translate, args=(['endless'], 'es'))\n"
        "call.start()\n"
        "print(multiprocessing.active_children()[0].pid, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as asking:
        child = int(asking.stdout.readline())
        asking.kill()
    deadline = time.monotonic() + 120
    while _runs(child):
        assert time.monotonic() < deadline, "the process outlived the one that asked"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_apertium_needs_no_process_of_its_own():
    assert not isinstance(isolate(TranslatorConfig("apertium")), IsolatedTranslator)


def test_a_timeout_must_be_positive(config):
    with pytest.raises(ValueError, match="timeout must be positive"):
        isolate(TranslatorConfig("marian", (("timeout", 0.0),)))
