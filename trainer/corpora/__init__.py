"""Corpora as memory-mapped tables."""
