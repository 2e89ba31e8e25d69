"""The licence of a base model, as far as it can be found without a network."""

from pathlib import Path

import yaml

_CARD = "README.md"


def find_licence(model: str, revision: str | None) -> str:
    """Return the licence that the card of a model names; empty if there is none on this machine.

    Args:
        model: A folder, or a name on the hub.
        revision: Commit, tag or branch on the hub.
    """
    card = Path(model) / _CARD if Path(model).is_dir() else _cached_card(model, revision)
    if card is None or not card.is_file():
        return ""
    parts = card.read_text(encoding="utf-8", errors="replace").split("---\n", 2)
    try:
        head = yaml.safe_load(parts[1]) if len(parts) > 2 and not parts[0] else None
    except yaml.YAMLError:
        return ""
    licence = head.get("license") if isinstance(head, dict) else None
    return licence if isinstance(licence, str) else ""


def _cached_card(model: str, revision: str | None) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(model, _CARD, revision=revision)
    return Path(found) if isinstance(found, str) else None
