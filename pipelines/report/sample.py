"""Draw a small, fair and repeatable sample of groups and quarantined rows.

Those with the smallest group ids are drawn. The ids are hashes of the content: the draw is as
good as a random one, and the same for the same corpus.
"""

import json
import math
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

GROUPS: Final = 60
ROWS_PER_REASON: Final = 20
LONGEST_TEXT: Final = 2_000
# Bytes of JSON that each of the two samples may have; the page stays below about 3 MB.
BUDGET: Final = 1_000_000

_SCORES: Final = ("score_min", "score_mean", "unknown_share")
_ROW_COLUMNS: Final = [
    "group_id", "record_id", "dataset", "split", "lang", "question", "passage", "title",
    "answers", "checks", *_SCORES,
]  # fmt: skip
_QUARANTINE_COLUMNS: Final = [
    *_ROW_COLUMNS, "status", "reason", "reasons", "detail",
    "source_question", "source_passage", "source_answers",
]  # fmt: skip

Values = dict[str, Any]


class Sample:
    """The sample while the files go by: the source language first, the quarantine last."""

    def __init__(self) -> None:
        self._sources: dict[str, Values] = {}
        self._rows: dict[str, list[Values]] = {}
        self._refused: dict[tuple[str, str], dict[str, Values]] = {}

    def add_source(self, file: pq.ParquetFile) -> None:
        """Draw groups from a file of the source language."""
        for number in range(file.num_row_groups):
            ids = file.read_row_group(number, columns=["group_id"]).column("group_id")
            drawn = _smallest(ids, GROUPS, self._sources)
            for values in _take(file, number, drawn, _ROW_COLUMNS):
                self._sources[values["group_id"]] = values
            _keep_smallest(self._sources, GROUPS)

    def add_rows(self, file: pq.ParquetFile) -> None:
        """Add the rows of the drawn groups from a file of another language."""
        wanted = pa.array(sorted(self._sources), pa.string())
        for number in range(file.num_row_groups):
            ids = file.read_row_group(number, columns=["group_id"]).column("group_id")
            found = pc.indices_nonzero(pc.is_in(ids, value_set=wanted))
            for values in _take(file, number, found.to_pylist(), _ROW_COLUMNS):
                self._rows.setdefault(values["group_id"], []).append(values)

    def add_quarantine(self, lang: str, file: pq.ParquetFile) -> None:
        """Add quarantined rows: those of drawn groups, and some for every reason."""
        wanted = pa.array(sorted(self._sources), pa.string())
        for number in range(file.num_row_groups):
            keys = file.read_row_group(number, columns=["group_id", "reason"])
            ids, reasons = keys.column("group_id"), keys.column("reason")
            drawn = set(pc.indices_nonzero(pc.is_in(ids, value_set=wanted)).to_pylist())
            for reason in sorted(pc.unique(reasons).to_pylist()):
                known = self._refused.setdefault((lang, reason), {})
                places = pc.indices_nonzero(pc.equal(reasons, reason))
                best = _smallest(ids.take(places), ROWS_PER_REASON, known)
                drawn.update(places.take(pa.array(best, pa.int64())).to_pylist())
            for values in _take(file, number, sorted(drawn), _QUARANTINE_COLUMNS):
                if values["group_id"] in self._sources:
                    self._rows.setdefault(values["group_id"], []).append(values)
                else:
                    self._refused[lang, values["reason"]][values["group_id"]] = values
            for known in self._refused.values():
                _keep_smallest(known, ROWS_PER_REASON)

    def groups(self) -> list[Values]:
        """Return the drawn groups, then groups of quarantined rows, as far as the budget goes."""
        drawn = (
            _group(source, [_row(row) for row in self._rows.get(group_id, [])])
            for group_id, source in sorted(self._sources.items())
        )
        return [*_within(drawn), *_merge(_within(self._refused_groups()))]

    def _refused_groups(self) -> Iterator[Values]:
        """Yield one row of every language and reason, then a second one of each, and so on."""
        ranked = [
            (rank, key, values)
            for key, found in self._refused.items()
            for rank, (_, values) in enumerate(sorted(found.items()))
        ]
        for _, _, values in sorted(ranked, key=lambda item: item[:2]):
            source = {
                **values,
                "lang": "en",
                "question": values["source_question"],
                "passage": values["source_passage"],
                "title": "",
                "answers": [{"text": text, "start": -1} for text in values["source_answers"]],
                "checks": [],
                "status": "source",
                **dict.fromkeys(_SCORES),
            }
            yield _group(source, [_row(values)])


def _smallest(ids: pa.ChunkedArray, limit: int, known: Collection[str]) -> list[int]:
    """Return where ids stand that belong to the `limit` smallest, also among those known."""
    order = pc.array_sort_indices(ids.combine_chunks())[:limit].to_pylist()
    if len(known) < limit:
        return list(order)
    worst = max(known)
    return [place for place in order if ids[place].as_py() < worst]


def _keep_smallest(found: dict[str, Values], limit: int) -> None:
    for group_id in sorted(found)[limit:]:
        del found[group_id]


def _take(
    file: pq.ParquetFile, number: int, places: list[int], columns: list[str]
) -> Iterable[Values]:
    """Return some rows of a row group; nothing more is read when there are none."""
    if not places:
        return []
    rows: list[Values] = file.read_row_group(number, columns=columns).take(places).to_pylist()
    return rows


def _group(source: Values, rows: list[Values]) -> Values:
    return {
        "id": source["group_id"],
        "record": source["record_id"],
        "dataset": source["dataset"],
        "split": source["split"],
        "rows": [_row({"status": "source", **source}), *rows],
    }


def _row(values: Values) -> Values:
    """Return a row as the page shows it; what is empty is left out."""
    passage = values["passage"]
    row = {
        "lang": values["lang"],
        "status": values.get("status", "kept"),
        "reason": values.get("reason", ""),
        "reasons": values.get("reasons", []),
        "detail": values.get("detail", ""),
        "title": values["title"][:LONGEST_TEXT],
        "question": values["question"][:LONGEST_TEXT],
        "passage": passage[:LONGEST_TEXT],
        "characters": len(passage) if len(passage) > LONGEST_TEXT else None,
        "answers": [_answer(answer) for answer in values["answers"]],
        "checks": [
            [c["name"], c["field"], _short(c["value"]), _short(c["threshold"]), c["verdict"]]
            for c in values["checks"]
        ],
        **{name: _short(values[name]) for name in _SCORES},
    }
    if row["status"] == "source":
        row.update(reason="", reasons=[], detail="")
    return {name: value for name, value in row.items() if value not in ("", None, [])}


def _answer(answer: Values) -> Values:
    text, confidence = answer["text"][:LONGEST_TEXT], answer.get("confidence")
    return {**answer, "text": text, "confidence": _short(confidence)}


def _short(value: float | None) -> float | None:
    return round(value, 3) if value is not None and math.isfinite(value) else None


def _within(groups: Iterable[Values]) -> Iterator[Values]:
    """Yield groups, at least one, while their JSON is within the budget."""
    left = BUDGET
    for number, group in enumerate(groups):
        left -= len(json.dumps(group, ensure_ascii=False).encode())
        if number and left < 0:
            return
        yield group


def _merge(groups: Iterable[Values]) -> list[Values]:
    """Return groups with all rows that were drawn of them, in the order they came."""
    merged: dict[str, Values] = {}
    for group in groups:
        if group["id"] in merged:
            merged[group["id"]]["rows"].extend(group["rows"][1:])
        else:
            merged[group["id"]] = group
    return list(merged.values())
