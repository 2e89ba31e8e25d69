"""From the rows of a batch to its pairs, tokenized."""

from dataclasses import dataclass
from typing import Any, Final

import torch
from sentence_transformers.sentence_transformer.data_collator import (
    SentenceTransformerDataCollator,
)

LANGUAGE_PAIRS: Final = "language_pairs"


@dataclass
class PairCollator(SentenceTransformerDataCollator):
    """Zips the rows of `HybridBatchSampler` into pairs: questions, passages, then negatives.

    Only texts reach the tokenizer, under the columns `question`, `passage`, `negative_1`, ..., so
    that prompts can be given for each. `LANGUAGE_PAIRS` holds the set of (question, passage)
    language codes that are in the batch, for the log; a set, because it must stay on the CPU.
    The labels, which only the loss of a teacher looks at, are the numbers of the groups: (pairs,
    passage and negatives).

    Attributes:
        negatives_per_pair: Hard negatives that come with each pair.
    """

    negatives_per_pair: int = 0

    def __call__(self, features: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the tokenized columns of the pairs.

        Raises:
            ValueError: If the rows are not those of a `HybridBatchSampler`.
        """
        roles = 2 + self.negatives_per_pair
        pairs, rest = divmod(len(features), roles)
        questions, passages = features[:pairs], features[pairs : 2 * pairs]
        same = [q["group"] == p["group"] for q, p in zip(questions, passages, strict=True)]
        if rest or not all(same):
            raise ValueError(
                f"a batch of {len(features)} rows is not made of questions, their passages and "
                f"{self.negatives_per_pair} negatives for each pair: wanted the batches of "
                "HybridBatchSampler (as batch_sampler=partial(HybridBatchSampler, ...))"
            )
        negatives = [features[pairs * role : pairs * (role + 1)] for role in range(2, roles)]
        batch = super().__call__(
            [
                {
                    "question": questions[pair]["question"],
                    "passage": passages[pair]["passage"],
                    **{f"negative_{n}": of[pair]["passage"] for n, of in enumerate(negatives, 1)},
                }
                for pair in range(pairs)
            ]
        )
        batch["label"] = torch.tensor(
            [[of[pair]["group"] for of in (passages, *negatives)] for pair in range(pairs)]
        )
        batch[LANGUAGE_PAIRS] = frozenset(
            (q["lang"], p["lang"]) for q, p in zip(questions, passages, strict=True)
        )
        return batch
