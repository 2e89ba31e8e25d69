"""The progress of a run: the step at work, its rate, and one time left for all of them."""

import io
from os import terminal_size

import pytest

from pipelines.io import progress as shown
from pipelines.io.progress import ALL, JUDGING, Outlook, Progress, advance, show_progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


STEPS = tuple(step for step in ALL if step != "meaning")
PACES = {"assemble": 0.01, "validate": 0.05, "write": 0.002}


@pytest.fixture
def clock():
    return Clock()


def read_and_segment(progress, clock, records=100):
    clock.now = 1.0
    progress.advance("read", records)
    clock.now = 2.0
    progress.advance("segment", records)


def test_the_time_left_is_of_all_steps(clock):
    progress = Progress(STEPS, Outlook(rows=3, paces=PACES, ending=1.0), clock)
    read_and_segment(progress, clock)
    progress.expect("translate", 1000)
    clock.now = 12.0
    progress.advance("translate", 200)
    rest = 100 * 0.01 + 100 * 0.05 + 300 * 0.002 + 1.0
    assert progress.seconds_left() == pytest.approx(800 * 10 / 200 + rest)
    assert progress.line() == (
        "step 3 of 6, translate, 48 s left in all: 200 of 1,000 segments, 20/s"
    )


def test_what_a_step_takes_is_measured_once_it_has_worked_enough(clock):
    progress = Progress(STEPS, Outlook(paces=PACES), clock)
    read_and_segment(progress, clock)
    progress.advance("assemble", 100)
    clock.now = 3.0
    progress.advance("validate", 2)
    assert progress.seconds_left() == pytest.approx(98 * 0.05 + 100 * 0.002)
    clock.now = 22.0
    progress.advance("validate", 8)
    assert progress.seconds_left() == pytest.approx(90 * 2.0 + 100 * 0.002)


def test_no_time_is_told_as_long_as_it_is_not_known(clock):
    progress = Progress(STEPS, clock=clock)
    assert progress.line() == ""
    read_and_segment(progress, clock)
    progress.expect("translate", 1000)
    clock.now = 12.0
    progress.advance("translate", 200)
    assert progress.seconds_left() is None
    assert progress.line() == "step 3 of 6, translate: 200 of 1,000 segments, 20/s"


def test_nothing_to_translate_is_a_step_that_is_over(clock):
    progress = Progress(STEPS, Outlook(paces=PACES), clock)
    read_and_segment(progress, clock)
    progress.advance("assemble", 5)
    assert progress.seconds_left() == pytest.approx(95 * 0.01 + 100 * 0.05 + 100 * 0.002)


def test_a_corpus_that_is_judged_again_has_known_records(clock):
    progress = Progress(JUDGING[1:], Outlook(rows=2, records=10), clock)
    clock.now = 4.0
    progress.advance("validate", 4)
    assert progress.line() == "step 1 of 2, check: 4 of 10 records, 1/s"
    clock.now = 10.0
    progress.advance("validate", 6)
    progress.advance("write", 10)
    clock.now = 20.0
    assert progress.line() == "step 2 of 2, write, 10 s left in all: 10 of 20 rows, 1/s"


def test_what_is_expected_gives_a_time_from_the_first_line_on_until_it_is_known(clock):
    paces = {"read": 0.1, "segment": 0.1, "translate": 0.2, **PACES}
    outlook = Outlook(rows=2, paces=paces, expected={"read": 100, "translate": 300})
    progress = Progress(STEPS, outlook, clock)
    clock.now = 1.0
    progress.advance("read", 10)
    rest = 100 * (0.1 + 0.01 + 0.05) + 200 * 0.002
    assert progress.seconds_left() == pytest.approx(9 + 60 + rest)
    assert progress.line() == "step 1 of 6, read, about 1 min 25 s left in all: 10 items, 10/s"
    progress.advance("read", 190)
    progress.advance("segment", 200)
    assert progress.seconds_left() == pytest.approx(60 + 200 * (0.01 + 0.05) + 400 * 0.002)
    progress.expect("translate", 100)
    assert ", translate, 33 s left in all: " in progress.line()


def test_a_time_without_what_the_memory_may_lack_is_the_least(clock):
    outlook = Outlook(paces=PACES, expected={"read": 100, "translate": 0}, at_least=True)
    progress = Progress(STEPS, outlook, clock)
    read_and_segment(progress, clock)
    assert ", at least 6 s left in all: " in progress.line()
    progress.advance("assemble", 5)
    assert ", 6 s left in all: " in progress.line()


@pytest.fixture
def told(monkeypatch):
    def tell(file):
        monkeypatch.setattr("sys.stderr", file)
        monkeypatch.setattr(shown, "_BETWEEN_LOOKS", 0.001)
        monkeypatch.setattr(shown, "SECONDS_BETWEEN_LINES", 0.001)
        monkeypatch.setattr(shown, "get_terminal_size", lambda: terminal_size((30, 24)))
        progress = Progress(STEPS)
        with show_progress(progress):
            advance("read", 5)
            while "step" not in file.getvalue():
                pass
        advance("read", 5)  # nobody listens any more
        return file.getvalue()

    return tell


def test_a_log_gets_plain_lines(told, monkeypatch):
    (line,) = set(told(io.StringIO()).splitlines())
    assert line.startswith("step 1 of 6, read: 5 items")


def test_a_terminal_gets_one_line_that_fits_and_is_cleared(told, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    text = told(Terminal())
    assert "\n" not in text and text.endswith("\r\x1b[K")
    assert all(len(line) <= 29 for line in text.split("\r\x1b[K"))


def test_a_dumb_terminal_gets_lines(told, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\r" not in told(Terminal())
