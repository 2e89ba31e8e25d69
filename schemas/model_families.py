"""Families of encoders: what their models need."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Family:
    """Models that were trained alike.

    Attributes:
        name: What people call them.
        pattern: Their names on the Hugging Face hub, without the owner.
        scale: Inverse temperature of the loss that they were trained with.
        learning_rate: Highest rate of fine-tuning that keeps what they know.
        question_prompt: Put before questions.
        passage_prompt: Put before passages.
    """

    name: str
    pattern: "re.Pattern[str]"
    scale: float
    learning_rate: float
    question_prompt: str = ""
    passage_prompt: str = ""

    @property
    def source(self) -> str:
        """Where its values are from, in words."""
        return f"the {self.name} family"


GENTLE_RATE: Final = 1e-5
"""Highest learning rate for encoders that were trained on a billion pairs; see RESULTS.md."""
USUAL_RATE: Final = 3e-5
"""Highest learning rate of other encoders."""
USUAL_SCALE: Final = 20.0
"""Inverse temperature of a loss where that of the model is not known: sentence-transformers'."""

STATIC_RATE: Final = 1e-3
"""Highest learning rate of vectors of tokens, which smaller ones do not move; see RESULTS.md."""

E5: Final = Family(  # arXiv:2212.03533 and 2402.05672: temperature 0.01; prompts of the cards
    "E5",
    re.compile(r"(?:multilingual-)?e5-(?:small|base|large)(?:-v2|-unsupervised)?"),
    100.0,
    GENTLE_RATE,
    "query: ",
    "passage: ",
)

STATIC: Final = Family(  # vectors of tokens, such as Model2Vec's; no temperature, no prompts
    "static embeddings",
    re.compile(r"potion-[\w.-]+|m2v_[\w.-]+|static-(?:retrieval|similarity)-[\w.-]+"),
    USUAL_SCALE,
    STATIC_RATE,
)

FAMILIES: Final = (
    E5,
    STATIC,
    # arXiv:2309.07597: temperature 0.01; a prompt is optional since version 1.5.
    # M3 is arXiv:2402.03216: temperature 0.02.
    Family("BGE", re.compile(r"bge-(?:small|base|large)-(?:en|zh)(?:-v1\.5)?"), 100.0, GENTLE_RATE),
    Family("BGE-M3", re.compile(r"bge-m3(?:-unsupervised|-retromae)?"), 50.0, GENTLE_RATE),
    # arXiv:2308.03281 and 2407.19669: temperature 0.01.
    Family(
        "GTE",
        re.compile(
            r"gte-(?:(?:small|base|large)(?:-zh)?|multilingual-base|modernbert-base|\w+-en-v1\.5"
            r"|qwen[\d.]+-[\d.]+b-instruct)"  # their prompts are among their files
        ),
        100.0,
        GENTLE_RATE,
    ),
    # arXiv:2007.01852: trained on pairs of translations, without prompts.
    Family("LaBSE", re.compile(r"labse(?:-\w+)?"), USUAL_SCALE, USUAL_RATE),
    # Not trained for search: there is no temperature to keep, and no prompt.
    Family(
        "language models",
        re.compile(
            r"xlm-roberta-(?:base|large)|(?:distil)?(?:ro)?bert-(?:base|large)(?:-[\w-]+)?"
            r"|mdeberta-v3-base|modernbert-(?:base|large)"
        ),
        USUAL_SCALE,
        USUAL_RATE,
    ),
    # Trained with the default of sentence-transformers.
    Family(
        "sentence-transformers",
        re.compile(
            r"(?:all|multi-qa|paraphrase|msmarco|distiluse)-[\w.-]*(?:MiniLM|mpnet|bert|albert)[\w.-]*",
            re.I,
        ),
        USUAL_SCALE,
        USUAL_RATE,
    ),
)
