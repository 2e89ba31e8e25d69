"""Values that were printed into a text: Python and NumPy representations, and JSON."""

import ast
import json
import re
from typing import Any, Final

from pipelines.formats.fields import DEEPEST, is_deep

# How such a text starts. A text of the first kind can be nothing else; one of the second kind may
# be prose, such as `["Run," he said]`, and one of the third a reference, such as `[12]`.
_CERTAIN: Final = re.compile(
    r"\s*(?:(?:np\.|numpy\.)?array\(|\{\s*['\"]\w+['\"]\s*:|[\[(]\s*\{\s*['\"])"
)
_POSSIBLE: Final = re.compile(r"\s*(?:[\[(]\s*(?:['\"(\[]|[\w.]+\()|\[\s*\]|\{\s*\})")
_NUMBERS: Final = re.compile(r"\s*\[[-+.\d\seEnaN,]*\]\s*")
_CALLED: Final = ("array(", "np.array(", "numpy.array(")
_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<string>[bu]?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))
    | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    | (?P<name>[A-Za-z_][\w.]*)
    | (?P<mark>[\[\](){}:,=])
    )\s*""",
    re.DOTALL | re.VERBOSE,
)
_NAMES: Final = {
    **dict.fromkeys(("None", "null", "nan", "NaN", "NaT", "inf", "Infinity"), None),
    **dict.fromkeys(("True", "true"), True),
    **dict.fromkeys(("False", "false"), False),
}
_CALLS: Final = {"array", "str_", "int32", "int64", "float32", "float64", "bool_"}
_CLOSING: Final = {"[": "]", "(": ")", "{": "}"}
_Token = tuple[str, str]


def unprinted(text: str, numbers: bool = False) -> Any:  # noqa: ANN401 - whatever was printed
    """Return the list or object that `text` is the representation of; else the text itself.

    Args:
        text: Any text.
        numbers: Whether a list of bare numbers counts as well.

    Raises:
        ValueError: If the text can be nothing but a representation, and cannot be read.
    """
    if text[:1].isalpha() and not text.startswith(_CALLED):  # as nearly all texts
        return text
    certain = _CERTAIN.match(text)
    if not (certain or _POSSIBLE.match(text) or (numbers and _NUMBERS.fullmatch(text))):
        return text
    try:
        value = _parse(text)
        if is_deep(value):
            raise ValueError(f"it is nested more than {DEEPEST} deep")
    except (ValueError, SyntaxError, RecursionError, IndexError) as error:
        if certain:
            raise ValueError(f"a printed list or object that cannot be read: {error}") from None
        return text
    return value if isinstance(value, list | dict) else text


def _parse(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except ValueError:
        return _Parser(text).parse()


class _Parser:
    """Read what `repr` and `str` write, with the commas that NumPy leaves out.

    Python itself would join the texts of `['one' 'two']` into one.
    """

    def __init__(self, text: str) -> None:
        self.tokens: list[_Token] = []
        self.at = end = 0
        while end < len(text):
            if not (match := _TOKEN.match(text, end)):
                raise ValueError(f"unexpected {text[end : end + 20]!r}")
            self.tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
            end = match.end()

    def parse(self) -> Any:  # noqa: ANN401
        value = self._value()
        if self.at < len(self.tokens):
            raise ValueError(f"unexpected {self.tokens[self.at][1]!r}")
        return value

    def _take(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _is_next(self, mark: str) -> bool:
        return self.tokens[self.at] == ("mark", mark)

    def _value(self) -> Any:  # noqa: ANN401
        kind, text = self._take()
        if kind == "string":
            value = ast.literal_eval(text.replace("\n", "\\n"))
            return value.decode("utf-8") if isinstance(value, bytes) else value
        if kind == "number":
            return float(text) if re.search("[.eE]", text) else int(text)
        if kind == "name" and text in _NAMES:
            return _NAMES[text]
        if kind == "name" and text.rpartition(".")[2] in _CALLS and self._is_next("("):
            return self._call()
        if text == "{":
            return self._object()
        if text in _CLOSING:
            return self._sequence(text)
        raise ValueError(f"unexpected {text!r}")

    def _call(self) -> Any:  # noqa: ANN401
        """Return the first argument; the others, such as `dtype=object`, say nothing new."""
        self._take()
        value = self._value()
        while not self._is_next(")"):
            self._take()
        self._take()
        return value

    def _sequence(self, opening: str) -> Any:  # noqa: ANN401
        values, commas = [], False
        while not self._is_next(_CLOSING[opening]):
            values.append(self._value())
            if self._is_next(","):
                self._take()
                commas = True
        self._take()
        if opening == "(" and values and not commas:  # only brackets around a value
            return "".join(values)
        return values

    def _object(self) -> dict[Any, Any]:
        entries = {}
        while not self._is_next("}"):
            key = self._value()
            if self._take() != ("mark", ":"):
                raise ValueError("a key without a value")
            entries[key] = self._value()
            if self._is_next(","):
                self._take()
        self._take()
        return entries
