"""What a gate says of a simulated case, and what gates ask of its entry in ``cases.json``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    gate: str
    case: str
    value: str
    asked: str
    passed: bool


def measured_of(case: Entry) -> Mapping[str, Any]:
    return case.get("measured") or {}


def judged(
    case: Entry, value: float | None, asked: str, passed: Callable[[float], bool], unit: str = ""
) -> Verdict:
    """A verdict on a number; one that is missing fails. `gates.judge` puts the name in."""
    said = "not measured" if value is None else f"{value:g}{unit}"
    return Verdict("", case["key"], said, asked, value is not None and passed(value))


def at_least(low: float, value: float) -> bool:
    return value >= low


def between(low: float, high: float, value: float) -> bool:
    return low <= value <= high


def bounds(region: Mapping[str, Any]) -> tuple[float, ...]:
    """The box of a region of an entry, or that around its outline."""
    if "polygon" not in region:
        return tuple(region["box"])
    xs, ys = zip(*region["polygon"], strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def drawn_regions(finding: Entry) -> list[Mapping[str, Any]]:
    """The regions that have bounds: all but points."""
    return [one for one in finding.get("regions", ()) if "box" in one or "polygon" in one]
