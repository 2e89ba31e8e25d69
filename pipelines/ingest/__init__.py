"""From sources to records: read, deduplicated, kept apart by split."""
