"""A tiny random BERT with a tokenizer of its own, and a tiny parallel table to train it on."""

import random
from pathlib import Path

import datasets
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed

WORDS = 60
LANGUAGES = ("en", "es", "ca")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


def words_of(lang: str) -> list[str]:
    return [f"{lang}{number}" for number in range(WORDS)]


def make_tokenizer() -> PreTrainedTokenizerFast:
    words = [*SPECIAL, *(word for lang in LANGUAGES for word in words_of(lang))]
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    )


def write_encoder(folder: Path, dropout: float = 0.1, seed: int = 0) -> str:
    """Write a plain transformers encoder with one layer, and return its path.

    With dropout, as real ones have it: a resumed run must restore the random state, too.
    """
    set_seed(seed)
    tokenizer = make_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=40,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def open_encoder(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(write_encoder(folder), device="cpu")


def write_static(folder: Path, size: int | None = None) -> str:
    """Write a model that looks vectors of tokens up, as Model2Vec does, and return its path."""
    set_seed(0)
    encoder = SentenceTransformer(
        modules=[StaticEmbedding(make_tokenizer().backend_tokenizer, embedding_dim=32)],
        truncate_dim=size,
        device="cpu",
    )
    encoder.save_pretrained(str(folder))
    return str(folder)


def make_rows(groups: int, per_passage: int = 2) -> list[dict[str, object]]:
    """Return a parallel table: each language writes the same numbers in words of its own."""
    generator = random.Random(0)
    rows: list[dict[str, object]] = []
    for group in range(groups):
        passage = group // per_passage
        words = random.Random(passage).sample(range(WORDS), 6)
        asked = generator.sample(words, 2)
        for number, lang in enumerate(LANGUAGES):
            vocabulary = words_of(lang)
            rows.append(
                {
                    "question": " ".join(vocabulary[word] for word in asked),
                    "passage": " ".join(vocabulary[word] for word in words),
                    "group": group,
                    "passage_group": passage,
                    "lang": number,
                    "source": 0,
                    "mono": 1,
                    "cross": 1,
                }
            )
    return rows


def make_table(groups: int = 60) -> datasets.Dataset:
    features = datasets.Features(
        {
            "question": datasets.Value("string"),
            "passage": datasets.Value("string"),
            "group": datasets.Value("int64"),
            "passage_group": datasets.Value("int64"),
            "lang": datasets.Value("int16"),
            "source": datasets.Value("int16"),
            "mono": datasets.Value("int8"),
            "cross": datasets.Value("int8"),
        }
    )
    return datasets.Dataset.from_list(make_rows(groups), features=features)
