"""A teacher's scores of the English texts, followed in all languages."""
