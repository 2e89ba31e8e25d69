"""A COMET model for quality estimation, on the same interface as the judge beside it.

    pip install unbabel-comet
    huggingface-cli login   # CometKiwi's licence has to be accepted; it is CC-BY-NC-SA
    PYTHONPATH=. tandemqa revalidate build/demo/corpus --output build/demo/scored \
        --model-checks comet=examples.quality.comet:score@0.5%

COMET_MODEL names another model, COMET_GPUS how many GPUs there are (0 by default).
"""

import os
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

if not find_spec("comet"):
    raise ImportError("COMET is missing: pip install unbabel-comet")

_BATCH = 32


class Comet:
    """Scores of a model that needs no reference translation: about 0 to 1."""

    @property
    def fingerprint(self) -> str:
        """All that decides a score."""
        return f"comet 1, {self._name}"

    def __call__(self, pairs: Sequence[tuple[str, str]], lang: str) -> list[float]:
        """Return a score for each pair of an English text and its translation."""
        texts = [{"src": english, "mt": translation} for english, translation in pairs]
        gpus = int(os.environ.get("COMET_GPUS", "0"))
        found = self._model.predict(texts, batch_size=_BATCH, gpus=gpus, progress_bar=False)
        return [float(value) for value in found.scores]

    @property
    def _name(self) -> str:
        return os.environ.get("COMET_MODEL", "Unbabel/wmt22-cometkiwi-da")

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401 - of a library without types
        comet = import_module("comet")
        return comet.load_from_checkpoint(comet.download_model(self._name))


score = Comet()
