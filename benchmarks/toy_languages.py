"""Mono, hybrid and cross on toy languages: does the order of arXiv 2408.10536 come out?

Four languages whose vocabularies have no word in common say the same things: a passage is a bag
of concepts, a question some of them and some others, and each language has a word of its own for
every concept. A random one-layer BERT without any alignment is trained on them from
scratch with each kind of batches, through the same sampler, trainer and scoring as real models:

    mono          monolingual batches
    hybrid R      a share R of monolingual batches, the others mixed, or one pair each
    cross         only cross-lingual batches
    xx            LAReQA's X-X: each pair in a language of its own
    untrained     the random model

Scored on groups that were held out, in a pool of 150 passages x 4 languages. It prints means and
standard deviations over seeds, and whether the expected order holds; exit code 1 if not.

Run it from the root of the repository: `.venv/bin/python benchmarks/toy_languages.py`
(about 6 minutes on 2 cores, one training on each). `--runs` takes a part of the table, `--save`
keeps each run's result and goes on from there.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TQDM_DISABLE", "1")  # bars of each of thirty trainings

import datasets  # noqa: E402
import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import torch  # noqa: E402
from sentence_transformers import (  # noqa: E402
    SentenceTransformer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from tokenizers.models import WordLevel  # noqa: E402
from tokenizers.pre_tokenizers import WhitespaceSplit  # noqa: E402
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, set_seed  # noqa: E402
from transformers.trainer_callback import PrinterCallback  # noqa: E402
from transformers.utils.logging import disable_progress_bar  # noqa: E402

from trainer.batches.batch_settings import BASELINES, BatchSettings  # noqa: E402
from trainer.batches.sampler import HybridBatchSampler  # noqa: E402
from trainer.benchmarks.benchmark import Benchmark  # noqa: E402
from trainer.benchmarks.dev_pool import make_dev_pool  # noqa: E402
from trainer.corpora.corpus import CorpusTable  # noqa: E402
from trainer.encoder import Encoder, Prompts  # noqa: E402
from trainer.evaluation.embeddings import embed  # noqa: E402
from trainer.evaluation.results import summarise_means  # noqa: E402
from trainer.evaluation.scoring import score  # noqa: E402
from trainer.fine_tuning.hybrid_trainer import HybridTrainer  # noqa: E402
from trainer.fine_tuning.loss import make_loss  # noqa: E402
from trainer.fine_tuning.loss_settings import LossSettings  # noqa: E402

LANGUAGES = ("aa", "bb", "cc", "dd")
MEASURES = ("mono", "cross", "multi", "rank distance")
UNTRAINED = "untrained"
RUNS: dict[str, Mapping[str, object]] = {
    "xx": BASELINES["xx"],
    "mono": BASELINES["mono"],
    **{
        f"hybrid {ratio:.2f} {mode}": {"mono_ratio": ratio, "cross_mode": mode}
        for ratio in (0.75, 0.5, 0.25)
        for mode in ("pair", "mixed")
    },
    **{f"cross {mode}": {"mono_ratio": 0.0, "cross_mode": mode} for mode in ("pair", "mixed")},
}
# From the best aligned to the worst: each is at least as good across languages as the next.
ORDERS = {
    mode: [
        f"cross {mode}",
        *(f"hybrid {ratio} {mode}" for ratio in ("0.25", "0.50", "0.75")),
        "mono",
    ]
    for mode in ("pair", "mixed")
}


@dataclass(frozen=True, slots=True)
class ToySize:
    """How large a toy is.

    Attributes:
        train: Groups to train on.
        test: Groups held out.
        concepts: Words in each language.
        passage: Words in a passage.
        shared: Words that a question takes from its passage.
        foreign: Words in a question that its passage has not.
        steps: Steps of training.
        batch: Pairs in a batch.
    """

    train: int = 2000
    test: int = 150
    concepts: int = 400
    passage: int = 12
    shared: int = 4
    foreign: int = 1
    steps: int = 600
    batch: int = 64


def make_groups(size: ToySize, first: int, count: int, seed: int = 0) -> CorpusTable:
    """Return groups in all languages; each language has its own order of words."""
    generator = np.random.default_rng([seed, first])
    rows = []
    for group in range(first, first + count):
        concepts = generator.permutation(size.concepts)
        passage = concepts[: size.passage]
        foreign = concepts[size.passage : size.passage + size.foreign]
        question = np.concatenate([passage[: size.shared], foreign])
        for lang, name in enumerate(LANGUAGES):
            texts = [
                " ".join(f"{name}{concept}" for concept in generator.permutation(words))
                for words in (question, passage)
            ]
            rows.append((*texts, group, group, lang, 0, 1, 1))
    names = ("question", "passage", "group", "passage_group", "lang", "source", "mono", "cross")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    integers = {name: np.array(columns[name], np.int64) for name in names[2:]}
    table = datasets.Dataset(pa.table({**columns, **integers}))
    return CorpusTable(table, LANGUAGES, ("toy",))


def make_encoder(size: ToySize, seed: int, folder: Path) -> SentenceTransformer:
    """Return a random one-layer BERT that knows the words of all languages, and nothing else."""
    words = ["[PAD]", "[UNK]"]
    words += [f"{lang}{concept}" for lang in LANGUAGES for concept in range(size.concepts)]
    tokenizer = Tokenizer(WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    disable_progress_bar()
    set_seed(seed)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", model_max_length=32
    ).save_pretrained(folder)
    return SentenceTransformer(modules=[Transformer(str(folder)), Pooling(64)], device="cpu")


def measure(encoder: SentenceTransformer, benchmark: Benchmark) -> dict[str, float]:
    """Return full-depth mAP in the three settings, and the mean rank distance."""
    wrapped = Encoder(encoder, Prompts("", ""), batch_size=256)
    found = summarise_means(benchmark, score(benchmark, embed(benchmark, wrapped)))
    settings = ("monolingual", "crosslingual", "multilingual")
    values = [found[setting]["mean"]["map"] for setting in settings]
    values.append(found["bias"]["rank_distance"]["mean"])
    return dict(zip(MEASURES, values, strict=True))


def run(name: str, seed: int, size: ToySize) -> dict[str, float]:
    """Train a model with one kind of batches, and return its measures on the held-out groups."""
    benchmark = make_dev_pool(make_groups(size, size.train, size.test), size.test)
    with tempfile.TemporaryDirectory() as folder:
        encoder = make_encoder(size, seed, Path(folder) / "encoder")
        if name != UNTRAINED:
            settings = BatchSettings(batch_size=size.batch, seed=seed, **RUNS[name])
            train(encoder, make_groups(size, 0, size.train), settings, size.steps, folder)
        return measure(encoder, benchmark)


def train(
    encoder: SentenceTransformer,
    corpus: CorpusTable,
    settings: BatchSettings,
    steps: int,
    folder: str,
) -> None:
    """Train an encoder on planned batches."""
    args = SentenceTransformerTrainingArguments(
        output_dir=folder,
        max_steps=steps,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=3e-3,
        warmup_steps=0.1,
        seed=settings.seed,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        batch_sampler=partial(HybridBatchSampler, settings=settings, steps=steps),
    )
    loss = make_loss(encoder, LossSettings(), 1)
    trainer = HybridTrainer(model=encoder, args=args, train_dataset=corpus.table, loss=loss)
    trainer.remove_callback(PrinterCallback)
    trainer.train()


def run_job(job: tuple[str, int]) -> dict[str, float]:
    """Run one training of the table."""
    name, seed = job
    return run(name, seed, ToySize())


def find_faults(means: Mapping[str, Mapping[str, float]], slack: float = 0.0) -> list[str]:
    """Return where the measures are not in the expected order, as sentences.

    Expected is what the paper and the earlier trial have in common: the fewer monolingual
    batches, the better across languages and in the pool, and the smaller the rank distance;
    monolingual batches alone are best for monolingual search, and better than X-X is.

    Args:
        means: Measures by run; runs that are missing are not compared.
        slack: By how much a mAP may be out of order.
    """
    faults = []
    for order in ORDERS.values():
        known = [name for name in order if name in means]
        for better, worse in pairwise(known):
            for measure in ("cross", "multi"):
                if means[better][measure] < means[worse][measure] - slack:
                    faults.append(f"{measure} mAP: {better} is below {worse}")
            if means[better]["rank distance"] > means[worse]["rank distance"]:
                faults.append(f"rank distance: {better} is above {worse}")
    for name in means:
        if "mono" in means and means[name]["mono"] > means["mono"]["mono"] + slack:
            faults.append(f"mono mAP: {name} is above mono")
    return faults


def print_table(results: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Print mean and standard deviation of each run."""
    seeds = max(len(values) for values in results.values())
    print(f"{'batches':<20}" + "".join(f"{name:>16}" for name in MEASURES) + f"   ({seeds} seeds)")
    for name, values in results.items():
        cells = []
        for measure_name in MEASURES:
            numbers = [value[measure_name] for value in values]
            spread = statistics.stdev(numbers) if len(numbers) > 1 else 0.0
            digits = 1 if measure_name == "rank distance" else 3
            cells.append(f"{statistics.mean(numbers):.{digits}f} ± {spread:.{digits}f}")
        print(f"{name:<20}" + "".join(f"{cell:>16}" for cell in cells))


def main() -> int:
    """Run what is asked for, print the table, and say whether the order holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--runs", nargs="+", default=[UNTRAINED, *RUNS], metavar="NAME")
    parser.add_argument("--save", type=Path, help="JSON file of finished runs")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="trainings at a time")
    options = parser.parse_args()
    wanted = {
        f"{name} {seed}": (name, seed) for name in options.runs for seed in range(options.seeds)
    }
    done: dict[str, dict[str, float]] = {}
    if options.save and options.save.exists():
        done = json.loads(options.save.read_text())
    left = {key: job for key, job in wanted.items() if key not in done}
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(options.processes, torch.set_num_threads, (1,)) as pool:
        for key, measures in zip(left, pool.imap(run_job, left.values()), strict=True):
            done[key] = measures
            if options.save:
                options.save.write_text(json.dumps(done, indent=1))
    results = {
        name: [done[f"{name} {seed}"] for seed in range(options.seeds)] for name in options.runs
    }
    print_table(results)
    means = {
        name: {m: statistics.mean(value[m] for value in values) for m in MEASURES}
        for name, values in results.items()
    }
    # Kinds that differ by less than the spread of seeds are taken as equal.
    faults = find_faults(means, slack=0.01)
    print("The order holds." if not faults else "Out of order: " + "; ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
