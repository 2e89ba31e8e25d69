import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.silence import TELL_SILENCE
from translators import apertium_modes
from translators.apertium import Apertium
from translators.translator import Translation

ROUTES = {
    "es": ("eng-spa",),
    "pt": ("eng-spa", "es-pt"),
    "ca": ("eng-cat",),
    "eo": ("en-eo",),
    "gl": ("en-gl",),
}
RESERVED = "[]{}^$/\\@<>*#~+_"

# In English to Galician the stock tagger tags unknown words differently ever after the first.
NEIGHBOURS = [
    "The neck will be felt for swollen lymph nodes.",
    "Some treatments may be recommended even if no symptoms have been observed.",
    "Exocrine pancreas cells make enzymes that are released into the small intestine.",
    "What is the xyzzy of C# and *p in 1999?",
    "no",
    "See [1], {x} and https://en.wikipedia.org/wiki/Cat_(animal)#top.",
]

# Answers with the message itself, but not when it is bad.
FAKE = f"""
import os, sys, time
{TELL_SILENCE}
message = b""
while byte := sys.stdin.buffer.read(1):
    message += byte
    if byte != b"\\0":
        continue
    if b"die" in message:
        os._exit(1)
    if b"hang" in message:
        tell_silence()
        time.sleep(1000)
    sys.stdout.buffer.write(b"" if b"skip" in message else message)
    sys.stdout.buffer.flush()
    if b"skip" in message:
        tell_silence()
    message = b""
"""


@pytest.fixture(scope="module")
def installed():
    try:
        apertium_modes.check_modes([mode for route in ROUTES.values() for mode in route], ["..."])
    except ValueError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def apertium(installed):
    translator = Apertium(ROUTES, processes=2)
    yield translator
    translator.close()


@pytest.fixture
def with_command(monkeypatch):
    """Build translators whose only mode is a given command instead of Apertium."""
    made = []

    def make(command: str, timeout: float = 300.0) -> Apertium:
        monkeypatch.setattr(apertium_modes, "check_modes", lambda modes, packages: None)
        monkeypatch.setattr(apertium_modes, "commands", lambda mode, files: (command,))
        made.append(Apertium({"xx": ("eng-xxx",)}, processes=2, timeout=timeout))
        return made[-1]

    yield make
    for translator in made:
        translator.close()


def texts(translations: list[Translation]) -> list[str]:
    assert not [translation.error for translation in translations if translation.error]
    return [translation.text for translation in translations]


def programs() -> dict[int, str]:
    """Return process numbers and names of all below this process, zombies too."""
    parents, names = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _, rest = (folder / "stat").read_text().partition(" (")[2].rpartition(") ")
        except OSError:
            continue
        names[int(folder.name)] = name
        parents[int(folder.name)] = int(rest.split()[1])
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return {pid: names[pid] for pid in ours - {os.getpid()}}


def signal_one(name: str, number: int) -> None:
    """Send a signal to one of the programs below this process."""
    os.kill(max(pid for pid, program in programs().items() if program == name), number)


@pytest.mark.parametrize(
    ("target", "wanted"),
    [
        ("es", ["Nació en París.", "¿Es cierto?", "sí"]),
        ("ca", ["Va néixer en París.", "L'és cert?", "sí"]),
        ("eo", ["Li naskiĝis en Parizo.", "Estas ĝi vera?", "jes"]),
        ("gl", ["Naceu en París.", "É certo?", "si"]),
        ("pt", ["Nasceu em Paris.", "É verdadeiro?", "sim"]),
    ],
)
def test_known_sentences(apertium, target, wanted):
    sources = ["He was born in Paris.", "Is it true?", "yes"]
    assert texts(apertium.translate(sources, target)) == wanted


def test_a_full_stop_makes_no_abbreviation_of_an_answer(apertium):
    sources = ["No", "No.", "In the U.S."]
    assert texts(apertium.translate(sources, "es")) == ["No", "No.", "En los EE.UU."]


@pytest.mark.parametrize("target", ROUTES)
def test_a_translation_depends_on_its_segment_alone(apertium, target):
    alone = [apertium.translate([text], target)[0] for text in NEIGHBOURS]
    many = NEIGHBOURS * 40
    assert apertium.translate(many, target) == alone * 40
    assert apertium.translate(many[::-1], target) == (alone * 40)[::-1]
    single = Apertium(ROUTES, processes=1)
    assert single.translate(many[::-1], target) == (alone * 40)[::-1]
    single.close()


@pytest.mark.parametrize(
    ("target", "source", "wanted"),
    [
        ("es", "the 10-year period", "el periodo de 10 años"),
        ("es", "a 3-month-old baby", "una criatura de 3 meses"),
        ("ca", "clinically-available methods", "mètodes clínicament disponibles"),
        ("pt", "a well-known disease", "uma doença bem sabida"),
        ("es", "5mg of water", "5mg de agua"),
        ("es", "an up-to-date list", "una lista actual"),
    ],
)
def test_words_joined_by_hyphens_are_not_glued(apertium, target, source, wanted):
    assert apertium.translate([source], target)[0].text == wanted


@pytest.mark.parametrize("target", ["es", "ca", "pt", "gl", "eo"])
def test_acronyms_are_no_words(apertium, target):
    source = "The AS, HAM, OSA, PET, IT and MS groups, the AD-HIES and the GAGs were compared."
    text = apertium.translate([source], target)[0].text
    for acronym in ("AS", "HAM", "OSA", "PET", "IT", "MS", "AD-HIES", "GAG"):
        assert acronym in text


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("DNA is seen by MRI.", "ADN está visto por IRM."),
        ("LCMV infections are rare.", "LCMV infecciones son raras."),
        ("Grade II and III tumors.", "Nota II e III tumores."),
    ],
)
def test_acronyms_that_the_dictionary_has_are_translated_and_keep_their_capitals(
    apertium, source, wanted
):
    assert apertium.translate([source], "es")[0].text == wanted


@pytest.mark.parametrize("source", ["Do NOT take it.", "CALL NOW.", "WHAT IS DIABETES?"])
def test_emphasised_words_are_translated(apertium, source):
    words = set(source.strip(".?").split())
    assert not words & set(apertium.translate([source], "ca")[0].text.strip(".?").split())


def test_unknown_words_are_unmarked_and_counted(apertium):
    known, half = apertium.translate(["The red house.", "The xyzzy barfoo house."], "es")
    assert known.unknown_share == 0
    assert half == Translation("El xyzzy barfoo casa.", unknown_share=0.5)


def test_a_word_unknown_at_both_steps_of_a_pivot_counts_once(apertium):
    (translation,) = apertium.translate(["The xyzzy barfoo house."], "pt")
    assert translation.unknown_share == 0.5


@pytest.mark.parametrize("target", ROUTES)
def test_reserved_characters_and_literal_marks_survive(apertium, target):
    sources = ["C# and *p", "[1] {2} ^3$ <4> 5/6 7\\8 @9 ~10 +11 _12", "#tag @name *star*"]
    for source, text in zip(sources, texts(apertium.translate(sources, target)), strict=True):
        assert {c: text.count(c) for c in RESERVED} == {c: source.count(c) for c in RESERVED}


@pytest.mark.parametrize(
    "text", ["😀👨\u200d👩\u200d👧", "\u200eשלום\u200f", "漢字", "12,345.6", "x" * 3000, "“”‘", "…"]
)
def test_what_apertium_does_not_know_passes_through(apertium, text):
    assert texts(apertium.translate([text], "eo")) == [text]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=8))
def test_any_text_is_translated_as_if_alone(apertium, sources):
    together = apertium.translate(sources, "es")
    assert len(texts(together)) == len(sources)
    assert together == [apertium.translate([text], "es")[0] for text in sources]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["the", "red", "C", "house", "xyzzy", *RESERVED]), max_size=12))
def test_reserved_characters_survive_anywhere(apertium, parts):
    source = " ".join(parts)
    (text,) = texts(apertium.translate([source], "es"))
    assert {c: text.count(c) for c in RESERVED} == {c: source.count(c) for c in RESERVED}


def test_info_names_route_versions_licence_and_pivots(apertium):
    info = apertium.info("pt")
    assert (info.backend, info.model, info.pivots) == ("apertium", "eng-spa>es-pt", ("es",))
    assert info.engine.startswith("apertium 3.")
    assert "apertium-eng-spa 0." in info.revision and "apertium-es-pt 1." in info.revision
    assert info.license.startswith("GPL")
    assert apertium.info("es").pivots == ()


def test_data_from_elsewhere_are_known_by_their_hash(apertium, monkeypatch, tmp_path):
    (tmp_path / "modes").mkdir()
    data = tmp_path / "own.bin"
    mode = tmp_path / "modes" / "eng-spa.mode"
    mode.write_text(f"lt-proc '{data}' | lt-proc $1 '{data}'")
    monkeypatch.setenv("APERTIUM_DATADIR", str(tmp_path))
    revisions = []
    for content in ("one", "two"):
        data.write_text(content)
        revisions.append(apertium.info("es").revision)
    assert all(revision.startswith("eng-spa sha256:") for revision in revisions)
    assert revisions[0] != revisions[1]


def test_an_unknown_target_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'ja'.* ca, eo, es, gl, pt"):
        Apertium(ROUTES).info("ja")


@pytest.mark.parametrize("ask", [Apertium.info, lambda a, t: a.translate(["x"], t)])
def test_a_missing_mode_names_the_packages_to_install(ask):
    with pytest.raises(ValueError, match="apt-get install apertium apertium-eng-xxx apertium-xxx"):
        ask(Apertium({"xx": ("eng-xxx", "xxx-yyy")}), "xx")


def test_a_missing_program_names_the_packages_of_the_table(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    wanted = "missing: apertium, .*apt-get install apertium apertium-eng-spa apertium-es-pt"
    with pytest.raises(ValueError, match=wanted):
        Apertium().info("pt")


@pytest.mark.parametrize("wrong", [{"processes": 0}, {"timeout": 0.0}])
def test_wrong_limits_are_refused(wrong):
    with pytest.raises(ValueError, match="positive"):
        Apertium(ROUTES, **wrong)


def test_programs_killed_in_mid_work_cost_no_segment(installed):
    translator = Apertium(ROUTES, processes=2)
    sources = [f"The doctor has {number} red houses." for number in range(1500)]
    wanted = translator.translate(sources, "es")

    def kill_some() -> None:
        for name in ("lrx-proc", "apertium-transf", "lt-proc"):
            time.sleep(0.1)
            signal_one(name, signal.SIGKILL)

    killer = threading.Thread(target=kill_some)
    killer.start()
    assert translator.translate(sources, "es") == wanted
    killer.join()
    translator.close()


def test_a_program_that_stops_in_mid_work_costs_no_segment(installed, silence):
    translator = Apertium({"gl": ROUTES["gl"]}, processes=1)
    wanted = translator.translate(["The red house."] * 9, "gl")
    signal_one("apertium-postch", signal.SIGSTOP)
    silence.tell()
    assert translator.translate(["The red house."] * 9, "gl") == wanted
    translator.close()


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ("die", "translator_crashed"),
        ("hang", "translator_timeout"),
        ("skip", "translator_timeout"),  # by itself; among others it is a wrong count
        ("x" * 20_001, "too_long"),
    ],
)
def test_a_bad_segment_is_singled_out_and_the_rest_come_through(
    with_command, silence, tmp_path, bad, error
):
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    translator = with_command(f"{sys.executable} {script}")
    sources = [str(number) for number in range(30)]
    sources[7] = sources[20] = bad
    translations = translator.translate(sources, "xx")
    failed = [n for n, translation in enumerate(translations) if translation.error]
    assert failed == [7, 20]
    assert translations[7] == Translation("", error=error)
    assert [one.text for one in translations] == ["" if t == bad else t for t in sources]


@pytest.mark.parametrize("command", ["false", "cat > /dev/null"])
def test_an_apertium_that_does_not_work_at_all_is_no_fault_of_the_texts(with_command, command):
    with pytest.raises(ChildProcessError, match=r"echo \. \| apertium eng-xxx"):
        with_command(command, timeout=0.3).translate(["a", "b"], "xx")


def test_close_leaves_no_processes_and_no_open_files(installed):
    before, open_before = programs(), len(list(Path("/proc/self/fd").iterdir()))
    translator = Apertium(ROUTES, processes=2)
    translator.translate(["The red house."] * 40, "pt")
    assert len(programs()) > len(before) + 20
    translator.close()
    assert programs().keys() <= before.keys()
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
