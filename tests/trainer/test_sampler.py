"""Batches: their invariants, quota, languages, datasets; what is refused; what a resume sees."""

import math
import pickle
from collections import Counter
from functools import partial
from itertools import islice

import datasets
import numpy as np
import pytest
from accelerate.data_loader import BatchSamplerShard, SkipBatchSampler
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformerTrainingArguments

from schemas.command import UsageError
from schemas.options import make_options
from tests.trainer.index_table import make_index_table
from trainer.batches.batch_plan import find_faults
from trainer.batches.batch_settings import BASELINES, CROSS_MODES, BatchSettings
from trainer.batches.batch_stream import plan_kinds
from trainer.batches.group_table import GroupTable
from trainer.batches.language_weights import weigh_languages
from trainer.batches.sampler import HybridBatchSampler
from trainer.corpora.int_columns import read_column

MANY = make_index_table(np.random.default_rng(0).random((200, 5)) > 0.2)
COLUMNS = ("group", "passage_group", "lang", "source", "mono", "cross")


def sample(table=MANY, steps=20, processes=1, **settings) -> HybridBatchSampler:
    chosen = BatchSettings(**{"batch_size": 8, **settings})
    pairs = chosen.batch_size // processes
    return HybridBatchSampler(table, pairs, settings=chosen, steps=steps, processes=processes)


def columns_of(table: datasets.Dataset) -> dict[str, np.ndarray]:
    names = [*COLUMNS, "question_group"]
    return {name: read_column(table, name) for name in names if name in table.column_names}


def global_batches(sampler: HybridBatchSampler, processes: int = 1) -> list[np.ndarray]:
    """Return questions and passages of each global batch, as (2, pairs) rows."""
    parts = [np.array(batch).reshape(2, -1) for batch in sampler]
    return [np.hstack(parts[n : n + processes]) for n in range(0, len(parts), processes)]


@st.composite
def tables(draw: st.DrawFn) -> datasets.Dataset:
    groups, languages = draw(st.integers(1, 40)), draw(st.integers(1, 4))
    generator = np.random.default_rng(draw(st.integers(0, 99)))

    def tag(share: float) -> np.ndarray:
        return generator.random((groups, languages)) < share

    has = tag(draw(st.sampled_from([0.3, 0.8, 1.0])))
    has[0, 0] = True
    return make_index_table(
        has,
        passage=generator.integers(0, draw(st.integers(1, 40)), groups),
        source=generator.integers(0, 3, groups),
        mono=tag(draw(st.sampled_from([0.5, 1.0]))),
        cross=tag(draw(st.sampled_from([0.5, 1.0]))),
        question=generator.integers(0, 200, groups) if draw(st.booleans()) else None,
    )


@given(
    table=tables(),
    cross_mode=st.sampled_from(CROSS_MODES),
    mono_ratio=st.sampled_from([0.0, 0.3, 1.0]),
    language_temperature=st.sampled_from([1.0, 3.0, math.inf]),
    dataset_temperature=st.sampled_from([1.0, 2.0, math.inf]),
    pairs=st.integers(1, 4),
    processes=st.integers(1, 3),
    seed=st.integers(0, 3),
)
def test_every_batch_of_any_table_and_settings_is_sound(
    table, cross_mode, mono_ratio, language_temperature, dataset_temperature, pairs, processes, seed
):
    settings = BatchSettings(
        batch_size=max(2, pairs * processes),
        mono_ratio=mono_ratio,
        cross_mode=cross_mode,
        language_temperature=language_temperature,
        dataset_temperature=dataset_temperature,
        seed=seed,
    )
    processes = processes if settings.batch_size == pairs * processes else 1
    columns = columns_of(table)
    steps = 12
    try:
        sampler = HybridBatchSampler(
            table,
            settings.batch_size // processes,
            settings=settings,
            steps=steps,
            processes=processes,
        )
    except UsageError as refused:
        assert "cannot be made" in str(refused)
        assert no_language_suffices(columns, settings)
        return
    batches = global_batches(sampler, processes)
    assert len(sampler) == steps * processes
    assert len(batches) == steps
    for mono, (questions, passages) in zip(plan_kinds(settings, steps), batches, strict=True):
        kind = "mono" if mono else cross_mode
        assert not list(find_faults(kind, (questions, passages), columns))
        assert len(questions) == settings.batch_size
        tag = "mono" if kind in ("mono", "xx") else "cross"
        assert columns[tag][questions].all() and columns[tag][passages].all()


def no_language_suffices(columns: dict[str, np.ndarray], settings: BatchSettings) -> bool:
    """Whether some wanted kind of batch has no language or pair with enough passages.

    Where questions are shared, chains of passages and questions count as one.
    """
    columns = {**columns, "passage_group": clusters_of(columns)}
    rows = list(zip(*(columns[name].tolist() for name in COLUMNS), strict=True))
    languages = set(columns["lang"].tolist())
    in_mono = {(group, lang): passage for group, passage, lang, _, mono, _ in rows if mono}
    in_cross = {(group, lang): passage for group, passage, lang, _, _, cross in rows if cross}

    def passages(lang: int, others: set[int]) -> int:
        asked = [(g, p) for (g, x), p in in_cross.items() if x == lang]
        return len({p for g, p in asked if any((g, other) in in_cross for other in others)})

    mono = max(
        (len({p for (_, x), p in in_mono.items() if x == lang}) for lang in languages), default=0
    )
    mixed = max(passages(lang, languages - {lang}) for lang in languages)
    pair = max((passages(x, {y}) for x in languages for y in languages if x != y), default=0)
    best = {"mono": mono, "xx": mono, "mixed": mixed, "pair": pair}
    wanted = {"mono"} if settings.mono_ratio > 0 else set()
    wanted |= {settings.cross_mode} if settings.mono_ratio < 1 else set()
    return any(best[kind] < settings.batch_size for kind in wanted)


def clusters_of(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return for each row the smallest passage that its own hangs together with."""
    cluster = columns["passage_group"].copy()
    questions = columns.get("question_group", columns["group"])
    for _ in range(len(cluster)):
        before = cluster.copy()
        for of in (columns["passage_group"], questions):
            for number in np.unique(of):
                cluster[of == number] = cluster[of == number].min()
        if (before == cluster).all():
            break
    return cluster


@pytest.mark.parametrize("ratio", [0, 0.25, 1 / 3, 0.5, 0.75, 1])
@pytest.mark.parametrize("steps", [1, 7, 100])
def test_the_mono_ratio_is_exact(ratio, steps):
    columns = columns_of(MANY)
    batches = global_batches(sample(steps=steps, mono_ratio=ratio))
    mono = sum((columns["lang"][q] == columns["lang"][p]).all() for q, p in batches)
    assert mono == math.floor(ratio * steps + 0.5)


def test_monolingual_and_other_batches_are_in_random_order():
    kinds = plan_kinds(BatchSettings(), 200)
    assert 60 < np.count_nonzero(kinds[1:] != kinds[:-1]) < 140


def test_mixed_batches_mix_the_languages_of_questions_and_of_passages():
    columns = columns_of(MANY)
    for questions, passages in global_batches(sample(batch_size=40, mono_ratio=0)):
        assert len(set(columns["lang"][questions].tolist())) == 5
        assert len(set(columns["lang"][passages].tolist())) == 5


def test_xx_batches_mix_languages_whose_questions_have_passages_in_their_own():
    columns = columns_of(MANY)
    for questions, passages in global_batches(sample(batch_size=40, **BASELINES["xx"])):
        assert (questions == passages).all()
        assert len(set(columns["lang"][questions].tolist())) == 5


def test_every_process_gets_all_languages_of_a_mixed_batch():
    columns = columns_of(MANY)
    for batch in sample(batch_size=120, processes=3, mono_ratio=0, steps=5):
        assert len(set(columns["lang"][batch].tolist())) == 5


def test_languages_are_drawn_uniformly_or_by_size():
    has = np.ones((900, 3), bool)
    has[100:, 1] = False  # the second language has 100 of 900 groups
    table = make_index_table(has)

    def shares(temperature: float) -> dict[int, float]:
        sampler = sample(table, 600, mono_ratio=1, language_temperature=temperature)
        langs = Counter(int(table.data["lang"][batch[0]].as_py()) for batch in sampler)
        return {lang: count / 600 for lang, count in langs.items()}

    assert shares(math.inf)[1] == pytest.approx(1 / 3, abs=0.05)
    assert shares(1)[1] == pytest.approx(100 / 1900, abs=0.03)
    assert shares(2)[1] == pytest.approx(10 / 70, abs=0.04)


@pytest.mark.parametrize("cross_mode", ["mixed", "pair"])
def test_languages_of_cross_lingual_batches_follow_the_temperature(cross_mode):
    has = np.ones((800, 3), bool)
    has[100:, 2] = False
    table = make_index_table(has)
    columns = columns_of(table)

    def asked_in_third(temperature: float) -> float:
        sampler = sample(
            table, 400, mono_ratio=0, cross_mode=cross_mode, language_temperature=temperature
        )
        langs = np.concatenate([columns["lang"][q] for q, _ in global_batches(sampler)])
        return float((langs == 2).mean())

    assert asked_in_third(math.inf) == pytest.approx(1 / 3, abs=0.07)
    assert asked_in_third(1) < 0.17


@pytest.mark.parametrize(("temperature", "share"), [(1, 0.1), (2, 0.25), (math.inf, 0.5)])
@pytest.mark.parametrize("mono_ratio", [0, 1])
def test_datasets_are_drawn_by_their_temperature(temperature, share, mono_ratio):
    table = make_index_table(np.ones((1000, 3), bool), source=[0] * 900 + [1] * 100)
    columns = columns_of(table)
    sampler = sample(table, 150, mono_ratio=mono_ratio, dataset_temperature=temperature)
    sources = np.concatenate([columns["source"][q] for q, _ in global_batches(sampler)])
    assert float(sources.mean()) == pytest.approx(share, abs=0.04)


def test_a_dataset_smaller_than_its_share_is_filled_up_by_the_others():
    table = make_index_table(np.ones((103, 2), bool), source=[0] * 100 + [1] * 3)
    columns = columns_of(table)
    sampler = sample(table, batch_size=32, mono_ratio=1, dataset_temperature=math.inf)
    for questions, _ in global_batches(sampler):
        assert Counter(columns["source"][questions].tolist())[1] == 3


def test_all_groups_of_a_language_are_seen_before_any_is_seen_again():
    table = make_index_table(np.ones((101, 1), bool), passage=np.arange(101) // 3)
    seen = Counter()
    for number, (questions, _) in enumerate(global_batches(sample(table, 60, mono_ratio=1)), 1):
        seen.update(questions.tolist())
        # Groups whose passage is in the batch wait for the next one, so few are ever behind.
        assert min(seen[row] for row in range(101)) >= number * 8 // 101 - 1
        assert max(seen.values()) <= number * 8 // 101 + 2
    assert len(seen) == 101


@pytest.mark.parametrize("cross_mode", CROSS_MODES)
def test_the_number_of_processes_does_not_change_the_global_batches(cross_mode):
    one, three = (
        global_batches(sample(batch_size=12, cross_mode=cross_mode, processes=processes), processes)
        for processes in (1, 3)
    )
    assert all((a == b).all() for a, b in zip(one, three, strict=True))


def test_each_process_of_accelerate_gets_its_part_of_every_global_batch():
    sampler = sample(batch_size=8, processes=2, steps=10)
    parts = [list(BatchSamplerShard(sampler, 2, rank, even_batches=False)) for rank in (0, 1)]
    assert [len(part) for part in parts] == [10, 10]
    whole = global_batches(sampler, 2)
    for left, right, both in zip(*parts, whole, strict=True):
        assert (np.hstack([np.reshape(left, (2, 4)), np.reshape(right, (2, 4))]) == both).all()


@pytest.mark.parametrize("cross_mode", CROSS_MODES)
def test_a_resumed_run_goes_on_with_the_batches_it_has_not_seen(cross_mode):
    settings = {"cross_mode": cross_mode, "dataset_temperature": 3, "processes": 2}
    undisturbed = list(sample(**settings))
    assert list(SkipBatchSampler(sample(**settings), 13)) == undisturbed[13:]


def test_an_iteration_that_was_left_off_does_not_disturb_the_next():
    sampler = sample()
    whole = list(sampler)
    list(islice(sampler, 3))
    interleaved = list(zip(sampler, sampler, strict=True))
    assert [a for a, _ in interleaved] == [b for _, b in interleaved] == whole


def test_seeds_decide_everything():
    assert list(sample(seed=1)) == list(sample(seed=1))
    assert list(sample(seed=1)) != list(sample(seed=2))


def test_it_pickles_and_its_class_with_settings_does():
    sampler = sample()
    assert list(pickle.loads(pickle.dumps(sampler))) == list(sampler)
    made = partial(HybridBatchSampler, settings=BatchSettings(), steps=3)
    assert pickle.loads(pickle.dumps(made)).keywords == made.keywords


def test_a_shorter_run_starts_as_a_longer_one_when_all_batches_are_of_a_kind():
    assert list(sample(steps=5, mono_ratio=0)) == list(sample(steps=20, mono_ratio=0))[:5]


class Negatives:
    """The rows after a passage's own, as negatives."""

    per_pair = 2

    def draw(self, questions, passages, generator):
        return np.stack([(passages + 1) % len(MANY), (passages + 2) % len(MANY)])


def test_hard_negatives_follow_the_passages_of_their_pairs():
    settings = BatchSettings(batch_size=8)
    sampler = HybridBatchSampler(
        MANY, 4, settings=settings, steps=6, processes=2, negatives=Negatives()
    )
    plain = sample(steps=6, processes=2)
    assert sampler.batch_size == 16
    for batch, without in zip(sampler, plain, strict=True):
        questions, passages, first, second = np.array(batch).reshape(4, 4)
        assert [*questions, *passages] == without
        assert (first == (passages + 1) % len(MANY)).all()
        assert (second == (passages + 2) % len(MANY)).all()


def test_the_first_of_two_rows_of_a_group_and_language_counts():
    table = make_index_table(np.ones((4, 1), bool))
    twice = datasets.concatenate_datasets([table, table])
    assert GroupTable.of(twice).rows.ravel().tolist() == [0, 1, 2, 3]


def test_selected_rows_are_numbered_anew():
    part = MANY.select(range(100, 400, 2))
    columns = columns_of(part)
    for questions, passages in global_batches(sample(part, mono_ratio=0.5)):
        assert (columns["group"][questions] == columns["group"][passages]).all()
        assert part[questions]["group"] == part[passages]["group"]


def test_languages_with_too_few_passages_are_left_out_and_named():
    has = np.ones((50, 3), bool)
    has[7:, 1] = False
    sampler = sample(make_index_table(has), mono_ratio=1)
    assert sampler.weights.too_few == {(1,): 7}
    assert sampler.weights.mono.tolist() == [0.5, 0, 0.5]


def test_what_is_never_drawn_is_warned_of_by_name(caplog):
    has = np.ones((50, 3), bool)
    has[7:, 1] = False
    settings = BatchSettings(batch_size=8, cross_mode="pair")
    languages = ("en", "es", "ca")
    HybridBatchSampler(make_index_table(has), 8, settings=settings, steps=3, languages=languages)
    assert "fewer than 8 of their groups" in caplog.text
    assert "es (7), en-es (7), es-ca (7)" in caplog.text


def test_pairs_with_too_few_passages_are_left_out_and_named():
    has = np.ones((60, 3), bool)
    has[:30, 1] = False
    has[37:, 2] = False
    sampler = sample(make_index_table(has), mono_ratio=0, cross_mode="pair")
    assert sampler.weights.too_few == {(1, 2): 7}
    assert sampler.weights.pairs[1, 2] == sampler.weights.pairs[2, 1] == 0


def test_many_groups_that_share_few_passages_are_too_few():
    table = make_index_table(np.ones((100, 2), bool), passage=np.arange(100) % 7)
    for settings in ({"mono_ratio": 1}, {"mono_ratio": 0}, {"mono_ratio": 0, "cross_mode": "pair"}):
        with pytest.raises(UsageError, match=r"8 groups with distinct passages .* has 7"):
            sample(table, **settings)


@pytest.mark.parametrize("cross_mode", CROSS_MODES)
def test_a_question_asked_of_several_passages_is_never_twice_in_a_batch(cross_mode):
    questions = np.arange(120) % 40
    table = make_index_table(np.ones((120, 3), bool), question=questions)
    columns = columns_of(table)
    seen = Counter()
    for asked, _ in global_batches(sample(table, 60, batch_size=16, cross_mode=cross_mode)):
        assert len(set(questions[columns["group"][asked]].tolist())) == 16
        seen.update(columns["group"][asked].tolist())
    assert len(seen) == 120


def test_too_few_different_questions_are_refused():
    table = make_index_table(np.ones((100, 2), bool), question=np.arange(100) % 7)
    with pytest.raises(UsageError, match=r"passages and questions, .* has 7"):
        sample(table)


def test_cross_lingual_batches_of_one_language_are_refused():
    with pytest.raises(UsageError, match="mixed batches of 8 pairs cannot be made") as refused:
        sample(make_index_table(np.ones((50, 1), bool)))
    assert "monolingual batches alone (mono_ratio 1)" in str(refused.value)


@pytest.mark.parametrize(
    "values",
    [
        {"batch_size": 1},
        {"mono_ratio": 1.1},
        {"cross_mode": "both"},
        {"language_temperature": 0},
        {"dataset_temperature": math.nan},
        {"seed": -1},
    ],
)
def test_settings_that_make_no_sense_are_refused(values):
    (name,) = values
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} .*: wanted"):
        make_options(BatchSettings, values)


def test_an_instance_is_refused_by_any_trainer():
    arguments = SentenceTransformerTrainingArguments("out", batch_sampler=sample(), report_to=[])
    with pytest.raises(TypeError, match="give the class"):
        arguments.batch_sampler(MANY, batch_size=8)


def test_a_batch_size_that_is_not_that_of_the_settings_is_refused():
    with pytest.raises(UsageError, match="1 processes with 4 pairs each make batches of 4, but"):
        HybridBatchSampler(MANY, 4, settings=BatchSettings(batch_size=8), steps=3)


def test_another_seed_than_that_of_the_settings_is_refused():
    with pytest.raises(UsageError, match="the trainer's seed is 42"):
        HybridBatchSampler(MANY, 8, seed=42, settings=BatchSettings(batch_size=8), steps=3)


def test_a_run_without_steps_is_refused():
    with pytest.raises(UsageError, match="steps is 0"):
        sample(steps=0)


def test_a_second_epoch_is_refused():
    sampler = sample()
    sampler.set_epoch(0)
    with pytest.raises(UsageError, match="epoch 1 was started"):
        sampler.set_epoch(1)


def test_a_stream_is_refused():
    with pytest.raises(UsageError, match="IterableDataset: streams cannot be indexed"):
        sample(MANY.to_iterable_dataset())


def test_columns_of_texts_and_missing_ones_are_refused_all_at_once():
    table = MANY.remove_columns(["mono", "lang"]).add_column("lang", ["en"] * len(MANY))
    with pytest.raises(
        UsageError, match=r"lang is (large_)?string, not an integer; no column mono"
    ):
        sample(table)


def test_a_group_with_two_passage_groups_is_refused():
    table = make_index_table(np.ones((20, 2), bool))
    changed = table.remove_columns("passage_group").add_column("passage_group", list(range(40)))
    with pytest.raises(UsageError, match="group 0 has several passage groups"):
        sample(changed)


def test_weights_of_kinds_never_made_are_not_computed():
    settings = BatchSettings(batch_size=8, mono_ratio=1, cross_mode="pair")
    assert not weigh_languages(GroupTable.of(MANY), settings).pairs.any()
    assert weigh_languages(
        GroupTable.of(MANY), settings.model_copy(update={"mono_ratio": 0.0})
    ).pairs.any()
