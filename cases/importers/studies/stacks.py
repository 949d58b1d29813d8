"""From the files of a study to its stacks, by geometry and not by name or instance number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cases.importers.base import Series
from cases.importers.studies.headers import PHASES, Instance

SAME_DEPTH_MM = 0.01
LEAST_SLICES = 3
"""Files from which on slices make a stack to read."""
APART = ("LOCALIZER", "SCOUT", "PROJECTION IMAGE", "MIP", "MPR", "SCREEN SAVE")
"""Of Image Type: what is made to plan or sum up the slices, not to be read as one."""
PLANES = ("sagittal", "coronal", "axial")
"""By the axis of the patient that slices are stacked along."""
HEAD_FIRST = 0.7
"""The least cosine with the patient's long axis at which slices are axial."""


@dataclass(frozen=True)
class Stack:
    """Slices of one series in their order in the patient."""

    slices: tuple[Instance, ...]
    left_out: int
    """Files that show a slice that is there already."""

    @property
    def first(self) -> Instance:
        return self.slices[0]

    @property
    def count(self) -> int:
        return sum(one.frames for one in self.slices)

    @property
    def is_derived(self) -> bool:
        return self.first.kind[:1] == ("DERIVED",) or "SECONDARY" in self.first.kind[:2]

    @property
    def told(self) -> str:
        first = self.first
        parts = (f"series {first.series_number}", first.modality, self.plane)
        return ", ".join((*filter(None, parts), f"{self.count:,} slices"))

    @property
    def plane(self) -> str:
        """The plane that its slices lie in, or nearly; empty where nothing tells it."""
        place = self.first.place
        if place is None:
            return ""
        return PLANES[int(np.argmax(np.abs(place.normal)))]


def series_of(stacks: Sequence[Stack]) -> list[Series]:
    """What stacks of a study, in the order that `stacks_of` gives them, are known by."""
    seen: Counter[str] = Counter()
    found = []
    for stack in stacks:
        seen[stack.first.series] += 1
        number = seen[stack.first.series]
        key = stack.first.series if number == 1 else f"{stack.first.series}.{number}"
        found.append(Series(key, stack.told))
    return found


def stacks_of(instances: Iterable[Instance]) -> tuple[list[Stack], int]:
    """The stacks of a study, fullest first, and how many images belong to none.

    Localizers, sums over slices and views of fewer than `LEAST_SLICES` slices are no stacks. A
    series is taken apart where slices differ in size, spacing or direction, and where several
    lie in one place and an echo, phase, acquisition or b-value tells them apart.
    """
    alike: dict[object, list[Instance]] = defaultdict(list)
    apart = 0
    unique: dict[str, Instance] = {}
    copies: Counter[str] = Counter()
    for one in instances:
        copies[one.series] += one.uid in unique
        unique.setdefault(one.uid, one)
    for one in unique.values():
        if any(word in part for part in one.kind for word in APART):
            apart += 1
        elif one.frames > 1:
            alike[(one.series, one.uid)].append(one)
        else:
            alike[(one.series, one.size, _rounded(one.spacing), _direction(one))].append(one)
    found = []
    for group in alike.values():
        for part in _phases(group):
            stack = _ordered(part, copies[part[0].series])
            if stack.count >= LEAST_SLICES:
                found.append(stack)
            else:
                apart += len(part)
    found.sort(
        key=lambda one: (one.is_derived, -one.count, one.first.series_number, one.first.series)
    )
    return found, apart


def _rounded(numbers: Sequence[float] | None) -> tuple[float, ...] | None:
    return None if numbers is None else tuple(round(one, 3) for one in numbers)


def _direction(one: Instance) -> tuple[float, ...] | None:
    """Within some three degrees, so that the wobble of a header parts nothing."""
    if one.place is None:
        return None
    return tuple(round(part * 20) / 20 + 0.0 for part in (*one.place.row, *one.place.column))


def _phases(group: list[Instance]) -> list[list[Instance]]:
    """The group, or its parts by the first element that leaves no two slices in one place."""
    if not _has_doubles(group):
        return [group]
    for at in range(len(PHASES)):
        parts: dict[str, list[Instance]] = defaultdict(list)
        for one in group:
            parts[one.phases[at]].append(one)
        if len(parts) > 1 and not any(_has_doubles(part) for part in parts.values()):
            return list(parts.values())
    return [group]


def _has_doubles(group: Sequence[Instance]) -> bool:
    known = [one.place.depth for one in group if one.place]
    depths = np.sort([depth for depth in known if depth is not None])
    return bool(len(depths) > 1 and np.diff(depths).min() < SAME_DEPTH_MM)


def _ordered(group: list[Instance], copies: int) -> Stack:
    """By depth, axial ones from the head down; by instance number where no place is known."""
    unique = sorted(group, key=lambda one: one.number)
    depths = [one.place.depth if one.place else None for one in unique]
    if len(unique) < 2 or any(depth is None for depth in depths):
        return Stack(tuple(unique), copies)
    order = np.argsort(np.array(depths, dtype=float), kind="stable")
    kept = [unique[order[0]]]
    for index in order[1:]:
        if depths[index] - kept[-1].place.depth >= SAME_DEPTH_MM:  # type: ignore[union-attr,operator]
            kept.append(unique[index])
    normal = kept[0].place.normal  # type: ignore[union-attr]
    if abs(normal[2]) >= HEAD_FIRST and normal[2] > 0:
        kept.reverse()
    return Stack(tuple(kept), copies + len(group) - len(kept))
