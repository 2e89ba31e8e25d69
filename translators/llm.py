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
from translators.context import split_context
from translators.decoding import require
from translators.family import Family, backend_option
from translators.ladder import EMPTY
from translators.llm_endpoint import Endpoint, NoReplyError, Reply
from translators.llm_faults import REFUSED, find_fault
from translators.llm_prompt import Prompt
from translators.marian import UNKNOWN_LICENSE
from translators.request_threads import RequestThreads
from translators.scorers import check_scorer, score_pairs
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
_DIGITS: Final = 4  # of scores; further ones depend on the machine
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
        context: int = 0,
        candidates: int = 1,
        scorer: str = "",
        max_output_tokens: int = _MAX_TOKENS,
        request_timeout: float = _TIMEOUT,
        key_variable: str = _KEY_VARIABLE,
        **prices: float,  # for who counts the cost: Usage has the tokens
    ) -> None:
        """Check the options; nothing is sent yet.

        Raises:
            ValueError: If endpoint, model or scorer is missing, or an option cannot be used.
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
        _check_candidates(candidates, scorer)
        self._endpoint = Endpoint(endpoint, model, key_variable, request_timeout)
        self._model = model
        self._prompt = Prompt(prompt, context=context > 0)
        self._context = context
        self._candidates = candidates
        self._scorer = scorer
        self._max_tokens = max_output_tokens
        self._threads: RequestThreads[Translation] = RequestThreads(concurrency)
        self._usage = Usage()
        self._lock = Lock()
        self._scoring = Lock()

    def info(self, target: str) -> TranslatorInfo:
        """Describe who would translate into `target`; the endpoint is not asked.

        So a corpus can be built from the memory alone. What stands behind the name of a model is
        known to the server only.
        """
        _language(target)
        parameters = {
            "endpoint": self._endpoint.host,
            "max_output_tokens": str(self._max_tokens),
            "prompt": self._prompt.version,
            "seed": "0",
            "temperature": "0",
        }
        if self._context:
            parameters["context"] = str(self._context)
        if self._candidates > 1:
            parameters |= {"candidates": str(self._candidates), "scorer": self._scorer}
        return TranslatorInfo(
            backend="llm",
            model=self._model,
            revision="",
            engine=ENGINE,
            parameters=tuple(sorted(parameters.items())),
            license=UNKNOWN_LICENSE,
        )

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order; see `Translator`.

        Raises:
            ChildProcessError: If the endpoint does not work.
            UnusableScorer: If the scorer of candidates does not work.
        """
        language = _language(target)
        return self._threads.map(
            lambda text: self._translate(*split_context(text), language), texts
        )

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return about how many tokens the texts are; only the server knows."""
        return sum(_estimate_tokens(split_context(text)[0]) for text in texts)

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

    def _translate(self, text: str, context: str, language: Language) -> Translation:
        """Return the translation of a text; a doubtful answer is asked for once more."""
        answer = self._choose(text, context, language)
        if answer.error and answer.error not in (TIMEOUT, NO_REPLY):
            self._count(Usage(retries=1))
            answer = self._ask(text, context, language, strict=True)
        if answer.error == CUT and len(text) > _SMALLEST:
            return self._translate_halves(text, context, language)
        return answer

    def _choose(self, text: str, context: str, language: Language) -> Translation:
        """Return the best of the candidates that no rule doubts; the first if all are doubtful."""
        answers = [
            self._ask(text, context, language, draw=draw) for draw in range(self._candidates)
        ]
        distinct: dict[str, Translation] = {}
        for answer in answers:
            if not answer.error:
                distinct.setdefault(answer.text, answer)
        good = list(distinct.values())
        if len(good) < 2:
            return good[0] if good else answers[0]
        with self._scoring:  # models of scorers are not made for several threads
            pairs = [(text, answer.text) for answer in good]
            scores = score_pairs(self._scorer, pairs, language.code)
        return good[max(range(len(good)), key=lambda index: round(scores[index], _DIGITS))]

    def _translate_halves(self, text: str, context: str, language: Language) -> Translation:
        def count_parts(whole: str, start: int, end: int) -> int:
            return 2 if (start, end) == (0, len(whole)) else 1

        pieces = [text[start:end] for start, end in wrap(text, 0, len(text), count_parts)]
        answers = [self._translate(piece, context, language) for piece in pieces]
        failed = next((answer for answer in answers if answer.error), None)
        if failed:
            return failed
        joined = (" " if language.spaces else "").join(answer.text for answer in answers)
        scores = [answer.score for answer in answers if answer.score is not None]
        mean = sum(scores) / len(scores) if len(scores) == len(answers) else None
        return Translation(joined, mean)

    def _ask(
        self, text: str, context: str, language: Language, *, draw: int = 0, strict: bool = False
    ) -> Translation:
        prompt = self._prompt.fill(text, context, language, strict=strict)
        try:
            reply = self._endpoint.ask(prompt, self._max_tokens, draw)
        except NoReplyError as error:
            return Translation("", error=TIMEOUT if error.timed_out else NO_REPLY)
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


def _check_candidates(candidates: int, scorer: str) -> None:
    if (candidates > 1) != bool(scorer):
        raise ValueError("--candidates N needs --scorer to choose by, and --scorer candidates")
    if scorer:
        check_scorer(scorer)


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
        "text file to ask with, in place of ours: {language} and {text} must stand in it, and "
        "{context} with --context",
        "FILE",
    )
    context: int | None = backend_option(
        "sentences on each side of the one it translates that the model is shown, and those around "
        "the answer for a question; none by default",
        "N",
        ge=0,
        le=20,
    )
    candidates: int | None = backend_option(
        "translations to ask for, of which the best by --scorer is taken; 1 by default",
        "N",
        ge=1,
        le=64,
    )
    scorer: str | None = backend_option(
        "what chooses among candidates: MODULE:FUNCTION, or embedding:MODEL of "
        "sentence-transformers",
        "SCORER",
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


FAMILY: Final = Family(
    "llm", LLM, LLMOptions, _name_of, extra="'tandemqa[llm]'", modules=("openai",)
)
