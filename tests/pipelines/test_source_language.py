import json

import pytest

from pipelines.ingest.source_language import find_foreign
from pipelines.text.english import foreign_language
from pipelines.text.second_opinion import find_opinion
from schemas.record import Record
from tandemqa import run

ENGLISH = (
    "The library closes at eight in the evening, and at two on Saturdays.",
    "How are ergänzungsschulen funded?",
    "How to diagnose Fibrolamellar carcinoma ?",
    "What does 你好世界 mean?",
    "who wrote cien años de soledad",
    "He wrote ‘Über die spezielle und die allgemeine Relativitätstheorie’ in 1916. It was read by "
    "many people all over the world, and translated into English in 1920.",
    "C27H46O",
    "42",
    "Guwahati",
    "Ludwig Mies van der Rohe",
)
FOREIGN = (
    ("Das Schwimmbad schließt um zwanzig Uhr, am Wochenende schon um achtzehn Uhr.", "German"),
    ("Puede comprar el billete en la oficina de la estación o al conductor.", "Spanish"),
    ("Kütüphane akşam saat sekizde, cumartesi günleri ikide kapanır.", "Turkish"),
    ("Библиотека закрывается в восемь часов вечера.", "Russian"),
    ("图书馆几点关门？", "Chinese (Simplified)"),
)


@pytest.fixture(params=["with a second opinion", "without"])
def opinion(request):
    return find_opinion() if request.param == "with a second opinion" else None


@pytest.mark.parametrize("text", ENGLISH)
def test_english_with_foreign_names_titles_and_words_is_english(text, opinion):
    assert foreign_language(text, opinion) == ""


@pytest.mark.parametrize(("text", "language"), FOREIGN)
def test_other_languages_are_told_apart_and_named(text, language):
    assert foreign_language(text, find_opinion()) == language


@pytest.mark.parametrize(("text", "language"), FOREIGN)
def test_no_second_opinion_is_needed(text, language):
    assert foreign_language(text)


def test_a_long_passage_is_foreign_when_a_third_of_it_is():
    english, german = ENGLISH[0] + " ", FOREIGN[0][0] + " "
    assert foreign_language(english * 9 + german) == ""
    assert foreign_language(english * 5 + german * 5) == "German"


@pytest.mark.parametrize("field", ["question", "passage"])
def test_either_field_in_another_language_is_named(field):
    texts = {"question": "When does it close?", "passage": ENGLISH[0], field: FOREIGN[0][0]}
    failure = find_foreign(Record("r", "d", "train", **texts))
    assert failure is not None
    assert failure.reason == "not_english"
    assert f"the {field} seems to be in German" in failure.detail


def write(path, *texts):
    rows = [
        {"id": n, "question": f"{question} {n}", "passage": f"{passage} {n}."}
        for n, (question, passage) in enumerate(texts)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def commands(tmp_path, source):
    shared = ["--input", source, "--languages", "es", "--output", str(tmp_path / "corpus")]
    return ["build", *shared], ["plan", *shared]


def test_foreign_records_are_quarantined_and_the_others_kept(tmp_path):
    texts = [("When does the library close?", ENGLISH[0])] * 12
    source = write(tmp_path / "q.jsonl", *texts, ("Wann schließt das Schwimmbad?", FOREIGN[0][0]))
    build, _ = commands(tmp_path, source)
    assert run(build) == 0
    manifest = json.loads((tmp_path / "corpus" / "manifest.json").read_text())
    assert manifest["source"]["failed"] == {"not_english": 1}
    assert manifest["source"]["groups"] == 12
    assert run(["verify", str(tmp_path / "corpus")]) == 0


@pytest.mark.parametrize("command", [0, 1])
def test_a_source_in_another_language_stops_before_anything_is_translated(
    tmp_path, capsys, command
):
    texts = [("Wann schließt das Schwimmbad?", FOREIGN[0][0])] * 10
    source = write(tmp_path / "q.jsonl", *texts, ("When does the library close?", ENGLISH[0]))
    assert run(commands(tmp_path, source)[command]) == 1
    message = capsys.readouterr().err
    assert "10 of 11 source items" in message
    assert "The source does not look English" in message
    assert not (tmp_path / "memory").exists()
