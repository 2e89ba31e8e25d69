"""The names of splits: what data sets call them, and the three that records have."""

from typing import Final

_SPLITS: Final = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "development": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
}


def split_name(name: str) -> str:
    """Return `train`, `validation` or `test` for a split by any usual name; "" for others."""
    return _SPLITS.get(name.strip().casefold(), "")
