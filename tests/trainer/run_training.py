"""Trains with the settings of a JSON file, and is killed at a step if one is given.

Started by tests in processes of its own: `torchrun ... run_training.py SETTINGS [STEP]`.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from transformers import TrainerCallback

from schemas.options import make_options
from trainer.fine_tuning.training import leave_processes, train
from trainer.fine_tuning.training_options import TrainOptions


class KillAt(TrainerCallback):
    """Dies at a step without a chance to clean up."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    torch.set_num_threads(1)
    options = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    callbacks = [KillAt(int(sys.argv[2]))] if len(sys.argv) > 2 else []
    train(make_options(TrainOptions, options), resume=True, quiet=True, callbacks=callbacks)
    leave_processes()
