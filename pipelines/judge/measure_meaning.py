"""Bring together what the meaning of a row is compared with, and compare it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.transforms.combiners import Top

from pipelines.io.progress import advance
from pipelines.judge.meaning import MOST_NEIGHBOURS, measure_meaning
from pipelines.local.processes import in_one_process
from pipelines.shuffle.group import JoinPacked
from pipelines.translation.rows import Group
from schemas.model_prompts import Precision
from translators.kept_encoder import KeptEncoder
from translators.sentence_encoder import EncoderSettings, open_encoder, resolve_precision

_GROUPS: Final = 64  # measured together, so that batches of an encoder are full

_Placed = tuple[Group, list[str]]


@dataclass(frozen=True, slots=True)
class MeaningCheck:
    """What compares meaning, as it stands in the manifest.

    Attributes:
        model: Name on the Hugging Face hub, or a folder.
        device: Torch device; empty for the best there is.
        precision: Number format of the weights.
        prompt: What stands before every text.
        fingerprint: Hash of all that decides the embeddings.
    """

    model: str
    device: str
    precision: Precision
    prompt: str
    fingerprint: str

    @property
    def settings(self) -> EncoderSettings:
        """How the encoder is opened."""
        return EncoderSettings(self.model, self.device, self.precision)


def make_meaning_check(
    model: str, device: str = "", precision: Precision = "auto"
) -> MeaningCheck | None:
    """Return the check by a model, which is loaded to see whether it can be; None without one.

    Raises:
        UsageError: If the model is not safe to load.
        UnusableEncoder: If it cannot be loaded.
    """
    if not model:
        return None
    settings = resolve_precision(EncoderSettings(model, device, precision))
    encoder = open_encoder(settings)
    return MeaningCheck(model, device, settings.precision, encoder.prompt, encoder.fingerprint)


class MeasureMeaning(beam.PTransform[PCollection[Group], PCollection[Group]]):
    """Add the similarity of texts to their English ones, for the judgement that follows.

    The model is opened once in a process. What is measured together does not matter.

    Args:
        check: What compares; None for nothing.
        memory: Translation memory beside which embeddings are kept; empty for none.
    """

    def __init__(self, check: MeaningCheck | None, memory: str = "") -> None:
        super().__init__()
        self.check = check
        self.memory = memory

    def expand(self, groups: PCollection[Group]) -> PCollection[Group]:
        if self.check is None:
            return groups
        near = (
            groups
            | "Questions" >> beam.Map(_question)
            | "Near" >> Top.SmallestPerKey(MOST_NEIGHBOURS + 1)
        )
        placed = (
            {"groups": groups | "ByPassage" >> beam.Map(_by_passage), "near": near}
            | "JoinNear" >> JoinPacked()
            | "Place" >> beam.FlatMapTuple(_place)
        )
        with in_one_process():
            measured: PCollection[Group] = (
                placed
                | beam.BatchElements(min_batch_size=_GROUPS, max_batch_size=_GROUPS)
                | "Measure" >> beam.FlatMap(_measure, self.check, self.memory)
            )
        return measured


def _question(group: Group) -> tuple[str, tuple[bytes, str]]:
    question = group.source.question
    return group.source.passage_id, (sha256(question.encode()).digest()[:8], question)


def _by_passage(group: Group) -> tuple[str, Group]:
    return group.source.passage_id, group


def _place(passage_id: str, joined: dict[str, Iterable[Any]]) -> Iterator[_Placed]:
    near = sorted({question for drawn in joined["near"] for _, question in drawn})
    for group in joined["groups"]:
        yield group, near


def _measure(groups: Sequence[_Placed], check: MeaningCheck, memory: str) -> Iterator[Group]:
    encoder = KeptEncoder(check.settings, check.fingerprint, memory)
    for group in measure_meaning(groups, encoder.encode):
        advance("meaning", 1)
        yield group
