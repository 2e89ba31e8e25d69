"""XQuAD-R and MLQA-R: candidates, relevance and counts are those of the publication."""

from pathlib import Path

import pytest

from schemas.command import UsageError
from tests.trainer.tiny_benchmark import write_lareqa
from trainer.benchmarks.lareqa import read_lareqa

XQUAD_R = Path(__file__).parents[3].parent / "shared" / "data" / "xquad-r"
PUBLISHED = {
    "ar": 1222,
    "de": 1276,
    "el": 1234,
    "en": 1180,
    "es": 1215,
    "hi": 1244,
    "ru": 1219,
    "th": 852,
    "tr": 1167,
    "vi": 1209,
    "zh": 1196,
}


@pytest.mark.skipif(not XQUAD_R.exists(), reason=f"XQuAD-R is not at {XQUAD_R}")
def test_counts_of_xquad_r_are_the_published_ones():
    benchmark = read_lareqa("xquad-r", XQUAD_R)
    found = {lang: len(of_lang.ids) for lang, of_lang in benchmark.candidates.items()}
    assert found == PUBLISHED
    assert {len(asked.ids) for asked in benchmark.questions.values()} == {1190}
    assert all(len(grades) == 11 for grades in benchmark.relevance.values())
    groups = [set(of_lang.groups) for of_lang in benchmark.candidates.values()]
    assert all(of_lang == groups[0] for of_lang in groups)
    assert len(groups[0]) == 240


def test_a_candidate_is_a_sentence_and_equal_ones_stay_apart(tmp_path):
    benchmark = read_lareqa("mlqa-r", write_lareqa(tmp_path))
    english = benchmark.candidates["en"]
    assert list(english.texts)[3:] == ["Rain falls.", "Rain falls.", "Snow stays."]
    assert list(english.ids)[3:] == ["en_1_0", "en_1_1", "en_1_2"]


def test_relevant_is_the_sentence_in_which_the_answer_starts_in_every_language(tmp_path):
    benchmark = read_lareqa("mlqa-r", write_lareqa(tmp_path))
    assert benchmark.relevance == {
        "a": {"en_0_0": 1, "de_1_0": 1},
        "b": {"en_1_2": 1, "de_0_0": 1},
        "c": {"en_1_0": 1},
    }


def test_paragraphs_that_share_a_question_are_one_group(tmp_path):
    benchmark = read_lareqa("mlqa-r", write_lareqa(tmp_path))
    english, german = benchmark.candidates["en"].groups, benchmark.candidates["de"].groups
    assert english[0] == german[2]  # the bees
    assert english[3] == english[5] == german[0] == german[1]  # the weather
    assert english[0] != english[3]


def test_the_context_is_appended_as_in_xtreme_r(tmp_path):
    benchmark = read_lareqa("mlqa-r", write_lareqa(tmp_path)).with_context()
    assert benchmark.candidates["de"].texts[2] == "Bienen tanzen.Bienen tanzen."


def test_missing_languages_are_named(tmp_path):
    write_lareqa(tmp_path)
    for name in ("de", "German", "deu"):
        assert list(read_lareqa("mlqa-r", tmp_path, [name]).questions) == ["de"]
    with pytest.raises(UsageError, match="no fr of mlqa-r"):
        read_lareqa("mlqa-r", tmp_path, ["de", "fr"])
    with pytest.raises(UsageError, match=r"en\.json"):
        read_lareqa("mlqa-r", tmp_path / "empty")


def test_files_of_another_kind_are_refused(tmp_path):
    (tmp_path / "en.json").write_text('{"data": [{"paragraphs": [{"context": "A."}]}]}')
    with pytest.raises(UsageError, match=r"en\.json: not a LAReQA file.*sentence_breaks"):
        read_lareqa("xquad-r", tmp_path)


def test_an_answer_outside_all_sentences_is_a_fault(tmp_path):
    path = write_lareqa(tmp_path) / "de.json"
    path.write_text(path.read_text().replace('"answer_start": 0', '"answer_start": 99'))
    with pytest.raises(UsageError, match="starts in 0 sentences"):
        read_lareqa("mlqa-r", tmp_path)
