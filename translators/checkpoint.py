"""Load the weights of a model with transformers, and refuse a model that is not whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import AutoModelForSeq2SeqLM, PreTrainedModel


def load_checkpoint(
    model_class: "type[PreTrainedModel | AutoModelForSeq2SeqLM]",
    directory: Path,
    dtype: "torch.dtype | None",
) -> "PreTrainedModel":
    """Return the model, every weight of it read from the files.

    Args:
        model_class: Class in transformers.
        directory: Where configuration and weights are; nothing is downloaded.
        dtype: Number format of the weights; None for that of the files.

    Raises:
        ValueError: If weights are missing, have another shape, or shared ones are not shared.
    """
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    loaded: Any = model_class.from_pretrained(
        directory,
        dtype=dtype,
        local_files_only=True,
        trust_remote_code=False,
        weights_only=True,
        output_loading_info=True,
    )
    model: PreTrainedModel
    model, report = loaded
    missing = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
    if missing:
        raise ValueError(
            f"model {directory}: {len(missing)} weights are missing or have the wrong shape "
            f"({', '.join(missing[:3])}, ...); they would be random. Download the model again."
        )
    _check_shared(model, directory)
    model.train(mode=False)
    return model


def _check_shared(model: "PreTrainedModel", directory: Path) -> None:
    """Refuse embeddings that fell apart in loading (transformers issue 45005)."""
    if not model.config.tie_word_embeddings:
        return
    output: Any = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    decoder: Any = model.get_decoder()  # type: ignore[no-untyped-call]
    if output.weight.data_ptr() != decoder.embed_tokens.weight.data_ptr():
        raise ValueError(
            f"model {directory}: output and decoder embeddings should be shared and are not; this "
            "transformers version misreads the model. Try another version, or "
            "engine=ctranslate2 with a model converted elsewhere."
        )
