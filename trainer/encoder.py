"""Load a sentence-transformers model by name or path, and encode questions and candidates."""

import hashlib
import json
import math
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from schemas.command import FailedRunError, UsageError
from schemas.model_prompts import Prompts, known_prompts
from schemas.model_safety import refuse_unsafe_model
from schemas.wording import counted
from trainer.model_settings import ModelSettings

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

Embeddings = npt.NDArray[np.float32]
"""One row for each text; of length one where the model compares by cosine."""

# Weights that a checkpoint lacks are drawn at random when it is loaded: always the same ones, so
# that a model that does not use them (a pooler) has one fingerprint.
_SEED: Final = 10536


def load_model(settings: ModelSettings) -> "SentenceTransformer":
    """Return the model, with weights from safetensors only unless its code is trusted.

    A model without a sentence-transformers configuration (XLM-R) gets mean pooling.

    Raises:
        UsageError: If there is none under that name, or it cannot be loaded as it is.
    """
    from sentence_transformers import SentenceTransformer

    model: SentenceTransformer = _load(SentenceTransformer, settings)
    if settings.max_length is not None:
        shorten(model, settings.max_length)
    return model


def load_cross_encoder(settings: ModelSettings) -> "CrossEncoder":
    """Return a model that reads question and passage together; see `load_model`."""
    from sentence_transformers import CrossEncoder

    model: CrossEncoder = _load(CrossEncoder, settings)
    return model


def _load(kind: Any, settings: ModelSettings) -> Any:  # noqa: ANN401 - a class, and one of it
    import torch

    if settings.device is not None:
        _check_device(settings.device)
    model_options: dict[str, Any] = {}
    if not settings.trust_remote_code:
        model_options["use_safetensors"] = True
        if Path(settings.model).is_dir():
            refuse_unsafe_model(Path(settings.model))
    if settings.dtype is not None:
        model_options["dtype"] = settings.dtype
    try:
        with torch.random.fork_rng():
            torch.manual_seed(_SEED)
            return kind(
                settings.model,
                revision=settings.revision,
                trust_remote_code=settings.trust_remote_code,
                device=settings.device,
                model_kwargs=model_options,
            )
    except Exception as error:  # the libraries raise anything for a folder that is damaged
        first = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise UsageError(
            f"model {settings.model!r} cannot be loaded: {first.rstrip('.')}. "
            "Name a folder with a sentence-transformers or transformers model, or a model on the "
            "Hugging Face hub that this machine can reach."
        ) from error


def is_cross_encoder(model: str) -> bool:
    """Whether a model, by name or path, reads question and passage together."""
    kind = _read_settings(model, "config_sentence_transformers.json").get("model_type")
    if kind is not None:
        return bool(kind == "CrossEncoder")
    classes = _read_settings(model, "config.json").get("architectures")
    return isinstance(classes, list) and str(classes[:1]).endswith("ForSequenceClassification']")


def _read_settings(model: str, name: str) -> dict[str, Any]:
    """Return the settings in a file of a model; empty where there are none."""
    from sentence_transformers.util import load_file_path

    if Path(model).is_dir() and not (Path(model) / name).is_file():  # a pipe would be waited for
        return {}
    try:
        path = load_file_path(model, name)
        content = json.loads(Path(path).read_bytes()) if path else None
    except Exception:
        return {}
    return content if isinstance(content, dict) else {}


def longest_input(model: "SentenceTransformer") -> int | None:
    """Return the longest text in tokens, beyond which texts are cut; None if none is too long."""
    length = model.max_seq_length
    return int(length) if length is not None and math.isfinite(length) else None


def shorten(model: "SentenceTransformer", length: int) -> None:
    """Let a model cut texts at a number of tokens; static embeddings take texts of any length.

    Raises:
        UsageError: If the model cannot.
    """
    try:
        model.max_seq_length = length
    except AttributeError as error:
        raise UsageError(
            f"--max-length {length}: this model reads texts of any length in full; leave it out"
        ) from error


def _check_device(device: str) -> None:
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch built for the CPU asserts
        first = str(error).splitlines()[0]
        raise UsageError(f"device {device!r} cannot be used: {first}") from error


def model_prompts(model: "SentenceTransformer", name: str) -> Prompts:
    """Return the prompts of a model: those it states, or those known to be needed.

    Args:
        model: The model.
        name: Its name or path.
    """
    stated = model.prompts
    question = stated.get("query") or ""
    passage = stated.get("document") or stated.get("passage") or ""
    return Prompts(question, passage) if question or passage else known_prompts(name)


class Encoder:
    """A model with its prompts: texts to embeddings."""

    packages: Final = ("sentence-transformers", "transformers", "torch", "numpy")

    def __init__(
        self, model: "SentenceTransformer", prompts: Prompts, *, batch_size: int = 64
    ) -> None:
        if model.similarity_fn_name not in ("cosine", "dot"):
            raise UsageError(
                f"the model compares by {model.similarity_fn_name}; only cosine and dot are known"
            )
        self.model = model
        self.prompts = prompts
        self.batch_size = batch_size

    @property
    def max_length(self) -> int | None:
        """Longest text in tokens, beyond which texts are cut; None for models without a limit."""
        return longest_input(self.model)

    def count_cut(self, texts: Sequence[str], prompt: str) -> int:
        """Return how many texts are longer than the model takes, and are cut."""
        limit = self.max_length
        if limit is None:
            return 0
        whole = [prompt + text for text in texts]
        # A token has a byte at least, and two mark the ends.
        long = [text for text in whole if len(text.encode("utf-8", "replace")) > limit - 2]
        tokenize = partial(self.model.tokenizer, truncation=False, verbose=False)
        return sum(len(tokenize(text)["input_ids"]) > limit for text in long)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that decides the embeddings: weights, modules, tokenizer, prompts."""
        cut = self.model.truncate_dim
        described = repr((self.prompts, self.model.max_seq_length))
        described += f"{cut} dimensions" if cut is not None else ""
        return hash_model(self.model, described, self.model.similarity_fn_name)

    def describe(self) -> dict[str, Any]:
        """Return what decides the embeddings, for the record."""
        return {
            "fingerprint": self.fingerprint,
            "question_prompt": self.prompts.question,
            "passage_prompt": self.prompts.passage,
            "max_length": self.max_length,
            "similarity": self.model.similarity_fn_name,
            "dtype": str(self.model.dtype).removeprefix("torch."),
        }

    def encode_questions(self, texts: Sequence[str]) -> Embeddings:
        """Return the embeddings of questions."""
        return self._encode(self.model.encode_query, self.prompts.question, texts)

    def encode_candidates(self, texts: Sequence[str]) -> Embeddings:
        """Return the embeddings of passages or other candidates."""
        return self._encode(self.model.encode_document, self.prompts.passage, texts)

    def _encode(self, encode: Any, prompt: str, texts: Sequence[str]) -> Embeddings:  # noqa: ANN401
        embeddings: Embeddings = encode(
            list(texts),
            prompt=prompt,
            batch_size=self.batch_size,
            show_progress_bar=False,
            normalize_embeddings=self.model.similarity_fn_name == "cosine",
        )
        refuse_broken(embeddings, texts)
        return embeddings.astype(np.float32, copy=False)


def refuse_broken(vectors: Any, texts: Sequence[Any]) -> None:  # noqa: ANN401 - array or tensor
    """Refuse NaN and infinite vectors: whatever is ranked by them is ranked at random.

    Raises:
        FailedRunError: If there are any.
    """
    import torch

    broken = (~torch.isfinite(torch.as_tensor(vectors)).all(dim=-1)).nonzero().flatten().tolist()
    if broken:
        raise FailedRunError(
            f"the model gives NaN or infinite vectors for {len(broken):,} of "
            f"{counted(len(texts), 'text')}, such as {str(texts[broken[0]])[:60]!r}; if it runs in "
            "float16, try --dtype float32 or bfloat16"
        )


def hash_model(model: Any, before: str, after: str = "") -> str:  # noqa: ANN401 - of any kind
    """Return a hash of the modules, tokenizer and weights of a model, and of what describes it."""
    import torch

    digest = hashlib.sha256(f"{before}{model}{after}".encode())
    digest.update(_describe_tokenizer(model.tokenizer).encode())
    for name, weights in model.state_dict().items():
        digest.update(f"{name}{weights.dtype}{tuple(weights.shape)}".encode())
        digest.update(weights.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _describe_tokenizer(tokenizer: Any) -> str:  # noqa: ANN401
    """Return all of a tokenizer but what the last batch set."""
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        return json.dumps(tokenizer.get_vocab(), sort_keys=True)
    content = json.loads(fast.to_str())
    return json.dumps({**content, "truncation": None, "padding": None}, sort_keys=True)
