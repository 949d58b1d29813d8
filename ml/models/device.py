"""Which processor a local model runs on."""

from __future__ import annotations

from ml.models.packages import require_packages
from ml.models.problems import ModelProblem


def device_of(wanted: str = "auto") -> str:
    """``cpu`` or ``cuda`` (with a number); ``auto`` takes a GPU where there is one.

    ModelProblem for a GPU that is not there, and where torch is not there or broken.
    """
    require_packages()
    try:
        import torch
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ModelProblem(f"torch cannot be loaded ({reason}): run `make models`.") from error
    available = torch.cuda.is_available()
    if wanted == "auto":
        return "cuda:0" if available else "cpu"
    if wanted.startswith("cuda") and not available:
        raise ModelProblem(f"The device {wanted} was asked for, but no GPU is usable here.")
    if wanted != "cpu" and not wanted.startswith("cuda"):
        raise ModelProblem(f"Unknown device {wanted!r}: use auto, cpu, cuda or cuda:1.")
    return wanted
