"""A tiny model of Bergamot's architecture with random weights, in Marian's own files."""

import struct

import numpy as np

WIDTH, HIDDEN, HEADS, PIECES = 16, 32, 4, 40
CONFIG = f"""type: transformer
enc-depth: 2
dec-depth: 2
dec-cell: ssru
transformer-decoder-autoreg: rnn
transformer-preprocess: ""
transformer-postprocess: dan
transformer-ffn-activation: relu
transformer-ffn-depth: 2
transformer-heads: {HEADS}
transformer-train-position-embeddings: false
dim-emb: {WIDTH}
"""


def make_weights(seed=0):
    random = np.random.default_rng(seed)

    def matrix(*shape):
        return random.normal(0, 0.3, shape).astype(np.float32)

    weights = {"Wemb": matrix(PIECES, WIDTH), "decoder_ff_logit_out_b": matrix(1, PIECES)}
    for n in (1, 2):
        for attention in (f"encoder_l{n}_self", f"decoder_l{n}_context"):
            for part in "qkvo":
                weights[f"{attention}_W{part}"] = matrix(WIDTH, WIDTH)
                weights[f"{attention}_b{part}"] = matrix(1, WIDTH)
            weights[f"{attention}_Wo_ln_scale"] = 1 + matrix(1, WIDTH)
            weights[f"{attention}_Wo_ln_bias"] = matrix(1, WIDTH)
        for side in ("encoder", "decoder"):
            for part, shape in (("1", (WIDTH, HIDDEN)), ("2", (HIDDEN, WIDTH))):
                weights[f"{side}_l{n}_ffn_W{part}"] = matrix(*shape)
                weights[f"{side}_l{n}_ffn_b{part}"] = matrix(1, shape[1])
            weights[f"{side}_l{n}_ffn_ffn_ln_scale"] = 1 + matrix(1, WIDTH)
            weights[f"{side}_l{n}_ffn_ffn_ln_bias"] = matrix(1, WIDTH)
        weights[f"decoder_l{n}_rnn_W"] = matrix(WIDTH, WIDTH)
        weights[f"decoder_l{n}_rnn_Wf"] = matrix(WIDTH, WIDTH)
        weights[f"decoder_l{n}_rnn_bf"] = matrix(1, WIDTH)
        weights[f"decoder_l{n}_rnn_ffn_ln_scale"] = 1 + matrix(1, WIDTH)
        weights[f"decoder_l{n}_rnn_ffn_ln_bias"] = matrix(1, WIDTH)
    return weights


def model_bytes(weights, config=CONFIG, quantised=()):
    """Return weights as a Marian model; those named in `quantised` in 8 bits."""
    entries = [("special:model.yml", 0x101, (len(config) + 1,), config.encode() + b"\0")]
    for name, values in sorted(weights.items()):
        if name in quantised:
            multiplier = np.float32(127 / np.abs(values).max())
            stored = values if name == "Wemb" else values.T
            content = np.round(stored * multiplier).astype(np.int8).tobytes()
            entries.append((name, 0x4101, values.shape, content + multiplier.tobytes()))
        else:
            entries.append((name, 0x404, values.shape, values.tobytes()))
    head = struct.pack("<2Q", 1, len(entries))
    for name, kind, shape, content in entries:
        head += struct.pack("<4Q", len(name) + 1, kind, len(shape), len(content))
    head += b"".join(name.encode() + b"\0" for name, *_ in entries)
    head += b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in entries)
    gap = -(len(head) + 8) % 256
    return head + struct.pack("<Q", gap) + bytes(gap) + b"".join(e[3] for e in entries)


def shortlist_bytes(lists, frequent=4):
    """Return a shortlist: for each source piece the target pieces it may become."""
    offsets = np.concatenate([[0], np.cumsum([len(entries) for entries in lists])])
    header = struct.pack("<6Q", 0xF11A48D5013417F5, 0, frequent, 4, len(offsets), offsets[-1])
    entries = np.array([piece for entries in lists for piece in entries], np.uint32)
    return header + offsets.astype(np.uint64).tobytes() + entries.tobytes()
