import pytest

from pipelines.calibration import calibrate
from pipelines.checks import FieldPair, run_checks
from schemas.check import REJECT, SKIPPED

ENGLISH = (
    "The Nile is a river in Africa. It flows north for 6,650 kilometres and reaches the sea in "
    "Egypt. Many people have lived beside it for thousands of years, because the water makes the "
    "land good for farms."
)
SPANISH = (
    "El Nilo es un río de África. Fluye hacia el norte durante 6.650 kilómetros y llega al mar en "
    "Egipto. Mucha gente ha vivido a su lado durante miles de años, porque el agua hace que la "
    "tierra sea buena para las granjas."
)
FRENCH = (
    "Le Nil est un fleuve d'Afrique. Il coule vers le nord sur 6 650 kilomètres et atteint la mer "
    "en Égypte. Beaucoup de gens vivent sur ses rives depuis des milliers d'années, car l'eau rend "
    "la terre bonne pour les fermes."
)
GREEK = "Ο Νείλος είναι ένας ποταμός στην Αφρική που ρέει προς τον βορρά."
LOOP = SPANISH[:90] + " lo siento, lo siento, lo siento, lo siento," + SPANISH[90:]


def rejected(target, source=ENGLISH, lang="es", field="passage", finished=True):
    pair = FieldPair(field, lang, source, target, finished, calibrate(lang, field, {}))
    return {check.name for check in run_checks(pair) if check.verdict == REJECT}


def test_a_good_translation_passes_every_check():
    assert rejected(SPANISH) == set()
    assert rejected("¿Dónde está el Nilo?", "Where is the Nile?", field="question") == set()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("", "empty"),
        ("........................", "empty"),
        (GREEK, "wrong_script"),
        (ENGLISH, "untranslated"),
        (ENGLISH.upper(), "copy_of_source"),
        (FRENCH, "wrong_language"),
        (SPANISH[:90], "length_ratio"),
        (SPANISH * 2, "length_ratio"),
        (LOOP, "repetition"),
    ],
)
def test_each_check_refuses_what_it_is_named_for(target, reason):
    assert reason in rejected(target)


def test_a_translation_cut_by_the_length_limit_is_refused():
    assert rejected(SPANISH, finished=False) == {"decode_limit"}


def test_a_loop_that_is_in_the_source_is_no_fault():
    chant = "They sang row row row, row your boat, down the stream, and were happy for a day."
    song = "Cantaban rema rema rema, rema en tu bote, río abajo, y fueron felices por un día."
    assert "repetition" not in rejected(song, chant, field="question")


def test_a_source_without_letters_may_stay_as_it_is():
    assert (
        rejected("\U0001f600\U0001f680 ???", "\U0001f600\U0001f680 ???", field="question") == set()
    )


def test_short_texts_are_skipped_and_never_called_verified():
    pair = FieldPair("question", "es", "Who?", "¿Quién?", True, calibrate("es", "question", {}))
    language = [c for c in run_checks(pair) if c.name == "wrong_language"]
    assert [c.verdict for c in language] == [SKIPPED]


def test_a_language_the_detector_does_not_know_is_skipped_but_english_is_caught():
    galician = "O Nilo é un río de África que corre cara ao norte e chega ao mar en Exipto."
    assert "untranslated" not in rejected(galician, ENGLISH[:76], "gl", "question")
    assert "untranslated" in rejected(ENGLISH[:76], ENGLISH[:76], "gl", "question")


def test_chinese_is_not_taken_for_korean():
    english = "Through which countries of Africa does the Nile flow?"
    assert rejected("尼罗河流经哪些非洲国家和地区？", english, "zh-Hans", "question") == set()


def test_thai_questions_need_no_question_mark():
    english = "Which countries does the Nile flow through?"
    assert rejected("แม่น้ำไนล์ไหลผ่านประเทศใดบ้าง", english, "th", "question") == set()


def test_every_check_reports_value_and_threshold_on_accepted_rows_too():
    pair = FieldPair("passage", "es", ENGLISH, SPANISH, True, calibrate("es", "passage", {}))
    checks = {check.name: check for check in run_checks(pair)}
    assert checks["length_ratio"].value is not None
    assert checks["wrong_language"].value > 0.99
    assert {c.field for c in checks.values()} == {"passage"}
