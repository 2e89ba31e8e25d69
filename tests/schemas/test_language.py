import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas.language
from schemas.language import (
    LANGUAGES,
    Language,
    UnknownLanguage,
    list_codes,
    parse_language,
    parse_languages,
    select_languages,
)

MODES = Path("/usr/share/apertium/modes")
DEBIAN_PACKAGES = Path("/var/lib/dpkg/info")
languages = st.sampled_from(list(LANGUAGES.values()))

# Where the script of the text is not the one in the NLLB code.
SCRIPT_DIFFERS = {"kor_Hang": "Kore", "sat_Beng": "Olck"}


def names(language: Language) -> list[str]:
    return [n for n in (language.code, language.nllb, language.name, *language.aliases) if n]


def test_table_is_sorted_by_unique_code() -> None:
    table = Path(schemas.language.__file__).with_name("languages.tsv")
    lines = table.read_text(encoding="utf-8").splitlines()
    codes = [line.split("\t")[0] for line in lines[1:]]
    assert codes == sorted(set(codes)) == list(LANGUAGES)


def test_codes_scripts_and_tokens_are_well_formed() -> None:
    for language in LANGUAGES.values():
        assert re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3}|-[A-Z]{2}|-[a-z]{5,8})?", language.code)
        assert re.fullmatch(r"[A-Z][a-z]{3}", language.script), language.code
        assert re.fullmatch(r"(>>\w+<<)?", language.opus_mt_token), language.code
        assert language.opus_mt or not language.opus_mt_token, language.code
        assert bool(language.apertium) == bool(language.apertium_packages), language.code


def test_script_agrees_with_code_and_nllb_code() -> None:
    for language in LANGUAGES.values():
        subtag = re.search(r"-([A-Z][a-z]{3})$", language.code)
        assert subtag is None or subtag[1] == language.script
        if language.nllb:
            expected = SCRIPT_DIFFERS.get(language.nllb, language.nllb[4:])
            assert language.script == expected, language.code


def test_no_two_languages_are_made_by_the_same_model_and_token() -> None:
    made = [
        key
        for language in LANGUAGES.values()
        for key in (language.nllb, language.opus_mt + language.opus_mt_token, language.apertium)
        if key
    ]
    assert [key for key, count in Counter(made).items() if count > 1] == []


def test_every_language_but_english_is_made_by_some_backend() -> None:
    made = {c for c, lang in LANGUAGES.items() if lang.nllb or lang.opus_mt or lang.apertium}
    assert set(LANGUAGES) == made
    assert (LANGUAGES["en"].opus_mt, LANGUAGES["en"].apertium) == ("", ())


def test_no_name_stands_for_two_languages() -> None:
    owners: dict[str, set[str]] = {}
    for language in LANGUAGES.values():
        for name in names(language):
            key = re.sub(r"[\W_]+", "-", name.casefold()).strip("-")
            owners.setdefault(key, set()).add(language.code)
    assert {name: codes for name, codes in owners.items() if len(codes) > 1} == {}


def test_nllb_codes_are_those_of_the_nllb_tokenizer() -> None:
    nllb = pytest.importorskip(
        "transformers.models.nllb.tokenization_nllb", reason="transformers is not installed"
    )
    ours = [language.nllb for language in LANGUAGES.values() if language.nllb]
    assert sorted(ours) == sorted(nllb.FAIRSEQ_LANGUAGE_CODES)


def test_langdetect_labels_are_those_of_langdetect() -> None:
    factory = pytest.importorskip("langdetect.detector_factory", reason="langdetect is missing")
    ours = {language.langdetect for language in LANGUAGES.values()} - {""}
    assert ours == {path.name for path in Path(factory.PROFILES_DIRECTORY).iterdir()}


def test_every_group_has_at_least_two_languages() -> None:
    sizes = Counter(language.group for language in LANGUAGES.values() if language.group)
    assert {group for group, size in sizes.items() if size < 2} == set()


@pytest.mark.parametrize(
    "language", [lang for lang in LANGUAGES.values() if lang.apertium], ids=lambda lang: lang.code
)
def test_apertium_packages_ship_the_modes_of_the_route(language: Language) -> None:
    lists = [DEBIAN_PACKAGES / f"{package}.list" for package in language.apertium_packages]
    missing = [path.stem for path in lists if not path.exists()]
    if missing:
        pytest.skip(f"Debian packages not installed: {' '.join(missing)}")
    shipped = {line for path in lists for line in path.read_text().splitlines()}
    assert [m for m in language.apertium if str(MODES / f"{m}.mode") not in shipped] == []


def test_apertium_routes_lead_from_english_to_the_language_step_by_step() -> None:
    for language in LANGUAGES.values():
        steps = [mode.partition("_")[0].split("-") for mode in language.apertium]
        ends = ["en", *(target for _, target in steps)]
        for (source, _), end in zip(steps, ends, strict=False):
            assert parse_language(source) is parse_language(end), language.code
        if steps and ends[-1] != "hbs":  # Serbo-Croatian: one mode for each of its languages
            assert parse_language(ends[-1]).code == language.code.partition("-")[0]


@given(languages, st.data())
def test_every_name_is_read_whatever_its_case_and_separators(
    language: Language, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(names(language)))
    change = data.draw(st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
    separator = data.draw(st.sampled_from("-_ "))
    typed = f" {re.sub('[-_ ]', separator, change(name))} "
    assert parse_language(typed) is language


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("no", "nb"),
        ("nor", "nb"),
        ("zh", "zh-Hans"),
        ("zh-CN", "zh-Hans"),
        ("cmn", "zh-Hans"),
        ("zh_TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("Portuguese", "pt"),
        ("pt-PT", "pt"),
        ("pt_br", "pt-BR"),
        ("Farsi", "fa"),
        ("fil", "tl"),
        ("iw", "he"),
        ("in", "id"),
        ("kmr", "ku"),
        ("ger", "de"),
    ],
)
def test_ambiguous_and_older_names_have_one_meaning(typed: str, code: str) -> None:
    assert parse_language(typed).code == code


@pytest.mark.parametrize(
    ("typed", "nllb"),
    [
        ("sr", "srp_Cyrl"),
        ("ar", "arb_Arab"),
        ("fa", "pes_Arab"),
        ("ku", "kmr_Latn"),
        ("az", "azj_Latn"),
        ("uz", "uzn_Latn"),
        ("sq", "als_Latn"),
        ("lv", "lvs_Latn"),
        ("ms", "zsm_Latn"),
        ("sw", "swh_Latn"),
        ("mn", "khk_Cyrl"),
        ("mg", "plt_Latn"),
        ("ne", "npi_Deva"),
        ("or", "ory_Orya"),
        ("ps", "pbt_Arab"),
        ("om", "gaz_Latn"),
        ("yi", "ydd_Hebr"),
        ("qu", "quy_Latn"),
        ("ay", "ayr_Latn"),
        ("gn", "grn_Latn"),
        ("ak", "aka_Latn"),
        ("tw", "twi_Latn"),
        ("ks", "kas_Arab"),
        ("ks-Deva", "kas_Deva"),
    ],
)
def test_two_letter_codes_reach_the_decided_nllb_code(typed: str, nllb: str) -> None:
    assert parse_language(typed).nllb == nllb


def test_unknown_language_suggests_near_ones() -> None:
    with pytest.raises(UnknownLanguage) as error:
        parse_language("sprench")
    assert str(error.value).startswith("unknown language 'sprench'; did you mean: fr (French)")
    assert str(error.value).endswith("? `tandemqa languages` lists all.")


def test_unknown_region_suggests_the_language_without_it() -> None:
    with pytest.raises(UnknownLanguage, match=r"'es-MX'; did you mean: es \(Spanish\)"):
        parse_language("es-MX")


@pytest.mark.parametrize("typed", ["", "  ", "-", "\x00", "en,de"])
def test_text_that_names_no_language_is_refused(typed: str) -> None:
    with pytest.raises(UnknownLanguage):
        parse_language(typed)


@given(st.text(max_size=12))
def test_any_text_is_a_language_or_refused_as_unknown(text: str) -> None:
    try:
        assert parse_language(text).code in LANGUAGES
    except UnknownLanguage as error:
        assert repr(text.strip()) in str(error)


@given(st.lists(languages, min_size=1, max_size=8))
def test_list_keeps_order_and_counts_each_language_once(chosen: list[Language]) -> None:
    typed = ", ".join(names(language)[-1] for language in chosen)
    assert parse_languages(typed) == tuple(dict.fromkeys(chosen))


def test_list_reports_all_unknown_languages_at_once() -> None:
    with pytest.raises(UnknownLanguage) as error:
        parse_languages("es,klingonese,de,xx-YY,klingonese")
    assert str(error.value).count("unknown language") == 2
    assert "'klingonese'" in str(error.value)
    assert "'xx-YY'" in str(error.value)


@pytest.mark.parametrize("typed", ["", " , ,"])
def test_empty_list_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no language in"):
        parse_languages(typed)


def test_only_chinese_and_japanese_sentences_are_joined_without_space() -> None:
    unspaced = {code for code, language in LANGUAGES.items() if not language.spaces}
    assert unspaced == {"ja", "yue", "zh-Hans", "zh-Hant"}


def test_words_of_more_languages_than_those_stand_without_spaces() -> None:
    unspaced = {code for code, language in LANGUAGES.items() if not language.word_spaces}
    assert {"ja", "zh-Hans", "th", "lo", "km", "my"} <= unspaced
    assert not unspaced & {"ko", "vi", "hi", "ar", "es"}


def test_languages_are_found_by_their_meaning_among_names_of_others():
    names = ["zh", "deu_Latn", "pt-BR", "tlh"]
    assert select_languages(["German", "zh-Hans"], names) == (["deu_Latn", "zh"], [])
    assert select_languages(["tlh", "pt"], names) == (["tlh"], ["pt"])
    assert select_languages([], names) == (names, [])
    assert select_languages(["de"], ["de", "en", "deu"]) == (["de", "deu"], [])


def test_languages_that_are_missing_come_with_suggestions():
    assert list_codes(["fi", "Germn"]).startswith("fi, Germn (did you mean: de (German), ")
