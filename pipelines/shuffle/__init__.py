"""Groups and joins: what crosses a shuffle is packed, and its bytes are counted."""
