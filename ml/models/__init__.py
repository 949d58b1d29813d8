"""Models that are fetched: which there are, where they lie, whether they work."""

from ml.models.problems import ModelProblem

__all__ = ["ModelProblem"]
