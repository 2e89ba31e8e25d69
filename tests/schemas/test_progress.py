"""Progress: one moving line for people, whole lines for logs, nothing when it is not wanted."""

import io
import re

import pytest

from schemas import progress
from schemas.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def told(monkeypatch):
    def tell(file: io.StringIO, **options: object) -> str:
        monkeypatch.setattr("sys.stderr", file)
        with progress_bar(range(3), task="train", unit="steps", **options) as bar:
            for number in bar:
                bar.set_postfix(loss=number, refresh=False)
        return file.getvalue()

    return tell


def test_a_log_gets_whole_lines(told, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.setattr(progress, "_BEFORE_FIRST_LINE", 1e-9)
    text = told(io.StringIO())
    assert "\r" not in text and "\x1b" not in text
    assert text.endswith("\n") and "train: 3 of 3 steps, " in text.splitlines()[-1]


def test_a_log_is_not_flooded(told):
    assert len(told(io.StringIO()).splitlines()) <= 2


def test_a_terminal_gets_one_line_with_rate_and_time_left(told):
    text = told(Terminal())
    assert text.count("\n") == 1
    assert re.search(r"3 of 3 steps, [\d,]+/s, 0 s left, loss=2", text)


def test_before_anything_is_done_no_pace_is_told(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    with progress_bar(task="train", unit="steps", total=3) as bar:
        assert str(bar).endswith("| 0 of 3 steps")


def test_the_pace_is_told_as_in_a_build(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    with progress_bar(task="runs", unit="runs", total=6) as bar:
        bar.start_t -= 40  # seconds since it began
        bar.n = 1
        assert str(bar).endswith("| 1 of 6 runs, 1.5/min, 3 min 20 s left")
    with progress_bar(task="encode", unit="bytes", total=6_000_000, scaled=True) as bar:
        bar.start_t -= 100
        bar.n = 3_000_000
        assert str(bar).endswith("| 3.00M of 6.00M bytes, 30.0k/s, 1 min 40 s left")


@pytest.mark.parametrize("file", [io.StringIO(), Terminal()])
def test_nothing_is_shown_when_it_is_not_wanted(told, file):
    assert told(file, shown=False) == ""
