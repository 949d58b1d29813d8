"""What one attribute error of a matched finding is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["significant", "slight", "negligible"]


@dataclass(frozen=True)
class Mistake:
    """One attribute the candidate has wrong."""

    kind: str
    """One of `schema.ERROR_TYPES`."""
    severity: Severity
    explanation: str


def listed(values: Iterable[str]) -> str:
    """Several values in the words of an explanation."""
    return " and ".join(sorted(values))
