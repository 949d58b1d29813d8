"""Where a finding is said to be: sides and zones joined as the words of a sentence join them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ONE_SIDED_ZONES = {"middle lobe": "right", "lingula": "left"}
MIDLINE_LABELS = frozenset(
    (
        *("cardiomegaly", "pericardial_effusion", "mediastinal_widening", "aortic_enlargement"),
        *("tortuous_aorta", "aortic_calcification", "hiatal_hernia", "degenerative_spine"),
        *("scoliosis", "osteopenia", "pneumomediastinum", "pneumoperitoneum", "copd"),
        *("pulmonary_hypertension", "hyperinflation", "hypoinflation", "emphysema"),
        "mediastinal_shift",
    )
)
"""Findings that neither take a side or zone from a neighbor in the sentence nor give one: the side
of a shift is where to, not where."""

NO_ZONE_LABELS = frozenset(
    (
        *("cardiomegaly", "pericardial_effusion", "aortic_enlargement", "tortuous_aorta"),
        *("aortic_calcification", "degenerative_spine", "scoliosis", "osteopenia", "fracture"),
        *("heart_device", "catheter", "tube", "surgical_material", "postoperative_change"),
        *("prosthesis", "hiatal_hernia", "pneumoperitoneum", "elevated_diaphragm"),
    )
)
"""Findings outside the lungs: a zone said near them is that of something else."""


@dataclass(frozen=True)
class Said:
    """A modifier where it stands."""

    start: int
    end: int
    kind: str
    value: str


def places_of(said: Sequence[Said]) -> list[tuple[str, str]]:
    """Sides and zones joined: each zone with the side before it, or else after it."""
    zones: list[tuple[str, str]] = []
    sides: list[str] = []
    fresh = False
    for item in said:
        if item.kind == "side":
            sides = [*sides, item.value] if fresh else [item.value]
            fresh = True
            if zones and not zones[-1][0]:
                zones = [(side or item.value, zone) for side, zone in zones]
                fresh = False
        else:
            own = ONE_SIDED_ZONES.get(item.value, "")
            side = one_side(sides) if fresh or not own else own
            if _takes_next(said, item):
                side = ""
            zones.append((side, item.value))
            fresh = False
    # Of a finding on both sides, a side behind it only says where there is more of it.
    trailing = (
        fresh and sides and all(side not in (one_side(sides), "bilateral") for side, _ in zones)
    )
    if trailing or (sides and not zones):
        zones.append((one_side(sides), _zone_of_all(said, zones)))
    return list(dict.fromkeys(zones))


def _zone_of_all(said: Sequence[Said], zones: Sequence[tuple[str, str]]) -> str:
    """The zone of a side behind others: "apical on the right and on the left" is apical on both.

    Empty unless the sides stand behind the one zone that they share.
    """
    kinds = [item.kind for item in said]
    return zones[0][1] if len(zones) == 1 and kinds == ["zone", "side", "side"] else ""


def _takes_next(said: Sequence[Said], zone: Said) -> bool:
    """Whether a zone's side stands behind it: "superior derecho e inferior izquierdo"."""
    behind = [item for item in said if zone.end <= item.start <= zone.end + 1]
    if not behind or behind[0].kind != "side" or behind[0].start != zone.end:
        return False
    return len(behind) == 1


def one_side(sides: Sequence[str]) -> str:
    distinct = set(sides)
    if not distinct:
        return ""
    return "bilateral" if len(distinct) > 1 else distinct.pop()
