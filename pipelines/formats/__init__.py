"""How English QA sets are laid out: a module for each layout, plain generators that never raise.

Only `join` knows Beam: it brings together what collections with judgements keep in three files.
"""
