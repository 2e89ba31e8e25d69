"""`tandemqa evaluate`: score a model on a benchmark."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.command import UsageError, add_command, merge_config
from schemas.files import write_json
from trainer.evaluation.evaluation_options import (
    DEFAULTS,
    REQUIRED,
    add_evaluation_options,
    read_evaluation_options,
)

if TYPE_CHECKING:
    from trainer.encoder import Encoder

_HEAT_MAPS: Final = {".png", ".svg", ".pdf"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "evaluate",
        "score a model on a retrieval benchmark: in one language, across languages, in one pool",
        "tandemqa evaluate models/e5-squad --benchmark xquad-r --data data/xquad-r "
        "--output results/e5-squad.json",
        _run,
    )
    add_evaluation_options(parser)


def _run(options: argparse.Namespace, _: Sequence[str]) -> int:
    merged = read_evaluation_options(merge_config(options, DEFAULTS, REQUIRED))
    output = _prepare_output(Path(merged["output"]))
    heat_map = Path(merged.get("heat_map") or output.with_suffix(".png"))
    if heat_map.suffix not in _HEAT_MAPS:
        raise UsageError(f"--heat-map {heat_map}: wanted {', '.join(sorted(_HEAT_MAPS))}")
    if heat_map == output:
        raise UsageError(f"--output {output}: the heat map's place; wanted .json behind the name")
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # ours is enough
    results = _evaluate(merged, output)
    write_json(output, results)
    if _has_heat_map(results):
        from trainer.evaluation.heat_map import plot_heat_map

        plot_heat_map(results, heat_map)
    if not merged.get("quiet"):
        from trainer.evaluation.result_table import format_results

        sys.stdout.write(format_results(results))
    return 0


def _prepare_output(output: Path) -> Path:
    """Make the folder of the results now: after the evaluation it would be a pity."""
    if output.is_dir():
        raise UsageError(f"--output {output}: a folder; wanted a file, such as results.json")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--output {output}: no folder can be made there ({error})") from error
    return output


def _evaluate(merged: Mapping[str, Any], output: Path) -> dict[str, Any]:
    """Return the results, with the benchmark's and the model's name in front."""
    name = merged["benchmark"]
    data = Path(merged["data"]) if merged.get("data") else None
    languages = merged.get("languages") or ()
    from trainer.benchmarks.known_benchmarks import MTEB, open_benchmark

    if name.startswith(MTEB):
        from trainer.evaluation.mteb_task import evaluate_task

        encoder = _open_encoder(merged, str(merged["model"]))
        results = evaluate_task(
            name.removeprefix(MTEB),
            encoder,
            data=data,
            languages=languages,
            split=merged.get("split"),
            show_progress=sys.stderr.isatty() and not merged.get("quiet"),
        )
    else:
        from trainer.evaluation.run_benchmark import evaluate

        # The data first: what is wrong with them is known before a large model is loaded.
        benchmark = open_benchmark(name, data, languages, merged.get("split"))
        encoder = _open_encoder(merged, str(merged["model"]))
        base = merged.get("base_model")
        results = evaluate(
            benchmark,
            encoder,
            floors=merged["floors"],
            base=_open_encoder({**merged, "revision": None}, str(base)) if base else None,
            with_context=not merged.get("no_context"),
            cache=Path(merged["cache"]) if merged.get("cache") else None,
            questions=output.with_suffix(".questions.npz"),
        )
    return {
        "benchmark": name,
        "model": str(merged["model"]),
        **results,
        "settings": _describe(merged, encoder),
    }


def _open_encoder(merged: Mapping[str, Any], model: str) -> "Encoder":
    from trainer.encoder import Encoder, ModelSettings, Prompts, load_model, model_prompts

    settings = ModelSettings(
        model=model,
        revision=merged.get("revision"),
        trust_remote_code=bool(merged.get("trust_remote_code")),
        max_length=merged.get("max_length"),
        dtype=merged.get("dtype"),
        device=merged.get("device"),
    )
    loaded = load_model(settings)
    own = model_prompts(loaded, model)
    question, passage = merged.get("question_prompt"), merged.get("passage_prompt")
    prompts = Prompts(
        own.question if question is None else str(question),
        own.passage if passage is None else str(passage),
    )
    return Encoder(loaded, prompts, batch_size=merged["batch_size"])


def _describe(merged: Mapping[str, Any], encoder: "Encoder") -> dict[str, Any]:
    """Return what is needed to repeat the run."""
    from importlib.metadata import version

    packages = ("tandemqa", "sentence-transformers", "transformers", "torch", "numpy")
    return {
        "data": merged.get("data"),
        "split": merged.get("split"),
        "revision": merged.get("revision"),
        "fingerprint": encoder.fingerprint,
        "question_prompt": encoder.prompts.question,
        "passage_prompt": encoder.prompts.passage,
        "max_length": encoder.model.max_seq_length,
        "similarity": encoder.model.similarity_fn_name,
        "dtype": str(encoder.model.dtype).removeprefix("torch."),
        "ties": "middle of their ranks",
        "versions": {package: version(package) for package in packages},
    }


def _has_heat_map(results: Mapping[str, Any]) -> bool:
    return bool("questions" in results and results["crosslingual"]["by_pair"])
