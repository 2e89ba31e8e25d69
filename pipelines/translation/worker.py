"""One translator per process, opened when first needed and shared by its threads."""

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from translators.isolation import isolate
from translators.registry import TranslatorConfig
from translators.translator import Translator

_translators: dict[TranslatorConfig, Translator] = {}
_lock = Lock()


@contextmanager
def worker_translator(config: TranslatorConfig) -> Iterator[Translator]:
    """Lend this process's translator to one thread at a time.

    A translator uses all cores or the whole device by itself; two callers at once would only
    be in each other's way.
    """
    with _lock:
        if config not in _translators:
            _translators[config] = isolate(config)
        yield _translators[config]


@atexit.register
def close_translators() -> None:
    """Close all translators of this process."""
    for translator in _translators.values():
        translator.close()
    _translators.clear()
