"""`tandemqa memory`: what a memory holds; compacting loses nothing, whenever it is killed."""

import shutil

import pytest

from pipelines.translation import memory_files
from pipelines.translation.memory_files import compact, count_segments, list_parts
from pipelines.translation.translate import MISSING, UNFINISHED, TranslationPlan, _split
from tandemqa import run
from translators import memory as packets
from translators.memory import decode_packet, directory, encode_packet, packet_id, segment_key
from translators.registry import TranslatorConfig
from translators.translator import Translation, TranslatorInfo

INFO = TranslatorInfo("fake", "small", "1", "fake 1", (), "MIT")
NOTES = "notes of a user"


def unseen(done):
    """Nobody looks at the progress."""


def save(folder, texts, made="t"):
    sources = {segment_key(text): text for text in texts}
    done = {key: Translation(f"{made} {text}", -0.1) for key, text in sources.items()}
    content = encode_packet(sources, done)
    (folder / f"{packet_id(list(sources))}.parquet").write_bytes(content)


@pytest.fixture
def folder(tmp_path):
    """A part of a memory: 20 packets, one of them with another translation of a segment."""
    folder = tmp_path / "memory" / directory(INFO, "es")
    folder.mkdir(parents=True)
    (folder / "translator.json").write_bytes(packets.describe(INFO, "es"))
    for n in range(19):
        save(folder, [f"segment {n}.{m}" for m in range(3)])
    save(folder, ["segment 0.0"], made="a")  # smaller, so preferred where scores are equal
    (folder / "notes.parquet").write_text(NOTES)
    return folder


def found(folder):
    """What a build would find: of two translations the preferred one."""
    known = {}
    for path in folder.glob("?" * 32 + ".parquet"):
        for key, made in decode_packet(path.read_bytes(), path.name).items():
            known[key] = packets.preferred(known[key], made) if key in known else made
    return known


def test_many_packets_become_one_with_the_same_content(folder, capsys):
    before = found(folder)
    assert run(["memory", "compact", str(folder.parents[2])]) == 0
    assert capsys.readouterr().out == "20 files before, 1 now\n"
    assert found(folder) == before
    assert before[segment_key("segment 0.0")].text == "a segment 0.0"
    assert sorted(path.name for path in folder.iterdir())[-2:] == [
        "notes.parquet",
        "translator.json",
    ]
    assert (folder / "notes.parquet").read_text() == NOTES
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert run(["memory", "compact", str(folder.parents[2])]) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == content


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", (0, 1, 2, 10, 20))
def test_whoever_is_killed_has_lost_nothing(folder, monkeypatch, step):
    before, done = found(folder), []

    def until_killed(work):
        def call(*arguments):
            if len(done) == step:
                raise Killed
            done.append(work)
            return work(*arguments)

        return call

    with monkeypatch.context() as patch:
        for name in ("write_bytes", "delete"):
            patch.setattr(memory_files, name, until_killed(getattr(memory_files, name)))
        with pytest.raises(Killed):
            compact(*list_parts(str(folder.parents[2])), unseen)
        assert found(folder) == before
    assert compact(*list_parts(str(folder.parents[2])), unseen) == (1, [])
    assert found(folder) == before


@pytest.mark.parametrize("content", [b"PAR1 no", b""])
def test_a_broken_packet_stays_and_is_named(folder, capsys, content):
    broken = folder / ("0" * 32 + ".parquet")
    broken.write_bytes(content)
    assert run(["memory", "compact", str(folder.parents[2])]) == 0
    told = capsys.readouterr()
    assert told.out == "21 files before, 2 now\n"
    assert str(broken) in told.err
    assert broken.read_bytes() == content


def test_files_grow_to_a_size_and_are_then_left_alone(folder, monkeypatch):
    before = found(folder)
    largest = max(path.stat().st_size for path in folder.glob("?" * 32 + ".parquet"))
    monkeypatch.setattr(memory_files, "SMALL", 2 * largest)
    count, _ = compact(*list_parts(str(folder.parents[2])), unseen)
    assert 1 < count < 20
    assert found(folder) == before


def test_the_memory_tells_what_it_holds(folder, capsys):
    assert run(["memory", "stats", str(folder.parents[2])]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["language", "segments", "files", "size", "translator", "model"]
    assert row.split() == ["es", "57", "20", "0.0", "MB", "fake", "small"]
    (part,) = list_parts(str(folder.parents[2]))
    assert count_segments(part, unseen) == (57, [])


@pytest.mark.parametrize("action", ["stats", "compact"])
def test_other_folders_and_links_are_refused(folder, tmp_path, action, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / ("0" * 32 + ".parquet")).write_text(NOTES)
    for place, message in ((other, "holds no translations"), (tmp_path / "gone", "no such folder")):
        with pytest.raises(SystemExit, match="2"):
            run(["memory", action, str(place)])
        assert message in capsys.readouterr().err
    shutil.move(folder.parents[2] / "fake", tmp_path / "elsewhere")
    (folder.parents[2] / "fake").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SystemExit, match="2"):
        run(["memory", action, str(folder.parents[2])])
    assert "links are not followed" in capsys.readouterr().err


def test_what_a_fallback_made_is_found_by_segment():
    config = TranslatorConfig("apertium")
    plan = TranslationPlan(
        (("es", config),), (("es", INFO),), "memory", 10, fallbacks=(("es", config, INFO),)
    )
    key, made = segment_key("text"), Translation("texto")
    joined = {"memory": [(("es", 1), made)], "text": ["text"], "groups": ["group"]}
    missing, unfinished = _split((key, joined), 1, plan)
    assert (missing.tag, unfinished.tag) == (MISSING, UNFINISHED)
    assert missing.value == (("es", 0), (key, "text", {1: made}))
    assert unfinished.value == (key, "group")
