"""A tiny study: a corpus with a test split, a tiny encoder, and commands in this process."""

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

import tandemqa
from schemas.files import CACHE_VARIABLE
from tests.trainer.corpus_folder import make_row, write_corpus
from tests.trainer.tiny_encoder import words_of, write_encoder
from trainer.study.run_folder import RunFolder
from trainer.study.runs import run_study
from trainer.study.study_file import StudyFile
from trainer.study.study_plan import plan_study

Content = dict[str, Any]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus in two languages with words of their own, with a test split."""
    rows = []
    for number in range(48):
        numbers = random.Random(number // 2).sample(range(60), 6)
        for lang in ("en", "es"):
            words = [words_of(lang)[place] for place in numbers]
            rows.append(
                make_row(
                    number,
                    lang,
                    question=" ".join(words[number % 2 : number % 2 + 3]),
                    passage=" ".join(words),
                    split="train" if number < 32 else "test",
                )
            )
    return write_corpus(tmp_path_factory.mktemp("study") / "corpus", rows)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny encoder with random weights."""
    return write_encoder(tmp_path_factory.mktemp("study") / "encoder")


@pytest.fixture
def content(tmp_path: Path, corpus: Path, encoder: str) -> Content:
    """A study of two mono ratios, as its file has it."""
    return make_content(tmp_path / "study", corpus, encoder)


def make_content(output: Path, corpus: Path, encoder: str) -> Content:
    return {
        "title": "Tiny",
        "output": str(output),
        "train": {
            "corpora": [str(corpus)],
            "model": encoder,
            "steps": 2,
            "batch_size": 4,
            "dev_groups": 0,
            "workers": 0,
            "report_to": "none",
        },
        "vary": {"mono_ratio": [1, 0]},
        "evaluate": {"held-out": {"benchmark": "corpus", "data": str(corpus)}},
    }


@pytest.fixture
def write_study(tmp_path: Path, content: Content) -> Callable[..., str]:
    """Write the study with other values for some of its keys; None leaves a key out."""

    def write(**changes: object) -> str:
        changed = {key: value for key, value in {**content, **changes}.items() if value is not None}
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory, corpus: Path, encoder: str) -> Path:
    """The folder of the finished study."""
    folder = tmp_path_factory.mktemp("finished")
    study = StudyFile.model_validate(make_content(folder / "study", corpus, encoder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CACHE_VARIABLE, str(folder / "tables"))
        run_study(plan_study(study), InProcess(), quiet=True)
    return folder / "study"


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """The same for a test alone, where its study has it."""
    return Path(shutil.copytree(finished_once, tmp_path / "study"))


class InProcess:
    """Runs commands in this process, which is quicker, and remembers them."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, str]] = []
        self.fail_on: tuple[str, str] | None = None

    def __call__(self, command: Sequence[str], folder: RunFolder, processes: int, lock: int) -> int:
        done = (command[0], folder.run.slug)
        self.commands.append(done)
        if done == self.fail_on:
            folder.log.write_text("CUDA out of memory\n", encoding="utf-8")
            return 1
        return tandemqa.run([*command, "--quiet"])


@pytest.fixture
def in_process() -> InProcess:
    return InProcess()
