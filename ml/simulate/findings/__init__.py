"""The findings that can be put into a chest, a module for each family."""
