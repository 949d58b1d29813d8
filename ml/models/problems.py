"""What a model back end raises: one sentence that says what is missing and what to do."""

from __future__ import annotations


class ModelProblem(RuntimeError):
    """A model cannot be used: not installed, damaged, or its server does not answer."""
