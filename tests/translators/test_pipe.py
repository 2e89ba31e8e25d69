import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.silence import TELL_SILENCE
from translators.pipe import Pipe, PipeError

# Answers each message with itself; some words in it make it misbehave.
FAKE = f"""
import os, signal, sys, time
{TELL_SILENCE}
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
message = b""
while byte := sys.stdin.buffer.read(1):
    message += byte
    if byte != b"\\0":
        continue
    if b"die" in message:
        os._exit(1)
    if b"hang" in message:
        open(sys.argv[0] + ".hangs", "w").close()
        if "SILENCE" in os.environ:
            tell_silence()
        time.sleep(1000)
    if b"skip" not in message:
        sys.stdout.buffer.write(message.upper() * (2 if b"twice" in message else 1))
        sys.stdout.buffer.flush()
    message = b""
"""

# What a parent does before it is killed: asks, in vain, with a program that ignores all hints.
PARENT = """
import sys
from tests.silence import TELL_SILENCE
from translators.pipe import Pipe
Pipe(sys.stdin.read(), timeout=1000).ask(["hang"])
"""


@pytest.fixture
def fake(tmp_path: Path):
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    return f"{sys.executable} {script}"


@pytest.fixture
def start():
    pipes = []

    def open_pipe(command: str, timeout: float = 300.0) -> Pipe:
        pipes.append(Pipe(command, timeout))
        return pipes[-1]

    yield open_pipe
    for pipe in pipes:
        pipe.close()


def running(word: str) -> list[int]:
    """Return the processes, but ours, whose command line has a word in it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode()
        except OSError:
            continue
        if word in command and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def wait_until(condition, seconds: float = 120.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_answers_come_in_order_and_the_process_stays(start):
    pipe = start("cat")
    assert pipe.ask(["one", "two"]) == ["one", "two"]
    assert pipe.ask(["été [x]"]) == ["été [x]"]
    assert pipe.ask([]) == []


def test_more_than_all_buffers_hold_goes_through_without_deadlock(start):
    texts = [f"{number} " + "x" * 2000 for number in range(4000)]
    assert start("cat | cat").ask(texts) == texts


def test_a_process_that_dies_is_reported_with_its_place_and_started_anew(start, fake):
    pipe = start(fake)
    with pytest.raises(PipeError) as failure:
        pipe.ask(["a", "b", "die", "c"])
    assert (failure.value.reason, failure.value.answered) == ("translator_crashed", 2)
    assert pipe.ask(["a"]) == ["A"]


def test_a_program_killed_in_the_middle_of_a_pipeline_is_a_crash(start, fake):
    pipe = start(f"cat | {fake} | cat")
    pipe.ask(["a"])
    (program,) = [pid for pid in running(fake.split()[-1]) if "bash" not in _name(pid)]
    os.kill(program, signal.SIGKILL)
    with pytest.raises(PipeError, match="translator_crashed"):
        pipe.ask(["b"])
    assert pipe.ask(["c"]) == ["C"]


def test_a_process_that_hangs_is_killed_after_the_timeout(start, fake, tmp_path, silence):
    pipe = start(f"cat | {fake} stubborn")
    with pytest.raises(PipeError) as failure:
        pipe.ask(["a", "hang", "b"])
    assert (failure.value.reason, failure.value.answered) == ("translator_timeout", 1)
    assert wait_until(lambda: not running(str(tmp_path)))


def test_the_timeout_is_in_seconds(start, fake):
    with pytest.raises(PipeError, match="translator_timeout after 0 answers"):
        start(fake, timeout=0.2).ask(["hang"])


def test_a_stopped_process_is_killed_too(start, fake, tmp_path, silence):
    pipe = start(fake)
    pipe.ask(["a"])
    for process in running(str(tmp_path)):
        os.kill(process, signal.SIGSTOP)
    silence.tell()
    with pytest.raises(PipeError, match="translator_timeout"):
        pipe.ask(["b"])
    assert wait_until(lambda: not running(str(tmp_path)))


def test_a_program_that_dies_is_no_wrong_count_whatever_those_after_it_still_say(start, fake):
    pipe = start(f"{fake} | (cat; printf '\\0')")  # as lt-proc does at the end of its input
    with pytest.raises(PipeError, match="translator_crashed after 1 answers"):
        pipe.ask(["a", "die", "b"])
    assert pipe.ask(["c"]) == ["C"]


@pytest.mark.parametrize("fault", ["skip", "twice"])
def test_a_missing_or_surplus_answer_is_noticed_at_once(start, fake, fault):
    pipe = start(fake)
    with pytest.raises(PipeError, match="wrong_count"):
        pipe.ask(["a", fault, "b", "c"])
    assert pipe.ask(["d"]) == ["D"]


def test_a_surplus_answer_at_the_end_never_answers_the_next_question(start, fake):
    pipe = start(fake)
    with pytest.raises(PipeError, match="wrong_count"):  # now or at the next question
        pipe.ask(["twice"])
        pipe.ask(["a"])
    assert pipe.ask(["b"]) == ["B"]


@pytest.mark.parametrize("option", ["", "stubborn"])
def test_close_leaves_no_processes(start, fake, option, tmp_path):
    before = set(psutil.Process().children())
    pipe = start(f"{fake} {option} | {fake}")
    pipe.ask(["a"])
    assert running(str(tmp_path))
    pipe.close()
    assert not running(str(tmp_path))
    assert set(psutil.Process().children()) <= before  # and no zombies
    pipe.close()


def test_a_parent_killed_outright_takes_its_pipelines_along(fake, tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, text=True)
    parent.stdin.write(f"{fake} stubborn | cat")
    parent.stdin.close()
    assert wait_until((tmp_path / "fake.py.hangs").exists)
    assert len(running(str(tmp_path))) >= 2
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not running(str(tmp_path)))


def _name(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text()
