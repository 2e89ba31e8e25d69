"""The plan that is printed before a run, and the faults it would find."""

import numpy as np
import pytest

from schemas.command import FailedRunError
from tests.trainer.index_table import make_index_table
from trainer.batches import batch_plan
from trainer.batches.batch_plan import find_faults, format_plan, plan_batches
from trainer.batches.batch_settings import BatchSettings
from trainer.corpora.corpus import CorpusTable

# Two passages with two groups each; languages 0 and 1: row = language * 4 + group.
COLUMNS = {
    "group": np.array([0, 1, 2, 3, 0, 1, 2, 3]),
    "passage_group": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    "question_group": np.array([0, 1, 2, 1, 0, 1, 2, 1]),
    "lang": np.array([0, 0, 0, 0, 1, 1, 1, 1]),
}
CORPUS = CorpusTable(
    make_index_table(np.arange(240).reshape(80, 3) < 220, source=np.arange(80) % 2),
    ("en", "es", "ca"),
    ("lakes", "rivers"),
)


@pytest.mark.parametrize(
    ("kind", "roles", "fault"),
    [
        ("mono", ([0, 2], [0, 2]), None),
        ("mixed", ([0, 6], [4, 2]), None),
        ("pair", ([0, 2], [4, 6]), None),
        ("xx", ([0, 6], [0, 6]), None),
        ("mono", ([0, 2], [0, 3]), "with a passage of another group"),
        ("mono", ([0, 0], [0, 0]), "a group occurs twice"),
        ("mixed", ([0, 5], [4, 1]), "a passage occurs twice"),
        ("mono", ([1, 3], [1, 3]), "a question occurs twice"),
        ("mono", ([0, 2], [4, 6]), "in different languages"),
        ("xx", ([0, 2], [0, 6]), "in different languages"),
        ("mixed", ([0, 2], [4, 2]), "in one language"),
        ("pair", ([0, 6], [4, 2]), "more than one pair"),
        ("mono", ([0, 6], [0, 6]), "more than one pair"),
        ("mono", ([0, 2], [0, 2], [3, 3]), "a passage is the negative"),
        ("mono", ([0, 2], [0, 2], [5, 3]), "a passage is the negative"),
    ],
)
def test_faults_are_found(kind, roles, fault):
    found = list(find_faults(kind, [np.array(rows) for rows in roles], COLUMNS))
    assert any(fault in line for line in found) if fault else not found


def test_a_plan_names_the_first_batches_and_counts_all():
    settings = BatchSettings(batch_size=8, mono_ratio=0.25)
    plan = plan_batches(CORPUS, settings, steps=100, processes=2, first=12)
    assert plan.mono_steps == 25
    assert len(plan.first) == 12
    for batch in plan.first:
        assert sum(batch.pairs.values()) == sum(batch.sources.values()) == 8
        same = [asked == answered for asked, answered in batch.pairs]
        assert all(same) and len(same) == 1 if batch.kind == "mono" else not any(same)
        assert set(batch.sources) <= {"lakes", "rivers"}


def test_a_plan_is_readable():
    has = np.ones((80, 3), bool)
    has[5:, 2] = False
    corpus = CorpusTable(make_index_table(has), ("en", "es", "ca"), ("rivers",))
    settings = BatchSettings(batch_size=8, mono_ratio=0.5, cross_mode="pair")
    lines = format_plan(plan_batches(corpus, settings, steps=1000, first=5)).splitlines()
    assert lines[0].startswith("1,000 batches of 8 pairs, shared by 1 process: 500 mono, 500 p")
    assert lines[1].startswith("Checked in the first 5: no group, passage or question twice")
    assert lines[2].endswith("ca (5), en-ca (5), es-ca (5)")
    assert len(lines) == 8
    assert any("en-es 8" in line or "es-en 8" in line for line in lines[3:])


def test_a_batch_that_breaks_an_invariant_fails_the_plan(monkeypatch):
    class Broken(batch_plan.HybridBatchSampler):
        def __iter__(self):
            for rows in super().__iter__():
                yield [rows[0], rows[0], *rows[2:]]

    monkeypatch.setattr(batch_plan, "HybridBatchSampler", Broken)
    with pytest.raises(FailedRunError, match=r"planned batch 1 .*passage of another group"):
        plan_batches(CORPUS, BatchSettings(batch_size=8), steps=10)


def test_a_plan_shorter_than_asked_shows_all_batches():
    assert len(plan_batches(CORPUS, BatchSettings(batch_size=8), steps=3).first) == 3
