"""The commands that train and evaluate; each is a module."""
