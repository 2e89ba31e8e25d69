"""What a build ends with: counts, and all that a person should look at in one place."""

from datetime import datetime, timezone

import pytest

from pipelines.commands.summary import summarise
from schemas.manifest import LanguageCounts, Manifest, SegmentCounts, SourceCounts


@pytest.fixture
def manifest():
    return Manifest.model_construct(
        created=datetime.now(timezone.utc),
        seconds=61.0,
        shards=1,
        languages=["en", "es", "gl"],
        source=SourceCounts(read=10, failed={"no_question": 2}, groups=8),
        counts={
            "en": LanguageCounts(kept=8),
            "es": LanguageCounts(kept=6, rejected=1, failed=1, reasons={"glued_words": 1}),
            "gl": LanguageCounts(kept=8, unverified=3),
        },
        segments={"es": SegmentCounts(distinct=9, translated=9, failed=1, fallback=2)},
        alarms={"gl": {"xquad": {"question": 2}}},
        broken_packets=["memory/a.parquet", "memory/b.parquet"],
    )


def test_what_went_wrong_stands_in_one_place_with_what_shows_more(manifest):
    told = summarise(
        manifest,
        "corpora/x",
        ["warning: the moon is full", "warning: memory/b.parquet: not a readable packet"],
    )
    start = told.index("to look at\n")
    assert told[start:].split("\n\n")[0].splitlines() == [
        "to look at",
        "  2 items failed: corpora/x/quarantine/records",
        "  2 rows rejected or failed: corpora/x/quarantine",
        "  es: 1 segment could not be translated",
        "  es: 2 segments translated by a fallback",
        "  gl: 3 rows kept whose language could not be verified",
        "  gl: similar to the evaluation set xquad: 2 questions",
        "  broken in the memory, and translated again: memory/a.parquet and 1 more",
        "  warning: the moon is full",
        "  examples of all of them: tandemqa report corpora/x --open",
    ]


def test_nothing_to_look_at_is_not_told(manifest):
    kept = {lang: LanguageCounts(kept=8) for lang in manifest.languages}
    source = SourceCounts(read=8, groups=8)
    whole = manifest.model_copy(
        update={
            "source": source,
            "counts": kept,
            "segments": {},
            "alarms": {},
            "broken_packets": [],
        }
    )
    assert "look at" not in summarise(whole, "corpora/x")


def test_no_colour_is_ever_written(manifest):
    assert "\x1b" not in summarise(manifest, "corpora/x", ["warning: x"])
