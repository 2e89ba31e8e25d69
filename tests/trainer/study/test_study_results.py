"""From the results of runs to tables, findings and the page."""

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from trainer.evaluation.measures import DEFAULT_MEASURES, MEASURES, read_measures
from trainer.evaluation.question_scores import save_question_scores
from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.scoring import Scores
from trainer.study.answer import answer_question
from trainer.study.cell_scores import Statistic, score_cells
from trainer.study.findings import is_clear, state_findings
from trainer.study.plots import draw_plots, draw_trade_off
from trainer.study.run_scores import RunScores
from trainer.study.runs import run_study
from trainer.study.study_file import read_study
from trainer.study.study_plan import plan_study
from trainer.study.study_table import known_measures, make_rows, write_csv, write_markdown

QUESTIONS = 100
LANGUAGES = ["en", "es"]


def scores_of(level):
    """Return what each question scores: half as high as the level on average, never the same."""
    values = np.linspace(0, level, QUESTIONS)
    return QuestionScores(np.arange(QUESTIONS), {"map": values})


def results_of(level, **more):
    mean = {"map": level / 2}
    return {
        "languages": LANGUAGES,
        "monolingual": {"mean": mean, "by_language": dict.fromkeys(LANGUAGES, mean)},
        "crosslingual": {"mean": mean, "by_pair": {"en-es": mean, "es-en": mean}},
        "multilingual": {"mean": mean, "by_language": dict.fromkeys(LANGUAGES, mean)},
        "bias": {"rank_distance": {"mean": 100 - 50 * level, "median": 7.0, "relative": 0.1}},
        **more,
    }


@pytest.fixture
def run(tmp_path):
    def make(labels, seed, level, questions=True, **more):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.questions.npz"
        parts = {s: {"en": scores_of(level)} for s in ("monolingual", "crosslingual")}
        pool = {"en": scores_of(level), "es": scores_of(level)}
        names = [str(number) for number in range(QUESTIONS)]
        save_question_scores(path, Scores(names, {**parts, "multilingual": pool}, {}, None))
        results = results_of(level, **more)
        return RunScores(
            benchmark="b",
            labels=labels,
            seed=seed,
            model="org/m",
            folder=f"{labels}-{seed}",
            measures=read_measures(results),
            results=results,
            questions=path if questions else None,
        )

    return make


@pytest.fixture
def runs(run):
    """Two cells with two seeds, a base model with floors."""
    floors = {"tfidf": results_of(0.2), "untrained": results_of(0.0)}
    return [
        run({"ratio": "1"}, 0, 0.80),
        run({"ratio": "1"}, 1, 0.84),
        run({"ratio": "0.5"}, 0, 0.90),
        run({"ratio": "0.5"}, 1, 0.92),
        run({"base model": "org/m"}, None, 0.5, floors=floors),
    ]


def test_cells_have_mean_spread_and_interval(runs):
    baseline, other, base = score_cells(runs, {"ratio": "1"})
    assert baseline.is_baseline and not other.is_baseline and not base.trained
    pool = baseline.statistics["multilingual.map"]
    assert pool.mean == pytest.approx(0.41)
    assert pool.spread == pytest.approx(np.std([0.40, 0.42], ddof=1))
    assert pool.interval is not None
    low, high = pool.interval
    # The standard error of 100 values, evenly between 0 and 0.82.
    error = 0.82 / np.sqrt(12 * QUESTIONS)
    assert low == pytest.approx(0.41 - 1.96 * error, abs=0.01)
    assert high == pytest.approx(0.41 + 1.96 * error, abs=0.01)


def test_differences_are_paired_by_seed_and_by_question(runs):
    _, other, base = score_cells(runs, {"ratio": "1"})
    gain = other.differences["multilingual.map"]
    assert gain.values == pytest.approx((0.05, 0.04))
    assert gain.interval is not None
    low, high = gain.interval
    error = 0.09 / np.sqrt(12 * QUESTIONS)
    assert low == pytest.approx(0.045 - 1.96 * error, abs=0.002)
    assert high == pytest.approx(0.045 + 1.96 * error, abs=0.002)
    assert base.differences["multilingual.map"].values == pytest.approx((-0.15, -0.17))


def test_each_cell_can_be_compared_with_the_model_it_was_trained_from(runs):
    unlike = replace(runs[-1], model="org/other", labels={"base model": "org/other"})
    one, other, base = score_cells([*runs, unlike], {})[:3]
    assert base.is_baseline and not one.is_baseline
    assert one.differences["multilingual.map"].values == pytest.approx((0.15, 0.17))
    assert other.differences["multilingual.map"].interval is not None
    answers = [str(a) for a in answer_question([one, other, base], ["multilingual.map"], {}, {})]
    assert answers[0].startswith(
        "b, multilingual mAP, against the untouched model: ratio 1 +0.1600 ["
    )
    assert "ratio 0.5 +0.2050 [" in answers[0] and answers[0].count("better") == 2
    findings = state_findings([one, other, base], ["multilingual.map"])
    assert any("2 of 2 other cells differ clearly from the untouched" in text for text in findings)


def test_seeds_that_only_one_cell_has_are_not_compared(run):
    cells = [run({"r": "1"}, 0, 0.8), run({"r": "0"}, 0, 0.6), run({"r": "0"}, 1, 0.9)]
    _, other = score_cells(cells, {"r": "1"})
    assert other.differences["multilingual.map"].values == pytest.approx((-0.1,))


def test_without_scores_of_questions_there_is_no_interval(run):
    cells = [run({"r": r}, 0, 0.5, questions=False) for r in "10"]
    first, second = score_cells(cells, {"r": "1"})
    assert first.statistics["multilingual.map"].interval is None
    assert second.differences["multilingual.map"].interval is None


def test_a_difference_is_clear_when_questions_and_seeds_agree():
    assert is_clear(Statistic((0.1, 0.2), (0.05, 0.2)))
    assert not is_clear(Statistic((0.1, 0.2), (-0.01, 0.2)))
    assert not is_clear(Statistic((-0.1, 0.4), (0.05, 0.2)))
    assert not is_clear(Statistic((0.1,), (0.05, 0.2)))
    assert not is_clear(Statistic((0.1, 0.2), None))


def test_the_table_has_all_cells_the_best_in_bold_and_floors(runs):
    rows = make_rows(score_cells(runs, {"ratio": "1"}), DEFAULT_MEASURES)
    assert [row.name for row in rows] == [
        "ratio 1 (baseline)",
        "ratio 0.5",
        "base model org/m",
        "TF-IDF of characters",
        "random weights",
    ]
    assert rows[1].best == [True, True, True, True]  # of rank distance, the lowest
    assert rows[0].values[2] == "0.4100 ± 0.0141"
    assert rows[3].values[:2] == ["0.1000", "0.1000"]
    assert [row.trained for row in rows] == [True, True, False, False, False]
    assert rows[1].details[2][1].startswith("Δ +0.0450 [+0.0")


def test_markdown_columns_stand_below_each_other(runs):
    lines = write_markdown(score_cells(runs, {"ratio": "1"}), DEFAULT_MEASURES).splitlines()
    assert lines[0] == "### b"
    assert len({len(line) for line in lines[2:]}) == 1
    assert "**0.4550 ± 0.0071**" in lines[5]


def test_markdown_survives_bars_in_names(run):
    cells = score_cells([run({"a|b": "c|d"}, 0, 0.5)], {"a|b": "c|d"})
    assert "a\\|b c\\|d" in write_markdown(cells, DEFAULT_MEASURES)


def test_csv_has_a_line_for_each_run(runs):
    lines = list(csv.DictReader(io.StringIO(write_csv(runs))))
    assert len(lines) == 5
    assert lines[2]["ratio"] == "0.5" and lines[2]["seed"] == "0"
    assert float(lines[2]["multilingual.map"]) == pytest.approx(0.45)
    assert lines[4]["base model"] == "org/m" and lines[4]["ratio"] == ""


def test_findings_name_bests_trade_offs_and_clear_differences(runs):
    text = " ".join(state_findings(score_cells(runs, {"ratio": "1"}), DEFAULT_MEASURES))
    assert "Highest monolingual mAP: 0.4550 at ratio 0.5." in text
    assert "Lowest rank distance: 54.5 at ratio 0.5." in text
    assert "ratio 0.5 is at least as good as every other cell" in text
    assert "In multilingual mAP, 1 of 1 other cells differ clearly from ratio 1: +0.0450 [" in text
    assert "worse than before training" not in text


def test_no_cell_is_named_as_the_best_where_all_are_the_same(run):
    cells = score_cells([run({"r": r}, 0, 0.8) for r in "10"], {"r": "1"})
    found = state_findings(cells, ["monolingual.map"])
    assert "Highest monolingual mAP: 0.4000 at all of them." in found
    cells = score_cells([run({"r": r}, 0, 0.8 if r else 0.5) for r in ("", "1", "2")], {"r": "1"})
    found = state_findings(cells, ["monolingual.map"])
    assert "Highest monolingual mAP: 0.4000 at r 1; r 2." in found


def test_findings_tell_a_choice_that_has_to_be_made(run):
    better_alone = {"monolingual": {"mean": {"map": 0.9}, "by_language": {}}}
    cells = [run({"r": "1"}, 0, 0.5, **better_alone), run({"r": "0"}, 0, 0.6)]
    worse = [*cells, run({"r": "2"}, 0, 0.4)]
    text = " ".join(state_findings(score_cells(worse, {"r": "1"}), DEFAULT_MEASURES))
    assert (
        "The choice is between 2 of 3 cells that no other beats in all of them: r 1; r 0." in text
    )
    text = " ".join(state_findings(score_cells(cells, {"r": "1"}), DEFAULT_MEASURES))
    assert "No cell is best in all of these measures, and none is beaten in all by another." in text
    assert "only one seed" in text
    assert "clearly" not in text


def test_findings_tell_when_training_did_harm(run):
    cells = [run({"r": "1"}, 0, 0.5), run({"base model": "m"}, None, 0.6)]
    text = " ".join(state_findings(score_cells(cells, {"r": "1"}), DEFAULT_MEASURES))
    assert "Training made multilingual mAP worse than before training at r 1." in text


def test_nothing_is_said_before_a_run_is_finished():
    assert state_findings([], DEFAULT_MEASURES) == []


def test_an_mteb_task_has_its_main_score():
    assert read_measures({"main_score": 0.7, "monolingual": {"mean": None}}) == {"main_score": 0.7}
    assert set(read_measures(results_of(1.0))) <= set(MEASURES)


@pytest.fixture
def sizes(run):
    """Two sizes, each with monolingual and hybrid batches, and an untouched model."""
    levels = {("s", "mono"): 0.6, ("s", "hybrid"): 0.7, ("l", "mono"): 0.8, ("l", "hybrid"): 0.84}
    cells = [run({"size": s, "batches": b}, 0, level) for (s, b), level in levels.items()]
    return [*cells, run({"untouched": "E5"}, None, 0.5)]


def test_each_cell_is_compared_with_the_baseline_that_is_like_it(sizes):
    cells = score_cells(sizes, {"batches": "mono"})
    assert [cell.is_baseline for cell in cells] == [True, False, True, False, False]
    gains = [cell.differences.get("multilingual.map") for cell in cells]
    assert gains[1].mean == pytest.approx(0.05) and gains[3].mean == pytest.approx(0.02)
    assert gains[4] is None, "there are two baselines"


def test_the_answer_names_what_changed_its_interval_and_where(sizes):
    baseline = {"batches": "mono"}
    cells = score_cells(sizes, baseline)
    (answer,) = answer_question(cells, ["multilingual.map"], baseline, {"batches": "hybrid"})
    start, end = str(answer).split("] on average (better), ")
    assert start.startswith(
        "b, multilingual mAP, against batches mono with the same size: batches hybrid +0.0350 [+0.0"
    )
    assert end == "from +0.0200 at size l to +0.0500 at size s."


def test_the_answer_names_untouched_models_where_all_cells_answer(sizes):
    baseline = {"size": "l", "batches": "hybrid"}
    (answer,) = answer_question(score_cells(sizes, baseline), ["multilingual.map"], baseline, {})
    assert answer.head == "b, multilingual mAP, against size l, batches hybrid"
    first, second, third, fourth = answer.differences
    assert first.startswith("size s, batches mono -0.1200 [-0.1") and first.endswith("] (worse)")
    assert second.startswith("size s -0.0700 [") and third.startswith("batches mono -0.0200 [")
    assert fourth.startswith("untouched E5 -0.1700 [")


def test_an_answer_without_scores_of_questions_says_so(run):
    cells = [run({"r": r}, s, 0.5 + s / 10, questions=False) for r in "10" for s in (0, 1)]
    (answer,) = answer_question(
        score_cells(cells, {"r": "1"}), ["multilingual.map"], {"r": "1"}, {}
    )
    assert answer.differences == ["r 0 +0.0000 ± 0.0000 over seeds (no interval)"]


def test_one_axis_of_three_values_makes_a_curve_of_gains_and_losses(run, tmp_path):
    cells = score_cells([run({"r": r}, 0, float(r)) for r in ("0.9", "0.5", "0")], {"r": "0.9"})
    names = ["monolingual.map", "multilingual.map", "rank_distance"]
    plot = draw_trade_off(tmp_path, {"b": cells}, {"b": names})
    assert "trade-off" in plot.path.name and "<?xml" in plot.path.read_text()
    assert draw_trade_off(tmp_path, {"b": cells[:2]}, {"b": names}) is None
    many = {str(number): cells for number in range(6)}
    plot = draw_trade_off(tmp_path, many, dict.fromkeys(many, names))
    assert "monolingual" in plot.path.read_text() and "multilingual" not in plot.path.read_text()


def test_measures_that_a_benchmark_does_not_have_are_left_out(runs, run):
    cells = score_cells(runs, {"ratio": "1"})
    assert known_measures(cells, ["main_score", "monolingual.map"]) == ["monolingual.map"]
    task = run({"r": "1"}, 0, 0.5, questions=False, main_score=0.5)
    task = score_cells([replace(task, measures={"main_score": 0.5})], {"r": "1"})
    assert known_measures(task, DEFAULT_MEASURES) == ["main_score"]


def test_each_axis_gets_a_curve_and_languages_a_heat_map(runs, tmp_path):
    cells = score_cells(runs, {"ratio": "1"})
    plots = draw_plots(tmp_path / "plots", "b", cells, DEFAULT_MEASURES)
    assert [plot.path.name for plot in plots] == [
        "by-b-ratio.svg",
        "heat-map-b.svg",
        "gain-b.svg",
    ]
    assert all(plot.path.read_text().startswith("<?xml") for plot in plots)


def test_the_axis_of_languages_and_the_heat_map_of_languages_are_two_plots(run, tmp_path):
    cells = score_cells([run({"languages": n}, 0, 0.8) for n in "24"], {"languages": "2"})
    plots = draw_plots(tmp_path / "plots", "b", cells, DEFAULT_MEASURES)
    assert len({plot.path for plot in plots}) == len(plots)


@pytest.mark.parametrize(
    ("baseline", "told"), [({"s": "mono"}, "size L, s mono"), ({}, "base model org/m")]
)
def test_gains_by_language_are_over_the_baseline_of_the_best_cell(run, tmp_path, baseline, told):
    cells = score_cells(
        [
            run({"base model": "org/m"}, None, 0.5),
            run({"size": "S", "s": "mono"}, 0, 0.6),
            run({"size": "L", "s": "mono"}, 0, 0.7),
            run({"size": "L", "s": "hybrid"}, 0, 0.9),
        ],
        baseline,
    )
    plots = draw_plots(tmp_path / "plots", "b", cells, DEFAULT_MEASURES)
    assert plots[-1].caption == f"The same, minus that of the baseline, {told}."


class Page(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_needs_no_network_and_escapes_everything(write_study, in_process, finished):
    hostile = "<script>alert(1)</script>"
    path = write_study(
        title=hostile,
        question='"><img src=x onerror=alert(2)>',
        vary={"x": {hostile: {"mono_ratio": 1}, "other": {"mono_ratio": 0}}},
    )
    page = run_study(plan_study(read_study(path)), in_process, quiet=True).page.read_text()
    elements = Page(page).found
    assert "&lt;script&gt;" in page
    assert not [tag for tag, _ in elements if tag == "script"]
    sources = [a["src"] for _, a in elements if "src" in a] + [
        a["href"] for _, a in elements if "href" in a
    ]
    assert sources and all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not [name for _, a in elements for name in a if name.startswith("on")]
    (policy,) = [a["content"] for _, a in elements if "Content-Security" in str(a)]
    assert policy.startswith("default-src 'none'")
    for measure in DEFAULT_MEASURES:
        assert MEASURES[measure].title in page
