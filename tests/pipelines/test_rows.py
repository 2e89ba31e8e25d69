"""Rows as they are assembled from the translations of their segments."""

import numpy as np

from pipelines.translation.rows import assemble_group
from pipelines.translation.segment import segment_record, translatable_segments
from schemas.record import Record
from schemas.row import RowTranslator
from translators.translator import Translation


def test_a_score_is_the_number_that_will_be_read_again():
    record = Record("r", "d", "train", "Where is it?", "It is here. It was there.", "", (), "")
    segmented = segment_record(record)
    keys = translatable_segments(segmented)
    scores = (-0.1, -0.2, -0.4)
    dictionary = {
        key: Translation(text, score)
        for (key, text), score in zip(keys.items(), scores, strict=True)
    }
    who = {"es": (RowTranslator("marian", "m", "", "", ""),)}
    (draft,) = assemble_group("g", segmented, {"es": dictionary}, who).drafts
    assert draft.row.score_mean == np.float32(draft.row.score_mean) != 0
