"""Translates with Apertium: rules and dictionaries from Debian packages, no weights, no GPU.

English reaches some languages directly (`eng-spa`) and others through a relative (`eng-spa` then
`es-pt`). Each mode runs as persistent pipelines; what a segment becomes depends on that segment
alone, whatever its neighbours and the number of processes.
"""

import queue
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock
from typing import Final

from schemas.language import LANGUAGES, Language, parse_language
from schemas.options import Options
from schemas.reason import declare_reason
from translators import apertium_modes, apertium_text
from translators.cores import cores
from translators.family import Family, backend_option
from translators.pipe import Pipe, PipeError
from translators.translator import CRASHED, Translation, TranslatorInfo
from translators.usage import Usage

_TOO_LONG: Final = declare_reason("too_long", "a sentence is too long for Apertium")

# Raise when this package changes what a segment becomes: it is part of the memory's key.
_ADAPTER: Final = "2"
_LONGEST: Final = 20_000  # characters of a segment
_CHUNK: Final = 128  # segments a pipeline gets at once
_SMALLEST_CHUNK: Final = 8  # for fewer, starting another pipeline costs more than it gains


class Apertium:
    """Apertium behind the `Translator` protocol."""

    def __init__(
        self,
        routes: Mapping[str, tuple[str, ...]] | None = None,
        processes: int | None = None,
        timeout: float = 60.0,
    ) -> None:
        """Remember what to run; nothing is looked up or started yet.

        Args:
            routes: Modes from English to each language (BCP-47), in order; by default those of
                the language table.
            processes: Pipelines a mode, each of about a dozen programs and 50 to 160 MB; by
                default the number of cores this process may use.
            timeout: Seconds that a chunk of segments may take before its pipeline is killed.

        Raises:
            ValueError: If `processes` or `timeout` is not positive.
        """
        if routes is None:
            routes = {code: known.apertium for code, known in LANGUAGES.items() if known.apertium}
        if processes is None:
            processes = cores()
        if processes < 1 or timeout <= 0:
            raise ValueError(
                f"Apertium got processes={processes}, timeout={timeout}; both must be positive"
            )
        self._routes = dict(routes)
        self._processes = processes
        self._timeout = timeout
        self._modes: dict[str, _Mode] = {}
        self._files = ExitStack()
        self._threads: ThreadPoolExecutor | None = None
        self._usage = Usage()
        self._usage_lock = Lock()

    def info(self, target: str) -> TranslatorInfo:
        """Describe the route to `target`.

        Raises:
            ValueError: If there is none, or a part of it is not installed.
        """
        route = self._route(target)
        self._check_installed(route, target)
        return TranslatorInfo(
            backend="apertium",
            model=">".join(route),
            revision=apertium_modes.revision(route),
            engine=apertium_modes.engine(),
            parameters=(("adapter", _ADAPTER),),
            license=apertium_modes.licenses(route),
            pivots=tuple(_target_of(mode) for mode in route[:-1]),
        )

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order.

        `unknown_share` is the share of the source's words (runs of letters and digits outside
        addresses) that a dictionary lacks at any step of the route; a word unknown at two steps
        counts once, one that is only not inflected does not count.

        A text that stops its pipeline gets an error, `translator_crashed`, `translator_timeout`
        or `wrong_count`, and one beyond 20,000 characters `too_long`; the others come through.

        Raises:
            ValueError: As `info`.
            ChildProcessError: If not even a full stop can be translated.
        """
        self._prepare(target)
        short = [text for text in texts if len(text) <= _LONGEST]
        size = min(_CHUNK, max(_SMALLEST_CHUNK, -(-len(short) // self._processes)))
        chunks = [short[start : start + size] for start in range(0, len(short), size)]
        # Two threads a pipeline: one prepares the next chunk while the other waits for answers.
        self._threads = self._threads or ThreadPoolExecutor(2 * self._processes)
        done = self._threads.map(lambda chunk: self._translate_chunk(chunk, target), chunks)
        translations = iter([translation for chunk in done for translation in chunk])
        words = self.count_tokens(short, target)
        self._count(Usage(batches=len(chunks), tokens=words, positions=words))
        return [
            next(translations) if len(text) <= _LONGEST else Translation("", error=_TOO_LONG)
            for text in texts
        ]

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return the number of words; Apertium has no other tokens."""
        return sum(map(apertium_text.count_words, texts))

    def take_usage(self) -> Usage:
        """Return what was done since the last call; nothing is padded here."""
        with self._usage_lock:
            usage, self._usage = self._usage, Usage()
        return usage

    def close(self) -> None:
        """Stop all pipelines and wait until they are gone."""
        if self._threads:
            self._threads.shutdown()
        for mode in self._modes.values():  # one by one: threads cannot be started at exit
            mode.close()
        self._files.close()

    def _count(self, done: Usage) -> None:
        with self._usage_lock:
            self._usage += done

    def _route(self, target: str) -> tuple[str, ...]:
        if target not in self._routes:
            known = ", ".join(sorted(self._routes))
            raise ValueError(f"Apertium has no route from English to {target!r}; it has: {known}")
        return self._routes[target]

    def _check_installed(self, route: tuple[str, ...], target: str) -> None:
        language = LANGUAGES.get(target)
        if language and language.apertium == route:
            packages = language.apertium_packages
        else:
            packages = tuple(f"apertium-{mode}" for mode in route)
        apertium_modes.check_modes(route, packages)

    def _prepare(self, target: str) -> None:
        """Make the pipelines of a route's modes ready to start."""
        route = self._route(target)
        new = [mode for mode in route if mode not in self._modes]
        if new:
            self._check_installed(route, target)
        for mode in new:
            commands = apertium_modes.commands(mode, self._files)
            self._modes[mode] = _Mode(commands, self._processes, self._timeout)

    def _translate_chunk(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Translate a chunk; if it fails, around the suspect and the suspect by itself.

        Halving instead would wait for the timeout at every halving.
        """
        try:
            return self._translate_together(texts, target)
        except PipeError as error:
            self._count(Usage(retries=1))
            if len(texts) == 1:
                return [self._translate_suspect(texts[0], target, error)]
            at = error.answered
            parts = (texts[:at], texts[at : at + 1], texts[at + 1 :])
            return [one for part in parts if part for one in self._translate_chunk(part, target)]

    def _translate_suspect(self, text: str, target: str, error: PipeError) -> Translation:
        """Try a text once more whose pipeline died: somebody else may have killed it."""
        self._check_alive(target, error)
        if error.reason != CRASHED:
            return Translation("", error=error.reason)
        try:
            return self._translate_together([text], target)[0]
        except PipeError as again:
            return Translation("", error=again.reason)

    def _check_alive(self, target: str, error: PipeError) -> None:
        """Tell a text that Apertium cannot digest from an Apertium that does not work at all."""
        try:
            self._translate_together(["."], target)
        except PipeError:
            modes = " | ".join(f"apertium {mode}" for mode in self._routes[target])
            raise ChildProcessError(
                f"Apertium does not work for {target!r} ({error.reason}); see what it says to: "
                f"echo . | {modes}"
            ) from error

    def _translate_together(self, texts: Sequence[str], target: str) -> list[Translation]:
        encoded = [apertium_text.encode(text) for text in texts]
        stream = [one.text for one in encoded]
        unknown: list[Counter[str]] = [Counter() for _ in texts]
        for mode in self._routes[target]:
            stream, marked = self._modes[mode].translate(stream)
            unknown = [earlier | now for earlier, now in zip(unknown, marked, strict=True)]
        translations = []
        for text, source, answer, words in zip(texts, encoded, stream, unknown, strict=True):
            plain = apertium_text.decode(answer, source.protected)
            share = min(1.0, words.total() / max(1, apertium_text.count_words(source.text)))
            cased = apertium_text.restore_acronyms(text, plain, words)
            finished = apertium_text.finish(text, cased, target)
            translations.append(Translation(finished, unknown_share=share))
        return translations


class _Mode:
    """The pipelines of one mode: some copies of each of its commands, shared by all threads."""

    def __init__(self, commands: Sequence[str], copies: int, timeout: float) -> None:
        self._stages: list[queue.LifoQueue[Pipe]] = []
        for command in commands:
            idle: queue.LifoQueue[Pipe] = queue.LifoQueue()
            for _ in range(copies):
                idle.put(Pipe(command, timeout))
            self._stages.append(idle)

    def close(self) -> None:
        for idle in self._stages:
            while not idle.empty():
                idle.get().close()

    def translate(self, texts: Sequence[str]) -> tuple[list[str], list[Counter[str]]]:
        """Return the texts in the mode's target language and the unknown words of each."""
        generator, *finishers = self._stages
        generated = _ask(generator, [apertium_text.frame(text) for text in texts])
        unmarked = [apertium_text.unmark(text) for text in generated]
        answers = [text for text, _ in unmarked]
        for finisher in finishers:
            answers = _ask(finisher, answers)
        bare = [apertium_text.unframe(answer) for answer in answers]
        return bare, [unknown for _, unknown in unmarked]


def _ask(idle: queue.LifoQueue[Pipe], texts: Sequence[str]) -> list[str]:
    """Ask the pipeline that was idle last, so that no more are started than are needed."""
    pipe = idle.get()
    try:
        return pipe.ask(texts)
    finally:
        idle.put(pipe)


def _target_of(mode: str) -> str:
    """Return the BCP-47 code of the language a mode makes (`eng-cat_valencia` makes `ca`)."""
    return parse_language(mode.split("-", 1)[1].split("_")[0]).code


class ApertiumOptions(Options):
    """What Apertium can be told."""

    processes: int | None = backend_option(
        "processes per language pair; one for each core by default", "N", ge=1
    )
    timeout: float | None = backend_option(
        "time for a hundred segments; 60 by default", "SECONDS", gt=0
    )


def _route_of(language: Language) -> str:
    return ">".join(language.apertium)


def _fetch(language: Language) -> str:
    try:
        apertium_modes.check_modes(language.apertium, language.apertium_packages)
    except ValueError:
        return apertium_modes.install_command(language.apertium_packages)
    return ""


def _note(language: Language) -> str:
    return language.apertium_note


FAMILY: Final = Family("apertium", Apertium, ApertiumOptions, _route_of, fetch=_fetch, note=_note)
