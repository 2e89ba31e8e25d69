"""How far languages are verified, and how our use of langdetect compares with its own."""

import time
from collections import Counter
from collections.abc import Callable

from langdetect import detector_factory

from benchmarks.quality import short_texts
from benchmarks.quality.judging import Gold, check
from benchmarks.quality.markdown import percent, table
from pipelines.text.language_id import UNTRANSLATED, WRONG_LANGUAGE, verify_language
from schemas.check import REJECT
from schemas.language import LANGUAGES

EVERY = 3

NOTE = """Every third question in German, Spanish, Turkish and Vietnamese. langdetect by itself
accepts a probability of 0.5 or more; seed 0, all of its languages, names not masked in either."""


def report(gold: Gold) -> str:
    """Return the section."""
    return "\n\n".join(
        [
            "## How far the language of correct questions is verified, in percent",
            verdict_table(gold),
            "## Short texts, in percent",
            short_texts.NOTE,
            short_texts.short_table(gold),
            "## langdetect: random draws against all n-grams",
            NOTE,
            language_table(gold),
        ]
    )


def verdict_table(gold: Gold) -> str:
    """Return how far the language of gold is verified, by language."""
    names = ("wrong_language", "similar_language", "unverified_short", "script_only")
    lines = []
    for lang, rows in gold.items():
        counts: Counter[str] = Counter()
        for row in rows:
            counts.update(c.name for c in check(row, "question") if c.verdict != REJECT)
        lines.append([lang, *(percent(counts[name], len(rows)) for name in names)])
    return table(["language", "verified", "similar", "unverified_short", "script_only"], lines)


def language_table(gold: Gold) -> str:
    """Return how langdetect does by itself, by number of trials, against the exact evaluation."""
    latin = [lang for lang in gold if LANGUAGES[lang].script == "Latn"]
    rivals: dict[str, Callable[[str, str], bool]] = {
        f"langdetect, {trials} trials": _sampled(trials) for trials in (1, 2, 3, 7)
    }
    rivals["ours: all n-grams, evidence of 15"] = _exact
    lines = []
    for name, accepts in rivals.items():
        right = wrong = rights = wrongs = 0
        started = time.process_time()
        for lang in latin:
            for i in range(0, len(gold[lang]), EVERY):
                row = gold[lang][i]
                right += accepts(row.question[1], lang)
                rights += 1
                for other in latin:
                    if other != lang:
                        wrong += accepts(gold[other][i].question[1], lang)
                        wrongs += 1
        speed = (rights + wrongs) / (time.process_time() - started)
        lines.append([name, percent(rights - right, rights, 2), percent(wrong, wrongs, 2)])
        lines[-1].append(f"{speed:,.0f}")
    head = ["", "correct questions refused, %", "other languages accepted, %", "questions a second"]
    return table(head, lines)


def _sampled(trials: int) -> Callable[[str, str], bool]:
    def accepts(text: str, lang: str) -> bool:
        detector = detector_factory._factory.create()
        detector.seed, detector.n_trial = 0, trials
        detector.append(text)
        found = {item.lang: item.prob for item in detector.get_probabilities()}
        return found.get(lang, 0.0) >= 0.5

    detector_factory.init_factory()
    return accepts


def _exact(text: str, lang: str) -> bool:
    return verify_language(text, lang).verdict not in {UNTRANSLATED, WRONG_LANGUAGE}
