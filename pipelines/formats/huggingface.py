"""Hugging Face datasets: by hub name, or a local directory."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.formats.item import Item


class HubName(NamedTuple):
    """A dataset, and its configuration if it has several."""

    name: str
    config: str | None


def parse_name(path: str) -> HubName:
    """Split `NAME[:CONFIG]`; a local directory has no configuration."""
    if Path(path).is_dir():
        return HubName(path, None)
    name, _, config = path.partition(":")
    return HubName(name, config or None)


def is_saved(path: str) -> bool:
    """Return whether a local directory was written by `save_to_disk`."""
    return any((Path(path) / name).is_file() for name in ("dataset_dict.json", "state.json"))


def split_names(path: str) -> list[str]:
    """Return the splits of a dataset; [""] for a saved dataset that is not divided."""
    import datasets

    name, config = parse_name(path)
    if is_saved(name):
        loaded = datasets.load_from_disk(name)
        return list(loaded) if isinstance(loaded, dict) else [""]
    return list(datasets.get_dataset_split_names(name, config))


def items(path: str, split: str, streaming: bool) -> Iterator[Item]:
    """Yield the rows of one split as objects.

    Args:
        path: `NAME[:CONFIG]`, or a directory.
        split: Split by the dataset's own name; "" if it is not divided.
        streaming: Read over the network instead of downloading and caching first; a directory
            written by `save_to_disk` is on disk either way.
    """
    import datasets

    name, config = parse_name(path)
    rows: Iterable[dict[str, Any]]
    if is_saved(name):
        loaded = datasets.load_from_disk(name)
        rows = loaded[split] if split else loaded
    else:
        rows = datasets.load_dataset(name, config, split=split or None, streaming=streaming)
    for number, row in enumerate(rows, start=1):
        yield Item(number, row)
