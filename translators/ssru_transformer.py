"""The small transformers of Bergamot in numpy: greedy search with a shortlist.

Encoder and decoder are post-norm transformer layers; the decoder's self-attention is an SSRU
("From Research to Production and Back: Ludicrously Fast Neural Machine Translation", Kim et al.
2019), a recurrence without matrix products of its state. Weights are used as float32: integer
arithmetic saturates, and numpy has none that is faster.

No sentence sees its neighbours: padding is masked, and each has a shortlist of its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from translators.bergamot_files import END, UNKNOWN
from translators.marian_format import BadModel, Floats, Numbers, Shortlist

_EPSILON: Final = 1e-9
_MASKED: Final = np.float32(-1e9)
_WANTED: Final = {
    "type": "transformer",
    "transformer-decoder-autoreg": "rnn",
    "dec-cell": "ssru",
    "transformer-preprocess": "",
    "transformer-postprocess": "dan",
    "transformer-ffn-activation": "relu",
    "transformer-ffn-depth": 2,
    "transformer-train-position-embeddings": False,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the search found for one sentence.

    Attributes:
        pieces: Numbers of target pieces, without the end of sentence.
        score: Sum of the log-probabilities of the pieces and the end of sentence, divided by
            their number.
        finished: Whether the model ended the sentence itself.
    """

    pieces: list[int]
    score: float
    finished: bool


@dataclass(frozen=True, slots=True)
class _Attention:
    """Projections of one attention; query and output belong to the side that asks."""

    query: "_Dense"
    keys: "_Dense"
    values: "_Dense"
    output: "_Dense"
    norm: "_Norm"


@dataclass(frozen=True, slots=True)
class _Dense:
    weights: Floats
    bias: Floats | None

    def __call__(self, x: Floats) -> Floats:
        product: Floats = x @ self.weights
        return product if self.bias is None else product + self.bias


@dataclass(frozen=True, slots=True)
class _Norm:
    scale: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.einsum("...d,...d->...", centred, centred) / x.shape[-1]
        result: Floats = centred / np.sqrt(variance + _EPSILON)[..., None] * self.scale + self.bias
        return result


@dataclass(frozen=True, slots=True)
class _FeedForward:
    inner: _Dense
    outer: _Dense
    norm: _Norm

    def __call__(self, x: Floats) -> Floats:
        hidden = self.inner(x)
        np.maximum(hidden, 0, out=hidden)
        return self.norm(self.outer(hidden) + x)


@dataclass(frozen=True, slots=True)
class _Recurrence:
    """An SSRU: the state forgets by a gate and is read through a ReLU."""

    gate: _Dense
    inputs: _Dense
    norm: _Norm

    def __call__(self, x: Floats, cell: Floats) -> tuple[Floats, Floats]:
        gate = 1 / (1 + np.exp(-self.gate(x)))
        cell = gate * cell + (1 - gate) * self.inputs(x)
        return self.norm(np.maximum(cell, 0) + x), cell


@dataclass(frozen=True, slots=True)
class _DecoderLayer:
    recurrence: _Recurrence
    attention: _Attention
    feed_forward: _FeedForward


class SsruTransformer:
    """A loaded model."""

    def __init__(
        self, weights: Mapping[str, Floats], config: Mapping[str, Any], shortlist: Shortlist | None
    ) -> None:
        """Take the weights apart.

        Args:
            weights: By name, as `read_weights` gives them.
            config: The model's configuration.
            shortlist: Target pieces by source piece; None allows all.

        Raises:
            BadModel: If the architecture is another one or a weight is missing.
        """
        check_architecture(config)
        self._shortlist = shortlist
        self._heads = int(config["transformer-heads"])
        try:
            self._source = weights["encoder_Wemb" if "encoder_Wemb" in weights else "Wemb"]
            self._target = weights["decoder_Wemb" if "decoder_Wemb" in weights else "Wemb"]
            self._output = weights.get("decoder_ff_logit_out_W", self._target.T).T
            self._output_bias = weights["decoder_ff_logit_out_b"].ravel()
            self._encoder = [
                (_attention(weights, f"encoder_l{n}_self"), _feed_forward(weights, f"encoder_l{n}"))
                for n in range(1, int(config["enc-depth"]) + 1)
            ]
            self._decoder = [
                _decoder_layer(weights, f"decoder_l{n}")
                for n in range(1, int(config["dec-depth"]) + 1)
            ]
        except KeyError as error:
            raise BadModel(f"the model has no weight {error.args[0]}") from error
        self._width = self._source.shape[1]

    @property
    def source_size(self) -> int:
        """Pieces in the source vocabulary."""
        return int(self._source.shape[0])

    @property
    def target_size(self) -> int:
        """Pieces in the target vocabulary."""
        return int(self._target.shape[0])

    def translate(self, sources: Sequence[Sequence[int]], limit: int) -> list[Decoded]:
        """Return the translation of each sentence of a batch.

        Args:
            sources: Numbers of the pieces of each, with the end of sentence.
            limit: Target pieces at most, the end of sentence counted.
        """
        pieces, mask = _pad(sources)
        encoded = self._encode(pieces, mask)
        memory = [
            (
                self._split(layer.attention.keys(encoded)),
                self._split(layer.attention.values(encoded)),
            )
            for layer in self._decoder
        ]
        allowed, columns = self._candidates(sources)
        return self._search(memory, mask, allowed, columns, limit)

    def _encode(self, pieces: Numbers, mask: Floats) -> Floats:
        x = self._embed(self._source[pieces], _positions(pieces.shape[1], self._width))
        for attention, feed_forward in self._encoder:
            keys, values = self._split(attention.keys(x)), self._split(attention.values(x))
            x = self._attend(attention, x, keys, values, mask)
            x = feed_forward(x)
        return x

    def _search(
        self,
        memory: list[tuple[Floats, Floats]],
        mask: Floats,
        allowed: npt.NDArray[np.bool_] | None,
        columns: Numbers | None,
        limit: int,
    ) -> list[Decoded]:
        """Take the likeliest piece at each step until every sentence has ended.

        Args:
            memory: Keys and values of the source for each decoder layer.
            mask: What of the source is padding.
            allowed: For each sentence, which of `columns` are on its shortlist.
            columns: Target pieces on any shortlist of the batch; None stands for all.
            limit: Target pieces at most.
        """
        size = mask.shape[0]
        output = self._output if columns is None else self._output[columns]
        bias = (self._output_bias if columns is None else self._output_bias[columns]).copy()
        bias[UNKNOWN if columns is None else columns == UNKNOWN] = _MASKED
        positions = _positions(limit, self._width)
        active = np.arange(size)  # sentences that have not ended
        cells = [np.zeros((size, self._width), np.float32) for _ in self._decoder]
        embedded = np.zeros((size, self._width), np.float32)
        found: list[list[int]] = [[] for _ in range(size)]
        scores = np.zeros(size)
        finished = np.zeros(size, np.bool_)
        for step in range(limit):
            x = self._embed(embedded, positions[step])
            for number, layer in enumerate(self._decoder):
                x, cells[number] = layer.recurrence(x, cells[number])
                keys, values = memory[number]
                x = self._attend(layer.attention, x[:, None], keys, values, mask)[:, 0]
                x = layer.feed_forward(x)
            logits = x @ output.T + bias
            if allowed is not None:
                logits[~allowed] = _MASKED
            best = logits.argmax(axis=1)
            top = logits[np.arange(len(active)), best]
            scores[active] -= np.log(np.exp(logits - top[:, None]).sum(axis=1))
            pieces = best if columns is None else columns[best]
            ended = pieces == END
            finished[active[ended]] = True
            for sentence, piece in zip(active[~ended], pieces[~ended], strict=True):
                found[sentence].append(int(piece))
            if ended.all():
                break
            if ended.any():
                going = ~ended
                active, pieces, mask = active[going], pieces[going], mask[going]
                cells = [cell[going] for cell in cells]
                memory = [(keys[going], values[going]) for keys, values in memory]
                allowed = allowed[going] if allowed is not None else None
            embedded = self._target[pieces]
        return [
            Decoded(pieces, float(score) / (len(pieces) + bool(end)), bool(end))
            for pieces, score, end in zip(found, scores, finished, strict=True)
        ]

    def _candidates(
        self, sources: Sequence[Sequence[int]]
    ) -> tuple[npt.NDArray[np.bool_] | None, Numbers | None]:
        if self._shortlist is None:
            return None, None
        own = [
            self._shortlist.candidates(np.asarray(source, np.int64), self.target_size)
            for source in sources
        ]
        columns = np.unique(np.concatenate(own))
        allowed = np.zeros((len(own), len(columns)), np.bool_)
        for row, candidates in enumerate(own):
            allowed[row, np.searchsorted(columns, candidates)] = True
        return allowed, columns

    def _embed(self, embedded: Floats, positions: Floats) -> Floats:
        result: Floats = embedded * np.float32(math.sqrt(self._width)) + positions
        return result

    def _split(self, x: Floats) -> Floats:
        """Return `(sentence, position, width)` as `(sentence, head, position, part)`."""
        sentences, length, _ = x.shape
        return x.reshape(sentences, length, self._heads, -1).transpose(0, 2, 1, 3)

    def _attend(
        self, attention: _Attention, x: Floats, keys: Floats, values: Floats, mask: Floats
    ) -> Floats:
        query = self._split(attention.query(x))
        scores = query @ keys.transpose(0, 1, 3, 2) / np.float32(math.sqrt(query.shape[-1]))
        scores += mask[:, None, None]
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        context: Floats = (scores @ values).transpose(0, 2, 1, 3).reshape(x.shape)
        return attention.norm(attention.output(context) + x)


def check_architecture(config: Mapping[str, Any]) -> None:
    """Refuse a model that is built otherwise than those of Bergamot.

    Raises:
        BadModel: Naming what differs.
    """
    for name, wanted in _WANTED.items():
        if config.get(name) != wanted:
            raise BadModel(
                f"the model has {name}: {config.get(name)!r}, want {wanted!r}; this is no model "
                "of Bergamot or Firefox Translations"
            )


def _attention(weights: Mapping[str, Floats], name: str) -> _Attention:
    query, keys, values, output = (
        _Dense(weights[f"{name}_W{part}"], weights[f"{name}_b{part}"]) for part in "qkvo"
    )
    return _Attention(query, keys, values, output, _norm(weights, f"{name}_Wo"))


def _feed_forward(weights: Mapping[str, Floats], name: str) -> _FeedForward:
    inner, outer = (_Dense(weights[f"{name}_ffn_W{n}"], weights[f"{name}_ffn_b{n}"]) for n in "12")
    return _FeedForward(inner, outer, _norm(weights, f"{name}_ffn_ffn"))


def _decoder_layer(weights: Mapping[str, Floats], name: str) -> _DecoderLayer:
    recurrence = _Recurrence(
        gate=_Dense(weights[f"{name}_rnn_Wf"], weights[f"{name}_rnn_bf"]),
        inputs=_Dense(weights[f"{name}_rnn_W"], None),
        norm=_norm(weights, f"{name}_rnn_ffn"),
    )
    return _DecoderLayer(
        recurrence, _attention(weights, f"{name}_context"), _feed_forward(weights, name)
    )


def _norm(weights: Mapping[str, Floats], name: str) -> _Norm:
    return _Norm(weights[f"{name}_ln_scale"].ravel(), weights[f"{name}_ln_bias"].ravel())


def _pad(sources: Sequence[Sequence[int]]) -> tuple[Numbers, Floats]:
    """Return the pieces in one matrix, and for each place 0 or, for padding, a huge negative."""
    length = max(map(len, sources))
    pieces = np.zeros((len(sources), length), np.int64)
    mask = np.full((len(sources), length), _MASKED, np.float32)
    for row, source in enumerate(sources):
        pieces[row, : len(source)] = source
        mask[row, : len(source)] = 0
    return pieces, mask


def _positions(length: int, width: int) -> Floats:
    """Return Marian's sinusoids: sines in the first half of each vector, cosines in the other."""
    half = width // 2
    speeds = np.exp(np.arange(half) * (-math.log(10_000) / (half - 1)))
    angles = np.arange(length)[:, None] * speeds
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
