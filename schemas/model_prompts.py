"""What sentence encoders want in front of a text, where their files do not say it."""

import re
from typing import Final, Literal, NamedTuple

Precision = Literal["auto", "float32", "bfloat16", "float16"]
"""Number format of weights; `auto` is for the device to choose."""

# The E5 models need these (intfloat/multilingual-e5-base, model card), but do not state them.
_E5: Final = re.compile(r"(?:^|/)(?:multilingual-)?e5-(?:small|base|large)(?:-v2)?/?$")


class Prompts(NamedTuple):
    """What is put in front of each text.

    Attributes:
        question: Before questions, such as `query: `.
        passage: Before passages and other candidates, such as `passage: `.
    """

    question: str = ""
    passage: str = ""


def known_prompts(model: str) -> Prompts:
    """Return the prompts that a model's family needs, by its name or path; mostly none."""
    return Prompts("query: ", "passage: ") if _E5.search(model) else Prompts()
