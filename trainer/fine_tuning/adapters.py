"""LoRA: train small matrices beside a large model's weights, which stay as they are."""

from typing import Final

from sentence_transformers import SentenceTransformer

ALPHA_PER_RANK: Final = 2
DROPOUT: Final = 0.05


def add_lora(model: SentenceTransformer, rank: int) -> None:
    """Give every linear layer of the encoder an adapter (Hu et al. 2021, arXiv:2106.09685).

    Only the adapters are trained and saved. sentence-transformers loads them, with the model
    that they belong to, by the folder's name.

    Args:
        model: The encoder; changed in place.
        rank: Rank of the matrices; 16 is common for models of 7B parameters.
    """
    from peft import LoraConfig, TaskType

    model.add_adapter(
        LoraConfig(
            task_type=TaskType.FEATURE_EXTRACTION,
            r=rank,
            lora_alpha=ALPHA_PER_RANK * rank,
            lora_dropout=DROPOUT,
            target_modules="all-linear",
        )
    )
    for weights in model.parameters():
        if weights.requires_grad:
            weights.data = weights.data.float()  # small steps vanish in bfloat16
