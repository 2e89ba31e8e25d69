"""What sentence encoders want in front of a text, where their files do not say it."""

from typing import Literal, NamedTuple

from schemas.model_recognition import recognise

Precision = Literal["auto", "float32", "bfloat16", "float16"]
"""Number format of weights; `auto` is for the device to choose."""


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
    family = recognise(model)
    return Prompts(family.question_prompt, family.passage_prompt) if family else Prompts()
