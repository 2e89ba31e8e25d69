"""Large language models behind an OpenAI-compatible endpoint: vLLM, llama.cpp, a hosted API.

Each request holds one segment: nothing can be merged, lost or moved between segments, and a
translation does not depend on its neighbours. Servers batch requests themselves.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from threading import Lock
from typing import Final

from schemas.language import LANGUAGES, Language
from schemas.options import BASIC, Options
from schemas.reason import declare_reason
from translators.decoding import require
from translators.family import Family, backend_option
from translators.ladder import EMPTY
from translators.llm_endpoint import Endpoint, NoReplyError, Reply
from translators.llm_faults import REFUSED, find_fault
from translators.llm_prompt import Prompt
from translators.marian import UNKNOWN_LICENSE
from translators.request_threads import RequestThreads
from translators.translator import TIMEOUT, Translation, TranslatorInfo
from translators.usage import Usage
from translators.wrapping import wrap

ENGINE: Final = "chat completions 1"
"""Raise the number whenever other answers are taken for translations."""

CUT: Final = declare_reason("llm_cut", "the language model's answer met its length limit")
NO_REPLY: Final = declare_reason(
    "llm_no_reply", "the endpoint gave no usable answer for a sentence, but does for others"
)

_KEY_VARIABLE: Final = "OPENAI_API_KEY"
_CONCURRENCY: Final = 8
_TIMEOUT: Final = 120.0
_MAX_TOKENS: Final = 2048  # four times the longest segment where each character is a token
_SMALLEST: Final = 100  # characters; a shorter text is not cut in two
_CHARACTERS_PER_TOKEN: Final = 4
_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*")
_REASONING: Final = re.compile(r"\s*<(think|thinking|reasoning)>.*?</\1>|.*</think>", re.DOTALL)
_OPEN_REASONING: Final = re.compile(r"\s*<(?:think|thinking|reasoning)>")


class LLM:
    """A `Translator` that asks a language model, several segments at a time."""

    def __init__(
        self,
        endpoint: str = "",
        model: str = "",
        *,
        concurrency: int = _CONCURRENCY,
        prompt: str = "",
        max_output_tokens: int = _MAX_TOKENS,
        request_timeout: float = _TIMEOUT,
        key_variable: str = _KEY_VARIABLE,
        **prices: float,  # for who counts the cost: Usage has the tokens
    ) -> None:
        """Check the options; nothing is sent yet.

        Raises:
            ValueError: If endpoint or model is missing, or an option cannot be used.
        """
        require("openai")
        if not endpoint or not model:
            raise ValueError("llm needs --endpoint URL and --model NAME")
        if not _VARIABLE.fullmatch(key_variable):  # not repeated: it may be the key
            raise ValueError(
                "--key-variable: wanted the name of an environment variable, in capitals"
            )
        if concurrency < 1:
            raise ValueError(f"concurrency must be positive, got {concurrency}")
        self._endpoint = Endpoint(endpoint, model, key_variable, request_timeout)
        self._model = model
        self._prompt = Prompt(prompt)
        self._max_tokens = max_output_tokens
        self._threads: RequestThreads[Translation] = RequestThreads(concurrency)
        self._usage = Usage()
        self._lock = Lock()

    def info(self, target: str) -> TranslatorInfo:
        """Describe who would translate into `target`; the endpoint is not asked.

        So a corpus can be built from the memory alone. What stands behind the name of a model is
        known to the server only.
        """
        _language(target)
        return TranslatorInfo(
            backend="llm",
            model=self._model,
            revision="",
            engine=ENGINE,
            parameters=(
                ("endpoint", self._endpoint.host),
                ("max_output_tokens", str(self._max_tokens)),
                ("prompt", self._prompt.version),
                ("seed", "0"),
                ("temperature", "0"),
            ),
            license=UNKNOWN_LICENSE,
        )

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order; see `Translator`.

        Raises:
            ChildProcessError: If the endpoint does not work.
        """
        language = _language(target)
        return self._threads.map(lambda text: self._translate(text, language), texts)

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return about how many tokens the texts are; only the server knows."""
        return sum(map(_estimate_tokens, texts))

    def take_usage(self) -> Usage:
        """Return what was done since the last call; see `Translator`."""
        with self._lock:
            usage, self._usage = self._usage, Usage()
            retries, self._endpoint.retries = self._endpoint.retries, 0
        return usage + Usage(retries=retries)

    def close(self) -> None:
        """End waiting requests."""
        self._endpoint.close()
        self._threads.close(ChildProcessError("the translator was closed"))

    def _translate(self, text: str, language: Language) -> Translation:
        """Return the translation of a text; a doubtful answer is asked for once more."""
        try:
            answer = self._ask(text, language, strict=False)
            if answer.error:
                self._count(Usage(retries=1))
                answer = self._ask(text, language, strict=True)
        except NoReplyError as error:
            return Translation("", error=TIMEOUT if error.timed_out else NO_REPLY)
        if answer.error == CUT and len(text) > _SMALLEST:
            return self._translate_halves(text, language)
        return answer

    def _translate_halves(self, text: str, language: Language) -> Translation:
        def count_parts(whole: str, start: int, end: int) -> int:
            return 2 if (start, end) == (0, len(whole)) else 1

        pieces = [text[start:end] for start, end in wrap(text, 0, len(text), count_parts)]
        answers = [self._translate(piece, language) for piece in pieces]
        failed = next((answer for answer in answers if answer.error), None)
        if failed:
            return failed
        joined = (" " if language.spaces else "").join(answer.text for answer in answers)
        scores = [answer.score for answer in answers if answer.score is not None]
        mean = sum(scores) / len(scores) if len(scores) == len(answers) else None
        return Translation(joined, mean)

    def _ask(self, text: str, language: Language, *, strict: bool) -> Translation:
        prompt = self._prompt.fill(text, language, strict=strict)
        reply = self._endpoint.ask(prompt, self._max_tokens)
        source = _estimate_tokens(text)
        self._count(
            Usage(
                batches=1,
                tokens=source,
                positions=source,
                input_tokens=_known(reply.input_tokens, prompt),
                output_tokens=_known(reply.output_tokens, reply.text),
            )
        )
        return _judge(text, reply, language)

    def _count(self, usage: Usage) -> None:
        with self._lock:
            self._usage += usage


def _judge(source: str, reply: Reply, language: Language) -> Translation:
    """Return a reply as a translation, or what is wrong with it."""
    if reply.refused or reply.end == "content_filter":
        return Translation("", error=REFUSED)
    # Text that has such marks itself is left as it is.
    text = reply.text if "think>" in source else _REASONING.sub("", reply.text, count=1)
    if reply.end == "length" or _OPEN_REASONING.match(text):
        return Translation("", error=CUT)
    answer = Translation(text.strip(), reply.score if text == reply.text else None)
    fault = find_fault(source, answer.text, language) if answer.text else EMPTY
    return replace(answer, text="", error=fault) if fault else answer


def _language(target: str) -> Language:
    if target not in LANGUAGES:
        raise ValueError(f"unknown language code {target!r}; `tandemqa languages` lists all")
    return LANGUAGES[target]


def _estimate_tokens(text: str) -> int:
    return ceil(len(text.encode("utf-8", "replace")) / _CHARACTERS_PER_TOKEN)


def _known(tokens: int | None, text: str) -> int:
    return _estimate_tokens(text) if tokens is None else tokens


class LLMOptions(Options):
    """What a language model can be told."""

    endpoint: str | None = backend_option(
        "address of an OpenAI-compatible server, up to /v1", "URL", BASIC
    )
    model: str | None = backend_option("name of the model at the endpoint", "NAME", BASIC)
    concurrency: int | None = backend_option(
        f"requests at a time, for each worker process; {_CONCURRENCY} by default", "N", ge=1
    )
    prompt: str | None = backend_option(
        "text file to ask with, in place of ours: {language} and {text} must stand in it", "FILE"
    )
    max_output_tokens: int | None = backend_option(
        f"tokens of an answer, reasoning included; {_MAX_TOKENS} by default", "N", ge=16
    )
    request_timeout: float | None = backend_option(
        f"time for one request; {_TIMEOUT:g} by default", "SECONDS", gt=0
    )
    key_variable: str | None = backend_option(
        f"environment variable with the key; {_KEY_VARIABLE} by default", "NAME"
    )
    price_per_million_input: float | None = backend_option(
        "price of a million input tokens, to tell the cost", "PRICE", ge=0
    )
    price_per_million_output: float | None = backend_option(
        "price of a million output tokens, to tell the cost", "PRICE", ge=0
    )


def _name_of(language: Language) -> str:
    return language.name


FAMILY: Final = Family("llm", LLM, LLMOptions, _name_of, extra="'tandemqa[llm]'")
