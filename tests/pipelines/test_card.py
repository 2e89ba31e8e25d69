"""The dataset card: what a visitor of the hub must be told, and what `datasets` reads."""

import re

import yaml

from pipelines.corpus.card import write_card
from schemas.language import LANGUAGES
from schemas.licences import is_non_commercial
from schemas.manifest import SourceCounts
from tests.pipelines.report_corpus import APERTIUM, NLLB, make_corpus


def squeezed(card: str) -> str:
    """Return the card without the spaces that align its tables."""
    return re.sub(" +", " ", card)


def header_of(card: str) -> dict:
    return yaml.safe_load(card.removeprefix("---\n").split("\n---\n")[0])


def test_a_non_commercial_model_is_named_before_anything_else(tmp_path):
    card = write_card(make_corpus(tmp_path))
    first = card.split("# Parallel")[1].split("\n\n")[1]
    assert first.startswith("> **Not for commercial use: Spanish, Arabic, Chinese (Simplified).**")
    assert "CC-BY-NC-4.0" in first and "other languages are not affected" in first
    assert header_of(card)["license"] == ["apache-2.0", "cc-by-nc-4.0"]
    assert "| CC-BY-NC-4.0 (no commercial use) |" in squeezed(card)


def test_without_such_a_model_there_is_no_notice(tmp_path):
    manifest = make_corpus(tmp_path)
    free = manifest.model_copy(update={"translators": {"gl": APERTIUM}})
    card = write_card(free)
    assert "ommercial" not in card
    assert header_of(card)["license"] == ["apache-2.0"]
    bound = manifest.model_copy(update={"translators": {"ar": NLLB}})
    assert "not affected" not in write_card(bound)


def test_non_commercial_licences_are_known_by_name():
    assert all(map(is_non_commercial, ("CC-BY-NC-4.0", "cc-by-nc-sa-3.0", "Non-commercial")))
    assert not any(map(is_non_commercial, ("CC-BY-4.0", "GPL-2.0-only", "MIT", "", "NCSA")))


def test_the_header_is_what_datasets_and_the_hub_read(tmp_path):
    header = header_of(write_card(make_corpus(tmp_path)))
    assert header["language"] == ["en", "es", "ar", "zh", "gl"]
    assert header["language_details"] == ["zh-Hans"]
    assert header["size_categories"] == ["n<1K"]
    configs = {config["config_name"]: config for config in header["configs"]}
    assert list(configs) == ["all", "en", "es", "ar", "zh-Hans", "gl", "pairs"]
    assert configs["all"]["default"]
    assert configs["all"]["data_files"][0]["path"] == "data/train/lang=*/*.parquet"
    spanish = configs["es"]
    assert spanish["data_files"] == [
        {"split": split, "path": f"data/{split}/lang=es/*.parquet"}
        for split in ("train", "validation")
    ]


def test_no_language_has_the_name_of_another_configuration():
    assert not {"all", "pairs"} & set(LANGUAGES)


def test_licences_are_identifiers_that_the_hub_knows(tmp_path):
    manifest = make_corpus(tmp_path).model_copy(update={"translators": {}})
    names = {
        "CC-BY-SA-4.0": "cc-by-sa-4.0",
        "GPL-3.0-or-later": "gpl-3.0",
        "cc-by-nd-3.0": "other",  # the hub has no such identifier
        "agpl-2.0": "other",
        "": "unknown",
    }
    for name, identifier in names.items():
        sources = [{"dataset": "squad", "license": name, "path": ""}]
        card = write_card(manifest.model_copy(update={"config": {"sources": sources}}))
        assert header_of(card)["license"] == [identifier]


def test_counts_calibration_and_evaluation_sets_are_told(tmp_path):
    card = squeezed(write_card(make_corpus(tmp_path)))
    assert "| language | code | train | validation | rejected | failed |" in card
    assert "| Galician | `gl` | 26 | 2 | 12 | 0 |" in card
    assert "| Spanish | question | human translations | 1.11 | 240 |" in card
    assert "| xquad | 1,190 | 3 |" in card
    meaning = "far longer or shorter than translations into this language are"
    assert f"| `length_ratio` | {meaning} | 13 |" in card
    assert "through Spanish" in card
    assert 'load_dataset("path/to/this/folder", "gl")' in card


def test_a_corpus_held_against_no_evaluation_set_says_so(tmp_path):
    manifest = make_corpus(tmp_path)
    source = SourceCounts(read=40, groups=40)
    card = write_card(manifest.model_copy(update={"source": source}))
    assert "No evaluation sets were excluded." in card
    assert "all of them could be used" in card


def test_sizes_are_in_the_words_of_the_hub(tmp_path):
    manifest = make_corpus(tmp_path)
    for rows, words in ((999, "n<1K"), (1_000, "1K<n<10K"), (10**6, "1M<n<10M")):
        files = [manifest.files[0].model_copy(update={"rows": rows, "kind": "row"})]
        card = write_card(manifest.model_copy(update={"files": files}))
        assert header_of(card)["size_categories"] == [words]


def test_names_cannot_break_the_tables(tmp_path):
    source = {"path": "x", "dataset": "a|b\n<script>\n---", "license": "MIT|"}
    manifest = make_corpus(tmp_path).model_copy(update={"config": {"sources": [source]}})
    card = write_card(manifest)
    assert "| a\\|b &lt;script> --- | MIT\\| |" in squeezed(card)
    assert "<script>" not in card.split("\n---\n", 1)[1]
    assert header_of(card)["license"] == ["cc-by-nc-4.0", "other"]


def test_a_failed_corpus_says_so_first_and_leaks_after_translation_are_told(tmp_path):
    fault = "es: 30 of 40 rows (75.0%) were rejected"
    alarms = {"es": {"xquad": {"question": 2}}}
    manifest = make_corpus(tmp_path).model_copy(update={"faults": [fault], "alarms": alarms})
    card = write_card(manifest)
    assert card.split("# Parallel")[1].split("\n\n")[1].startswith("> **Marked failed.**")
    assert fault in card
    assert "2 questions in Spanish resembling xquad" in card
    assert "Marked failed" not in write_card(make_corpus(tmp_path))


def test_only_lengths_are_told_as_lengths(tmp_path):
    manifest = make_corpus(tmp_path)
    fields = manifest.calibration["es"]
    calibration = {"es": {**fields, "overlap": fields["question"], "score": fields["question"]}}
    card = write_card(manifest.model_copy(update={"calibration": calibration}))
    assert "| Spanish | question |" in squeezed(card)
    assert "overlap" not in card and "| score |" not in card


def test_names_of_others_are_text_in_the_card_and_steer_no_terminal(tmp_path):
    name = "a\x1b[31m *b* `c` [d](https://e.org) <img src=x> &lt; f_g | \u202eh"
    sources = [{"dataset": name, "license": f"{name}2", "path": ""}]
    manifest = make_corpus(tmp_path).model_copy(update={"config": {"sources": sources}})
    card = write_card(manifest)
    assert not set("\x1b\u202e") & set(card)
    assert r"\\x1b\[31m \*b\* \`c\` \[d\](https://e.org) &lt;img src=x> &amp;lt; f_g" in card
