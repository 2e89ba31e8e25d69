"""The commands of `tandemqa`, one module each: `add_parser` and what it runs."""
