"""Who can translate: Apertium, Marian and NLLB, sentence splitting, the translation memory."""
