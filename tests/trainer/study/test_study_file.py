"""Reading study.yaml: each fault is named by its key."""

import pytest

from schemas.command import UsageError
from trainer.study.study_file import read_study


def test_a_study_is_read(write_study):
    study = read_study(write_study())
    assert study.title == "Tiny"
    assert study.vary == {"mono_ratio": [1, 0]}
    assert study.base_models and study.keep_models


def test_the_output_is_named_after_the_file(write_study):
    assert read_study(write_study(output=None)).output == "studies/study"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"titel": "x"}, "titel: titel is unknown; did you mean title?"),
        ({"vary": None}, "vary: needed"),
        ({"vary": {}}, "vary: "),
        ({"vary": {"mono_ratio": []}}, "vary.mono_ratio: wanted one value or more"),
        ({"vary": {"mono_ratio": 0.5}}, "vary.mono_ratio: wanted a list of values"),
        ({"vary": {"mono_ration": [1]}}, "vary.mono_ration: mono_ration is unknown; did you mean"),
        ({"vary": {"output": ["x"]}}, "vary.output: output is unknown"),
        ({"vary": {"size": {"small": "e5"}}}, "vary.size.small: wanted options of tandemqa train"),
        ({"vary": {"size": {"small": {"modle": 1}}}}, "vary.size.small.modle: modle is unknown"),
        ({"vary": {"a/b": {"x": {}}}}, "vary.a/b: wanted a name of letters"),
        (
            {"vary": {"languages": {"order": ["en", "es"], "counts": [3]}}},
            "vary.languages.counts: 3; wanted 1 to 2",
        ),
        (
            {"vary": {"languages": {"order": ["en", "en"], "counts": [1]}}},
            "vary.languages.order: wanted a list of language codes, each once",
        ),
        ({"evaluate": {}}, "evaluate: "),
        ({"evaluate": {"x": {"data": "d"}}}, "evaluate.x.benchmark: needed"),
        (
            {"evaluate": {"x": {"benchmark": "beir", "dta": "d"}}},
            "evaluate.x.dta: dta is unknown; did you mean data?",
        ),
        (
            {"evaluate": {"x": {"benchmark": "xquad"}}},
            "evaluate.x: --benchmark xquad: wanted xquad-r",
        ),
        (
            {"evaluate": {"x": {"benchmark": "beir", "batch_size": "many"}}},
            "evaluate.x: --batch-size many: wanted a whole number",
        ),
        ({"evaluate": {"../x": {"benchmark": "beir"}}}, "evaluate.../x: wanted a name of letters"),
        ({"measures": ["map"]}, "measures: map is unknown"),
        ({"measures": {"y": ["main_score"]}}, "measures: y is unknown"),
        ({"measures": {"held-out": ["map"]}}, "measures.held-out: map is unknown"),
        ({"untouched": {"e5": {"max_length": 64}}}, "untouched.e5.model: needed"),
        (
            {"untouched": {"e5": {"model": "e5", "steps": 1}}},
            "untouched.e5.steps: steps is unknown; known: max_length",
        ),
        (
            {"untouched": {"e5": {"model": "e5", "max_length": "many"}}},
            "untouched.e5: --max-length many: wanted a whole number",
        ),
        ({"untouched": ["e5"]}, "untouched: wanted `name: value` lines, found ['e5']"),
        ({"measures": "map"}, "measures: wanted a list of measures, or one for each benchmark"),
        ({"answer": {"seed": 0}}, "answer.seed: wanted an axis of vary: mono_ratio"),
        ({"processes": 0}, "processes: "),
        ({"baseline": {"model": "x"}}, "baseline.model: wanted an axis of vary: mono_ratio"),
        ({"baseline": "mono"}, "baseline: wanted a value for some axes of vary, or `base model`"),
        (
            {"baseline": "base model", "base_models": False},
            "baseline: base model; `base_models: false` leaves those out",
        ),
        ({"answering": 0}, "answering: "),
        ({"train": ["steps"]}, "train: "),
    ],
)
def test_faults_are_named_by_their_key(write_study, changes, told):
    with pytest.raises(UsageError) as caught:
        read_study(write_study(**changes))
    assert told in str(caught.value)
    assert "study.yaml" in str(caught.value)


def test_all_unknown_options_are_told_at_once(write_study, content):
    train = {**content["train"], "stepz": 1, "batch": 2}
    with pytest.raises(UsageError, match=r"train\.stepz.*train\.batch"):
        read_study(write_study(train=train))


@pytest.mark.parametrize("text", ["- a\n", "title: [\n", ""])
def test_what_is_no_study_is_refused(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"study\.yaml"):
        read_study(str(path))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"none\.yaml"):
        read_study(str(tmp_path / "none.yaml"))
