"""The toy replication, small: sampler, trainer and scoring together give the expected order."""

import pytest

from benchmarks.toy_languages import (
    LANGUAGES,
    RUNS,
    UNTRAINED,
    ToySize,
    find_faults,
    make_groups,
    run,
)

TINY = ToySize(
    train=400, test=60, concepts=80, passage=8, shared=3, foreign=1, steps=150, batch=32
)  # fmt: skip


@pytest.mark.slow
def test_cross_lingual_batches_align_languages_and_monolingual_ones_do_not():
    names = (UNTRAINED, "mono", "hybrid 0.50 mixed", "cross mixed")
    found = {name: run(name, 0, TINY) for name in names}
    assert not find_faults(found)
    assert found["mono"]["mono"] > found[UNTRAINED]["mono"]
    assert found["mono"]["cross"] < 0.1  # chance is 0.08: nothing aligns the languages
    assert found["hybrid 0.50 mixed"]["cross"] > 0.3
    assert found["hybrid 0.50 mixed"]["rank distance"] < found["mono"]["rank distance"] / 3
    assert found["cross mixed"]["multi"] > found["hybrid 0.50 mixed"]["multi"] + 0.05


def test_a_run_gives_the_same_figures_again():
    size = ToySize(
        train=80, test=20, concepts=40, passage=6, shared=2, foreign=1, steps=8, batch=16
    )  # fmt: skip
    assert run("hybrid 0.50 pair", 3, size) == run("hybrid 0.50 pair", 3, size)


def test_languages_say_the_same_in_words_of_their_own():
    table = make_groups(ToySize(), 0, 5).table
    for group in range(5):
        of_group = table.filter(lambda row, group=group: row["group"] == group)
        concepts = {
            frozenset(word[2:] for word in passage.split()) for passage in of_group["passage"]
        }
        assert len(concepts) == 1
        prefixes = [{word[:2] for word in passage.split()} for passage in of_group["passage"]]
        assert prefixes == [{lang} for lang in LANGUAGES]


def test_faults_name_what_is_out_of_order():
    good = {"mono": 0.9, "cross": 0.1, "multi": 0.2, "rank distance": 100.0}
    aligned = {"mono": 0.8, "cross": 0.7, "multi": 0.7, "rank distance": 5.0}
    assert not find_faults({"mono": good, "cross pair": aligned})
    assert find_faults({"mono": aligned, "cross pair": good}) == [
        "cross mAP: cross pair is below mono",
        "multi mAP: cross pair is below mono",
        "rank distance: cross pair is above mono",
        "mono mAP: cross pair is above mono",
    ]
    assert set(RUNS) >= {"mono", "xx", "cross pair", "cross mixed", "hybrid 0.50 pair"}
