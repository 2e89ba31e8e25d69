"""The data a run trains on, and those it holds out."""

from collections.abc import Sequence

from trainer.benchmarks.benchmark import Benchmark
from trainer.benchmarks.dev_pool import hold_out, make_dev_pool
from trainer.corpora.corpus import CorpusTable, open_corpus
from trainer.corpora.corpus_facts import TRAIN, VALIDATION, read_facts
from trainer.fine_tuning.training_settings import TrainingSettings


def open_training_data(settings: TrainingSettings) -> tuple[CorpusTable, Benchmark | None]:
    """Return the corpus to train on, and the dev pool if the run has one.

    The pool is made from the validation splits; where no corpus has one, from groups that are
    taken out of the training split.
    """
    corpus = _open_split(settings, settings.corpora, TRAIN)
    if not settings.dev_groups:
        return corpus, None
    with_validation = [path for path in settings.corpora if VALIDATION in read_facts(path).splits]
    if with_validation:
        held_out = _open_split(settings, with_validation, VALIDATION)
    else:
        corpus, held_out = hold_out(corpus, settings.dev_groups)
    return corpus, make_dev_pool(held_out, settings.dev_groups)


def _open_split(settings: TrainingSettings, corpora: Sequence[str], split: str) -> CorpusTable:
    return open_corpus(
        corpora,
        split=split,
        languages=settings.languages or None,
        fields=dict(settings.fields) or None,
    )
