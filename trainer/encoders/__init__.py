"""Encoders: loaded, adapted, described, and their embeddings."""
