"""The fast engine: CTranslate2. Models are converted once and kept."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from translators.conversion import converted_model
from translators.cores import cores
from translators.decoding import Decoding
from translators.engine import PATIENCE, Batch, Hypothesis, plan_batches
from translators.model_files import ModelFiles

if TYPE_CHECKING:
    from ctranslate2 import AsyncTranslationResult, TranslationResult


class CTranslate2Engine:
    """A model in CTranslate2."""

    def __init__(
        self,
        files: ModelFiles,
        vocabulary: Mapping[str, int],
        max_positions: int,
        options: Decoding,
    ) -> None:
        """Load the model, converting it first if this was never done.

        Args:
            files: The model.
            vocabulary: The tokenizer's tokens and their numbers.
            max_positions: Tokens the model can hold on either side.
            options: Device, compute type and search.

        Raises:
            ValueError: If the model cannot be converted or the machine lacks the compute type.
        """
        import ctranslate2

        device = options.resolve_device()
        compute_type = options.resolve_compute_type()
        supported = ctranslate2.get_supported_compute_types(device)
        if compute_type not in supported:
            raise ValueError(
                f"compute_type {compute_type} is not for this machine's {device}; "
                f"choose one of: {', '.join(sorted(supported))}"
            )
        on_cpu = device == "cpu"
        self._translator = ctranslate2.Translator(
            str(converted_model(files, vocabulary, compute_type, options.cache_folder)),
            device=device,
            compute_type=compute_type,
            inter_threads=(options.inter_threads or cores()) if on_cpu else 1,
            intra_threads=options.intra_threads,
        )
        self._max_positions = max_positions
        self._beam_size = options.beam_size

    def generate(
        self, sources: Sequence[list[str]], target_token: str, batch_tokens: int
    ) -> list[Hypothesis]:
        """Return the best hypothesis for each source; see `Engine`."""
        batches = plan_batches(list(map(len, sources)), batch_tokens, self._max_positions)
        pending = [self._start(sources, batch, target_token) for batch in batches]
        hypotheses = {
            index: _hypothesis(answer.result(), target_token)
            for batch, answers in zip(batches, pending, strict=True)
            for index, answer in zip(batch.indices, answers, strict=True)
        }
        return [hypotheses[index] for index in range(len(sources))]

    def close(self) -> None:
        """Free the model."""
        self._translator.unload_model()

    def _start(
        self, sources: Sequence[list[str]], batch: Batch, target_token: str
    ) -> "list[AsyncTranslationResult]":
        """Queue a batch; all workers draw from one queue."""
        started: list[AsyncTranslationResult] = self._translator.translate_batch(
            [sources[index] for index in batch.indices],
            target_prefix=[[target_token]] * len(batch.indices) if target_token else None,
            asynchronous=True,
            beam_size=self._beam_size,
            patience=1 if self._beam_size == 1 else PATIENCE,
            max_input_length=0,
            max_decoding_length=batch.limit,
            return_end_token=True,
            return_scores=True,
        )
        return started


def _hypothesis(result: "TranslationResult", target_token: str) -> Hypothesis:
    tokens = result.hypotheses[0]
    # CTranslate2 divides by the number of all tokens, the forced one among them.
    chosen = max(len(tokens) - bool(target_token), 1)
    finished = tokens[-1:] == ["</s>"]
    return Hypothesis(
        tokens=tokens[:-1] if finished else tokens,
        score=result.scores[0] * len(tokens) / chosen,
        finished=finished,
    )
