"""Truth that comes as DICOM SR (TID 1500) or RTSTRUCT → findings with regions.

Of a report only measurement groups are read (PS3.16 TID 1410, 1411 and 1501): what was found,
where, how large and how it was rated. Who observed it, and any free text, is not. Groups that
refer to a segment of a segmentation object describe it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydicom.dataset import Dataset

from cases.importers.base import ImportedFinding, ImportedRegion, Problem, cleaned
from cases.importers.shapes import MOST_POINTS, ellipse, region_of
from cases.importers.studies.slices import Slices
from cases.importers.vocabulary import folded, own_words

GROUP, FINDING, SITE, SEGMENT = "125007", "121071", "363698007", "121191"
"""Codes of concept names: Measurement Group, Finding, Finding Site, Referenced Segment."""
TRACKED = "112040"
"""Tracking Unique Identifier: groups with one speak of one finding (PS3.16 TID 4108)."""
LATERALITY = ("272741003", "G-C171")
SIDES = {"left": "left", "right": "right", "right and left": "bilateral", "bilateral": "bilateral"}
NORMAL = ("normal", "no finding")
SITES = (SITE, "G-C0E3")
"""The second is how the first was coded before (SRT)."""
DIAMETERS = ("diameter", "long axis", "maximum 3d diameter", "maximum diameter", "longest diameter")
MM = {"mm": 1.0, "cm": 10.0}
UNTOLD = ("tracking identifier", "tracking unique identifier", "activity session")
MOST_DEPTH = 20
PLACES = ("SCOORD", "SCOORD3D", "IMAGE", "COMPOSITE")
"""Values by which a group refers to a place: coordinates, or a whole image or object."""
Segment = tuple[str, int]
"""SOP Instance UID of a segmentation and the number of its segment."""
Tracked = tuple[str, ImportedFinding]
"""What a finding is tracked by, which may be empty, and the finding."""


@dataclass
class Rated:
    """What a measurement group says beside the place."""

    label: str = ""
    site: str = ""
    side: str = ""
    tracked: str = ""
    """By which other groups of the same finding are known; empty where it has none."""
    size_mm: float | None = None
    ratings: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        return f"{'; '.join(self.ratings)}." if self.ratings else ""


def reported(
    dataset: Dataset, slices: Slices, where: str, problems: list[Problem]
) -> tuple[list[Tracked], dict[Segment, Rated]]:
    """The findings of a report, and what it says of segments.

    A group without a place is one where it names a label of the taxonomy, or says normal.
    """
    findings: list[Tracked] = []
    segments: dict[Segment, Rated] = {}
    strange = 0
    for group in _groups(dataset):
        rated, regions, has_place = _rated(group), [], False
        for item in _items(group):
            has_place |= _code(item) == SEGMENT or item.get("ValueType") in PLACES
            if _code(item) == SEGMENT and item.get("ReferencedSOPSequence"):
                sop = item.ReferencedSOPSequence[0]
                number = sop.get("ReferencedSegmentNumber") or 1
                first = number if isinstance(number, int) else number[0]
                segments[str(sop.ReferencedSOPInstanceUID), int(first)] = rated
            elif item.get("ValueType") in PLACES[:2]:
                found = _regions(item, slices)
                regions += found
                strange += not found
        finding = _finding(rated.label, regions, rated)
        if regions or (not has_place and (finding.label or is_normal(finding))):
            findings.append((rated.tracked, finding))
    if strange:
        said = f"{strange:,} places of a report lie on no slice of the case; left out."
        problems.append(Problem(where, said))
    return findings, segments


def is_normal(finding: ImportedFinding) -> bool:
    """Whether it says that there is nothing to find."""
    return not finding.label and folded(finding.source_label) in map(folded, NORMAL)


def described(finding: ImportedFinding, rated: Rated | None) -> dict[str, object]:
    """What a measurement group adds to the finding of a segment, as fields."""
    if rated is None:
        return {}
    location, size = finding.location or rated.site[:200], finding.size_mm or rated.size_mm
    return {"location": location, "size_mm": size, "sentence": rated.sentence}


def contoured(
    dataset: Dataset, slices: Slices, where: str, problems: list[Problem]
) -> Iterator[ImportedFinding]:
    """A finding for each structure of an RTSTRUCT (PS3.3 C.8.8.6) on slices of the case."""
    names = {
        int(one.ROINumber): cleaned(str(one.get("ROIName", "")))
        for one in dataset.StructureSetROISequence
    }
    strange = 0
    for structure in dataset.get("ROIContourSequence") or ():
        regions = []
        for contour in structure.get("ContourSequence") or ():
            points = _triples(contour.get("ContourData"))
            found = slices.fractions(points, _slice_of(contour, slices)) if points else None
            if found is None or str(contour.get("ContourGeometricType")) != "CLOSED_PLANAR":
                strange += 1
                continue
            (image, frame), fractions = found
            regions.append(
                region_of({"polygon": _thinned(_clipped(fractions))}, image=image, frame=frame)
            )
        if regions:
            yield _finding(names.get(int(structure.ReferencedROINumber), ""), regions, Rated())
    if strange:
        said = f"{strange:,} contours lie on no slice of the case, or are not closed; left out."
        problems.append(Problem(where, said))


def _finding(name: str, regions: Sequence[ImportedRegion], rated: Rated) -> ImportedFinding:
    return ImportedFinding(
        own_words().get(folded(name), ""),
        source_label=(name or "unnamed")[:200],
        side=rated.side,
        location=rated.site[:200],
        size_mm=rated.size_mm,
        sentence=rated.sentence,
        regions=tuple(regions),
    )


def _groups(item: Dataset, depth: int = 0) -> Iterator[Dataset]:
    for child in item.get("ContentSequence") or ():
        if child.get("ValueType") == "CONTAINER" and _code(child) == GROUP:
            yield child
        elif depth < MOST_DEPTH:
            yield from _groups(child, depth + 1)


def _items(item: Dataset, depth: int = 0) -> Iterator[Dataset]:
    for child in item.get("ContentSequence") or ():
        yield child
        if depth < MOST_DEPTH:
            yield from _items(child, depth + 1)


def _code(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].get("CodeValue", "")) if names else ""


def _meaning(codes: Sequence[Dataset] | None) -> str:
    return cleaned(str(codes[0].get("CodeMeaning", "")))[:200] if codes else ""


def _rated(group: Dataset) -> Rated:
    found = Rated()
    ratings = []
    for item in group.get("ContentSequence") or ():
        kind, name = item.get("ValueType"), _meaning(item.get("ConceptNameCodeSequence"))
        if kind == "CODE" and _code(item) == FINDING:
            found.label = _meaning(item.get("ConceptCodeSequence"))
        elif kind == "CODE" and _code(item) in SITES:
            found.site = _meaning(item.get("ConceptCodeSequence"))
            for more in item.get("ContentSequence") or ():
                if _code(more) in LATERALITY:
                    side = _meaning(more.get("ConceptCodeSequence")).casefold()
                    found.side = SIDES.get(side.partition(" (")[0], "")
        elif kind == "UIDREF" and _code(item) == TRACKED:
            found.tracked = str(item.get("UID") or "")
        elif kind == "CODE" and name.casefold() not in UNTOLD:
            ratings.append(f"{name}: {_meaning(item.get('ConceptCodeSequence'))}")
        elif kind == "NUM" and name.casefold() in DIAMETERS:
            found.size_mm = max(found.size_mm or 0.0, _mm(item)) or None
    found.ratings = tuple(ratings)
    return found


def _mm(item: Dataset) -> float:
    """A measurement in mm; 0 where it is none."""
    measured = item.get("MeasuredValueSequence")
    if not measured:
        return 0.0
    unit = measured[0].MeasurementUnitsCodeSequence[0].get("CodeValue", "")
    return float(measured[0].NumericValue) * MM.get(str(unit), 0.0)


def _regions(item: Dataset, slices: Slices) -> list[ImportedRegion]:
    """The regions of coordinates, on a slice (SCOORD) or in the patient (SCOORD3D)."""
    data = [float(one) for one in item.get("GraphicData") or ()]
    if item.ValueType == "SCOORD3D":
        placed = slices.fractions(_triples(data))
        points = placed[1] if placed else []
    else:
        placed, points = None, []
        for image in item.get("ContentSequence") or ():
            for sop in image.get("ReferencedSOPSequence") or ():
                name = str(sop.ReferencedSOPInstanceUID), _number(sop)
                key = slices.frames.get(name)
                size = slices.sizes.get(key[0]) if key else None
                if key and size:
                    pairs = zip(data[::2], data[1::2], strict=True)
                    points = [[x / size[1], y / size[0]] for x, y in pairs]
                    placed = key, points
    if placed is None or not points:
        return []
    (image, frame), kind = placed[0], str(item.get("GraphicType"))
    if kind in ("POINT", "MULTIPOINT"):
        return [region_of({"point": one}, image=image, frame=frame) for one in _clipped(points)]
    if kind == "POLYLINE" and (box := _upright(points)):
        return [region_of({"box": box}, image=image, frame=frame)]
    outline = _clipped(_outline(kind, points, slices.sizes[image]))
    return [region_of({"polygon": _thinned(outline)}, image=image, frame=frame)]


def _upright(points: list[list[float]]) -> list[float] | None:
    """The box that a closed line of four corners along the axes is; None of any other line."""
    if len(points) != 5 or points[0] != points[-1]:
        return None
    xs, ys = ({point[axis] for point in points} for axis in (0, 1))
    turns = all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(points))
    if not turns or len(xs) != 2 or len(ys) != 2 or len({tuple(one) for one in points}) != 4:
        return None
    (x0, y0), (x1, y1) = _clipped([[min(xs), min(ys)], [max(xs), max(ys)]])
    return [x0, y0, x1, y1]


def _number(sop: Dataset) -> int:
    numbers = sop.get("ReferencedFrameNumber") or 1
    return int(numbers if isinstance(numbers, int) else numbers[0])


def _outline(kind: str, points: list[list[float]], size: tuple[int, int]) -> list[list[float]]:
    """The corners of a shape; of a line between two points the circle that it is a diameter of."""
    if kind == "ELLIPSE":
        return _turned(points)
    if kind == "CIRCLE":
        return _circle(points[0], _pixels(points[0], points[1], size), size)
    if len(points) == 2:
        (ax, ay), (bx, by) = points
        return _circle(
            [(ax + bx) / 2, (ay + by) / 2], _pixels(points[0], points[1], size) / 2, size
        )
    return points[:-1] if len(points) > 3 and points[0] == points[-1] else points


def _pixels(one: Sequence[float], other: Sequence[float], size: tuple[int, int]) -> float:
    """How far two points of an image of so many rows and columns are from each other."""
    rows, columns = size
    return math.hypot((other[0] - one[0]) * columns, (other[1] - one[1]) * rows)


def _circle(middle: Sequence[float], pixels: float, size: tuple[int, int]) -> list[list[float]]:
    (x, y), (rows, columns) = middle, size
    wide, high = pixels / columns, pixels / rows
    return [list(one) for one in ellipse(x - wide, y - high, x + wide, y + high)]


def _turned(points: list[list[float]]) -> list[list[float]]:
    """An ellipse by the ends of its long and its short axis (PS3.3 C.18.6.1.2)."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points[:4]
    middle = ((ax + bx) / 2, (ay + by) / 2)
    long, short = ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2)
    return [
        [
            middle[0] + long[0] * math.cos(turn) + short[0] * math.sin(turn),
            middle[1] + long[1] * math.cos(turn) + short[1] * math.sin(turn),
        ]
        for turn in (2 * math.pi * step / 32 for step in range(32))
    ]


def _triples(data: Sequence[float] | None) -> list[list[float]]:
    values = [float(one) for one in data or ()]
    if len(values) < 3 or len(values) % 3:
        return []
    return [values[at : at + 3] for at in range(0, len(values), 3)]


def _slice_of(contour: Dataset, slices: Slices) -> tuple[int, int] | None:
    images = contour.get("ContourImageSequence")
    if not images:
        return None
    name = str(images[0].get("ReferencedSOPInstanceUID", "")), _number(images[0])
    return slices.frames.get(name)


def _clipped(points: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[min(1.0, max(0.0, x)), min(1.0, max(0.0, y))] for x, y in points]


def _thinned(points: list[list[float]]) -> list[list[float]]:
    return points[:: -(-len(points) // MOST_POINTS)]
