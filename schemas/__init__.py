"""What flows through tandemqa: records, rows, checks, manifests and languages."""
