"""What a study found, in sentences: only what its numbers say."""

from collections.abc import Iterator, Sequence

from trainer.evaluation.measures import MEASURES
from trainer.study.cell_scores import CellScores, Statistic
from trainer.study.study_table import show_interval

Sentence = str


def state_findings(cells: Sequence[CellScores], measures: Sequence[str]) -> list[Sentence]:
    """Return what stands out among the cells on one benchmark.

    Args:
        cells: Cells on one benchmark.
        measures: The measures to write about.
    """
    trained = [cell for cell in cells if cell.trained]
    known = [name for name in measures if all(name in cell.statistics for cell in trained)]
    if not trained or not known:
        return []
    return [
        *_bests(trained, known),
        *_unbeaten(trained, known),
        *_against_baseline(cells, known),
        *_against_base_models(cells, known),
        *_one_seed(trained),
    ]


def is_clear(gain: Statistic) -> bool:
    """Whether a difference is more than other questions or another training would make.

    The interval excludes 0, and all seeds, two at least, point the same way.
    """
    if gain.interval is None or gain.spread is None:
        return False
    low, high = gain.interval
    same_way = all(value > 0 for value in gain.values) or all(value < 0 for value in gain.values)
    return same_way and not low <= 0 <= high


def _bests(trained: Sequence[CellScores], measures: Sequence[str]) -> Iterator[Sentence]:
    for name in measures:
        measure = MEASURES[name]
        choose = min if measure.lower_is_better else max
        best = choose(cell.statistics[name].mean for cell in trained)
        word = "Lowest" if measure.lower_is_better else "Highest"
        places = [cell.name for cell in trained if cell.statistics[name].mean == best]
        place = "all of them" if 1 < len(places) == len(trained) else "; ".join(places)
        yield f"{word} {measure.title}: {measure.show(best)} at {place}."


def _unbeaten(trained: Sequence[CellScores], measures: Sequence[str]) -> Iterator[Sentence]:
    """Name the cells that no other cell beats in every measure: the choices of a trade-off."""
    if len(measures) < 2 or len(trained) < 2:
        return
    scores = {id(cell): [_merit(cell, name) for name in measures] for cell in trained}

    def beats(other: CellScores, cell: CellScores) -> bool:
        pairs = list(zip(scores[id(other)], scores[id(cell)], strict=True))
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)

    left = [cell.name for cell in trained if not any(beats(other, cell) for other in trained)]
    if len(left) == 1:
        yield f"{left[0]} is at least as good as every other cell in all of these measures."
    elif len(left) == len(trained):
        yield "No cell is best in all of these measures, and none is beaten in all by another."
    else:
        yield (
            f"No cell is best in all of these measures. The choice is between {len(left)} of "
            f"{len(trained)} cells that no other beats in all of them: {'; '.join(left)}."
        )


def _against_baseline(cells: Sequence[CellScores], measures: Sequence[str]) -> Iterator[Sentence]:
    baseline = _name_baseline(cells)
    trained = [cell for cell in cells if cell.trained]
    if not baseline or any(len(cell.runs) < 2 for cell in trained):
        return
    unclear = []
    for name in measures:
        measure = MEASURES[name]
        gains = {cell.name: cell.differences[name] for cell in trained if name in cell.differences}
        if not any(gain.interval for gain in gains.values()):
            continue
        clear = sorted((gain.mean, place) for place, gain in gains.items() if is_clear(gain))
        if not clear:
            unclear.append(measure.title)
            continue
        ends = dict.fromkeys(place for _, place in (clear[0], clear[-1]))
        shown = [
            f"{measure.show(gains[place].mean, True)} {show_interval(measure, gains[place], True)} "
            f"at {place}"
            for place in ends
        ]
        yield (
            f"In {measure.title}, {len(clear)} of {len(gains)} other cells differ clearly from "
            f"{baseline}: {' to '.join(shown)}."
        )
    if unclear:
        yield f"No cell differs clearly from {baseline} in {', '.join(unclear)}."


def _name_baseline(cells: Sequence[CellScores]) -> str:
    """Return the baseline in words: what all cells have in common that others are compared with."""
    if any(cell.is_baseline and not cell.trained for cell in cells):
        return "the untouched model"
    labels = [cell.labels for cell in cells if cell.is_baseline]
    shared = [
        f"{axis} {label}"
        for axis, label in (labels[0].items() if labels else ())
        if all(other[axis] == label for other in labels)
    ]
    return ", ".join(shared) + (" with all else the same" if len(labels) > 1 else "")


def _against_base_models(cells: Sequence[CellScores], measures: Sequence[str]) -> Iterator[str]:
    """Say where training made a model worse, which is a fault or a finding."""
    before = [cell for cell in cells if not cell.trained]
    if len(before) != 1:
        return
    base = before[0]
    for name in measures:
        worse = [
            cell.name
            for cell in cells
            if cell.trained and name in base.statistics and _merit(cell, name) < _merit(base, name)
        ]
        if worse:
            yield (
                f"Training made {MEASURES[name].title} worse than before training at "
                f"{'; '.join(worse)}."
            )


def _one_seed(trained: Sequence[CellScores]) -> Iterator[Sentence]:
    if any(len(cell.runs) < 2 for cell in trained):
        yield (
            "Where a cell has only one seed, the spread between trainings is unknown, and no "
            "difference is called clear."
        )


def _merit(cell: CellScores, name: str) -> float:
    mean = cell.statistics[name].mean
    return -mean if MEASURES[name].lower_is_better else mean
