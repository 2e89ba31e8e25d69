"""Studies: train and evaluate a grid of runs, and say what came out."""
