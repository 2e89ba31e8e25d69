"""Any task of MTEB, scored by `mteb` itself, from the hub or from local files."""

import math
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from schemas.command import FailedRunError, UsageError
from schemas.language import list_codes, select_languages
from trainer.benchmarks.collection import read_collection
from trainer.benchmarks.judged_sets import JudgedSet
from trainer.encoder import Encoder, refuse_broken
from trainer.evaluation.mteb_questions import QuestionRecorder
from trainer.evaluation.question_scores import save_question_scores

if TYPE_CHECKING:
    from mteb.abstasks import AbsTask

# mteb's deepest average precision, which is nearly the full depth.
_METRICS: Final = {
    "map": "map_at_1000",
    "ndcg@10": "ndcg_at_10",
    "mrr@10": "mrr_at_10",
    "recall@1": "recall_at_1",
    "recall@10": "recall_at_10",
    "recall@100": "recall_at_100",
}
_DEFAULT: Final = "default"


def evaluate_task(
    name: str,
    encoder: Encoder,
    *,
    data: Path | None = None,
    languages: Sequence[str] = (),
    split: str | None = None,
    show_progress: bool = False,
    questions: Path | None = None,
) -> dict[str, Any]:
    """Return the results of an MTEB task, ready for JSON.

    `scores` holds all that mteb says, by split and subset, `main_score` the mean of its main
    metric. Retrieval tasks have their means in our form as well; pairs are called as mteb calls
    them, where what comes first is the task's matter.

    Args:
        name: Name of the task, such as `XNLI`; or `module:Task`, a task class of one's own.
        encoder: The encoder.
        data: Folder with local data: for retrieval a collection for each subset, for other tasks
            `<subset>/<split>.jsonl` or `.parquet`; no subset folder where the task has none.
            None takes the data from the hub.
        languages: Their names or codes, or subsets of the task; all the task has when empty.
        split: Only this one of the task's splits.
        show_progress: Whether mteb shows its progress.
        questions: File to write with what each question of a retrieval task scored.

    Raises:
        UsageError: If mteb is missing, has no such task, or its data could not be downloaded.
    """
    mteb = _import_mteb()
    task = _find_task(mteb, name, languages, split)
    if data is not None:
        _load_local(task, data)
    recorder = _record_questions(task)
    scores = _run(mteb, task, encoder, show_progress)
    if recorder and questions is not None:
        split, subsets = next(iter(scores.items()))
        settings = {
            of["hf_subset"]: ("monolingual" if same else "crosslingual", name)
            for of, (name, _, same) in zip(subsets, _each(subsets), strict=True)
        }
        save_question_scores(questions, recorder.scores(split, settings))
    return _summarise(task, scores)


def _record_questions(task: "AbsTask") -> QuestionRecorder | None:
    from mteb.abstasks.retrieval import AbsTaskRetrieval

    if isinstance(task, AbsTaskRetrieval) and task.metadata.type == "Retrieval":
        return QuestionRecorder(task)
    return None


def _run(mteb: Any, task: "AbsTask", encoder: Encoder, show_progress: bool) -> Any:  # noqa: ANN401
    """Return mteb's scores by split."""
    prompts = {"query": encoder.prompts.question, "document": encoder.prompts.passage}
    encoder.model.prompts = {**prompts}
    try:
        with warnings.catch_warnings(), _checked_vectors(encoder):
            # mteb uses deprecated names of sentence-transformers, which users cannot change.
            warnings.simplefilter("ignore", FutureWarning)
            (result,) = mteb.evaluate(
                encoder.model,
                [task],
                cache=None,
                co2_tracker=False,
                encode_kwargs={
                    "batch_size": encoder.batch_size,
                    "show_progress_bar": show_progress,
                },
                show_progress_bar=show_progress,
            ).task_results
    except (OSError, ValueError) as error:
        raise UsageError(
            f"mteb cannot run {task.metadata.name}: {error}. Without a network, name a folder "
            "with its data: --data DIR"
        ) from error
    return result.scores


@contextmanager
def _checked_vectors(encoder: Encoder) -> Iterator[None]:
    """Refuse NaN and infinite vectors: mteb takes them for vectors without any similarity."""
    model: Any = encoder.model
    encode = model.encode

    def checked(inputs: Sequence[Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401
        vectors = encode(inputs, *args, **options)
        refuse_broken(vectors, inputs)
        return vectors

    model.encode = checked
    try:
        yield
    finally:
        model.encode = encode


def _import_mteb() -> Any:  # noqa: ANN401
    try:
        import mteb
    except ImportError as error:
        raise UsageError(
            f"mteb is not installed ({error}): pip install 'tandemqa[mteb]'"
        ) from error
    return mteb


def _find_task(mteb: Any, name: str, languages: Sequence[str], split: str | None) -> "AbsTask":  # noqa: ANN401
    module, _, attribute = name.rpartition(":")
    try:
        task: AbsTask = _import_task(module, attribute) if module else mteb.get_task(name)
        if split:
            task = task.filter_eval_splits([split])
    except (KeyError, ValueError) as error:
        raise UsageError(f"mteb:{name}: {error.args[0] if error.args else error}") from error
    if languages:
        subsets, others = select_languages(languages, task.hf_subsets)
        codes, unknown = select_languages(others, _codes(task)) if others else ([], [])
        if unknown:
            raise UsageError(
                f"--languages {list_codes(unknown)}: mteb:{name} has none of that; its subsets are "
                f"{', '.join(task.hf_subsets)}, its languages {', '.join(_codes(task))}"
            )
        try:
            task = task.filter_languages(codes or None, hf_subsets=subsets or None)
        except (KeyError, ValueError) as error:
            raise UsageError(f"--languages {','.join(languages)}: {error}") from error
    return task


def _codes(task: "AbsTask") -> dict[str, None]:
    """Return the ISO 639-3 codes of a task's languages, without their scripts."""
    return dict.fromkeys(lang.split("-")[0] for lang in task.languages)


def _import_task(module: str, name: str) -> "AbsTask":
    """Return a task of the user's own, from a module that is installed or in this folder."""
    from mteb.abstasks import AbsTask

    with _importing_from_here():
        try:
            found = getattr(import_module(module), name, None)
        except Exception as error:  # whatever the module does
            raise UsageError(
                f"mteb:{module}:{name}: {module} cannot be imported: {error!r}"
            ) from error
    if not (isinstance(found, type) and issubclass(found, AbsTask)):
        raise UsageError(f"mteb:{module}:{name}: {module} has no task class called {name}")
    try:
        return found()
    except Exception as error:
        raise UsageError(f"mteb:{module}:{name}: the task cannot be made: {error!r}") from error


@contextmanager
def _importing_from_here() -> Iterator[None]:
    """Let modules in the working folder be imported, as `python -m` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _load_local(task: "AbsTask", data: Path) -> None:
    """Give a task its data, since mteb cannot read them from a folder."""
    from mteb.abstasks.retrieval import AbsTaskRetrieval

    if isinstance(task, AbsTaskRetrieval):
        task.dataset = _load_judged(task, data)
    else:
        task.dataset = _load_rows(task, data)
    task.dataset_transform()
    task.data_loaded = True


def _load_judged(task: "AbsTask", data: Path) -> dict[str, Any]:
    """Return the data of a retrieval task by subset, then by split."""
    subsets = task.hf_subsets if task.metadata.is_multilingual else ()
    loaded: dict[str, Any] = {}
    for split in task.eval_splits:
        sets = read_collection(data, subsets, split)
        for subset, judged in zip(subsets or [_DEFAULT], sets.values(), strict=True):
            loaded.setdefault(subset, {})[split] = _to_mteb(judged)
    return loaded


def _to_mteb(judged: JudgedSet) -> dict[str, Any]:
    from datasets import Dataset

    documents, questions = judged.documents, judged.questions
    return {
        "corpus": Dataset.from_dict({"id": list(documents), "text": list(documents.values())}),
        "queries": Dataset.from_dict({"id": list(questions), "text": list(questions.values())}),
        "relevant_docs": {question: dict(found) for question, found in judged.grades.items()},
        "top_ranked": None,
    }


def _load_rows(task: "AbsTask", data: Path) -> Any:  # noqa: ANN401
    """Return the data of any other task by split; by subset before, where there are several."""
    from datasets import DatasetDict

    subsets = task.hf_subsets if task.metadata.is_multilingual else [_DEFAULT]
    loaded = {}
    for subset in subsets:
        folder = data / subset if (data / subset).is_dir() else data
        if len(subsets) > 1 and folder == data:
            raise UsageError(f"{data / subset}: no folder for subset {subset} of the task")
        # mteb prepares the rows of all splits, even of those not evaluated.
        splits = {split: _read_rows(folder, split) for split in task.metadata.eval_splits}
        loaded[subset] = DatasetDict(splits)
    return loaded if task.metadata.is_multilingual else loaded[_DEFAULT]


def _read_rows(folder: Path, split: str) -> Any:  # noqa: ANN401
    from datasets import load_dataset

    for suffix, kind in ((".jsonl", "json"), (".parquet", "parquet")):
        file = folder / f"{split}{suffix}"
        if file.exists():
            return load_dataset(kind, data_files=str(file), split="train")
    raise UsageError(f"{folder / split}.jsonl: not there, and no .parquet either")


def _summarise(
    task: "AbsTask", scores: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    main = [float(of["main_score"]) for by_split in scores.values() for of in by_split]
    if not all(map(math.isfinite, main)):
        raise FailedRunError(
            f"{task.metadata.name}: {task.metadata.main_score} is no number for these data"
        )
    results: dict[str, Any] = {
        "languages": sorted(_codes(task)),
        "main_metric": task.metadata.main_score,
        "main_score": round(fmean(main), 6),
        "scores": {
            split: {of["hf_subset"]: _plain(of) for of in by_split}
            for split, by_split in scores.items()
        },
    }
    if getattr(task, "ignore_identical_ids", False):
        results["notes"] = ["the document with the question's own id is left out, as the task says"]
    if task.metadata.type == "Retrieval":
        split = next(iter(scores))
        results |= _by_setting(scores[split])
    return results


def _plain(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return what JSON can hold: mteb gives NaN for measures the data do not allow (nAUC)."""
    return {
        name: value
        for name, value in scores.items()
        if isinstance(value, int | str) or (isinstance(value, float) and math.isfinite(value))
    }


def _by_setting(subsets: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    mono = {name: metrics for name, metrics, same in _each(subsets) if same}
    cross = {name: metrics for name, metrics, same in _each(subsets) if not same}
    return {
        "monolingual": {"mean": _mean(mono), "by_language": mono},
        "crosslingual": {"mean": _mean(cross), "by_pair": cross},
    }


def _each(
    subsets: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, dict[str, float], bool]]:
    """Yield the name, our metrics, and whether it is monolingual, of each subset."""
    for of in subsets:
        languages = {lang.split("-")[0] for lang in of["languages"]}
        metrics = {ours: round(float(of[theirs]), 6) for ours, theirs in _METRICS.items()}
        same = len(languages) == 1
        yield next(iter(languages)) if same else of["hf_subset"], metrics, same


def _mean(found: Mapping[str, Mapping[str, float]]) -> dict[str, float] | None:
    if not found:
        return None
    return {name: round(fmean(of[name] for of in found.values()), 6) for name in _METRICS}
