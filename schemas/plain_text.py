"""Text of others in messages and Markdown: it is read as text, and steers neither."""

import re
import sys
from typing import Final

# Control characters but tab and line feed, what turns the direction of writing around, separators
# of lines that only some programs know, and halves of characters, which cannot be written.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_MARKDOWN: Final = re.compile(r"[\\`*\[\]~]|(?<!\w)_|_(?!\w)")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")


def printable(text: str) -> str:
    r"""Return text that a terminal only shows: other characters become escapes such as `\x1b`."""
    return _UNPRINTABLE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def writable(text: str) -> str:
    """Return the text with what cannot be written as UTF-8 escaped: lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(text: str) -> str:
    """Return text that a terminal only shows, on one line."""
    return printable(" ".join(text.split()))


def markdown_text(text: str) -> str:
    """Return text on one line that Markdown, and the HTML in it, read as text."""
    escaped = _MARKDOWN.sub(lambda found: "\\" + found[0], one_line(text))
    return _ENTITY.sub("&amp;", escaped).replace("<", "&lt;")


def markdown_code(text: str) -> str:
    """Return text as code within a line of Markdown."""
    return f"`{one_line(text).replace('`', chr(39))}`"


def write_out(text: str) -> None:
    """Write to standard output; text of others in it steers no terminal."""
    sys.stdout.write(printable(text))


def write_error(text: str) -> None:
    """Write to standard error; text of others in it steers no terminal."""
    sys.stderr.write(printable(text))
