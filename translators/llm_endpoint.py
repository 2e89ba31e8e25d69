"""One endpoint that speaks OpenAI's protocol: requests, retries, rate limits, and its end.

The key is read from the environment when the first request is made, and stands in no message.
"""

import json
import logging
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from random import uniform
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

logger = logging.getLogger(__name__)

_ATTEMPTS: Final = 6
_FIRST_DELAY: Final = 0.5  # seconds; doubled with every attempt
_LONGEST_DELAY: Final = 60.0
_PATIENCE: Final = 600.0  # seconds that one request may be put off by rate limits
_WARMTH: Final = 0.7  # temperature of all but the likeliest reply
_PROBE: Final = "Reply with the single word OK."
_PASSING: Final = frozenset({408, 409, 425, 429})  # and all from 500
_NO_SUCH_PARAMETER: Final = re.compile(
    r"support|unknown|unrecogni[sz]ed|unexpected|extra|not (?:permitted|allowed|available)|invalid",
    re.IGNORECASE,
)
_SENDABLE: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint said.

    Attributes:
        text: The message; may be empty.
        end: `stop`, `length`, `content_filter` or another `finish_reason`; empty for none.
        refused: Whether it says itself that it refused.
        score: Mean log-probability of the tokens; None where it tells none.
        input_tokens: Tokens of the prompt; None where it does not count.
        output_tokens: Tokens of the reply, reasoning included; None where it does not count.
    """

    text: str
    end: str
    refused: bool
    score: float | None
    input_tokens: int | None
    output_tokens: int | None


class NoReplyError(Exception):
    """One request had no usable reply, though the endpoint works.

    Attributes:
        timed_out: Whether the last attempt took too long.
    """

    def __init__(self, message: str, *, timed_out: bool) -> None:
        super().__init__(message)
        self.timed_out = timed_out


class _AttemptError(Exception):
    """An attempt failed, perhaps not for good.

    Attributes:
        delay: Seconds the server asks to wait; None if it does not say.
        limited: Whether its rate limit was met.
        passing: Whether another attempt may help.
        timed_out: Whether it took too long.
        refused: Whether nobody listens at the address.
    """

    def __init__(
        self,
        message: str,
        *,
        delay: float | None = None,
        limited: bool = False,
        passing: bool = True,
        timed_out: bool = False,
        refused: bool = False,
    ) -> None:
        super().__init__(message)
        self.delay = delay
        self.limited = limited
        self.passing = passing
        self.timed_out = timed_out
        self.refused = refused


class Endpoint:
    """A model behind an endpoint; threads may use it at the same time."""

    def __init__(self, url: str, model: str, key_variable: str, timeout: float) -> None:
        """Check the address; nothing is sent yet.

        Args:
            url: Address up to `/v1`.
            model: Name of the model there.
            key_variable: Environment variable with the key; one that is not set means no key.
            timeout: Seconds that the server may be silent.

        Raises:
            ValueError: If the address cannot be used, or has parts that may be secret.
        """
        self.host = _check_url(url)
        self.retries = 0
        self._url = url.rstrip("/")
        self._model = model
        self._key_variable = key_variable
        self._timeout = timeout
        self._closed = Event()
        self._lock = Lock()
        self._open_at = 0.0  # by the monotonic clock; before it nothing is sent
        self._works = False
        self._dead = ""
        # What some servers refuse to know; left away when they say so.
        self._optional: dict[str, Any] = {"temperature": 0, "seed": 0, "logprobs": True}
        self._limit_name = "max_tokens"

    def ask(self, prompt: str, max_tokens: int, draw: int = 0) -> Reply:
        """Return the reply to one prompt.

        Args:
            prompt: What the user says.
            max_tokens: Tokens the reply may have.
            draw: 0 for the likeliest reply; others are random ones, the same for the same number.

        Raises:
            NoReplyError: If there was none, though the endpoint replies to others.
            ChildProcessError: If the endpoint does not work at all.
        """
        try:
            return self._ask_patiently(prompt, max_tokens, draw)
        except _AttemptError as error:
            self._check_alive(error)
            raise NoReplyError(str(error), timed_out=error.timed_out) from None

    def close(self) -> None:
        """End all waiting and all connections."""
        self._closed.set()
        if "_client" in self.__dict__:
            self._client.close()

    def _check_alive(self, error: _AttemptError) -> None:
        """Tell a request that fails by itself from an endpoint that does not work."""
        try:
            self._ask_patiently(_PROBE, 16, 0)
        except _AttemptError as again:
            raise self._end(f"it does not work: {again}") from error

    def _ask_patiently(self, prompt: str, max_tokens: int, draw: int) -> Reply:
        started = time.monotonic()
        failures = 0
        while True:
            self._wait_for_turn()
            try:
                reply = self._ask_once(prompt, max_tokens, draw)
            except _AttemptError as error:
                failures += not error.limited
                if error.refused and not self._works:
                    raise self._end(str(error)) from None
                if not error.passing or failures == _ATTEMPTS:
                    raise
                self._put_off(error, failures, started)
            else:
                self._works = True
                return reply

    def _put_off(self, error: _AttemptError, failures: int, started: float) -> None:
        """Wait before another attempt; a rate limit makes all threads wait.

        Raises:
            ChildProcessError: If the rate limit asks for more than our patience.
        """
        backed_off = min(_FIRST_DELAY * 2.0**failures, _LONGEST_DELAY)
        delay = uniform(backed_off / 2, backed_off) if error.delay is None else error.delay
        logger.info("%s: %s; again in %.1f s", self.host, error, delay)
        if error.limited and time.monotonic() - started + delay > _PATIENCE:
            raise self._end(f"its rate limit asks to wait for more than 10 minutes: {error}")
        with self._lock:
            self.retries += 1
            if error.limited:
                self._open_at = max(self._open_at, time.monotonic() + delay)
        if not error.limited:
            self._closed.wait(delay)

    def _wait_for_turn(self) -> None:
        while not self._closed.is_set() and not self._dead:
            left = self._open_at - time.monotonic()
            if left <= 0:
                return
            self._closed.wait(left)
        raise ChildProcessError(self._dead or f"{self._url} was closed")

    def _end(self, message: str) -> ChildProcessError:
        """Return the error that ends the run; other threads stop, too."""
        self._dead = f"endpoint {self._url}, model {self._model}: {message}"
        return ChildProcessError(self._dead)

    def _ask_once(self, prompt: str, max_tokens: int, draw: int) -> Reply:
        from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

        drawn = {"seed": draw, "temperature": _WARMTH if draw else 0}
        sent = {name: drawn.get(name, value) for name, value in self._optional.items()}
        try:
            raw = self._client.chat.completions.with_raw_response.create(
                model=self._model,
                messages=[{"role": "user", "content": prompt}],
                **{self._limit_name: max_tokens, **sent},
            )
            content = raw.content
        except APITimeoutError:
            raise _AttemptError(f"no answer within {self._timeout:g} s", timed_out=True) from None
        except APIConnectionError as error:
            cause = error.__cause__ or error
            refused = type(cause).__name__ == "ConnectError"
            raise _AttemptError(self._clean(f"no connection: {cause}"), refused=refused) from None
        except APIStatusError as error:
            if self._adapt(error, sent):
                return self._ask_once(prompt, max_tokens, draw)
            raise self._explain(error) from None
        except OpenAIError as error:
            raise _AttemptError(self._clean(str(error))) from None
        return _parse_reply(content)

    def _explain(self, error: "APIStatusError") -> Exception:
        """Return what an HTTP error means: the end, a reason to wait, or a bad request."""
        status = error.status_code
        told = self._clean(f"{status} {_message(error)}")
        if status == 401:
            return self._end(
                f"401: the key was refused; set the environment variable {self._key_variable}"
            )
        if status in (402, 404, 405) or error.code == "insufficient_quota":
            return self._end(told)
        limited = status == 429 or (status == 503 and "retry-after" in error.response.headers)
        return _AttemptError(
            told,
            delay=_retry_after(error.response.headers),
            limited=limited,
            passing=status in _PASSING or status >= 500,
        )

    def _adapt(self, error: "APIStatusError", sent: Mapping[str, Any]) -> bool:
        """Leave out a parameter that the server says it does not know; tell whether there was."""
        told = _message(error)
        if error.status_code not in (400, 422) or not _NO_SUCH_PARAMETER.search(told):
            return False
        with self._lock:
            if self._limit_name == "max_tokens" and "max_completion_tokens" in told:
                self._limit_name = "max_completion_tokens"
                return True
            for name in sent:
                if error.param == name or re.search(rf"\b{name}\b", told):
                    if self._optional.pop(name, None) is not None:
                        logger.warning("%s does not take %s; it is left out", self.host, name)
                    return True
        return False

    def _clean(self, text: str) -> str:
        """Return a message on one line, not too long, and without the key."""
        return " ".join(text.replace(self._key or "\0", "***").split())[:300]

    @cached_property
    def _key(self) -> str:
        key = os.environ.get(self._key_variable, "").strip()
        if key and not _SENDABLE.fullmatch(key):
            raise ChildProcessError(
                f"the key in the environment variable {self._key_variable} has characters that "
                "cannot be sent"
            )
        return key

    @cached_property
    def _client(self) -> "OpenAI":
        from openai import OpenAI

        return OpenAI(
            base_url=self._url, api_key=self._key or "none", timeout=self._timeout, max_retries=0
        )


def _check_url(url: str) -> str:
    """Return the host of an address.

    Raises:
        ValueError: If it is no address of a server, or has a user, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("--endpoint: wanted an address such as http://localhost:8000/v1")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "--endpoint: an address without user, password, ? and #; the key comes from the "
            "environment variable that --key-variable names"
        )
    return host


def _parse_reply(content: bytes) -> Reply:
    """Return what a completion says.

    Raises:
        _AttemptError: If it is none: cut, or of a server that speaks something else.
    """
    try:
        facts = json.loads(content)
        choice = facts["choices"][0]
        message = choice["message"]
        text = message.get("content") or ""
        usage = facts.get("usage") or {}
        return Reply(
            text=text if isinstance(text, str) else "".join(part["text"] for part in text),
            end=str(choice.get("finish_reason") or ""),
            refused=bool(message.get("refusal")),
            score=_mean_logprob(choice),
            input_tokens=usage.get("prompt_tokens"),
            output_tokens=usage.get("completion_tokens"),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _AttemptError("the reply is not a chat completion, or was cut") from None


def _mean_logprob(choice: Mapping[str, Any]) -> float | None:
    tokens = (choice.get("logprobs") or {}).get("content") or ()
    return sum(token["logprob"] for token in tokens) / len(tokens) if tokens else None


def _message(error: "APIStatusError") -> str:
    """Return what a server says about an error, without what stands around it."""
    body = error.body
    told = body.get("message") if isinstance(body, Mapping) else None
    return str(told or error.message)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait; None if it does not say, or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None
