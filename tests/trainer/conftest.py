"""Fixtures of the trainer's tests: a tiny encoder, a tiny corpus, and the options of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from schemas.files import CACHE_VARIABLE
from schemas.options import make_options
from tests.trainer.tiny_encoder import LANGUAGES, make_rows, write_encoder
from trainer.fine_tuning.training_options import TrainOptions
from trainer.fine_tuning.training_settings import TrainingSettings


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Tiny models are slower with more, and others work on this machine, too."""
    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def table_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Converted tables are kept with the test, also by the processes it starts."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "tables"))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A parallel Parquet file in three languages, with column names of its own."""
    rows = make_rows(60)
    columns = ("question", "passage", "group", "passage_group", "lang")
    for row in rows:
        row["lang"] = LANGUAGES[int(str(row["lang"]))]
    path = tmp_path / "pairs.parquet"
    pq.write_table(pa.Table.from_pylist(rows).select(columns), path)
    return path


@pytest.fixture
def run_options(tmp_path: Path, pairs: Path) -> Callable[..., dict[str, Any]]:
    """Return the options of a short run, as a YAML file would give them."""

    def make(output: str = "model", **options: object) -> dict[str, Any]:
        return {
            "corpora": [str(pairs)],
            "fields": {
                "question": "question",
                "passage": "passage",
                "lang": "lang",
                "group_id": "group",
                "passage_id": "passage_group",
            },
            "model": write_encoder(tmp_path / "encoder"),
            "output": str(tmp_path / output),
            "steps": 10,
            "batch_size": 8,
            "save_steps": 2,
            "dev_groups": 0,
            "report_to": "none",
            **options,
        }

    return make


@pytest.fixture
def settings(run_options: Callable[..., dict[str, Any]]) -> Callable[..., TrainingSettings]:
    """Return the settings of a short run."""

    def make(output: str = "model", **options: object) -> TrainingSettings:
        return make_options(TrainOptions, run_options(output, **options))

    return make
