"""Simulated radiographs with exact truth, projected from a chest CT with organ labels."""
