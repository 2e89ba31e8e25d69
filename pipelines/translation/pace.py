"""How fast a translator is, by translating for a while."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from translators.ladder import translate_all
from translators.translator import Translation, Translator

_FIRST: Final = 4
_TIMES_AS_MANY: Final = 4
_SHORTEST: Final = 1e-6  # seconds


def translate_for(
    translator: Translator,
    texts: Sequence[str],
    lang: str,
    budget: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[list[Translation], float]:
    """Return translations of as many texts as there is time for, and seconds for a character.

    More and more texts are translated together. The pace is that of the largest batch: programs
    that work one behind the other are slower on small ones, and the first one loads a model.

    Args:
        translator: Who translates.
        texts: English segments; at least one.
        lang: BCP-47 code of the target language.
        budget: Seconds that there are, about.
        clock: Tells the time in seconds.
    """
    translate_all(translator, texts[:1], lang)
    translator.take_usage()
    done: list[Translation] = []
    batches: list[tuple[int, float]] = []
    count, end = _FIRST, clock() + budget
    while count and len(done) < len(texts):
        some = texts[len(done) : len(done) + count]
        started = clock()
        done += translate_all(translator, some, lang)
        seconds = clock() - started
        batches.append((sum(map(len, some)), seconds))
        affordable = (end - clock()) * len(some) / max(seconds, _SHORTEST)
        count = max(0, min(_TIMES_AS_MANY * count, int(affordable)))
    characters, seconds = max(batches)
    return done, seconds / characters
