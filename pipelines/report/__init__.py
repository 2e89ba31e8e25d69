"""The report: what a corpus is and how good it is, as one HTML page and as JSON."""
