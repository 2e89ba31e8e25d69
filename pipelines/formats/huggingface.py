"""Hugging Face datasets: by hub name, or a local directory."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pipelines.formats.item import Item, Origin
from pipelines.formats.parquet import BATCH_ROWS, batch_items, needed_columns
from schemas.record import FailedRecord

if TYPE_CHECKING:
    from datasets import Features

_PATIENCE: Final = 10.0  # seconds


class HubName(NamedTuple):
    """A dataset, and its configuration if it has several."""

    name: str
    config: str | None


def parse_name(path: str) -> HubName:
    """Split `NAME[:CONFIG]`, where a name may be that of a local directory."""
    if Path(path).is_dir():
        return HubName(path, None)
    name, _, config = path.rpartition(":") if ":" in path else (path, "", "")
    return HubName(name, config or None)


def is_saved(path: str) -> bool:
    """Return whether a local directory was written by `save_to_disk`."""
    return any((Path(path) / name).is_file() for name in ("dataset_dict.json", "state.json"))


def revision(path: str) -> str:
    """Return the commit that the hub has of a dataset now; empty if the hub cannot be asked."""
    from huggingface_hub import HfApi

    try:
        found = HfApi().dataset_info(parse_name(path).name, timeout=_PATIENCE).sha
    except Exception:  # whatever the network is like: reading the dataset tells what is wrong
        return ""
    return f"commit:{found}" if found else ""


def split_names(path: str) -> list[str]:
    """Return the splits of a dataset; [""] for a saved dataset that is not divided."""
    import datasets

    name, config = parse_name(path)
    if is_saved(name):
        loaded = datasets.load_from_disk(name)
        return list(loaded) if isinstance(loaded, dict) else [""]
    return list(datasets.get_dataset_split_names(name, config))


def items(path: str, split: str, streaming: bool, origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of one split as objects; images and sound are left as they are stored.

    Args:
        path: `NAME[:CONFIG]`, or a directory.
        split: Split by the dataset's own name; "" if it is not divided.
        streaming: Read over the network instead of downloading and caching first; a directory
            written by `save_to_disk` is on disk either way.
        origin: What the rows are read from.
    """
    import datasets

    name, config = parse_name(path)
    rows: Any
    if is_saved(name):
        loaded = datasets.load_from_disk(name)
        rows = loaded[split] if split else loaded
    else:
        # What is on disk already needs no second copy in the cache.
        streaming = streaming or Path(name).is_dir()
        rows = datasets.load_dataset(name, config, split=split or None, streaming=streaming)
    features = dict(rows.features or {})
    needed = needed_columns(list(features), origin)
    printed = datasets.Features({n: f for n, f in features.items() if "Json(" in repr(f)})
    # Converting whole rows ends with the first bad value of any column.
    for item in batch_items(rows.with_format("arrow").iter(BATCH_ROWS), origin, needed):
        yield item if isinstance(item, FailedRecord) or not printed else _decode(item, printed)


def _decode(item: Item, printed: "Features") -> Item:
    """Return the item with values that are stored as JSON as what they are."""
    own = {name: item.value[name] for name in printed if name in item.value}
    return item._replace(value={**item.value, **printed.decode_example(own)})
