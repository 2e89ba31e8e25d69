"""A check: a named rule on a field of a row, with value, threshold and verdict."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

PASS: Final = "pass"
FLAG: Final = "flag"
REJECT: Final = "reject"
SKIPPED: Final = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: What the check refuses, such as `length_ratio`; also the reason code and counter.
        field: `question`, `passage` or `answer`.
        value: What was measured; None when the check was skipped.
        threshold: What the value was held against; None when the check was skipped.
        verdict: `pass`, `flag`, `reject` or `skipped`.
    """

    name: str
    field: str
    value: float | None
    threshold: float | None
    verdict: str


CHECK_TYPE: Final = pa.struct(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("value", pa.float32()),
        pa.field("threshold", pa.float32()),
        pa.field("verdict", pa.string(), nullable=False),
    ]
)
