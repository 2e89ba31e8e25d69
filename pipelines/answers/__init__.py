"""Where an answer stands in a translated passage."""
