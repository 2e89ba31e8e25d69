"""Tiny real MarianMT and NLLB models that know `tiny_pairs.tsv` by heart; built in seconds.

They have the files, the tokenizers and the code paths of the models on the hub; only their
weights are small. Texts outside the table become babble.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

Pairs = Sequence[tuple[str, str]]


class TinyRecord(NamedTuple):
    """A question, the passage that answers it, and the answer as it stands there."""

    question: str
    passage: str
    answer: str


def _read_pairs() -> dict[str, list[tuple[str, str]]]:
    path = Path(__file__).with_name("tiny_pairs.tsv")
    with path.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    return {lang: [(row["en"], row[lang]) for row in rows] for lang in ("es", "ca")}


TINY_PAIRS: Final = _read_pairs()

_ALPS: Final = (
    "Mont Blanc is the highest mountain in the Alps. "
    "It stands on the border between France and Italy."
)
_BEES: Final = (
    "Honey bees live together in large colonies. Each colony has only one queen. "
    "The workers collect nectar from flowers."
)
_MOON: Final = (
    "The Moon turns around the Earth in about twenty-seven days. "
    "The Moon reflects the light of the Sun."
)
_BREAD: Final = "Bread is made from flour, water and salt. Yeast makes the dough rise."
_LIBRARY: Final = (
    "The old library opened its doors in 1891. Today it holds more than two million books."
)
_RIVER: Final = (
    "The river rises in the northern mountains. "
    "It crosses three countries before it reaches the sea. Salmon return to it every autumn."
)

TINY_RECORDS: Final = (
    TinyRecord("What is the highest mountain in the Alps?", _ALPS, "Mont Blanc"),
    TinyRecord("Where does Mont Blanc stand?", _ALPS, "on the border between France and Italy"),
    TinyRecord("What do worker bees collect from flowers?", _BEES, "nectar"),
    TinyRecord("How many queens does each colony have?", _BEES, "only one queen"),
    TinyRecord("What does the Moon reflect?", _MOON, "the light of the Sun"),
    TinyRecord(
        "How long does the Moon take to turn around the Earth?", _MOON, "about twenty-seven days"
    ),
    TinyRecord("What makes the dough rise?", _BREAD, "Yeast"),
    TinyRecord("What is bread made from?", _BREAD, "flour, water and salt"),
    TinyRecord(
        "How many books does the library hold today?", _LIBRARY, "more than two million books"
    ),
    TinyRecord("When did the old library open its doors?", _LIBRARY, "in 1891"),
    TinyRecord("When do the salmon return to the river?", _RIVER, "every autumn"),
    TinyRecord("How many countries does the river cross?", _RIVER, "three countries"),
)

# Log-probability of every target token, at least: above it int8 weights keep the same choice.
_SURE: Final = -0.02
_STEPS: Final = 400
_LEARNING_RATE: Final = 5e-3
_IGNORED: Final = -100
_NLLB_CODES: Final = {"es": "spa_Latn", "ca": "cat_Latn"}
_OPUS_TOKENS: Final = {"es": ">>spa<<", "ca": ">>cat<<"}
_SHAPE: Final = {
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
    "max_position_embeddings": 128,
    "init_std": 0.1,
    "dropout": 0.0,
    "attention_dropout": 0.0,
    "activation_dropout": 0.0,
}


def build_marian(directory: Path, pairs_by_target: Mapping[str, Pairs]) -> Path:
    """Train and save a tiny MarianMT and return its directory.

    Several targets make a model with `>>xxx<<` tokens.

    Args:
        directory: Where `config.json`, `model.safetensors` and the tokenizer files go.
        pairs_by_target: English and its translations, by `es` or `ca`.
    """
    import sentencepiece
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    directory.mkdir(parents=True, exist_ok=True)
    sides = list(zip(*(pair for pairs in pairs_by_target.values() for pair in pairs), strict=True))
    for name, texts in zip(("source.spm", "target.spm"), sides, strict=True):
        (directory / name).write_bytes(_train_pieces(texts, "unigram"))
    pieces: dict[str, None] = {}
    for name in ("source.spm", "target.spm"):
        processor = sentencepiece.SentencePieceProcessor(model_file=str(directory / name))
        pieces.update(dict.fromkeys(map(processor.id_to_piece, range(len(processor)))))
    tokens = [_OPUS_TOKENS[lang] for lang in pairs_by_target] if len(pairs_by_target) > 1 else []
    learnt = [piece for piece in pieces if piece not in ("<unk>", "<s>", "</s>")]
    vocabulary = ["</s>", "<unk>", *learnt, *tokens, "<pad>"]
    (directory / "vocab.json").write_text(
        json.dumps({token: number for number, token in enumerate(vocabulary)}), encoding="utf-8"
    )
    tokenizer = MarianTokenizer(
        *(str(directory / name) for name in ("source.spm", "target.spm", "vocab.json"))
    )
    pad = len(vocabulary) - 1
    config = MarianConfig(
        vocab_size=len(vocabulary),
        pad_token_id=pad,
        eos_token_id=0,
        decoder_start_token_id=pad,
        forced_eos_token_id=None,
        activation_function="swish",
        scale_embedding=True,
        **_SHAPE,
    )
    examples = [
        (
            tokenizer(f"{_OPUS_TOKENS[lang]}{english}" if tokens else english)["input_ids"],
            tokenizer(text_target=translation)["input_ids"],
        )
        for lang, pairs in pairs_by_target.items()
        for english, translation in pairs
    ]
    model = _train(lambda: MarianMTModel(config), examples)
    # What OPUS-MT models on the hub carry and a reader must not obey: beams, and a forced end.
    model.generation_config.update(
        num_beams=4, max_length=128, bad_words_ids=[[pad]], forced_eos_token_id=0
    )
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def build_nllb(directory: Path, pairs_by_target: Mapping[str, Pairs]) -> Path:
    """Train and save a tiny NLLB, all 202 codes in its tokenizer, and return its directory.

    Args:
        directory: Where `config.json`, `model.safetensors` and `tokenizer.json` go.
        pairs_by_target: English and its translations, by `es` or `ca`.
    """
    from transformers import M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer
    from transformers.convert_slow_tokenizer import SentencePieceExtractor

    directory.mkdir(parents=True, exist_ok=True)
    texts = [text for pairs in pairs_by_target.values() for pair in pairs for text in pair]
    pieces_file = directory / "sentencepiece.bpe.model"
    pieces_file.write_bytes(_train_pieces(texts, "bpe"))
    extracted = SentencePieceExtractor(str(pieces_file)).extract(model_type=None)
    control = ["<s>", "<pad>", "</s>", "<unk>"]
    learnt = [piece for piece in extracted["vocab"] if piece not in control]
    tokenizer = NllbTokenizer(
        vocab={token: number for number, token in enumerate([*control, *learnt])},
        merges=extracted["merges"],
        _spm_precompiled_charsmap=extracted["_spm_precompiled_charsmap"],
        src_lang="eng_Latn",
    )
    config = M2M100Config(
        vocab_size=len(tokenizer), scale_embedding=True, tokenizer_class="NllbTokenizer", **_SHAPE
    )
    examples = []
    for lang, pairs in pairs_by_target.items():
        tokenizer.tgt_lang = _NLLB_CODES[lang]
        examples += [
            (tokenizer(english)["input_ids"], tokenizer(text_target=translation)["input_ids"])
            for english, translation in pairs
        ]
    model = _train(lambda: M2M100ForConditionalGeneration(config), examples, forced=1)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def _train_pieces(texts: Sequence[str], model_type: str) -> bytes:
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        model_type=model_type,
        vocab_size=600,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()


def _train(
    build: Callable[[], Any], examples: Sequence[tuple[list[int], list[int]]], forced: int = 0
) -> Any:
    """Train on all examples at once until each target token is the model's clear first choice.

    Args:
        build: Makes the untrained model.
        examples: Token numbers of sources and targets.
        forced: Target tokens at the start that the decoder is given and need not learn.
    """
    import torch
    from torch.nn.utils.rnn import pad_sequence

    torch.set_num_threads(1)  # with models so small, more threads only wait for each other
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build()
    sources = [torch.tensor(source) for source, _ in examples]
    labels = pad_sequence([torch.tensor(target) for _, target in examples], True, _IGNORED)
    batch = {
        "input_ids": pad_sequence(sources, True, model.config.pad_token_id),
        "attention_mask": pad_sequence([torch.ones_like(ids) for ids in sources], True, 0),
        "decoder_input_ids": _shift_right(labels, model.config),
    }
    labels[:, :forced] = _IGNORED
    optimizer = torch.optim.Adam(model.parameters(), lr=_LEARNING_RATE, betas=(0.9, 0.98))
    for _ in range(_STEPS):
        likely = model(**batch).logits.log_softmax(-1)
        chosen = likely.gather(-1, labels.clamp(min=0).unsqueeze(-1)).squeeze(-1)[
            labels != _IGNORED
        ]
        if chosen.min() > _SURE:
            return model.eval()
        optimizer.zero_grad()
        chosen.mean().neg().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():  # Marian starts from padding and takes it for zeros
            model.get_input_embeddings().weight[model.config.pad_token_id] = 0.0
    raise RuntimeError("the tiny model did not learn its pairs; change seed or learning rate")


def _shift_right(labels: Any, config: Any) -> Any:
    shifted = labels.roll(1, dims=1)
    shifted[:, 0] = config.decoder_start_token_id
    return shifted.masked_fill(shifted == _IGNORED, config.pad_token_id)
