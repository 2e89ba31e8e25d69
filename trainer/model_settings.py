"""Which model, and how it is loaded."""

from typing import Literal

from schemas.options import Options, option

MODEL: str = "model"
TRAINING: str = "training"


class ModelSettings(Options):
    """Which model, and how it is loaded.

    Attributes:
        dtype: Of the weights; None is that of their file.
        device: Torch device; None is the best there is.
    """

    model: str = option(
        ..., "encoder or decoder to start from", "NAME_OR_PATH", group=MODEL, min_length=1
    )
    revision: str | None = option(None, "commit, tag or branch on the hub", "REV", group=MODEL)
    trust_remote_code: bool = option(False, "run code that comes with the model", group=MODEL)
    max_length: int | None = option(
        None, "longest input in tokens; the model's own by default", "N", group=MODEL, ge=1
    )
    dtype: Literal["float32", "bfloat16", "float16"] | None = None
    device: str | None = None
