"""How many broken rows the checks catch."""

import random
from collections import defaultdict

from benchmarks.quality.corruptions import HELD_OUT, PASSAGE, QUESTION, spoil
from benchmarks.quality.gold import GoldRow
from benchmarks.quality.judging import Gold, check, rejecting, units, without_second_opinion
from benchmarks.quality.markdown import percent, table
from benchmarks.quality.sentence_corruptions import MAPPED
from benchmarks.quality.spoiler import Spoiler
from schemas.check import FLAG
from schemas.language import LANGUAGES

# `validation.md`, section 6: script, langdetect restricted, copy, calibrated length, repetition.
REFERENCE = {
    ("question", "English copy"): 100,
    ("question", "other language"): 99.4,
    ("question", "half cut"): 53.2,
    ("question", "loop"): 100,
    ("question", "other row's text"): 17.7,
    ("question", "empty"): 100,
    ("passage", "English copy"): 100,
    ("passage", "other language"): 100,
    ("passage", "half cut"): 99.3,
    ("passage", "loop"): 99.9,
    ("passage", "one sentence dropped"): 31.2,
    ("passage", "other row's text"): 55.1,
    ("passage", "empty"): 100,
}

NOTE = """Rows are gold rows that pass, with one text spoiled. *Reference* is the cascade of
`research/validation.md`, section 6 (its own corruptions, eleven languages). *Map known*: the check
sees where each sentence stands, as in our corpora; other passages are checked without a map. The
rule against changed numbers was taken from mistakes of the human translators, which *digits
changed* resembles."""


def report(gold: Gold, every: int) -> str:
    """Return the section; only every n-th question and passage is spoiled."""
    questions = without_second_opinion(lambda: corruption_table(gold, "question", every))
    passages = without_second_opinion(lambda: corruption_table(gold, "passage", max(1, every // 4)))
    return "\n\n".join(
        [
            "## Broken questions that are caught, in percent",
            NOTE,
            questions,
            "## Broken passages that are caught, in percent",
            passages,
        ]
    )


def corruption_table(gold: Gold, field: str, share: int) -> str:
    """Return how many broken rows are rejected, and how many are rejected or flagged."""
    names = [
        *(QUESTION if field == "question" else PASSAGE),
        *(MAPPED if field == "passage" else ()),
    ]
    counts: dict[tuple[str, object], list[int]] = defaultdict(lambda: [0, 0, 0])
    for rows in gold.values():
        for index, row in enumerate(units(rows, field)):
            if index % share or rejecting(check(row, field)):
                continue
            for name in names:
                spoiled = spoil(row, field, name, make_spoiler(gold, row, name))
                if spoiled:
                    rejected, flagged = caught(spoiled, field)
                    for key in (row.held_out, "all", row.lang):
                        count = counts[name, key]
                        count[0] += rejected
                        count[1] += flagged
                        count[2] += 1
    lines = []
    for name in names:
        all_rows = counts[name, "all"]
        by_language = {lang: counts[name, lang] for lang in gold if counts[name, lang][2]}
        worst = min(by_language, key=lambda k: by_language[k][0] / by_language[k][2], default="")
        reference = REFERENCE.get((field, name), "–")
        lines.append(
            [
                name + (" †" if name in HELD_OUT else ""),
                all_rows[2],
                reference,
                *(percent(counts[name, held][0], counts[name, held][2]) for held in (False, True)),
                f"**{percent(all_rows[0], all_rows[2])}**",
                percent(all_rows[1], all_rows[2]),
                f"{worst} {percent(by_language[worst][0], by_language[worst][2])}" if worst else "",
            ]
        )
    head = ["broken by", "rows", "reference", "calibration half", "held-out half", "all rejected"]
    return table([*head, "or flagged", "worst language"], lines)


def caught(row: GoldRow, field: str) -> tuple[bool, bool]:
    """Return whether a spoiled row is rejected, and whether it is rejected or flagged.

    A passage that is not the question's own shows in the question's check.
    """
    checks = check(row, field)
    names = rejecting(checks)
    if field == "passage" and not names:
        names = [name for name in rejecting(check(row, "question")) if name == "unrelated"]
    return bool(names), bool(names or rejecting(checks, FLAG))


def make_spoiler(gold: Gold, row: GoldRow, name: str) -> Spoiler:
    """Return what spoils a row in the way of that name, the same in every run."""
    chance = random.Random(f"{row.row_id} {row.lang} {name}")
    rows = gold[row.lang]
    same = [r for r in rows if r.passage == row.passage and r.row_id != row.row_id]
    other = chance.choice(rows)
    while other.passage == row.passage:
        other = chance.choice(rows)
    script = LANGUAGES[row.lang].script
    alike = [x for x in gold if x != row.lang and LANGUAGES[x].script == script]
    foreign = chance.choice(alike or [x for x in gold if x != row.lang])
    at = next(i for i, r in enumerate(rows) if r.row_id == row.row_id)
    return Spoiler(chance, other, chance.choice(same) if same else row, gold[foreign][at])
