"""`tandemqa evaluate`: score a model on a benchmark."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.command import Command
from schemas.files import write_json
from schemas.plain_text import write_out
from trainer.evaluation.evaluation_options import EvaluateOptions, ScoredModel

if TYPE_CHECKING:
    from trainer.encoder import Encoder
    from trainer.evaluation.lexical import LexicalModel
    from trainer.evaluation.result_files import ResultFiles


def _run(options: EvaluateOptions, _: Sequence[str]) -> int:
    from trainer.evaluation.result_files import check_cache, choose_files

    files = choose_files(options.output, options.heat_map) if options.output else None
    if options.cache:
        check_cache(Path(options.cache))
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # ours is enough
    kept = _KeptResults(options, files)
    try:
        results = kept.complete(_evaluate(options, files, kept))
    except BaseException:
        kept.print_if_nowhere_else()
        raise
    if files is not None:
        write_json(files.results, results)
        if _has_heat_map(results):
            from trainer.evaluation.heat_map import plot_heat_map

            plot_heat_map(results, files.heat_map)
    if not options.quiet:
        _print_table(results)
    return 0


class _KeptResults:
    """Keeps what is scored already: the rest may be stopped."""

    def __init__(self, options: EvaluateOptions, files: "ResultFiles | None") -> None:
        self.options = options
        self.files = files
        self.model: Encoder | LexicalModel
        self.latest: dict[str, Any] | None = None

    def keep(self, results: Mapping[str, Any]) -> None:
        """Keep results, in their file if there is one."""
        self.latest = self.complete(results)
        if self.files is not None:
            write_json(self.files.results, self.latest)

    def complete(self, results: Mapping[str, Any]) -> dict[str, Any]:
        """Return results with the names of benchmark and model in front, and the settings."""
        options = self.options
        heat_map = str(self.files.heat_map) if self.files and options.heat_map else None
        settings = {**_describe(options, self.model), "heat_map": heat_map}
        names = {"benchmark": options.benchmark, "model": options.encoder.model}
        return {**names, **results, "settings": settings}

    def print_if_nowhere_else(self) -> None:
        """Print the table of what was kept, if there is no file of it."""
        if self.latest is not None and self.files is None:
            _print_table(self.latest)


def _print_table(results: Mapping[str, Any]) -> None:
    from trainer.evaluation.result_table import format_results

    write_out(format_results(results))


def _evaluate(
    options: EvaluateOptions, files: "ResultFiles | None", kept: _KeptResults
) -> dict[str, Any]:
    """Return the results, and keep what is scored first."""
    name = options.benchmark
    data = Path(options.data) if options.data else None
    from trainer.benchmarks.known_benchmarks import MTEB, open_benchmark

    if name.startswith(MTEB):
        from trainer.evaluation.mteb_task import evaluate_task

        kept.model = encoder = _open_encoder(options, options.encoder)
        return evaluate_task(
            name.removeprefix(MTEB),
            encoder,
            data=data,
            languages=options.languages,
            split=options.split,
            show_progress=sys.stderr.isatty() and not options.quiet,
            questions=files.questions if files else None,
        )
    from trainer.evaluation.lexical import find_lexical
    from trainer.evaluation.run_benchmark import evaluate

    # The data first: their faults are found before a large model is loaded.
    benchmark = open_benchmark(name, data, options.languages, options.split)
    engine = find_lexical(options.encoder.model)
    kept.model = model = engine or _open_encoder(options, options.encoder)
    return evaluate(
        benchmark,
        model,
        floors=[floor for floor in options.floors if engine is None or floor != engine.name],
        base=_open_base_model(options, model),
        with_context=options.with_context,
        cache=Path(options.cache) if options.cache else None,
        questions=files.questions if files else None,
        keep=kept.keep,
    )


def _open_base_model(
    options: EvaluateOptions, trained: "Encoder | LexicalModel"
) -> "Encoder | None":
    """Return the model before training; texts are cut where the trained one cuts them."""
    if options.base_model is None:
        return None
    changes = {"model": options.base_model, "revision": None}
    base = _open_encoder(options, options.encoder.model_copy(update=changes))
    own, wanted = base.max_length, trained.max_length
    if own is not None and wanted is not None:
        base.model.max_seq_length = min(own, wanted)
    return base


def _open_encoder(options: EvaluateOptions, settings: ScoredModel) -> "Encoder":
    from schemas.model_prompts import Prompts
    from trainer.encoder import Encoder, load_model, model_prompts

    loaded = load_model(settings)
    own = model_prompts(loaded, settings.model)
    question, passage = options.question_prompt, options.passage_prompt
    prompts = Prompts(
        own.question if question is None else question,
        own.passage if passage is None else passage,
    )
    return Encoder(loaded, prompts, batch_size=options.batch_size)


def _describe(options: EvaluateOptions, model: "Encoder | LexicalModel") -> dict[str, Any]:
    """Return what is needed to repeat the run."""
    from importlib.metadata import version

    return {
        "data": options.data,
        "split": options.split,
        "revision": options.encoder.revision,
        **model.describe(),
        "ties": "middle of their ranks",
        "versions": {package: version(package) for package in ("tandemqa", *model.packages)},
    }


def _has_heat_map(results: Mapping[str, Any]) -> bool:
    return bool("questions" in results and results["crosslingual"]["by_pair"])


COMMAND: Final = Command(
    "evaluate",
    "score a model on a retrieval benchmark: in one language, across languages, in one pool",
    "tandemqa evaluate models/xlm-r-squad --benchmark xquad-r --data data/xquad-r "
    "--output results/xlm-r-squad.json",
    EvaluateOptions,
    _run,
)
