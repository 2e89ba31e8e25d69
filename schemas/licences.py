"""Licences: as the hub calls them, and whether they allow commercial use."""

import re
from typing import Final

UNKNOWN: Final = "unknown"
OTHER: Final = "other"

_NON_COMMERCIAL: Final = re.compile(r"(?<![a-z])nc(?![a-z])|non-?commercial", re.IGNORECASE)
# Of the identifiers that the hub allows, those that data and models come with.
_HUB_LICENCES: Final = re.compile(
    r"apache-2\.0|mit|cc0-1\.0|cc-by-[234]\.0|cc-by-2\.5|cc-by-sa-[34]\.0|cc-by-nd-4\.0"
    r"|cc-by-nc(-sa)?-[234]\.0|cc-by-nc-nd-[34]\.0|odc-by|odbl|pddl|unlicense"
    r"|gpl-[23]\.0|lgpl-(2\.1|3\.0)|agpl-3\.0|bsd-[23]-clause"
)


def is_non_commercial(licence: str) -> bool:
    """Return whether a licence allows no commercial use, judged by its name."""
    return bool(_NON_COMMERCIAL.search(licence))


def hub_licence(name: str) -> str:
    """Return the identifier of the hub for a licence: `other` if it has none."""
    known = name.lower().removesuffix("-only").removesuffix("-or-later")
    if _HUB_LICENCES.fullmatch(known):
        return known
    return UNKNOWN if known in ("", UNKNOWN) else OTHER
