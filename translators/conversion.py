"""Convert a model to CTranslate2, once, and keep it."""

import json
import logging
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.errors import NotInstalledError
from schemas.files import atomic_folder
from translators.checkpoint import load_checkpoint
from translators.model_files import ModelFiles

if TYPE_CHECKING:
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

_MODEL_FILE: Final = "model.bin"


def converted_model(
    files: ModelFiles, vocabulary: Mapping[str, int], compute_type: str, cache: Path
) -> Path:
    """Return the folder of the converted model, made now if need be.

    It is made beside its place and moved there whole; of two processes that do so at once the
    first wins, and both models are the same.

    Args:
        files: The model to convert.
        vocabulary: The tokenizer's tokens and their numbers; the conversion must agree.
        compute_type: Number format of the converted weights.
        cache: Folder in which converted models are kept.

    Raises:
        ValueError: If the model cannot be converted.
        NotInstalledError: If a package that converts is missing.
    """
    name = files.name if files.on_hub else files.directory.resolve().name
    revision = files.revision.removeprefix("sha256:")[:16]
    # A newer CTranslate2 may convert better, so each version keeps its own.
    home = cache / f"ctranslate2-{version('ctranslate2')}"
    place = home / f"{re.sub(r'[^A-Za-z0-9.-]+', '--', name)}-{revision}-{compute_type}"
    if (place / _MODEL_FILE).is_file():
        return place
    logger.info("converting %s to CTranslate2 (%s): %s", files.name, compute_type, place)
    try:
        with atomic_folder(place) as partial:
            _convert(files, partial, compute_type)
            _check_vocabulary(files.name, partial, vocabulary)
    except OSError:
        if not (place / _MODEL_FILE).is_file():
            raise
    return place


def _convert(files: ModelFiles, output: Path, compute_type: str) -> None:
    try:
        import torch
        import transformers  # noqa: F401
        from ctranslate2.converters import TransformersConverter
    except ImportError as error:
        raise NotInstalledError(
            f"model {files.name} has to be converted to CTranslate2 once, and that needs "
            f"{error.name}; or convert it on another machine and bring its cache folder here "
            "(option cache)",
            "pip install 'tandemqa[translate]'",
        ) from error

    class Converter(TransformersConverter):  # type: ignore[misc]
        def load_model(
            self,
            model_class: "type[PreTrainedModel]",
            path: str,
            dtype: "torch.dtype | None",
            config: object,
        ) -> "PreTrainedModel":
            model = load_checkpoint(model_class, Path(path), dtype)
            if model.config.model_type == "marian":
                _check_padding(model, files.name)
            return model

    # The folder is there already, and empty.
    converter = Converter(str(files.with_weights()))
    converter.convert(str(output), quantization=compute_type, force=True)


def _check_padding(model: "PreTrainedModel", name: str) -> None:
    """Refuse a Marian model whose padding has an embedding.

    Its decoder starts from padding, and CTranslate2 from zeros. They are the same in models as
    Marian trained them; training on in transformers moves the embedding of padding away.
    """
    embeddings: Any = model.get_input_embeddings()
    if embeddings.weight[model.config.pad_token_id].any():
        raise ValueError(
            f"model {name}: the embedding of <pad> is not zero, so CTranslate2 would translate "
            "otherwise than the model does. Use engine=transformers, or keep that embedding at "
            "zero when training."
        )


def _check_vocabulary(name: str, converted: Path, vocabulary: Mapping[str, int]) -> None:
    """Refuse a conversion that numbers tokens in another way: it would translate to babble.

    CTranslate2 takes a token it does not know for `<unk>` without a word, so this is also what
    makes sure that language tokens are what they should be.
    """
    tokens = json.loads((converted / "shared_vocabulary.json").read_text(encoding="utf-8"))
    wrong = [
        token
        for token, number in vocabulary.items()
        if tokens[number : number + 1] != [token] and token != "<pad>"
    ]
    if wrong:
        raise ValueError(
            f"model {name}: after conversion to CTranslate2 {len(wrong)} tokens have another "
            f"number than in the tokenizer, among them {', '.join(sorted(wrong)[:5])}. "
            "Use engine=transformers, or another version of ctranslate2 or transformers."
        )
