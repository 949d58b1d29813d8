"""Whether the packages that models need are installed: the game itself does without them."""

from __future__ import annotations

from importlib.util import find_spec

from ml.models.problems import ModelProblem

PACKAGES = ("torch", "transformers", "radgraph", "huggingface_hub")
"""What `requirements/models.txt` brings, as they are imported."""
NOT_INSTALLED = "The model packages are not installed: run `make models`."


def has_packages() -> bool:
    """Whether all of them are there; imports none."""
    return all(find_spec(name) for name in PACKAGES)


def require_packages() -> None:
    """ModelProblem where they are not."""
    if not has_packages():
        raise ModelProblem(NOT_INSTALLED)
