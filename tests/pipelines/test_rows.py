"""Rows as they are assembled from the translations of their segments."""

import pickle
from dataclasses import replace

import numpy as np
from apache_beam.coders.typecoders import registry

from pipelines.judge import validate
from pipelines.translation.rows import Group, Meaning, assemble_group
from pipelines.translation.segment import segment_record, translatable_segments
from schemas.record import Record
from schemas.row import RowTranslator
from translators.translator import Translation


def test_groups_take_few_bytes_while_they_wait_to_be_judged():
    record = Record("r", "d", "train", "Where is it?", "It is here. It was there. " * 9, "", ())
    segmented = segment_record(record)
    said = {key: Translation(text) for key, text in translatable_segments(segmented).items()}
    langs = ("ca", "es", "gl")
    who = dict.fromkeys(langs, (RowTranslator("marian", "m", "", "", ""),))
    group = assemble_group("g", segmented, dict.fromkeys(langs, said), who)
    measured = Meaning(0.9, (0.8, 0.7), (), None)
    group = replace(group, drafts=tuple(replace(d, meaning=measured) for d in group.drafts))
    coder = registry.get_coder(Group)
    assert coder.decode(coder.encode(group)) == group
    assert 2 * len(coder.encode(group)) < len(pickle.dumps(group, 5))
    assert isinstance(coder, validate.PackedCoder)


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
