"""The loss by languages, as the loggers get it."""

import torch

from trainer.fine_tuning.loss_log import LossLog


def logged(*batches, languages=("en", "es", "de")):
    log = LossLog(languages)
    for pairs, loss in batches:
        log.add(frozenset(pairs), torch.tensor(loss))
    return log.take()


def test_a_monolingual_batch_counts_for_its_language():
    assert logged(([(0, 0)], 1.0), ([(0, 0)], 2.0), ([(1, 1)], 6.0)) == {
        "loss_monolingual": 3.0,
        "loss_en": 1.5,
        "loss_es": 6.0,
    }


def test_a_batch_of_one_pair_of_languages_counts_for_the_pair_and_its_direction():
    assert logged(([(0, 1)], 1.0), ([(1, 0)], 2.0)) == {
        "loss_crosslingual": 1.5,
        "loss_en-es": 1.0,
        "loss_es-en": 2.0,
    }


def test_a_batch_of_several_pairs_of_languages_counts_as_cross_lingual_only():
    assert logged(([(0, 1), (1, 2), (2, 2)], 4.0)) == {"loss_crosslingual": 4.0}


def test_every_report_begins_anew():
    log = LossLog(())
    log.add(frozenset([(3, 3)]), torch.tensor(1.0))
    assert log.take() == {"loss_monolingual": 1.0, "loss_3": 1.0}
    assert log.take() == {}
