"""Training and evaluating dual encoders on a corpus."""
