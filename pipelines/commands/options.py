"""The options of `build` and `plan`, and those they share with other commands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from pipelines.commands.translators import Choices
from schemas.model_prompts import Precision
from schemas.option_values import Pairs, Words, as_list
from schemas.options import ADVANCED, Options, option
from translators.registry import BackendOptions, families


class InputOptions(Options):
    """One input; in YAML it may be a mapping with options of its own."""

    path: str
    format: str = ""
    fields: Pairs = ()
    dataset: str = ""
    split: str = ""
    license: str = ""
    encoding: str = ""
    separator: str = ""
    columns: Words = ()
    strict_fields: bool = False


class ExcludeOptions(Options):
    """One evaluation set; in YAML it may be a mapping with fields of its own."""

    set: str
    fields: Pairs = ()


def _inputs(value: object) -> list[object]:
    return [item if isinstance(item, Mapping) else {"path": item} for item in as_list(value)]


def _sets(value: object) -> list[object]:
    return [item if isinstance(item, Mapping) else {"set": item} for item in as_list(value)]


class CheckOptions(Options):
    """What decides about rows, and can be changed without translating again."""

    limits: Pairs = option(
        (),
        "limits of checks to change, such as passage_spreads=5; `--limits help` lists them",
        "NAME=NUMBER",
        group=ADVANCED,
        many=True,
        explained_by="pipelines.checks.limit_settings:describe_limits",
    )
    model_checks: Pairs = option(
        (),
        "models that score translations, as MODULE:FUNCTION or embedding:MODEL; scores are "
        "stored, and rows below LEAST rejected: a score, or a share such as 0.5% of the correct "
        "texts, from which each language learns a score of its own",
        "NAME=SCORER[@LEAST]",
        group=ADVANCED,
        many=True,
    )
    meaning: str = option(
        "",
        "sentence-transformers model, by name or path, that compares the meaning of every "
        "sentence, question and answer with English, such as intfloat/multilingual-e5-small "
        "(small) or sentence-transformers/LaBSE (large); not the model that will be trained",
        "MODEL",
    )
    meaning_device: str = option(
        "", "torch device of --meaning; the best there is by default", "DEVICE", group=ADVANCED
    )
    meaning_precision: Precision = option(
        "auto",
        "number format of --meaning: bfloat16 where the device computes with it, else float32",
        group=ADVANCED,
    )
    align_answers: bool = option(
        False,
        "find answers that are not found otherwise by a word alignment learnt on the corpus",
        group=ADVANCED,
    )


class WhatOptions(Options):
    """What is translated."""

    input: Annotated[tuple[InputOptions, ...], BeforeValidator(_inputs)] = option(
        ...,
        "English question-answer sets: files, globs, folders, URIs or hf:NAME",
        "[FORMAT:]PATH",
        many=True,
        min_length=1,
    )
    languages: Words = option(..., "target languages, such as es,ca,pt-BR", "CODES", min_length=1)
    output: str = option(..., "the corpus directory", "DIR", min_length=1)
    memory: str = option("", "translation memory; `memory` beside the output by default", "DIR")
    translator: Choices = option(
        "apertium",
        f"who translates: {', '.join(families())}; of several the first that reaches a language "
        "does, and the next takes what it fails on; es=apertium,de=marian:DIR names one "
        "language's own",
        "NAME[:MODEL]",
        validate_default=True,
    )
    fields: Pairs = option(
        (),
        "where the texts stand, such as question=QUESTION passage=CONTEXTS; guessed from common "
        "names by default",
        "TARGET=PATH",
        many=True,
    )
    license: str = option("", "licence of the inputs, such as CC-BY-4.0", "NAME")
    exclude: Annotated[tuple[ExcludeOptions, ...], BeforeValidator(_sets)] = option(
        (),
        "evaluation set whose items must not be in the corpus, in any format of --input, or "
        "queries:PATH for questions alone; in another language than English (xquad:es=...) it "
        "only raises an alarm about the translated rows; repeatable",
        "[NAME[:LANG]=][FORMAT:]PATH",
        many=True,
    )
    format: str = option(
        "", "format of all inputs; guessed from names by default", "NAME", group=ADVANCED
    )
    dataset: str = option(
        "", "name of the dataset; the file's name by default", "NAME", group=ADVANCED
    )
    encoding: str = option(
        "",
        "encoding of input that is not UTF-8 and has no byte order mark, such as windows-1252",
        "NAME",
        group=ADVANCED,
    )
    separator: str = option(
        "",
        "what separates the columns of tables: one character, tab, comma, semicolon or pipe; "
        "found by the names in the header by default",
        "CHARACTER",
        group=ADVANCED,
    )
    columns: Words = option(
        (),
        "names of the columns of tables without a header, such as id,question,passage",
        "NAMES",
        group=ADVANCED,
    )
    strict_fields: bool = option(
        False, "refuse sources whose fields would have to be guessed", group=ADVANCED
    )
    split: str = option(
        "", "split of all records that name none; train by default", "NAME", group=ADVANCED
    )


class CorpusOptions(CheckOptions, WhatOptions):
    """What `build` and `plan` have in common."""

    backend: BackendOptions = BackendOptions()
    packet_size: int = option(2048, "segments in a packet, about", "N", group=ADVANCED, ge=1)
    shards: int = option(0, "shards per language; 0 chooses by size", "N", group=ADVANCED, ge=0)
    max_failed_share: float = option(
        0.1,
        "stop when more than this share of the source items is malformed or not in English",
        "SHARE",
        group=ADVANCED,
        ge=0,
        le=1,
    )
    max_rejected_share: float = option(
        0.5,
        "mark the corpus failed when a language loses more than this share of its rows",
        "SHARE",
        group=ADVANCED,
        ge=0,
        le=1,
    )
    max_unverified_share: float = option(
        0.5,
        "mark the corpus failed when more than this share of the rows is in a language that could "
        "not be verified, though a detector knows it",
        "SHARE",
        group=ADVANCED,
        ge=0,
        le=1,
    )
    language_model: str = option(
        "",
        "fastText model, such as GlotLID, for second opinions on languages",
        "BIN",
        group=ADVANCED,
    )
    answer_markers: bool = option(
        False,
        "translate sentences once more with the answer in brackets, to see where it went; "
        "nearly doubles the work where answers are many",
        group=ADVANCED,
    )
    translate_accelerator: str = option(
        "",
        "GPU for the workers of the translation alone, where the runner can give one, such "
        "as 'type:nvidia-l4;count:1;install-nvidia-driver'; needs --device cuda",
        "HINT",
        group=ADVANCED,
    )


def absolute(path: str) -> str:
    """Return a local path from the root, so that workers see the same; URIs stay."""
    return path if "://" in path else Path(path).expanduser().resolve().as_posix()
