"""What is measured of a simulated case before it may be packed: in the person's own space.

Nothing is taken from the finished picture's grays but what the eye needs them for. Ribs, domes,
heart and lungs are the CT's labels, sent through the same body and beam as the picture; lengths
are millimeters of the person, so a film's magnification is taken out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from ml.simulate import detector, organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.patients import SOFT_MM
from ml.simulate.projector import Block, Mask, Picture, View

Points = NDArray[np.float64]
Box = tuple[float, float, float, float]
MIDDLE_MM = 4.0
"""How near the middle of the hemithorax a rib is looked for."""
OUTERMOST_MM = 6.0
"""How near its end an organ is taken to end there in the person, too."""
DEEP_MM = 24.0
"""Lung thinner than this toward the beam shows no dome."""
UNDER_MM = 24.0
"""How far under the lung an abdominal organ may begin where the diaphragm lies between."""
EDGE_SHARE = 0.06
"""Of the dome's width, what lies at either end and is no dome yet."""
BODY_PADDING = 15
"""Voxels around the body on the grid of `Anatomy.outside`."""
SHIFTS = 60
FARTHEST = 90
"""How far, in pixels as for the high pass, the observer looks for anatomy to compare with."""
SEEN_DISK = 0.6
HIGH_PASS = 24
"""Pixels at half resolution of 1500: what is broader, the observer takes for the background."""


@dataclass(frozen=True)
class Person:
    """One person on the frontal picture; lengths in mm."""

    heart_ratio: float
    """Widest heart by widest chest (Danzer 1919), no units."""
    ribs: dict[str, int]
    """Posterior ribs whose middle shows above that side's dome, at mid-hemithorax."""
    dome_mm: dict[str, float]
    """How high that dome stands over its chord."""
    dome_gap_mm: float
    """How much higher the right dome stands than the left."""
    rotation_mm: float
    """Spinous process off the middle between the clavicles' medial ends."""
    cobb_deg: float = 0.0
    """Largest angle between the spine's parts, T2 to T12, on the frontal picture."""
    lungs: dict[str, Box] = field(default_factory=dict)
    """Of each hemithorax the bounds on the frontal picture, normalized; medially the spine."""
    midline: float = 0.5


def of_person(anatomy: Anatomy, view: View) -> Person:
    """The person in `view`, a frontal one."""
    lungs = {side: view.pixels(_outline(anatomy, organs.LUNG[side])) for side in organs.SIDES}
    spine = view.pixels(_landmark(anatomy, "spine"))[4:8, 1].mean()
    tops, heights = {}, {}
    for side in organs.SIDES:
        profile = view.pixels(_dome(anatomy, side))
        tops[side] = float(profile[:, 0].min())
        heights[side] = _over_chord(profile) * millimeters(view)
    ribs = {
        side: int((view.pixels(_posterior_ribs(anatomy, side))[:, 0] < tops[side]).sum())
        for side in organs.SIDES
    }
    ends = view.pixels(_landmark(anatomy, "clavicles"))[:, 1]
    spinous = view.pixels(_landmark(anatomy, "spinous"))[:, 1].mean()
    return Person(
        heart_ratio=heart_ratio(anatomy, view),
        ribs=ribs,
        dome_mm={side: round(mm, 1) for side, mm in heights.items()},
        dome_gap_mm=round((tops["left"] - tops["right"]) * millimeters(view), 1),
        rotation_mm=round(float(spinous - ends.mean()) * millimeters(view), 1),
        cobb_deg=_cobb(view.pixels(_landmark(anatomy, "spine"))),
        lungs={side: _half(lungs[side], side, spine, view.shape) for side in organs.SIDES},
        midline=round(float(spine / view.shape[1]), 4),
    )


def millimeters(view: View, depth: float | None = None) -> float:
    """Of the person, for a pixel: at that depth of the beam, or in the middle of the body."""
    middle = view.size_mm[view.beam_axis] / 2 if depth is None else depth
    return float(view.mm / view.magnification(middle))


def shadow_of(anatomy: Anatomy, view: View, labels: tuple[int, ...]) -> Mask:
    """Where organs show in a view, from their labels at every third voxel."""
    return view.shadow(_organs(anatomy, labels))


def heart_ratio(anatomy: Anatomy, view: View) -> float:
    """Cardiothoracic ratio on a frontal picture: widest heart by widest chest, no unit."""
    heart, chest = (
        np.ptp(view.pixels(_outline(anatomy, labels))[:, 1])
        for labels in ((organs.HEART, organs.ATRIAL_APPENDAGE), organs.LUNGS)
    )
    return round(float(heart / chest), 3)


def dome_top(anatomy: Anatomy, view: View, side: str) -> float:
    """The row of a frontal view on which that side's dome is highest."""
    return float(view.pixels(_dome(anatomy, side))[:, 0].min())


def dome_line(anatomy: Anatomy, view: View, side: str) -> Points:
    """The outline of a hemidiaphragm on a frontal view: (n, 2) rows and columns."""
    return view.pixels(_dome(anatomy, side))


def chest_width(anatomy: Anatomy, view: View) -> float:
    """The widest chest on a frontal view, pixels."""
    return float(np.ptp(view.pixels(_outline(anatomy, organs.LUNGS))[:, 1]))


def vertebral_bodies(anatomy: Anatomy) -> Points:
    """Middles of the vertebral bodies T4 to T12 in the CT, mm: (up to 9, 3)."""
    return _landmark(anatomy, "bodies")


def longest(mask: Mask, mm: float) -> float:
    """The longest diameter of a mask's largest piece, in mm; 0 for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return 0.0
    pieces, _ = ndimage.label(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    points = np.argwhere(pieces == sizes.argmax()).astype(float)
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # one row or column of pixels
        points = points[[0, -1]]
    return float((pdist(points).max() + 1) * mm) if len(points) > 1 else mm


def detectability(added: Picture, healthy: Picture, lungs: Mask, seed: int = 0) -> float:
    """d′ of an observer who knows what to look for and where, without units.

    A non-prewhitening matched filter (Barrett & Myers, Foundations of Image Science, 2004, 13.2):
    its answer to what the finding adds, by the spread of its answers to the same person's anatomy
    at places around. Both without what is broader than any finding's own texture.
    """
    scale = HIGH_PASS * max(healthy.shape) / 750
    template, ground = (fine - _mirrored_smooth(fine, scale) for fine in (added, healthy))
    rows, columns = np.nonzero(np.abs(template) > 0.02 * np.abs(template).max())
    if len(rows) == 0:
        return 0.0
    low, high = (rows.min(), columns.min()), (rows.max() + 1, columns.max() + 1)
    cut = template[low[0] : high[0], low[1] : high[1]]
    answer = float((cut * cut).sum())
    rng = np.random.default_rng(seed)
    reach = np.clip(np.array(cut.shape) // 2, 10, round(FARTHEST * max(ground.shape) / 750))
    here = lungs[low[0] : high[0], low[1] : high[1]].mean()
    # What lies past an edge is looked for at the other.
    margins = [(n, n) for n in reach.tolist()]
    ground, around = (np.pad(whole, margins, mode="wrap") for whole in (ground, lungs))
    others = []
    for _ in range(SHIFTS * 6):
        row, column = rng.integers(-reach, reach + 1) + reach + low
        there = (slice(row, row + cut.shape[0]), slice(column, column + cut.shape[1]))
        if around[there].mean() >= 0.6 * here:
            others.append(float((cut * ground[there]).sum()))
        if len(others) == SHIFTS:
            break
    spread = float(np.std(others)) if len(others) > 5 else float("nan")
    return round(answer / max(spread, 1e-9), 2) if np.isfinite(spread) else 0.0


def _mirrored_smooth(picture: Picture, sigma: float) -> Picture:
    """Smoothed as if it went on mirrored past its edges."""
    reach = min(*picture.shape, round(4 * sigma))
    whole = detector.smooth(np.pad(picture, reach, mode="symmetric"), sigma)
    return whole[reach:-reach, reach:-reach]


def edge_kept(border: Mask, before: Picture, after: Picture) -> float:
    """How much of an organ's edge is left where a finding lies on it: 1 all, 0 none.

    `border` marks pixels of the edge; before and after are line integrals without and with the
    finding. The edge is the gradient's size, smoothed by a pixel.
    """
    if not border.any():
        return 1.0
    strength = [ndimage.gaussian_gradient_magnitude(p, 1.5)[border].mean() for p in (before, after)]
    return round(float(strength[1] / max(strength[0], 1e-9)), 2)


def above(view: View, upper: Points, lower: Points) -> float:
    """How much higher one point of the CT lies than another in the person, mm."""
    return float((view.body.from_ct(lower[None]) - view.body.from_ct(upper[None]))[0, 0])


def beyond(view: View, line: Points, mark: Points) -> float:
    """How far a line (n, 3; mm of the CT) goes on in the person past a point on it, mm."""
    person = view.body.from_ct(np.vstack([line, mark]))
    passed = int(np.linalg.norm(person[:-1] - person[-1], axis=1).argmin())
    return float(np.linalg.norm(np.diff(person[passed:-1], axis=0), axis=1).sum())


def bone_kept(anatomy: Anatomy, view: View, lost: Picture) -> float:
    """How much of its bones' contrast a film shows of what they had before any was lost: 1 all.

    `lost` is what a finding takes from the film, below 0.
    """
    before = replace(view, body=replace(view.body, bone=1.0)).bones(anatomy.base)
    left = view.bones(anatomy.base) + lost
    return round(float(left.sum() / max(before.sum(), 1e-9)), 2)


def share_inside(anatomy: Anatomy, side: str, line: Points) -> float:
    """Share of a line's way through the body (n, 3; mm of the CT) in that pleural space."""
    space = ndimage.binary_dilation(anatomy.space(side), iterations=2)
    body = anatomy.outside()
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    middles = (line[1:] + line[:-1]) / 2
    inside = _at(space, middles / 2)
    within = _at(body <= 0, middles / 3 + BODY_PADDING)
    return round(float(steps[inside].sum() / max(steps[within | inside].sum(), 1e-9)), 2)


def _at(mask: Mask, index: Points) -> Mask:
    whole = np.clip(index.astype(int), 0, np.array(mask.shape) - 1)
    return mask[whole[:, 0], whole[:, 1], whole[:, 2]]


def vertebrae_seen(anatomy: Anatomy, view: View, picture: NDArray[np.generic]) -> int:
    """How many of the eight disks from T4 to T12 a lateral picture shows.

    One does when light and dark along the spine, end plates against disk and body, vary more than
    across it: the mean profile's standard deviation over that of what is left, after a line is
    taken out.
    """
    step = picture.shape[0] // view.shape[0]
    small = picture[: view.shape[0] * step, : view.shape[1] * step].astype(np.float32)
    small = small.reshape(view.shape[0], step, view.shape[1], step).mean(axis=(1, 3))
    centers = view.pixels(_landmark(anatomy, "bodies"))
    seen = 0
    for upper, lower in pairwise(centers):
        seen += _disk_contrast(small, upper, lower, view) > SEEN_DISK
    return seen


def _disk_contrast(picture: Picture, upper: Points, lower: Points, view: View) -> float:
    along = lower - upper
    gap = float(np.linalg.norm(along))
    across = np.array([-along[1], along[0]]) / gap
    reach = 7.0 / millimeters(view)
    t = np.linspace(-0.25, 1.25, 49)
    offsets = np.linspace(-reach, reach, 15)
    points = upper + t[:, None, None] * along + offsets[None, :, None] * across
    values = ndimage.map_coordinates(picture, points.reshape(-1, 2).T, order=1, mode="nearest")
    values = values.reshape(len(t), len(offsets))
    across_mean = values.mean(axis=0)
    values = values - across_mean
    profile = values.mean(axis=1)
    values = values - np.polyval(np.polyfit(t, profile, 1), t)[:, None]
    profile = values.mean(axis=1)
    return float(profile.std() / max((values - profile[:, None]).std(), 1e-6))


def _cobb(spine: Points) -> float:
    """The largest angle (degrees) between the directions of a smooth line, its ends left out."""
    if len(spine) < 4:
        return 0.0
    line = np.polynomial.Polynomial.fit(spine[:, 0], spine[:, 1], 3)
    rows = np.linspace(spine[0, 0], spine[-1, 0], 40)[4:-4]
    angle = np.degrees(np.arctan(line.deriv()(rows)))
    return round(float(np.ptp(angle)), 1)


def _half(lung: Points, side: str, spine: float, shape: tuple[int, int]) -> Box:
    """Bounds of a hemithorax: its lung on the picture, and all up to the spine's middle."""
    (top, low), (bottom, high) = lung.min(axis=0), lung.max(axis=0)
    x0, x1 = (spine, high) if side == "left" else (low, spine)
    ends = np.clip([x0 / shape[1], top / shape[0], x1 / shape[1], bottom / shape[0]], 0, 1)
    return tuple(round(float(end), 4) for end in ends)  # type: ignore[return-value]


@lru_cache(maxsize=4)
def _organs(anatomy: Anatomy, labels: tuple[int, ...]) -> Block:
    mask = anatomy.base.mask(labels, every=3).astype(np.float32)
    return Block((0.0, 0.0, 0.0), mask, 3.0)


@lru_cache(maxsize=8)
def _outline(anatomy: Anatomy, labels: tuple[int, ...]) -> Points:
    """The outermost points of organs to either side, above and below: (n, 3) mm of the CT."""
    points = np.argwhere(anatomy.base.mask(labels, every=2)) * 2.0 + 1
    rng = np.random.default_rng(0)
    kept = []
    for axis in (0, 2):
        for end in (1, -1):
            far = end * points[:, axis]
            near_end = points[far > far.max() - OUTERMOST_MM]
            kept.append(rng.choice(near_end, min(len(near_end), 70), replace=False))
            kept.append(near_end[[np.argmax(end * near_end[:, axis])]])
    return np.concatenate(kept)


def _over_chord(profile: Points) -> float:
    """How far a line of pixels (rows, columns) rises over the chord between its ends."""
    ends = max(1, round(len(profile) * EDGE_SHARE))
    kept = profile[ends:-ends] if len(profile) > 2 * ends + 2 else profile
    start, end = kept[0], kept[-1]
    along = (end - start) / max(np.linalg.norm(end - start), 1e-9)
    away = (kept - start) @ np.array([-along[1], along[0]])
    return float(np.abs(away).max())


@lru_cache(maxsize=8)
def _dome(anatomy: Anatomy, side: str) -> Points:
    """Points of the CT along the outline that a hemidiaphragm shows from the front, (n, 3).

    The diaphragm is where lung ends on an abdominal organ; of each column its highest place.
    """
    lung = anatomy.space(side)
    belly = anatomy.base.mask(organs.ABDOMEN, every=2)
    belly = belly[: lung.shape[0], : lung.shape[1], : lung.shape[2]]
    bottom = lung.shape[0] - 1 - lung[::-1].argmax(axis=0)
    top = np.where(belly.any(axis=0), belly.argmax(axis=0), 10_000)
    rests = (np.abs(top - bottom) * 2 < UNDER_MM) & (lung.sum(axis=0) * 2 > DEEP_MM)
    floor = np.where(rests, bottom, np.inf)
    columns = np.flatnonzero(rests.sum(axis=0) > 4)
    if len(columns) < 9:  # no organs below: the lung's lowest at each column
        floor, columns = np.where(lung.any(axis=0), bottom, np.inf), np.arange(lung.shape[2])
        columns = columns[np.isfinite(floor).any(axis=0)]
    rows = ndimage.median_filter(floor.min(axis=0)[columns], 7, mode="nearest")
    behind = ndimage.median_filter(floor.argmin(axis=0)[columns], 9, mode="nearest")
    line = np.stack([rows * 2.0 + 2, behind * 2.0 + 1, columns * 2.0 + 1], axis=1)
    # At the wall itself a point belongs half to the ribs, which do not go down.
    within = anatomy.cage.depth_at(line) > SOFT_MM
    return line[within] if within.sum() > 9 else line


@lru_cache(maxsize=8)
def _posterior_ribs(anatomy: Anatomy, side: str) -> Points:
    """The middle of each rib of that side behind, at mid-hemithorax: (up to 12, 3)."""
    marks = anatomy.marks
    across = (marks.middle[2] + marks.sides[side][1]) / 2
    found = []
    for number in range(1, 13):
        rib = np.argwhere(anatomy.rib(side, number)).astype(np.float64) + 0.5
        if len(rib) == 0:
            continue
        behind = rib[rib[:, 1] > np.median(rib[:, 1])]
        near = behind[np.abs(behind[:, 2] - across) < MIDDLE_MM]
        if len(near) == 0 and number < 3:  # the first ones do not reach so far out
            outward = np.abs(behind[:, 2] - marks.middle[2])
            near = behind[outward > np.quantile(outward, 0.85)]
        if len(near):
            found.append(near.mean(axis=0))
    return np.array(found).reshape(-1, 3)


@lru_cache(maxsize=8)
def _landmark(anatomy: Anatomy, name: str) -> Points:
    """Points of the CT (n, 3): spine, spinous processes, clavicles' medial ends, bodies."""
    labels = anatomy.base.labels
    if name in ("spine", "spinous", "bodies"):
        numbers = {"spinous": range(3, 6), "bodies": range(4, 13), "spine": range(2, 13)}[name]
        points = []
        for number in numbers:
            bone = np.argwhere(labels[::2, ::2, ::2] == organs.thoracic(number)) * 2.0 + 1
            if len(bone) == 0:
                continue
            if name == "spinous":
                bone = bone[bone[:, 1] > np.quantile(bone[:, 1], 0.93)]
            elif name == "bodies":
                middle = np.abs(bone[:, 2] - np.median(bone[:, 2])) < 9
                bone = bone[middle & (bone[:, 1] < np.quantile(bone[:, 1], 0.45))]
            points.append(bone.mean(axis=0))
        return np.array(points) if points else np.array([anatomy.marks.middle])
    ends = []
    for side, sign in (("left", 1), ("right", -1)):
        bone = np.argwhere(labels == organs.CLAVICLE[side]).astype(np.float64) + 0.5
        if len(bone) == 0:
            return np.array([anatomy.marks.middle])
        medial = bone[np.argsort(sign * bone[:, 2])[: max(1, len(bone) // 50)]]
        ends.append(medial.mean(axis=0))
    return np.array(ends)
