"""Figures that the project states, each repeatable with a command: `python -m bench`."""
