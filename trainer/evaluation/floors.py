"""Floors: what is reached without training, to compare results with."""

import copy
from typing import Any, Final

from trainer.benchmarks.benchmark import Benchmark
from trainer.encoder import Encoder
from trainer.evaluation.embeddings import Embedded

TFIDF: Final = "tfidf"
UNTRAINED: Final = "untrained"
BASE: Final = "base"

FLOORS: Final = (TFIDF, UNTRAINED)
"""Floors that can be chosen by name."""

_LARGE: Final = 1000  # candidates
_SEED: Final = 10536  # not one that small test models are likely to be made with


def embed_tfidf(benchmark: Benchmark) -> Embedded:
    """Return the benchmark as TF-IDF vectors of 3 to 5 characters, weighted over all candidates.

    Words in another script are never found, and nothing is understood; yet within one language
    it is a good search engine. In larger pools, what occurs in a single candidate is left out,
    which makes vectors several times smaller.
    """
    import numpy as np
    from scipy.sparse import csr_array  # type: ignore[import-untyped]
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    texts = [text for of_lang in benchmark.candidates.values() for text in of_lang.texts]
    vectorizer = TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(3, 5),
        sublinear_tf=True,
        min_df=2 if len(texts) >= _LARGE else 1,
        dtype=np.float32,
    )
    vectorizer.fit(texts)
    return Embedded(
        questions={
            lang: csr_array(vectorizer.transform(of_lang.texts))
            for lang, of_lang in benchmark.questions.items()
        },
        candidates={
            lang: csr_array(vectorizer.transform(of_lang.texts))
            for lang, of_lang in benchmark.candidates.items()
        },
    )


def with_random_weights(encoder: Encoder) -> Encoder:
    """Return an encoder of the same architecture with random weights."""
    import torch
    from sentence_transformers.base.modules import Transformer

    model = copy.deepcopy(encoder.model)
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        for module in model:
            if isinstance(module, Transformer):
                module.model = _initialise(module.model)
            else:
                module.apply(_reset)
    return Encoder(model, encoder.prompts, batch_size=encoder.batch_size)


def _initialise(network: Any) -> Any:  # noqa: ANN401
    """Return a new network of the same configuration; adapters are left out."""
    base = network.get_base_model() if hasattr(network, "get_base_model") else network
    return type(base)(base.config).to(device=base.device, dtype=base.dtype).eval()


def _reset(layer: Any) -> None:  # noqa: ANN401
    if hasattr(layer, "reset_parameters"):
        layer.reset_parameters()
