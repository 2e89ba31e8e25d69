"""Several processes for a translator that uses one core: each takes chunks of the texts.

Chunks do not depend on the number of processes: floating-point sums differ in their last digits
with the texts that share a batch, and scores go into the corpus.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from translators.ladder import translate_all
from translators.translator import Translation, Translator, TranslatorInfo
from translators.usage import Usage

_CHUNK = 128  # texts; for fewer, loading another model costs more than it gains


class TranslatorPool:
    """A `Translator` that shares its work among others of the same kind."""

    def __init__(self, make: Callable[[], Translator], size: int) -> None:
        """Make the members; they start when they are first needed.

        Args:
            make: Makes a member.
            size: How many.
        """
        self._members = [make() for _ in range(size)]
        self._threads = ThreadPoolExecutor(size)

    def info(self, target: str) -> TranslatorInfo:
        """Describe who translates into `target`; see `Translator`."""
        return self._members[0].info(target)

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order.

        A text that fails has its reason; what one member fails with never costs the texts of
        another.

        Raises:
            ChildProcessError: If a member does not work at all.
        """
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        chunks = [by_length[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        shares = [chunks[start :: len(self._members)] for start in range(len(self._members))]
        answers: dict[int, Translation] = {}

        def work(member: Translator, share: list[list[int]]) -> None:
            for chunk in share:
                done = translate_all(member, [texts[index] for index in chunk], target)
                answers.update(zip(chunk, done, strict=True))

        list(self._threads.map(work, self._members, shares))
        return [answers[index] for index in range(len(texts))]

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return how many tokens the texts are; see `Translator`."""
        return self._members[0].count_tokens(texts, target)

    def take_usage(self) -> Usage:
        """Return what all members did since the last call."""
        return sum((member.take_usage() for member in self._members), Usage())

    def close(self) -> None:
        """End all members."""
        self._threads.shutdown()
        for member in self._members:
            member.close()
