"""What a build tells before it begins: about how many records there are, and how long it takes."""

import json
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest

from pipelines import look_ahead
from pipelines.ingest.extent import estimate_extent
from pipelines.ingest.source import parse_source
from pipelines.io.progress import Outlook
from pipelines.look_ahead import Prospect
from pipelines.translation.pace import translate_for
from translators.registry import TranslatorConfig
from translators.translator import Translation
from translators.usage import Usage

FIELDS = (("id", "id"), ("question", "question"), ("passage", "passage"))


def lines(lengths):
    for number, length in enumerate(lengths):
        yield {"id": f"r{number}", "question": f"Where is {number}?", "passage": "a b " * length}


def test_the_records_of_a_large_file_are_estimated_from_places_all_over_it(tmp_path):
    path = tmp_path / "sorted.jsonl"
    lengths = [1000] * 500 + [10] * 20_000
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines(lengths)))
    assert path.stat().st_size > 2 << 20
    extent = estimate_extent([parse_source(str(path), fields=FIELDS)])
    assert extent.items == pytest.approx(len(lengths), rel=0.15)
    assert extent.characters == pytest.approx(sum(4 * length for length in lengths), rel=0.3)
    passages = {len(record.passage) for record in extent.sample}
    assert min(passages) < 100 < 3000 < max(passages)


def test_small_files_are_counted_and_texts_that_records_share_count_once(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(
        "id,question,passage\n1,Who is it?,Ann lives here.\n2,Where is she?,Ann lives here.\n"
    )
    extent = estimate_extent([parse_source(str(path), fields=FIELDS)])
    assert extent.items == 2
    assert extent.characters == 10 + 13 + 2 * 15
    assert extent.distinct == extent.characters - 15


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("squad.json", b'{"data": []}'),
        ("lines.jsonl.gz", b"not looked into"),
        ("broken.jsonl", b'{"question": 1\n{"question": 2\n'),
        ("empty.jsonl", b""),
    ],
)
def test_nothing_is_told_of_what_cannot_be_estimated(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert estimate_extent([parse_source(str(path), fields=FIELDS)]) is None


@pytest.mark.parametrize(
    ("prospect", "told"),
    [
        (
            Prospect(Outlook(), 3000, 110.0),
            "about 3,000 records, about 2 min 30 s (translating: 1 min 50 s)\n",
        ),
        (Prospect(Outlook(), 1, 0.2), "about 1 record, about 2 min 30 s\n"),
        (
            Prospect(Outlook(), 3000, 0.0, ("es", "ca")),
            "about 3,000 records, 2 min 30 s or more: what is missing of es, ca comes on top\n",
        ),
        (Prospect(Outlook()), ""),
    ],
)
def test_what_is_known_is_told_in_one_line(prospect, told):
    assert prospect.tell(150.0) == told
    assert prospect.tell(None) == ""


class Slow:
    """Takes a second for each text, and ten for the first one of all."""

    def __init__(self):
        self.now = 0.0
        self.asked = []

    def translate(self, texts, target):
        self.now += len(texts) if self.asked else 10.0
        self.asked.append(len(texts))
        return [Translation(text.upper()) for text in texts]

    def take_usage(self):
        return Usage()


def test_a_translator_is_tried_as_long_as_there_is_time_and_what_it_loads_does_not_count():
    translator = Slow()
    texts = [f"text {number:05}" for number in range(1000)]
    done, pace = translate_for(translator, texts, "es", 100.0, clock=lambda: translator.now)
    assert pace == pytest.approx(0.1)
    assert translator.asked == [1, 4, 16, 64, 16]
    assert [answer.text for answer in done] == [text.upper() for text in texts[:100]]


def test_a_slow_translator_is_tried_once_and_a_fast_one_with_all_there_is():
    slow, fast = Slow(), Slow()
    assert len(translate_for(slow, ["a"] * 9, "es", 0.0, clock=lambda: slow.now)[0]) == 4
    assert len(translate_for(fast, ["a"] * 9, "es", 99.0, clock=lambda: fast.now)[0]) == 9
    assert translate_for(slow, ["abcd"], "es", 0.0, clock=lambda: slow.now)[1] == 0.25


def test_a_translator_that_does_not_work_is_left_to_the_build_to_tell(monkeypatch):
    @contextmanager
    def broken(config):
        raise ChildProcessError("no such mode")
        yield

    monkeypatch.setattr(look_ahead, "worker_translator", broken)
    monkeypatch.setattr(look_ahead, "_is_free", lambda *_: True)
    translation = SimpleNamespace(configs=(("es", SimpleNamespace(backend="apertium")),))
    config = SimpleNamespace(translation=translation, languages=("es",))
    assert look_ahead._try_translators(config, {b"key": "Hello."}, 1.0, 1.0) == {}


def test_languages_for_which_there_is_no_time_are_taken_to_be_as_fast_as_the_others(monkeypatch):
    slow = Slow()
    monkeypatch.setattr(look_ahead, "worker_translator", lambda config: nullcontext(slow))
    monkeypatch.setattr(look_ahead, "_is_free", lambda *_: True)
    apertium = TranslatorConfig("apertium")
    translation = SimpleNamespace(configs=(("es", apertium), ("ca", apertium)))
    config = SimpleNamespace(translation=translation, languages=("es", "ca"))
    texts = {b"key": "Hello there."}
    tried = look_ahead._try_translators(config, texts, 1.0, 1.0, clock=lambda: slow.now)
    assert tried["ca"].pace == tried["es"].pace > 0
    assert slow.asked == [1, 1]
