"""The options of `train`: the settings of a run, and what the command does with it."""

from pydantic import model_validator
from typing_extensions import Self

from schemas.options import option
from trainer.fine_tuning.training_settings import RUN, TrainingSettings


class TrainOptions(TrainingSettings):
    """The options of `train`."""

    dry_run: bool = option(
        False,
        "print the first planned batches and check the plan; nothing is trained",
        group=RUN,
    )
    as_json: bool = option(False, "with --dry-run: print JSON", group=RUN)
    resume: bool = option(
        False, "go on with the unfinished run at --output, if there is one", group=RUN
    )
    overwrite: bool = option(False, "replace what is at --output", group=RUN)
    push_to_hub: str = option("", "upload the finished model under this name", "NAME", group=RUN)
    private: bool = option(False, "with --push-to-hub: nobody else can see the model", group=RUN)
    quiet: bool = option(False, "show no progress and no summary", group=RUN)

    @model_validator(mode="after")
    def _only_dry_runs_are_described(self) -> Self:
        if self.as_json and not self.dry_run:
            raise ValueError("--as-json: needs --dry-run")
        return self
