"""Progress: one moving line for people, whole lines for logs, nothing when it is not wanted."""

import io

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
    assert "3 of 3 steps, " in text and " steps/s, " in text and " left, loss=2" in text


@pytest.mark.parametrize("file", [io.StringIO(), Terminal()])
def test_nothing_is_shown_when_it_is_not_wanted(told, file):
    assert told(file, shown=False) == ""
