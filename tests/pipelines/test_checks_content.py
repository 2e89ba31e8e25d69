import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.content import _GLUED, glued_places
from pipelines.judge.calibration import calibrate
from pipelines.text.numerals import dense_digits, lost_numbers, numbers
from pipelines.text.relatedness import shared_part
from tests.pipelines.test_checks import ENGLISH, SPANISH, check, flagged, rejected

OTHER_SPANISH = (
    "La construcción de un edificio exige planos, permisos y obreros; la ley dice quién puede "
    "dirigir la obra y cuánto dinero cuesta cada una de sus partes, sin contar los muebles."
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,234 and 5.6", {"1234", "56"}),
        ("१२३४ और ٥٦", {"1234", "56"}),
        ("12 345 habitants", {"12345"}),
        ("no number", set()),
    ],
)
def test_numbers_are_the_same_in_every_script_and_with_every_separator(text, found):
    assert numbers(text) == found


def test_numbers_are_found_behind_other_separators():
    assert lost_numbers("in 1,234 of 56", "en 1.234 de 65", 2) == {"56"}
    assert "1920" in dense_digits("(१९२०)")


@pytest.mark.parametrize(
    ("source", "target", "verdict"),
    [
        ("What happened in 1931?", "¿Qué pasó en 1931?", None),
        ("What happened in 1931?", "¿Qué pasó en 1932?", "reject"),
        ("What happened in 1931?", "¿Qué pasó entonces?", "reject"),
        ("Who had 3 of them then?", "¿Quién tenía tres entonces?", None),
        ("Who had 3 of them then?", "¿Quién tenía 4 entonces?", "reject"),
        ("Who had 16 of them?", "¿Quién tenía dieciséis?", "flag"),
        ("Who had 100 of them?", "¿Quién tenía cien?", "flag"),
        ("Who wrote in the 1980s?", "¿Quién escribía en los ochenta?", None),
        ("Who lived in the 19th century?", "¿Quién vivió en el siglo XIX?", None),
    ],
)
def test_a_question_must_keep_its_numbers_unless_they_may_be_spelled_out(source, target, verdict):
    found = {v for name, v in check(target, source, field="question") if name == "number_missing"}
    assert found - {"pass"} == ({verdict} if verdict else set())


def test_a_passage_without_a_number_is_flagged_and_a_changed_one_is_named():
    assert flagged(SPANISH.replace("6.650", "muchos")) == {"number_missing"}
    assert flagged(SPANISH.replace("6.650", "8.210")) == {"number_missing", "number_changed"}


@pytest.mark.parametrize("slip", ["6.560", "6.680", "6.651"])
def test_a_passage_with_a_slip_in_a_number_is_rejected(slip):
    assert "number_changed" in rejected(SPANISH.replace("6.650", slip))


@pytest.mark.parametrize("right", ["6.65", "66", "10.702"])
def test_a_passage_with_a_number_rounded_or_converted_is_kept(right):
    assert "number_changed" not in rejected(SPANISH.replace("6.650", right))


def test_one_slip_among_many_numbers_is_flagged():
    years = " ".join(str(year) for year in range(1900, 1950))
    english, spanish = f"{ENGLISH} {years}", f"{SPANISH} {years}".replace("6.650", "6.651")
    assert "number_changed" in flagged(spanish, english)
    assert "number_changed" not in rejected(spanish, english)


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("Afeta cerca de 1 em 215 pessoas no mundo todo.", True),
        ("Afeta cerca de 1 em 215 mil pessoas no mundo todo.", False),
        ("Afeta cerca de 1 em 215.000 pessoas no mundo todo.", False),
        ("Afeta cerca de 1 em 215 000 pessoas no mundo todo.", False),
        ("Afeta poucas pessoas, cerca de 215.", True),
    ],
)
def test_a_number_without_its_thousands_is_rejected(target, found):
    english = "It affects about 1 in 215,000 people in the whole world."
    assert ("number_changed" in rejected(target, english, lang="pt-BR")) == found
    assert "number_changed" not in rejected(target, english, lang="eu")  # nobody knows its words


@pytest.mark.parametrize(
    ("lang", "target"),
    [
        ("de", "Etwa 215 Millionen Menschen leben in diesem Land."),
        ("de", "Etwa 215 Mio. Menschen leben in diesem Land."),
        ("fr", "ENVIRON 215 MILLIONS de personnes vivent dans ce pays."),
        ("es", "Unos 215 millones de personas viven en este país."),
        ("es", "Unas 215M personas viven en este país."),
        ("it", "Circa 215 milioni di persone vivono in questo paese."),
        ("ru", "Около 215 Млн человек живут в этой стране."),
        ("tr", "Bu ülkede yaklaşık 215 Milyon insan yaşıyor."),
    ],
)
def test_words_for_thousands_and_millions_are_known_in_any_case(lang, target):
    english = "About 215,000,000 people live in this country."
    assert "number_changed" not in rejected(target, english, lang=lang)


@pytest.mark.parametrize(
    ("lang", "target"),
    [
        ("pt-BR", "A cidade fica a 10 km de distância do mar aberto."),
        ("fr", "La ville est à 10 kilomètres de la mer ouverte ici."),
        ("de", "Die Stadt liegt 10 Kilometer vom offenen Meer entfernt."),
        ("ru", "Город находится в 10 км от открытого моря здесь."),
        ("zh-Hans", "这座城市距离大海10公里。"),
    ],
)
def test_a_unit_of_a_thousand_smaller_ones_takes_the_thousands(lang, target):
    english = "The city lies 10,000 metres from the open sea."
    assert "number_changed" not in rejected(target, english, lang=lang)


def test_two_numbers_that_look_like_one_in_english_may_part():
    english = "The reactor was built under the 1963 123 Agreement between the two countries."
    target = "O reator foi construído sob o Acordo 123 de 1963 entre os dois países."
    assert "number_changed" not in rejected(target, english, lang="pt-BR")


def test_words_that_ran_into_one_another_are_rejected_or_flagged():
    source = "What was seen in a 10-year period in the region of eBay?"
    for glued in ("¿Qué se vio en un periodode10 años?", "¿Qué se vioEntre diez años?"):
        assert "glued_words" in rejected(glued, source, field="question")
    assert "glued_words" not in rejected("¿Qué vio eBay en 10 años?", source, field="question")
    long = " ".join([SPANISH] * 3)
    assert "glued_words" in flagged(long.replace("río de", "ríode10"), " ".join([ENGLISH] * 3))


@pytest.mark.parametrize(
    ("lang", "target"),
    [
        ("ga", "Cad a bhí ann i measc na bhFrancach le deich mbliana?"),
        ("zu", "Yini eyabonakala ngolimi lwesiZulu ngo2010?"),
        ("sn", "Chii chakaonekwa neveBritish mugore?"),
        ("de", "Was haben die BürgerInnen dort gesehen?"),
    ],
)
def test_capitals_inside_of_words_are_right_where_a_language_has_them(lang, target):
    source = "What was seen there by the people in 10 years?"
    assert "glued_words" not in rejected(target, source, lang=lang, field="question")


def test_a_passage_must_hold_the_number_of_the_answer():
    assert "answer_number_missing" in rejected(
        SPANISH.replace("6.650", "muchos"), answers=("6,650 kilometres",)
    )
    assert "answer_number_missing" not in rejected(SPANISH, answers=("6,650 kilometres",))
    assert "answer_number_missing" not in rejected(SPANISH, answers=("in the 1980s",))


def test_an_answer_that_was_never_in_the_passage_does_not_cost_its_translation():
    assert "answer_number_missing" not in rejected(SPANISH, answers=("7,777 kilometres",))


def question(target, passage=SPANISH, lang="es"):
    return rejected(
        target,
        "What makes the land beside the Nile good for farms?",
        lang,
        "question",
        source_passage=ENGLISH,
        target_passage=passage,
        overlap=calibrate(lang, "overlap", {}),
    )


def test_a_question_of_another_row_or_with_another_passage_is_refused():
    good = "¿Qué hace que la tierra al lado del Nilo sea buena para las granjas?"
    assert question(good) == set()
    assert "unrelated" in question("¿Cuándo ganó el equipo de fútbol su primera copa europea?")
    assert "unrelated" in question(good, OTHER_SPANISH)


def test_a_question_that_shares_little_with_its_passage_in_english_is_not_judged():
    outcomes = check(
        "¿Cuándo ganó el equipo su copa?",
        "When did this team win that cup?",
        field="question",
        source_passage=ENGLISH,
        target_passage=SPANISH,
        overlap=calibrate("es", "overlap", {}),
    )
    assert ("unrelated", "skipped") in outcomes


def test_without_calibration_nothing_is_called_unrelated():
    assert "unrelated" not in question("De quo haec fabula narratur nobis?", lang="gl")


@given(st.text("aBñÑ1Ine_\u0301 \n.", max_size=40))
def test_glued_words_are_found_where_they_are_sought(target):
    assert glued_places("", target) == [word for word in _GLUED.findall(target) if word]


def test_shared_part_counts_distinct_ngrams():
    assert shared_part("good farms", ENGLISH, "en") > 0.8
    assert shared_part("尼罗河在哪里", "尼罗河是一条河", "zh-Hans") == pytest.approx(2 / 5)
    assert shared_part("", ENGLISH, "en") == 0.0


def test_lost_question_marks_are_flagged_where_the_language_has_them():
    assert "question_form" in flagged("El Nilo está lejos", "Is the Nile far?", field="question")
    thai = "แม่น้ำไนล์ไหลผ่านประเทศใดบ้าง"
    assert "question_form" not in flagged(thai, "Where does the Nile flow?", "th", "question")
    assert "question_form" not in flagged("Είναι μακριά;", "Is it far?", "el", "question")


def test_a_question_copied_from_the_passage_is_flagged():
    copied = "Fluye hacia el norte durante 6.650 kilómetros"
    facts = {"source_passage": ENGLISH, "target_passage": SPANISH}
    assert "question_answered" in flagged(copied, "How far is it?", field="question", **facts)
