"""Every silent trap of the training stack is refused with a message, or cannot happen."""

from functools import partial
from types import SimpleNamespace

import datasets
import pytest
from sentence_transformers import SentenceTransformerTrainingArguments
from transformers.training_args import ParallelMode

from schemas.command import UsageError
from tests.trainer.tiny_encoder import make_table, open_encoder
from trainer.batches.batch_settings import BatchSettings
from trainer.batches.collator import PairCollator
from trainer.batches.sampler import HybridBatchSampler
from trainer.fine_tuning.guards import (
    check_arguments,
    check_dataset,
    check_plan,
    check_sampler_class,
)
from trainer.fine_tuning.hybrid_trainer import HybridTrainer
from trainer.fine_tuning.loss import make_loss
from trainer.fine_tuning.loss_settings import LossSettings

SETTINGS = BatchSettings(batch_size=8)


def sampler_class(**options: object) -> partial:
    return partial(HybridBatchSampler, **{"settings": SETTINGS, "steps": 4, **options})


@pytest.fixture
def make_trainer(tmp_path):
    def make(table: object = None, eval_dataset: object = None, **options: object) -> HybridTrainer:
        arguments: dict = {
            "output_dir": str(tmp_path / "out"),
            "max_steps": 4,
            "per_device_train_batch_size": 8,
            "use_cpu": True,
            "report_to": [],
            "seed": 0,
            "disable_tqdm": True,
            "batch_sampler": sampler_class(processes=1),
        }
        model = open_encoder(tmp_path / "model")
        return HybridTrainer(
            model=model,
            args=SentenceTransformerTrainingArguments(**{**arguments, **options}),
            train_dataset=make_table() if table is None else table,
            loss=make_loss(model, LossSettings(), 1),
            eval_dataset=eval_dataset,
        )

    return make


def test_a_sampler_instance_is_refused():
    instance = HybridBatchSampler(make_table(), 8, settings=SETTINGS, steps=4, processes=1)
    with pytest.raises(UsageError, match="is an instance, which the trainer ignores"):
        check_sampler_class(instance)


@pytest.mark.parametrize("other", [None, "no_duplicates", datasets.Dataset, partial(dict)])
def test_any_other_sampler_is_refused(other):
    with pytest.raises(UsageError, match="wanted partial"):
        check_sampler_class(other)


def test_a_lambda_is_refused():
    with pytest.raises(UsageError, match="wanted partial"):
        check_sampler_class(lambda *args, **kwargs: None)


def test_what_no_checkpoint_could_pickle_is_refused():
    with pytest.raises(UsageError, match="cannot be pickled"):
        check_sampler_class(sampler_class(negatives=lambda: None))


def test_the_class_and_its_partial_are_taken():
    check_sampler_class(HybridBatchSampler)
    check_sampler_class(sampler_class())


class WrongSize(HybridBatchSampler):
    """Yields pairs of rows but counts pairs: several processes would get no batch at all."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.batch_size //= 2


def test_a_sampler_that_counts_pairs_instead_of_rows_is_refused(make_trainer):
    trainer = make_trainer(batch_sampler=partial(WrongSize, settings=SETTINGS, steps=4))
    with pytest.raises(UsageError, match="batch_size is 8: wanted 16 rows"):
        trainer.train()


@pytest.mark.parametrize("steps", [3, 5, 8])
def test_a_plan_of_another_length_than_the_run_is_refused(make_trainer, steps):
    trainer = make_trainer(batch_sampler=sampler_class(steps=steps, processes=1))
    with pytest.raises(UsageError, match=f"plans {steps} batches: wanted 4"):
        trainer.train()


def test_the_plan_counts_accumulation_and_processes():
    sampler = HybridBatchSampler(make_table(), 4, settings=SETTINGS, steps=6, processes=2)
    args = SimpleNamespace(
        per_device_train_batch_size=4, max_steps=3, gradient_accumulation_steps=2, world_size=2
    )
    check_plan(sampler, args, 0)
    args.world_size = 1
    with pytest.raises(UsageError, match="plans 12 batches: wanted 6"):
        check_plan(sampler, args, 0)


def test_an_evaluation_set_is_refused(make_trainer):
    with pytest.raises(UsageError, match="eval_dataset would be batched by the training sampler"):
        make_trainer(eval_dataset=make_table())


def test_a_stream_is_refused():
    with pytest.raises(UsageError, match="IterableDataset"):
        check_dataset(make_table().to_iterable_dataset())


def test_columns_in_another_order_are_refused():
    table = make_table()
    names = ["group", *(name for name in table.column_names if name != "group")]
    with pytest.raises(UsageError, match="wanted question and passage first"):
        check_dataset(table.select_columns(names))


def test_a_further_column_of_texts_is_refused():
    table = make_table()
    with pytest.raises(UsageError, match=r"no integers: \['lang_name'\]"):
        check_dataset(table.add_column("lang_name", ["es"] * len(table)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_steps": -1}, "max_steps is -1"),
        ({"data_seed": 3}, "data_seed=3 is never used"),
        ({"ignore_data_skip": True}, "would see the first batches again"),
        ({"auto_find_batch_size": True}, "would change the planned batches"),
        ({"accelerator_config": {"split_batches": True}}, "splits or dispatches"),
        ({"accelerator_config": {"dispatch_batches": True}}, "splits or dispatches"),
    ],
)
def test_arguments_that_change_the_batches_are_refused(make_trainer, options, message):
    with pytest.raises(UsageError, match=message):
        make_trainer(**options)


def test_one_process_with_several_gpus_is_refused(tmp_path):
    args = SimpleNamespace(
        max_steps=4, data_seed=None, parallel_mode=ParallelMode.NOT_DISTRIBUTED, n_gpu=2
    )
    with pytest.raises(UsageError, match="torchrun --nproc-per-node"):
        check_arguments(args)


def test_the_seed_of_the_trainer_is_that_of_the_batches(make_trainer):
    with pytest.raises(UsageError, match="the trainer's seed is 1, that of the batch settings 0"):
        make_trainer(seed=1).train()


def test_a_language_with_too_few_passages_is_never_drawn(make_trainer):
    table = make_table()
    few = table.filter(lambda row: row["lang"] < 2 or row["group"] < 6)
    trainer = make_trainer(table=few)
    sampler = trainer.get_batch_sampler(few, 8, drop_last=True, seed=0)
    mono = [batch for batch in sampler if batch[:8] == batch[8:]]
    assert {few[row]["lang"] for batch in mono for row in batch} <= {0, 1}
    with pytest.raises(UsageError, match="passages"):
        alone = table.filter(lambda row: row["group"] < 6)
        make_trainer(table=alone).train()


def test_the_collator_is_ours_and_only_texts_reach_the_encoder(make_trainer):
    trainer = make_trainer()
    assert isinstance(trainer.data_collator, PairCollator)
    batch = next(iter(trainer.get_train_dataloader()))
    texts = {name.rsplit("_", 2)[0] for name in batch if name.endswith("_input_ids")}
    assert texts == {"question", "passage"}
    assert batch["question_input_ids"].shape[0] == 8
    assert trainer.accelerator.dispatch_batches is False


def test_training_data_of_a_second_epoch_is_never_asked_for(make_trainer):
    trainer = make_trainer()
    trainer.train()
    assert trainer.state.epoch == 1
    assert trainer.state.global_step == 4
