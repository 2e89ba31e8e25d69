"""All checks of a row, calibrated and decided."""
