import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.checks import FieldPair, run_checks
from pipelines.judge.calibration import calibrate
from schemas.check import FLAG, PASS, REJECT, SKIPPED
from schemas.language import LANGUAGES

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


def check(target, source=ENGLISH, lang="es", field="passage", **facts):
    kind = "question" if field == "question" else "passage"
    facts = {"finished": True, "calibration": calibrate(lang, kind, {}), **facts}
    return {
        (item.name, item.verdict): item
        for item in run_checks(FieldPair(field, lang, source, target, **facts))
    }


def named(verdict, *args, **facts):
    return {name for name, found in check(*args, **facts) if found == verdict}


def rejected(*args, **facts):
    return named(REJECT, *args, **facts)


def flagged(*args, **facts):
    return named(FLAG, *args, **facts)


def test_a_good_translation_passes_every_check():
    assert rejected(SPANISH) == flagged(SPANISH) == set()
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
        (SPANISH.encode().decode("latin-1"), "mojibake"),
        (SPANISH.encode("ascii", "replace").decode(), "mojibake"),
        (SPANISH.replace("río", "<b>río</b>"), "markup_added"),
        (SPANISH.replace("río", "&quot;río"), "markup_added"),
        ("spa_Latn " + SPANISH, "markup_added"),
        (">>es<< " + SPANISH, "markup_added"),
        (SPANISH.replace("río", "__río__"), "markup_added"),
    ],
)
def test_each_check_refuses_what_it_is_named_for(target, reason):
    assert reason in rejected(target)


def test_a_translation_cut_by_the_length_limit_is_refused():
    assert rejected(SPANISH, finished=False) == {"decode_limit"}


@pytest.mark.parametrize(
    ("source", "target", "lang"),
    [
        ("They sang row row row, row your boat for a day.", "Cantaban rema rema rema rema.", "es"),
        ("The sum 1, 1, 1, 1 is four, they say to us.", "La suma 1, 1, 1, 1 es cuatro.", "es"),
    ],
)
def test_what_is_repeated_in_the_source_or_counts_is_no_loop(source, target, lang):
    assert "repetition" not in rejected(target, source, lang, field="question")


@pytest.mark.parametrize(
    ("target", "lang"),
    [
        ("Cuándo fue el el el el rey de España?", "es"),
        ("Was ist das jajajajajajajajajajajaja?", "de"),
        ("谁是国王国王国王国王国王？", "zh-Hans"),
        ("ใครคือกษัตริย์กษัตริย์กษัตริย์กษัตริย์", "th"),
    ],
)
def test_loops_of_words_and_of_characters_are_refused(target, lang):
    assert "repetition" in rejected(target, "Who was the king of Spain then?", lang, "question")


def test_question_marks_before_small_letters_are_damage_only_beyond_those_of_the_source():
    """Some translators write on in small letters behind a question."""
    target, source = "Estas malsana? kaj kial? jes.", "Are you ill? And why? Yes."
    assert "mojibake" not in rejected(target, source) | flagged(target, source)
    assert "mojibake" in rejected("El caf? est? fr?o", "Is the coffee cold?")
    assert "mojibake" in rejected("Qu? es esto?", "What is this?")


def test_single_damaged_characters_are_flagged_but_cost_no_row():
    target = SPANISH.replace("6.650", "6.000â€“6.650")
    assert flagged(target) == {"mojibake"}
    assert rejected(target) == set()


@pytest.mark.parametrize("text", ["„Spaß”, sagte er…", "é…", "NÃO", "ÂNGELA", "Что? Где?", "à »"])
def test_letters_of_other_languages_are_no_damage(text):
    assert not {"mojibake"} & (rejected(text) | flagged(text))


def test_markup_of_the_source_may_stay():
    assert "markup_added" not in rejected(SPANISH + " <b>x</b>", ENGLISH + " <b>x</b>")


def test_lost_brackets_are_flagged():
    assert "brackets" in flagged(SPANISH + " (sí", ENGLISH + " (yes)")
    assert "brackets" not in flagged(SPANISH + " (sí)", ENGLISH + " (yes)")


def test_a_source_without_letters_may_stay_as_it_is():
    same = "\U0001f600\U0001f680 ???"
    assert rejected(same, same, field="question") == set()


def test_a_text_of_names_may_stay_as_it_is():
    names = "Carolina Panthers, Denver Broncos, New England Patriots"
    assert "copy_of_source" not in rejected(names, names, field="question")


def test_a_stock_sentence_is_refused():
    assert "target_duplicate" in rejected(SPANISH, duplicates=4)
    assert "target_duplicate" not in rejected(SPANISH, duplicates=3)


def test_words_left_by_the_translator_are_flagged_then_refused():
    assert "unknown_words" in flagged(SPANISH, unknown_share=0.3)
    assert "unknown_words" in rejected(SPANISH, unknown_share=0.5)
    assert "unknown_words" not in rejected(SPANISH) | flagged(SPANISH)


def test_a_low_score_is_flagged_when_the_run_says_what_is_low():
    scores = calibrate("es", "score", {-70: 150, -50: 100, -30: 150})
    assert "low_score" in flagged(SPANISH, score=-3.0, scores=scores)
    assert "low_score" not in flagged(SPANISH, score=-0.6, scores=scores)
    few = calibrate("es", "score", {-50: 9})
    assert "low_score" not in flagged(SPANISH, score=-3.0, scores=few)


def test_a_bad_answer_is_flagged_and_never_costs_the_row():
    assert "number_missing" in flagged("en 1932", "in 1931", field="answer")
    assert flagged("1931", "1931", field="answer") == set()
    for bad in ("", "...", "<b>x</b>", "sí sí sí sí sí sí", "cafÃ©"):
        assert flagged(bad, "yes, sir", field="answer")
        assert not rejected(bad, "yes, sir", field="answer")


def test_every_check_reports_value_and_threshold_on_accepted_rows_too():
    outcomes = check(SPANISH)
    assert outcomes["length_ratio", PASS].value is not None
    assert outcomes["wrong_language", PASS].value > 50
    assert {c.field for c in outcomes.values()} == {"passage"}
    assert all(c.value is not None for c in outcomes.values() if c.verdict != SKIPPED)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(LANGUAGES)), st.text(max_size=80), st.text(max_size=80), st.data())
def test_any_texts_in_any_language_can_be_checked(lang, source, target, data):
    field = data.draw(st.sampled_from(["question", "passage", "answer"]))
    outcomes = check(target, source or "x", lang, field)
    assert outcomes == check(target, source or "x", lang, field)
    names = [name for name, _ in outcomes]
    assert len(names) == len(set(names))


def test_human_translations_are_accepted(data):
    from tests.pipelines.gold_sample import gold_pairs

    refused = [pair.target for pair in gold_pairs(data, every=30) if _rejects(pair)]
    total = len(list(gold_pairs(data, every=30)))
    assert total > 600
    assert len(refused) <= 0.01 * total, refused


def _rejects(pair):
    return any(item.verdict == REJECT for item in run_checks(pair))
