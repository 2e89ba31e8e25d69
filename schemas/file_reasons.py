"""Reasons that readers of several kinds of files give."""

from typing import Final

from schemas.reason import declare_reason

INVALID_UTF8: Final = declare_reason("invalid_utf8", "bytes that are not UTF-8 text")
MALFORMED_JSON: Final = declare_reason("malformed_json", "not valid JSON")
NOT_AN_OBJECT: Final = declare_reason(
    "not_an_object", "a value that is not a JSON object with named fields"
)
WRONG_COLUMN_COUNT: Final = declare_reason(
    "wrong_column_count", "a row with more or fewer columns than expected"
)
