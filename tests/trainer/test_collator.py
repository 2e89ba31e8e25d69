"""From the rows of a batch to its tokenized pairs."""

import pytest
import torch

from trainer.batches.collator import LANGUAGE_PAIRS, PairCollator


def collate(features, negatives=0, prompts=None):
    seen = {}

    def preprocess(texts, prompt=None, task=None):
        return {"texts": [(prompt or "") + text for text in texts], "ids": torch.ones(len(texts))}

    collator = PairCollator(preprocess_fn=preprocess, prompts=prompts)
    collator.negatives_per_pair = negatives
    batch = collator(features)
    seen = {name[:-6]: texts for name, texts in batch.items() if name.endswith("_texts")}
    return seen, batch


def rows(*groups):
    return [
        {
            "question": f"q{place}",
            "passage": f"p{place}",
            "group": group,
            "passage_group": group,
            "lang": 0,
            "source": 0,
            "mono": 1,
            "cross": 1,
        }
        for place, group in enumerate(groups)
    ]


def test_questions_are_joined_with_the_passages_of_their_groups():
    texts, batch = collate(rows(5, 6, 5, 6))
    assert texts == {"question": ["q0", "q1"], "passage": ["p2", "p3"]}
    assert batch["label"].tolist() == [[5], [6]]  # what a teacher's scores are looked up by


def test_only_texts_reach_the_tokenizer():
    _, batch = collate(rows(5, 6, 5, 6))
    assert set(batch) - {LANGUAGE_PAIRS, "label"} == {
        "question_texts",
        "question_ids",
        "passage_texts",
        "passage_ids",
    }


def test_the_languages_of_the_pairs_are_told():
    features = rows(5, 6, 5, 6)
    for row, lang in zip(features, (0, 0, 1, 2), strict=True):
        row["lang"] = lang
    _, batch = collate(features)
    assert batch[LANGUAGE_PAIRS] == {(0, 1), (0, 2)}


def test_negatives_are_passages_in_columns_of_their_own():
    texts, batch = collate(rows(5, 6, 5, 6, 1, 2, 3, 4), negatives=2)
    assert batch["label"].tolist() == [[5, 1, 3], [6, 2, 4]]
    assert texts["negative_1"] == ["p4", "p5"]
    assert texts["negative_2"] == ["p6", "p7"]


def test_prompts_are_given_by_column():
    texts, _ = collate(rows(5, 5), prompts={"question": "query: ", "passage": "passage: "})
    assert texts == {"question": ["query: q0"], "passage": ["passage: p1"]}


@pytest.mark.parametrize(
    ("groups", "negatives"),
    [((5,), 0), ((5, 6), 0), ((5, 6, 6, 5), 0), ((5, 5, 1, 2), 1), ((5, 6, 5, 6, 1), 1)],
)
def test_rows_of_another_sampler_are_refused(groups, negatives):
    with pytest.raises(ValueError, match="wanted the batches of HybridBatchSampler"):
        collate(rows(*groups), negatives=negatives)
