"""What a curator's version of a case and its source say differently, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cases.models import Case
from cases.truth import said_by_library
from ml import taxonomy

NAMES = {"size_mm": "size (mm)", "source_label": "source's label"}
SAME_PLACES = 4
"""Decimals to which places are compared, as fractions of the image."""


@dataclass(frozen=True)
class Difference:
    """One thing that is said differently; an empty side says nothing of it."""

    about: str
    source: str
    here: str


def differences(case: Case) -> list[Difference]:
    """All of a corrected case; none where the source says the same, or nothing is kept of it.

    Findings are compared by label, in their order: the first nodule of the source with the first
    one here.
    """
    source = case.source_truth
    if not case.is_corrected or not isinstance(source, dict):
        return []
    here = said_by_library(case)
    found = []
    for name, value in source["context"].items():
        found += _between(name, value, here["context"].get(name))
    for part, prefix in (("findings", ""), ("before", "prior film: ")):
        if part not in source:  # kept before it was part of what is compared
            continue
        theirs, ours = _by_label(source[part]), _by_label(here[part])
        for key in dict.fromkeys((*theirs, *ours)):
            found += _of_finding(f"{prefix}{_name(key)}", theirs.get(key), ours.get(key))
    reports = [{one["language"]: one for one in said["reports"]} for said in (source, here)]
    for language in dict.fromkeys((*reports[0], *reports[1])):
        for part in ("findings", "impression"):
            said = [one.get(language, {}).get(part, "") for one in reports]
            found += _between(f"report ({language}), {part}", *said)
    return found


def _by_label(findings: Sequence[Mapping[str, Any]]) -> dict[tuple[str, int], Mapping[str, Any]]:
    found: dict[tuple[str, int], Mapping[str, Any]] = {}
    for finding in findings:
        number = 1
        while (finding["label"], number) in found:
            number += 1
        found[finding["label"], number] = finding
    return found


def _name(key: tuple[str, int]) -> str:
    label = taxonomy.labels().get(key[0])
    name = label.name if label else key[0]
    return f"{name}, no. {key[1]}" if key[1] > 1 else name


def _of_finding(
    name: str, source: Mapping[str, Any] | None, here: Mapping[str, Any] | None
) -> list[Difference]:
    if source is None or here is None:
        said = "there", ""
        return [Difference(name, *(said if here is None else said[::-1]))]
    found = []
    for field, value in source.items():
        if field == "regions":
            theirs, ours = (_places(one["regions"]) for one in (source, here))
            if theirs != ours:
                found.append(Difference(f"{name}, places", _shown(theirs), _shown(ours)))
        elif field != "label":
            found += _between(f"{name}, {NAMES.get(field, field)}", value, here.get(field))
    return found


def _places(regions: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            one["image"],
            one["frame"],
            one["alternate"],
            one["shape"],
            tuple(round(side, SAME_PLACES) for side in one["box"]),
            tuple(round(side, SAME_PLACES) for point in one["points"] for side in point),
        )
        for one in regions
    )


def _shown(places: Sequence[tuple[Any, ...]]) -> str:
    own = [place for place in places if not place[2]]
    said = ", ".join(" ".join(f"{side:.2f}" for side in place[4]) for place in own[:3])
    more = len(places) - min(len(own), 3)
    return f"{said or 'none'}{f' and {more} more' if more else ''}"


def _between(about: str, source: Any, here: Any) -> list[Difference]:
    said = ["" if one is None else str(one) for one in (source, here)]
    return [] if said[0] == said[1] else [Difference(about, *said)]
