import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipelines.judge.target_duplicates import CountTargetDuplicates, duplicate_key
from pipelines.translation.rows import Draft, Group
from schemas.record import Record
from schemas.row import Row


def row(question, lang, is_source=False):
    return Row(
        group_id=question,
        record_id=question,
        dataset="d",
        split="train",
        lang=lang,
        is_source=is_source,
        question=question,
        passage="",
        title="",
        passage_id="",
        answers=(),
        sentence_map=(),
        languages=(),
        mono=False,
        cross=False,
        checks=(),
        score_min=None,
        score_mean=None,
        unknown_share=None,
        translator=None,
        license="",
    )


def group(english, spanish):
    source = row(english, "en", is_source=True)
    return Group(Record(english, "d", "train", english, ""), source, (draft(spanish),))


def draft(spanish):
    return Draft(row(spanish, "es"), "", ())


STOCK = [group(f"What is {name}?", "¿Qué es esto?") for name in ("Ann", "Bob", "Cy", "Di")]


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        (STOCK, [{duplicate_key("es", "question", "¿QUÉ ES ESTO"): 4}]),
        (STOCK[:3], [{}]),
        # Case and punctuation do not make another English question, and blank is no sentence.
        ([group(text, "¿Qué?") for text in ("What", "what?", "WHAT", "What!")], [{}]),
        ([group(name, " ") for name in "abcde"], [{}]),
    ],
)
def test_translations_of_many_different_texts_are_counted(groups, found):
    with TestPipeline(runner="BundleBasedDirectRunner") as pipeline:
        counts = pipeline | beam.Create(groups) | CountTargetDuplicates(most=3)
        assert_that(counts, equal_to(found))
