"""Any task of MTEB, scored by `mteb` itself: from the hub, or from local files."""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Final

from schemas.command import UsageError
from schemas.language import list_codes, select_languages
from trainer.benchmarks.beir import read_folder
from trainer.encoder import Encoder

if TYPE_CHECKING:
    from mteb.abstasks import AbsTask

# mteb goes no deeper for average precision; it is nearly the full depth.
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
) -> dict[str, Any]:
    """Return the results of an MTEB task, ready for JSON.

    `scores` holds all that mteb says, by split and subset, `main_score` the mean of its main
    metric. Retrieval tasks have their means in our form as well; pairs are called as mteb calls
    them, where what comes first is the task's matter.

    Args:
        name: Name of the task, such as `XNLI`.
        encoder: The encoder.
        data: Folder with local data: for retrieval a BEIR folder for each subset, for other tasks
            `<subset>/<split>.jsonl` or `.parquet`; no subset folder where the task has none.
            None takes the data from the hub.
        languages: Their names or codes, or subsets of the task; all the task has when empty.
        split: Only this one of the task's splits.
        show_progress: Whether mteb shows its progress.

    Raises:
        UsageError: If mteb is missing, has no such task, or its data cannot be had.
    """
    mteb = _import_mteb()
    task = _find_task(mteb, name, languages, split)
    if data is not None:
        _load_local(task, data)
    return _summarise(task, _run(mteb, task, encoder, show_progress))


def _run(mteb: Any, task: "AbsTask", encoder: Encoder, show_progress: bool) -> Any:  # noqa: ANN401
    """Return mteb's scores by split."""
    prompts = {"query": encoder.prompts.question, "document": encoder.prompts.passage}
    encoder.model.prompts = {**prompts}
    try:
        with warnings.catch_warnings():
            # mteb uses names that sentence-transformers has given up; its users cannot help it.
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


def _import_mteb() -> Any:  # noqa: ANN401
    try:
        import mteb
    except ImportError as error:
        raise UsageError(
            f"mteb is not installed ({error}): pip install 'tandemqa[mteb]'"
        ) from error
    return mteb


def _find_task(mteb: Any, name: str, languages: Sequence[str], split: str | None) -> "AbsTask":  # noqa: ANN401
    try:
        task: AbsTask = mteb.get_task(name, eval_splits=[split] if split else None)
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


def _load_local(task: "AbsTask", data: Path) -> None:
    """Give a task its data: mteb has no way to read them from a folder."""
    from datasets import DatasetDict
    from mteb.abstasks.retrieval import AbsTaskRetrieval

    read = _read_judged if isinstance(task, AbsTaskRetrieval) else _read_rows
    subsets = task.hf_subsets if task.metadata.is_multilingual else [_DEFAULT]
    loaded: dict[str, Any] = {}
    for subset in subsets:
        folder = data / subset if (data / subset).is_dir() else data
        if len(subsets) > 1 and folder == data:
            raise UsageError(f"{data / subset}: no folder for subset {subset} of the task")
        # What prepares rows goes through all splits, also those that are not asked for.
        wanted = task.metadata.eval_splits if read is _read_rows else task.eval_splits
        splits = {split: read(folder, split) for split in wanted}
        loaded[subset] = DatasetDict(splits) if read is _read_rows else splits
    single = read is _read_rows and not task.metadata.is_multilingual
    task.dataset = loaded[_DEFAULT] if single else loaded
    task.dataset_transform()
    task.data_loaded = True


def _read_judged(folder: Path, split: str) -> dict[str, Any]:
    from datasets import Dataset

    judged = read_folder(folder, split)
    documents, questions = judged.documents, judged.questions
    return {
        "corpus": Dataset.from_dict({"id": list(documents), "text": list(documents.values())}),
        "queries": Dataset.from_dict({"id": list(questions), "text": list(questions.values())}),
        "relevant_docs": {question: dict(found) for question, found in judged.grades.items()},
        "top_ranked": None,
    }


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
    results: dict[str, Any] = {
        "languages": sorted(_codes(task)),
        "main_metric": task.metadata.main_score,
        "main_score": round(fmean(main), 6),
        "scores": {
            split: {of["hf_subset"]: _plain(of) for of in by_split}
            for split, by_split in scores.items()
        },
    }
    if task.metadata.type == "Retrieval":
        split = next(iter(scores))
        results |= _by_setting(scores[split])
    return results


def _plain(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return what JSON can hold; mteb says NaN of measures that the data do not allow (nAUC)."""
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
