"""Scoring a benchmark: metrics, bias, intervals, floors, results."""
