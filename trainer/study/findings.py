"""What a study found, in sentences: only what its numbers say."""

from collections.abc import Iterator, Sequence

from trainer.evaluation.measures import MEASURES
from trainer.study.cell_scores import Statistic, Summary
from trainer.study.study_table import show_interval

Sentence = str


def find(summaries: Sequence[Summary], measures: Sequence[str]) -> list[Sentence]:
    """Return what stands out among the cells of one benchmark.

    Args:
        summaries: Of one benchmark.
        measures: The measures to speak of.
    """
    trained = [of for of in summaries if of.trained]
    known = [name for name in measures if all(name in of.statistics for of in trained)]
    if not trained or not known:
        return []
    return [
        *_bests(trained, known),
        *_unbeaten(trained, known),
        *_against_baseline(trained, known),
        *_against_base_models(summaries, known),
        *_one_seed(trained),
    ]


def is_clear(gain: Statistic) -> bool:
    """Whether a difference is more than drawing questions and training again would make.

    The interval does not hold 0, and all seeds point the same way; two at least.
    """
    if gain.interval is None or gain.spread is None:
        return False
    low, high = gain.interval
    same_way = all(value > 0 for value in gain.values) or all(value < 0 for value in gain.values)
    return same_way and not low <= 0 <= high


def _bests(trained: Sequence[Summary], measures: Sequence[str]) -> Iterator[Sentence]:
    for name in measures:
        measure = MEASURES[name]
        choose = min if measure.lower_is_better else max
        best = choose(trained, key=lambda of: of.statistics[name].mean)
        word = "Lowest" if measure.lower_is_better else "Highest"
        value = measure.show(best.statistics[name].mean)
        yield f"{word} {measure.title}: {value} at {best.name}."


def _unbeaten(trained: Sequence[Summary], measures: Sequence[str]) -> Iterator[Sentence]:
    """Say which cells no other one beats in everything: the choices of a trade-off."""
    if len(measures) < 2 or len(trained) < 2:
        return
    scores = {id(of): [_merit(of, name) for name in measures] for of in trained}

    def beats(other: Summary, of: Summary) -> bool:
        pairs = list(zip(scores[id(other)], scores[id(of)], strict=True))
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    left = [of.name for of in trained if not any(beats(other, of) for other in trained)]
    if len(left) == 1:
        yield f"{left[0]} is at least as good as every other cell in all of these measures."
    else:
        yield (
            f"A choice has to be made between {len(left)} of {len(trained)} cells, which no other "
            f"beats in all of these measures: {'; '.join(left)}."
        )


def _against_baseline(trained: Sequence[Summary], measures: Sequence[str]) -> Iterator[Sentence]:
    baseline = next((of for of in trained if of.is_baseline), None)
    if baseline is None or any(len(of.outcomes) < 2 for of in trained):
        return
    for name in measures:
        measure = MEASURES[name]
        gains = {of.name: of.differences[name] for of in trained if name in of.differences}
        if not any(gain.interval for gain in gains.values()):
            continue
        clear = sorted((gain.mean, cell) for cell, gain in gains.items() if is_clear(gain))
        if not clear:
            yield f"No cell differs clearly from {baseline.name} in {measure.title}."
            continue
        ends = dict.fromkeys(cell for _, cell in (clear[0], clear[-1]))
        told = [
            f"{measure.show(gains[cell].mean, True)} {show_interval(measure, gains[cell], True)} "
            f"at {cell}"
            for cell in ends
        ]
        yield (
            f"In {measure.title}, {len(clear)} of {len(gains)} other cells differ clearly from "
            f"{baseline.name}: {' to '.join(told)}."
        )


def _against_base_models(summaries: Sequence[Summary], measures: Sequence[str]) -> Iterator[str]:
    """Say where training made a model worse: that is a fault, or a finding."""
    before = [of for of in summaries if not of.trained]
    if len(before) != 1:
        return
    base = before[0]
    for name in measures:
        worse = [
            of.name
            for of in summaries
            if of.trained and name in base.statistics and _merit(of, name) < _merit(base, name)
        ]
        if worse:
            yield (
                f"Training made {MEASURES[name].title} worse than before training at "
                f"{'; '.join(worse)}."
            )


def _one_seed(trained: Sequence[Summary]) -> Iterator[Sentence]:
    if any(len(of.outcomes) < 2 for of in trained):
        yield (
            "With one seed for a cell, nothing is known of the spread between trainings: no "
            "difference is called clear."
        )


def _merit(of: Summary, name: str) -> float:
    mean = of.statistics[name].mean
    return -mean if MEASURES[name].lower_is_better else mean
