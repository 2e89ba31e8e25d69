"""Ids derived from content: the same text has the same id in every run and on every machine."""

from hashlib import sha256


def content_id(*parts: str) -> str:
    """Return 16 bytes of SHA-256 over the parts, in hex.

    Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ.
    """
    digest = sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()[:32]


def bucket(identity: str, buckets: int) -> int:
    """Return which of `buckets` equal buckets an id from `content_id` falls into."""
    return int(identity, 16) % buckets
