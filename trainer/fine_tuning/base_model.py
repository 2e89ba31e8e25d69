"""The model that training starts from."""

from typing import Final

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import PreTrainedModel

from schemas.command import UsageError
from schemas.model_prompts import Prompts
from trainer.encoder import load_model, longest_input, model_prompts, shorten
from trainer.fine_tuning.training_settings import TrainingSettings

_ALPHA_PER_RANK: Final = 2
_DROPOUT: Final = 0.05


def open_base_model(
    settings: TrainingSettings, bf16: bool
) -> tuple[SentenceTransformer, int | None]:
    """Return the model to train, with the run's pooling, adapters and prompts, and its own length.

    The length is the longest input that it takes, in tokens: training on shorter ones saves time,
    and is no reason for the finished model to cut its users' texts.

    Weights that are trained are kept in float32, whatever the file has: small steps vanish in
    bfloat16. Under adapters, the weights stay as they are, and bfloat16 halves them.

    Args:
        settings: The run.
        bf16: Whether it computes in bfloat16.

    Raises:
        UsageError: If the model cannot be loaded, has adapters, or has no pooling to change.
    """
    dtype = settings.model.dtype or ("bfloat16" if settings.lora and bf16 else "float32")
    model = load_model(settings.model.model_copy(update={"dtype": dtype, "max_length": None}))
    length = longest_input(model)
    if settings.model.max_length is not None:
        shorten(model, settings.model.max_length)
        length = max(length or 0, settings.model.max_length)
    _refuse_adapters(model, settings)
    if settings.pooling:
        _set_pooling(model, settings)
    if settings.lora:
        _refuse_lora(model, settings)
        _add_lora(model, settings.lora)
    if settings.gradient_checkpointing:
        _save_memory(model)
    prompts = choose_prompts(model, settings)
    # Saved with the model, so that evaluation and use have the prompts of training.
    model.prompts = {"query": prompts.question, "document": prompts.passage}
    return model, length


def _refuse_adapters(model: SentenceTransformer, settings: TrainingSettings) -> None:
    """Raise UsageError for a model with adapters: loaded, they are frozen, like all its weights."""
    if any(getattr(module, "_hf_peft_config_loaded", False) for module in model.modules()):
        raise UsageError(
            f"model {settings.model.model!r} has LoRA adapters, which cannot be trained on: name "
            "the model that they were trained for, or merge them into it"
        )


def choose_prompts(model: SentenceTransformer, settings: TrainingSettings) -> Prompts:
    """Return the prompts of the run: those asked for, else those of the model."""
    own = model_prompts(model, settings.model.model)
    return Prompts(
        own.question if settings.question_prompt is None else settings.question_prompt,
        own.passage if settings.passage_prompt is None else settings.passage_prompt,
    )


def _set_pooling(model: SentenceTransformer, settings: TrainingSettings) -> None:
    for place, module in enumerate(model):
        if isinstance(module, Pooling):
            model[place] = Pooling(module.embedding_dimension, settings.pooling)
            return
    raise UsageError(f"pooling={settings.pooling}: model {settings.model.model!r} has no pooling")


def _refuse_lora(model: SentenceTransformer, settings: TrainingSettings) -> None:
    """Raise UsageError for a model without linear layers that adapters could be added to."""
    if not isinstance(model[0], Transformer):
        raise UsageError(
            f"--lora {settings.lora}: model {settings.model.model!r} is not a transformer (static "
            "embeddings, for example); leave --lora out, all its weights are trained then"
        )


def _add_lora(model: SentenceTransformer, rank: int) -> None:
    """Give every linear layer of the encoder an adapter (Hu et al. 2021, arXiv:2106.09685).

    Only the adapters are trained and saved. sentence-transformers loads them together with the
    model they belong to.

    Args:
        model: The encoder; changed in place.
        rank: Rank of the matrices; 16 is common for models of 7B parameters.
    """
    from peft import LoraConfig, TaskType

    model.add_adapter(
        LoraConfig(
            task_type=TaskType.FEATURE_EXTRACTION,
            r=rank,
            lora_alpha=_ALPHA_PER_RANK * rank,
            lora_dropout=_DROPOUT,
            target_modules="all-linear",
        )
    )
    for weights in model.parameters():
        if weights.requires_grad:
            weights.data = weights.data.float()  # small steps vanish in bfloat16


def _save_memory(model: SentenceTransformer) -> None:
    """Compute activations twice instead of keeping them (Chen et al. 2016, arXiv:1604.06174)."""
    options = {"use_reentrant": False}  # the other kind fails under DDP and LoRA
    for module in model.modules():
        if isinstance(module, PreTrainedModel):
            if hasattr(module, "activation_checkpointing_enable"):  # the name since 5.2x
                module.activation_checkpointing_enable(options)
            else:
                module.gradient_checkpointing_enable(options)  # type: ignore[no-untyped-call]
