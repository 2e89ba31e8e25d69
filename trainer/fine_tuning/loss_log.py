"""The loss of the batches of each pair of languages, between two reports."""

from collections.abc import Sequence, Set

import torch


class LossLog:
    """Adds up losses by the languages of their batches.

    A monolingual batch counts as `loss_monolingual` and as `loss_LANG`; a cross-lingual one as
    `loss_crosslingual`, and, where all its pairs have the same languages, as `loss_LANG-LANG`,
    the question's language first. The losses of different batches compare only at the same batch
    size. Each process adds its own batches.
    """

    def __init__(self, languages: Sequence[str] = ()) -> None:
        """Start empty.

        Args:
            languages: Names of the language codes; other codes are shown as they are.
        """
        self._languages = languages
        self._losses: dict[str, list[torch.Tensor]] = {}

    def add(self, pairs: Set[tuple[int, int]], loss: torch.Tensor) -> None:
        """Add the loss of a batch.

        Args:
            pairs: The codes of the question's and passage's language of each pair.
            loss: The batch's loss, a scalar.
        """
        for name in self._names(pairs):
            self._losses.setdefault(name, []).append(loss.detach())

    def take(self) -> dict[str, float]:
        """Return the mean losses since the last call, and start again."""
        means = {name: float(torch.stack(of).mean()) for name, of in self._losses.items()}
        self._losses.clear()
        return {name: round(mean, 4) for name, mean in sorted(means.items())}

    def _names(self, pairs: Set[tuple[int, int]]) -> list[str]:
        monolingual = all(asked == answered for asked, answered in pairs)
        names = ["loss_monolingual" if monolingual else "loss_crosslingual"]
        if len(pairs) == 1:
            ((asked, answered),) = pairs
            name = self._name(asked)
            names.append(f"loss_{name}" if monolingual else f"loss_{name}-{self._name(answered)}")
        return names

    def _name(self, code: int) -> str:
        return self._languages[code] if code < len(self._languages) else str(code)
