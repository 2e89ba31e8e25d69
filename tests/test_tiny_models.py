from tests.tiny_models import TINY_PAIRS, TINY_RECORDS
from translators.segmentation import split_passage


def test_the_tiny_pairs_cover_whatever_a_build_of_the_tiny_records_translates():
    for pairs in TINY_PAIRS.values():
        known = dict(pairs)
        for record in TINY_RECORDS:
            sentences = [record.passage[s.start : s.end] for s in split_passage(record.passage)]
            assert {record.question, record.answer, *sentences} <= known.keys()
            assert record.answer in record.passage


def test_the_translated_answer_stands_in_the_translated_passage():
    for pairs in TINY_PAIRS.values():
        known = dict(pairs)
        for record in TINY_RECORDS:
            sentences = [record.passage[s.start : s.end] for s in split_passage(record.passage)]
            assert known[record.answer] in " ".join(known[sentence] for sentence in sentences)
