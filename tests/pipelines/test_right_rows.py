"""Correct translations of genres other than encyclopaedia passages are not rejected."""

import pytest

from pipelines.checks import FieldPair, run_checks
from pipelines.judge.calibration import calibrate
from schemas.check import FLAG, REJECT, Check

ENGLISH = "The river flows north through the old town and reaches the sea near the harbour."
SPANISH = "El río fluye hacia el norte por el casco antiguo y llega al mar cerca del puerto."
RUSSIAN = "Река течёт на север через старый город и впадает в море недалеко от гавани."


def check(
    source: str, target: str, lang: str = "es", field: str = "passage", **facts
) -> list[Check]:
    calibration = calibrate(lang, field, {})
    return run_checks(FieldPair(field, lang, source, target, True, calibration, **facts))


def rejecting(*args, verdict: str = REJECT, **facts) -> set[str]:
    return {item.name for item in check(*args, **facts) if item.verdict == verdict}


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("<0.40 reached an RVEF>0.45", "<0.40 alcanzó una FEVD>0.45"),
        ("(p<0.05 and n>30)", "(p<0.05 y n>30)"),
        ("when a<b and c>d", "cuando a<b y c>d"),
        ("<LLOQ or >ULOQ", "<LLOQ o >ULOQ"),
        ("if x <y and z> 2", "si x <y y z> 2"),
        ("<5 years or >65 years", "<5 años o >65 años"),
        ("Dear <name>, see <your address>", "Querido <nombre>, vea <su dirección>"),
        ('<a title="the town">x</a>', '<a title="la ciudad">x</a>'),
        ("R&D; Johnson&Johnson;", "I&DE; Johnson&Johnson;"),
        ("fill in: ____", "rellene: ______"),
        ("**p<0.05, ***p<0.01", "***p<0.05, **p<0.01"),
        ("{{a, b}, {c}}", "{{a, b}, {c}}"),
        ("[1,[2]] and [[3]]", "[1,[2]] y [[3]]"),
        ("min_Temp and alpha_Beta", "mín_Temp y alpha_Beta"),
        ("a gain of 5 %", "una ganancia del 5%de"),
    ],
)
def test_what_science_writes_is_no_markup(english, spanish):
    source, target = f"{ENGLISH} {english}", f"{SPANISH} {spanish}"
    assert "markup_added" not in rejecting(source, target)


@pytest.mark.parametrize(
    "added",
    [
        *("<b>río</b>", "</s>", "<unk>", "<g1>río</g1>", "<0x0A>", "<|endoftext|>", "<br />"),
        *('<span class="a b" id=c>', "&amp;", "&#39;", "{{río}}", "[[río]]", "**río**", "%s", "⁇"),
    ],
)
def test_markup_of_pages_templates_and_models_is_found(added):
    assert "markup_added" in rejecting(ENGLISH, f"{SPANISH} {added}")


def test_a_token_of_a_model_is_found_in_place_of_a_tag():
    assert "markup_added" in rejecting(f"{ENGLISH} <b>", f"{SPANISH} <unk>")


def paper(source: str, target: str, *, spoiled: str, times: int, lang: str = "es") -> dict:
    """Return a paper of many sentences, the first few of them spoiled, as arguments."""
    english = translated = ""
    spans = []
    for index in range(times):
        text = spoiled if index == 0 else target
        spans.append(
            (len(english), len(english) + len(source), len(translated), len(translated) + len(text))
        )
        english, translated = f"{english}{source} ", f"{translated}{text} "
    facts = {"lang": lang, "sentences": tuple(spans)}
    return {"source": english.strip(), "target": translated.strip(), **facts}


@pytest.mark.parametrize(
    ("target", "spoiled", "lang", "reason"),
    [
        (SPANISH, ENGLISH, "es", "english_sentence"),
        (RUSSIAN, ENGLISH, "ru", "english_sentence"),
        (SPANISH, SPANISH[:20], "es", "sentence_short"),
    ],
)
def test_one_sentence_of_many_flags_a_paper_and_rejects_a_passage(target, spoiled, lang, reason):
    long = paper(ENGLISH, target, spoiled=spoiled, times=125, lang=lang)
    short = paper(ENGLISH, target, spoiled=spoiled, times=8, lang=lang)
    assert reason not in rejecting(**long)
    assert reason in rejecting(**long, verdict=FLAG)
    assert reason in rejecting(**short)


def test_one_lost_sentence_end_of_many_leaves_a_paper_its_length():
    shorter = SPANISH.replace(
        " hacia el norte", " al norte"
    )  # of a style that is shorter throughout
    long = paper(ENGLISH, shorter, spoiled=shorter.removesuffix("."), times=125)
    short = paper(ENGLISH, shorter, spoiled=shorter.removesuffix("."), times=4)
    assert "length_ratio" not in rejecting(**long)
    assert "length_ratio" in rejecting(**short)


@pytest.mark.parametrize(
    ("english", "translation", "lang"),
    [
        ("Guwahati", "Guwahati", "es"),
        ("Cadillac", "Cadillac", "ru"),
        ("House of Cards", "House of Cards", "es"),
        ("The Pittsburgh Steelers", "Los Pittsburgh Steelers", "es"),
        ("Guardians of the Galaxy Vol. 2", "Guardians of the Galaxy Vol. 2", "ru"),
        ("Ludwig van Beethoven", "Ludwig van Beethoven", "tr"),
        ("United States", "EE. UU.", "es"),
        ("Trypanosoma brucei", "Trypanosoma brucei", "tr"),
        ("melatonin", "melatonin", "vi"),
        ("Johns Hopkins University", "JHU", "es"),
    ],
)
@pytest.mark.parametrize("field", ["question", "passage"])
def test_a_name_that_stands_alone_may_stay_or_change_its_length(english, translation, lang, field):
    assert rejecting(english, translation, lang, field, unknown_share=1.0) == set()


def test_the_names_of_a_short_text_may_be_unknown():
    source, target = "rapper Chandan Shetty", "raper Chandan Shetty"
    assert "unknown_words" in rejecting(source, target, "ca", unknown_share=0.67, verdict=FLAG)
    assert "unknown_words" in rejecting("planner of the unit", "planner de unit", unknown_share=0.6)


def test_what_is_no_name_is_rejected_as_before():
    assert "copy_of_source" in rejecting(ENGLISH, ENGLISH)
    question = "Who wrote the House of Cards?"
    assert rejecting(question, question, field="question")
    assert "unknown_words" in rejecting(ENGLISH, SPANISH, unknown_share=0.6)
    assert "wrong_script" in rejecting("The Pittsburgh Steelers", "Питтсбург Стилерз")
    assert "length_ratio" in rejecting("The Pittsburgh Steelers", SPANISH + SPANISH)
