"""The options of `evaluate`."""

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator
from typing_extensions import Self

from schemas.option_values import Words
from schemas.options import Options, option
from trainer.model_settings import ModelSettings


def _known_floors(names: tuple[str, ...]) -> tuple[str, ...]:
    from trainer.evaluation.floors import FLOORS

    chosen = tuple(name for name in names if name != "none")
    if set(chosen) - set(FLOORS):
        raise ValueError(f"{','.join(chosen)}: wanted {', '.join(FLOORS)} or none")
    return chosen


class ScoredModel(ModelSettings):
    """The model that is scored."""

    model: str = option(
        ...,
        "name on the Hugging Face hub, or folder; or tfidf or bm25, which compare words",
        "MODEL",
        positional=True,
        min_length=1,
    )
    dtype: Literal["float32", "bfloat16", "float16"] | None = option(
        None, "of the weights; that of their file by default", group="model"
    )
    device: str | None = option(
        None, "such as cpu or cuda:1; the best there is by default", "NAME", group="model"
    )


class EvaluateOptions(Options):
    """The options of `evaluate`."""

    encoder: ScoredModel
    benchmark: str = option(
        ...,
        "xquad-r, mlqa-r, miracl, beir, corpus (held-out split of a corpus) or mteb:TASK",
        "NAME",
    )
    split: str | None = option(
        None, "split of beir, corpus or mteb; test by default, if there is one", "NAME"
    )
    data: str | None = option(
        None, "folder of the benchmark; miracl and mteb can do without", "DIR"
    )
    languages: Words = option(
        (), "these only, by code or name, such as en,es; all by default", "CODES"
    )
    output: str | None = option(
        None,
        "file of the results; a heat map (.png) and what each question scored (.questions.npz) "
        "are put beside it; without it, the table is printed",
        "JSON",
        min_length=1,
    )
    heat_map: str | None = option(
        None, "with --output: other place of the heat map, .png or .svg", "FILE"
    )
    floors: Annotated[Words, AfterValidator(_known_floors)] = option(
        ("tfidf",), "what to compare with: tfidf, bm25, untrained (random weights) or none", "NAMES"
    )
    base_model: str | None = option(None, "model before training, as one more floor", "MODEL")
    with_context: bool = option(
        False, "score sentences together with the paragraph around them, too"
    )
    cache: str | None = option(
        None,
        "folder that keeps embeddings: a stopped evaluation goes on, and the next one is quick",
        "DIR",
    )
    batch_size: int = option(64, "texts encoded at a time", "N", ge=1)
    question_prompt: str | None = option(
        None, "before each question; the model's by default", "TEXT", group="model"
    )
    passage_prompt: str | None = option(
        None, "before each candidate; the model's by default", "TEXT", group="model"
    )
    quiet: bool = option(False, "show no progress and no table")

    @model_validator(mode="after")
    def _results_go_somewhere(self) -> Self:
        if self.output is None and (self.quiet or self.heat_map is not None):
            option = "--quiet" if self.quiet else "--heat-map"
            raise ValueError(f"{option}: needs --output, the file of the results")
        return self

    @model_validator(mode="after")
    def _search_engines_have_no_weights(self) -> Self:
        from trainer.benchmarks.known_benchmarks import MTEB
        from trainer.evaluation.lexical import find_lexical

        model = self.encoder
        if find_lexical(model.model) is None:
            return self
        given = {
            "--revision": model.revision,
            "--trust-remote-code": model.trust_remote_code,
            "--max-length": model.max_length,
            "--dtype": model.dtype,
            "--device": model.device,
            "--question-prompt": self.question_prompt,
            "--passage-prompt": self.passage_prompt,
            "--floors untrained": "untrained" in self.floors,
            f"--benchmark {self.benchmark}": self.benchmark.startswith(MTEB),
        }
        for name, value in given.items():
            if value:
                raise ValueError(f"{name}: not with {model.model}, which compares words")
        return self

    @model_validator(mode="after")
    def _benchmark_is_known(self) -> Self:
        from trainer.benchmarks.known_benchmarks import check_name

        check_name(self.benchmark, self.split)
        return self
