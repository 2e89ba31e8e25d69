"""From records to drafts of rows: segments, packets, the translation memory, assembly."""
