"""Records that are in an evaluation set: what a leak is, and how it is found and removed."""
