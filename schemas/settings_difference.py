"""How the settings of a finished work differ from those that are asked for now."""

import json
from collections.abc import Mapping
from typing import Any


def first_difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return the first setting that differs, as a clause for a message; empty if none does.

    A setting that only one of the two has counts as unused there: another version of tandemqa
    may not have it. So nothing differs as long as the other one does not use it either.

    Args:
        found: Settings that were used, as they were read from JSON.
        wanted: Settings of now; anything that JSON can hold.
    """
    wanted = json.loads(json.dumps(wanted))
    for name in sorted(set(found) | set(wanted)):
        there, here = found.get(name), wanted.get(name)
        if isinstance(there, dict) and isinstance(here, dict):
            inner = first_difference(there, here)
            if inner:
                return f"{name}.{inner}"
        elif not _same(there, here):
            return f"{name} is {there!r} there and {here!r} here"
    return ""


def _same(there: object, here: object) -> bool:
    if there is None or here is None:
        return _is_unused(there) and _is_unused(here)
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        return all(map(_same, there, here))
    if isinstance(there, dict) and isinstance(here, dict):
        return not first_difference(there, here)
    return there == here


def _is_unused(value: object) -> bool:
    return all(map(_is_unused, value.values())) if isinstance(value, dict) else not value
