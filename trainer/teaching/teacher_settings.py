"""Which teacher a training run follows, and how closely."""

from pydantic import model_validator
from typing_extensions import Self

from schemas.options import Options, option
from trainer.model_settings import TRAINING


class TeacherSettings(Options):
    """Which teacher a training run follows, and how closely."""

    teacher: str | None = option(
        None,
        "follow this model's scores of the English texts in all languages: a bi-encoder, or with "
        "--negatives a cross-encoder; the untouched model, with half its own scale and weight 3, "
        "keeps a strong encoder nearer to what it was",
        "NAME_OR_PATH",
        group=TRAINING,
        min_length=1,
    )
    teacher_weight: float = option(
        1.0,
        "weight of the teacher's scores in the loss, beside that of the pairs, which is 1",
        "X",
        group=TRAINING,
        gt=0,
        allow_inf_nan=False,
    )
    teacher_scale: float | None = option(
        None,
        "inverse temperature of the teacher's scores; the lower, the more of its doubts are "
        "followed; by default 1 for a cross-encoder, and that of its family for a bi-encoder, such "
        "as 100 for E5",
        "X",
        group=TRAINING,
        gt=0,
        allow_inf_nan=False,
    )

    @model_validator(mode="after")
    def _settings_are_those_of_a_teacher(self) -> Self:
        if self.teacher is None:
            for name, field in type(self).model_fields.items():
                if getattr(self, name) != field.default:
                    raise ValueError(f"--{name.replace('_', '-')}: needs --teacher")
        return self
