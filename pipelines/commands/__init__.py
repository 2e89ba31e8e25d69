"""The commands of `tandemqa`, one module each: its options and what it runs."""
