"""A language model that judges translations, behind any OpenAI-compatible endpoint.

From the root of the repository:

    export JUDGE_ENDPOINT=http://localhost:8000/v1 JUDGE_MODEL=qwen2.5-32b-instruct
    PYTHONPATH=. tandemqa revalidate build/demo/corpus --output build/demo/judged \
        --model-checks judged=examples.quality.llm_judge:score@0.5%

The key is read from OPENAI_API_KEY. Each sentence is one request. What the model said is kept
beside the translation memory, for the same model, host and prompt, so that no run asks twice.
"""

import math
import os
import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final
from urllib.parse import urlsplit

from schemas.language import LANGUAGES
from translators.llm_endpoint import Endpoint, NoReplyError
from translators.request_threads import RequestThreads

_PROMPT: Final = """\
Score the following translation from English to {language} on a scale from 0 to 100, where 0 means
"no meaning preserved" and 100 means "perfect meaning and grammar". Something added, left out or
changed in meaning costs more than clumsy words. Reply with the number alone.

English: {english}
Translation: {translation}
Score:"""
_VERSION: Final = "judge 1"
"""Raise the number whenever the prompt, or what is taken for a score, changes."""

_TOKENS: Final = 2048  # of a reply: models that reason aloud need some
_CONCURRENCY: Final = 8
_TIMEOUT: Final = 120.0
_REASONING: Final = re.compile(r".*</think(?:ing)?>", re.DOTALL)
_SCORE: Final = re.compile(r"\W*(?:score\W*)?(\d+(?:\.\d+)?)(?:\s*/\s*100)?\W*", re.IGNORECASE)


class Judge:
    """Scores from 0 to 100 by the model that JUDGE_ENDPOINT and JUDGE_MODEL name."""

    @property
    def fingerprint(self) -> str:
        """All that decides a score."""
        return f"{_VERSION}, {self._model} at {urlsplit(self._url).hostname}"

    def __call__(self, pairs: Sequence[tuple[str, str]], lang: str) -> list[float]:
        """Return a score for each pair of an English text and its translation; NaN for none.

        Raises:
            ChildProcessError: If the endpoint does not work.
        """
        return self._threads.map(lambda pair: self._judge(*pair, lang), pairs)

    def _judge(self, english: str, translation: str, lang: str) -> float:
        values = {"language": LANGUAGES[lang].name, "english": english, "translation": translation}
        try:
            reply = self._endpoint.ask(_PROMPT.format(**values), _TOKENS)
        except NoReplyError:
            return math.nan
        return read_score(reply.text)

    @property
    def _url(self) -> str:
        return _variable("JUDGE_ENDPOINT")

    @property
    def _model(self) -> str:
        return _variable("JUDGE_MODEL")

    @cached_property
    def _endpoint(self) -> Endpoint:
        return Endpoint(self._url, self._model, "OPENAI_API_KEY", _TIMEOUT)

    @cached_property
    def _threads(self) -> RequestThreads[float]:
        return RequestThreads(_CONCURRENCY)


def read_score(reply: str) -> float:
    """Return the score that a reply gives; NaN if it gives none from 0 to 100."""
    found = _SCORE.fullmatch(_REASONING.sub("", reply, count=1))
    value = float(found[1]) if found else math.nan
    return value if 0 <= value <= 100 else math.nan


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ValueError("set the environment variables JUDGE_ENDPOINT and JUDGE_MODEL")
    return value


score: Final = Judge()
