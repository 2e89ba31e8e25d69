"""The reference engine: transformers. Slower, and what the fast one is held against."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from translators.checkpoint import load_checkpoint
from translators.decoding import Decoding
from translators.engine import Hypothesis, plan_batches
from translators.model_files import ModelFiles

if TYPE_CHECKING:
    from torch import Tensor


class TransformersEngine:
    """A model in transformers."""

    def __init__(
        self,
        files: ModelFiles,
        vocabulary: Mapping[str, int],
        max_positions: int,
        options: Decoding,
    ) -> None:
        """Load the model.

        Args:
            files: The model.
            vocabulary: The tokenizer's tokens and their numbers.
            max_positions: Tokens the model can hold on either side.
            options: Device, compute type and search.

        Raises:
            ValueError: If the model has no weights or they are not whole.
        """
        import torch
        from transformers import AutoModelForSeq2SeqLM, GenerationConfig

        dtype = getattr(torch, options.resolve_compute_type())
        model: Any = load_checkpoint(AutoModelForSeq2SeqLM, files.with_weights(), dtype)
        self._device = options.resolve_device()
        self._model = model.to(self._device)
        self._numbers = vocabulary
        self._tokens = {number: token for token, number in vocabulary.items()}
        self._max_positions = max_positions
        self._pad, self._end = model.config.pad_token_id, model.config.eos_token_id
        if hasattr(model, "final_logits_bias"):  # Marian's padding has a score as any token has
            model.final_logits_bias[0, self._pad] = float("-inf")
        # `generate` fills what a call leaves open from here; models on the hub bring beams and a
        # forced end, which would make every sentence look finished.
        model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            num_beams=options.beam_size,
            do_sample=False,
            early_stopping=False,
            length_penalty=1.0,
            pad_token_id=self._pad,
            eos_token_id=self._end,
            decoder_start_token_id=model.config.decoder_start_token_id,
        )

    def generate(
        self, sources: Sequence[list[str]], target_token: str, batch_tokens: int
    ) -> list[Hypothesis]:
        """Return the best hypothesis for each source; see `Engine`."""
        hypotheses: dict[int, Hypothesis] = {}
        for batch in plan_batches(list(map(len, sources)), batch_tokens, self._max_positions):
            chosen = [sources[index] for index in batch.indices]
            hypotheses.update(
                zip(batch.indices, self._generate(chosen, target_token, batch.limit), strict=True)
            )
        return [hypotheses[index] for index in range(len(sources))]

    def close(self) -> None:
        """Free the model."""
        self._model = None

    def _generate(
        self, sources: Sequence[list[str]], target_token: str, limit: int
    ) -> Iterator[Hypothesis]:
        import torch

        with torch.inference_mode():
            inputs = self._inputs(sources)
            outputs = self._model.generate(
                **inputs,
                max_new_tokens=limit,
                forced_bos_token_id=self._numbers[target_token] if target_token else None,
            )
            scores = self._log_probabilities(inputs, outputs)
        forced = bool(target_token)
        for numbers, score in zip(outputs[:, 1:].tolist(), scores.tolist(), strict=True):
            end = numbers.index(self._end) if self._end in numbers else None
            count = len(numbers) if end is None else end + 1
            yield Hypothesis(
                tokens=[self._tokens[number] for number in numbers[:end]],
                score=sum(score[forced:count]) / max(count - forced, 1),
                finished=end is not None,
            )

    def _inputs(self, sources: Sequence[list[str]]) -> "dict[str, Tensor]":
        """Return token numbers, padded, and which of them are no padding."""
        import torch
        from torch.nn.utils.rnn import pad_sequence

        unknown = self._numbers["<unk>"]
        numbers = [
            torch.tensor([self._numbers.get(token, unknown) for token in source])
            for source in sources
        ]
        masks = [torch.ones_like(row) for row in numbers]
        return {
            "input_ids": pad_sequence(numbers, True, self._pad).to(self._device),
            "attention_mask": pad_sequence(masks, True, 0).to(self._device),
        }

    def _log_probabilities(self, inputs: "dict[str, Tensor]", outputs: "Tensor") -> "Tensor":
        """Return the log-probability of each target token given those before it.

        Read from a second pass over the finished text: what `generate` reports for beams is
        normalised in its own way, and keeping all its scores takes vocabulary times length.
        """
        import torch

        states = self._model.model(**inputs, decoder_input_ids=outputs[:, :-1]).last_hidden_state
        bias = getattr(self._model, "final_logits_bias", 0.0)
        rows = [
            (self._model.lm_head(state) + bias).float().log_softmax(-1).gather(-1, row[:, None])
            for state, row in zip(states, outputs[:, 1:], strict=True)
        ]
        return torch.stack(rows).squeeze(-1)
