"""The benchmarks: one module for each format they come in."""
