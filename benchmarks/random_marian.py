"""A MarianMT of the size of OPUS-MT models with random weights, to measure speed.

It has the shape of `Helsinki-NLP/opus-mt-en-es` (6 + 6 layers, 512 wide) with 32,000 tokens, so
it takes about the same time. It never ends a sentence by itself: every translation is as long as
the engine's limit, so compare target tokens a second, not segments.
"""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

END: Final = "</s>"
VOCABULARY_SIZE: Final = 32_000


def build_random_marian(directory: Path, texts: Iterable[str], seed: int = 0) -> Path:
    """Save the model with a real sentencepiece tokenizer and return its directory.

    Args:
        directory: Where the files go.
        texts: English, from which the source's sentencepiece model is trained, so that sources
            have as many tokens as with a real model.
        seed: Of the weights.
    """
    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel

    directory.mkdir(parents=True, exist_ok=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=trained,
        vocab_size=VOCABULARY_SIZE // 2,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    for name in ("source.spm", "target.spm"):
        (directory / name).write_bytes(trained.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=trained.getvalue())
    pieces = [processor.id_to_piece(number) for number in range(3, len(processor))]
    filler = [f"filler{number}" for number in range(VOCABULARY_SIZE - len(pieces) - 3)]
    vocabulary = [END, "<unk>", *pieces, *filler, "<pad>"]
    numbers = {token: number for number, token in enumerate(vocabulary)}
    (directory / "vocab.json").write_text(json.dumps(numbers), encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "MarianTokenizer"}), encoding="utf-8"
    )
    torch.manual_seed(seed)
    model: Any = MarianMTModel(
        MarianConfig(
            vocab_size=len(vocabulary),
            d_model=512,
            encoder_layers=6,
            decoder_layers=6,
            encoder_attention_heads=8,
            decoder_attention_heads=8,
            encoder_ffn_dim=2048,
            decoder_ffn_dim=2048,
            max_position_embeddings=512,
            activation_function="swish",
            scale_embedding=True,
            pad_token_id=numbers["<pad>"],
            eos_token_id=numbers[END],
            decoder_start_token_id=numbers["<pad>"],
        )
    )
    with torch.no_grad():
        model.get_input_embeddings().weight[numbers["<pad>"]] = 0.0
        model.final_logits_bias[0, numbers[END]] = -1e4
    model.save_pretrained(directory)
    return directory
