"""From a study to its runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.command import UsageError
from trainer.study.grid import answer_labels, baseline_labels, plan_cells, plan_untrained
from trainer.study.study_file import StudyFile


def make_study(vary, **changes):
    values = {
        "title": "t",
        "output": "o",
        "train": {"corpora": ["c"], "model": "org/small"},
        "vary": vary,
        "evaluate": {"x": {"benchmark": "beir"}},
        **changes,
    }
    return StudyFile.model_validate(values)


def plan(vary, digest="d", **changes):
    return plan_cells(make_study(vary, **changes), lambda path: digest)


def test_each_combination_is_a_cell_with_its_seed():
    cells = plan({"mono_ratio": [0, 0.5], "cross_mode": ["mixed", "pair"], "seed": [3, 4]})
    assert len(cells) == 8
    assert [cell.seed for cell in cells] == [3, 4] * 4
    assert cells[0].labels == {"mono_ratio": "0", "cross_mode": "mixed"}
    assert len({cell.run.key for cell in cells}) == 8
    assert cells[-1].run.options["cross_mode"] == "pair"
    assert cells[-1].run.slug == "mono_ratio=0.5_cross_mode=pair_seed=4"


def test_cells_that_come_to_the_same_share_a_run():
    cells = plan({"mono_ratio": [0, 1], "cross_mode": ["mixed", "pair"]})
    keys = [cell.run.key for cell in cells]
    assert len(set(keys)) == 3
    assert keys[2] == keys[3]  # monolingual batches alone have no cross mode
    assert cells[2].run == cells[3].run


def test_how_a_value_is_written_makes_no_other_run():
    assert plan({"mono_ratio": [1]})[0].run.key == plan({"mono_ratio": [1.0]})[0].run.key
    spelt_out = plan({"mono_ratio": [1]}, train={"corpora": "c", "model": "org/small", "lora": 0})
    assert spelt_out[0].run.key == plan({"mono_ratio": [1]})[0].run.key


def test_another_corpus_makes_another_run():
    assert plan({"seed": [0]})[0].run.key != plan({"seed": [0]}, digest="e")[0].run.key


def test_languages_are_taken_from_an_order():
    cells = plan({"languages": {"order": ["en", "de", "es"], "counts": [2, 3]}})
    assert [cell.run.options["languages"] for cell in cells] == [["en", "de"], ["en", "de", "es"]]
    assert [cell.labels["languages"] for cell in cells] == ["2", "3"]


def test_sampling_takes_the_baselines_of_the_literature():
    cells = plan({"sampling": ["hybrid", "mono", "cross", "xx"]})
    assert [cell.run.options.get("mono_ratio") for cell in cells] == [None, 1.0, 0.0, 0.0]
    assert cells[3].run.options["cross_mode"] == "xx"
    with pytest.raises(UsageError, match=r"vary\.sampling: 'both'"):
        plan({"sampling": ["both"]})


def test_named_sets_change_several_options():
    sizes = {"small": {"model": "a/s"}, "7B": {"model": "a/l", "lora": 16}}
    cells = plan({"size": sizes})
    assert [cell.labels["size"] for cell in cells] == ["small", "7B"]
    assert cells[1].run.options["lora"] == 16
    untrained = plan_untrained(make_study({"size": sizes}), cells)
    assert [cell.run.options["model"] for cell in untrained] == ["a/s", "a/l"]


def test_a_base_model_is_evaluated_once():
    vary = {"mono_ratio": [0, 1], "seed": [0, 1]}
    (cell,) = plan_untrained(make_study(vary), plan(vary))
    assert not cell.run.trained and cell.seed is None
    assert cell.run.slug == "base=small"


def test_a_base_model_is_not_cut_at_the_length_of_training():
    vary = {"mono_ratio": [0, 1]}
    train = {"model": "org/small", "corpora": ["c"], "max_length": 64, "question_prompt": "q: "}
    (cell,) = plan_untrained(make_study(vary, train=train), plan(vary, train=train))
    assert cell.run.options == {"model": "org/small", "question_prompt": "q: "}


def test_other_models_are_evaluated_as_they_are():
    vary = {"mono_ratio": [0, 1]}
    others = {"BGE": {"model": "b/bge", "max_length": 64}, "same": {"model": "org/small"}}
    cells = plan_untrained(make_study(vary, untouched=others), plan(vary))
    assert [dict(cell.labels) for cell in cells] == [
        {"base model": "small"},
        {"untouched": "BGE"},
        {"untouched": "same"},
    ]
    assert cells[1].run.options == {"model": "b/bge", "max_length": 64}
    assert cells[0].run == cells[2].run  # evaluated once


def test_values_that_make_no_sense_are_refused_with_their_place():
    with pytest.raises(UsageError, match="mono_ratio=2: --mono-ratio 2: wanted 0 to 1"):
        plan({"mono_ratio": [2]})
    with pytest.raises(UsageError, match=r"train\.model: needed"):
        plan({"mono_ratio": [1]}, train={"corpora": ["c"]})


def test_values_that_would_be_called_the_same_are_refused():
    with pytest.raises(UsageError, match="called the same: e5"):
        plan({"model": ["a/e5", "b/e5"]})


def test_the_first_cell_is_the_baseline_unless_another_one_is_named():
    vary = {"mono_ratio": [1, 0.5], "seed": [0, 1]}
    assert baseline_labels(make_study(vary), plan(vary)) == {"mono_ratio": "1"}
    named = make_study(vary, baseline={"mono_ratio": 0.5})
    assert baseline_labels(named, plan(vary)) == {"mono_ratio": "0.5"}
    with pytest.raises(UsageError, match=r"baseline\.mono_ratio: 3; wanted one of 1, 0\.5"):
        baseline_labels(make_study(vary, baseline={"mono_ratio": 3}), plan(vary))
    with pytest.raises(UsageError, match=r"answer\.mono_ratio: 3; wanted one of 1, 0\.5"):
        answer_labels(make_study(vary, answer={"mono_ratio": 3}), plan(vary))


@given(name=st.text(min_size=1, max_size=200))
def test_folder_names_are_safe_whatever_a_value_is(name):
    (cell,) = plan({"corpora": [name], "seed": [0]})
    assert "/" not in cell.run.name
    assert not cell.run.name.startswith(".")
    assert len(cell.run.name.encode()) <= 255
