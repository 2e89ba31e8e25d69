"""What texts are made of: normal form, words, scripts, numbers, and the language they are in."""
