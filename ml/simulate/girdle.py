"""Bones of shoulders and neck that the CT lacks: on a frontal film arms hang down.

The scapula is the CT's own right one, turned about its glenoid. Acromion, clavicles and humeri are
shells with cancellous bone in them, and the vertebrae above the CT are its lowest cervical one
again, each smaller than the one below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import PchipInterpolator
from scipy.spatial import KDTree

from ml.simulate import arms, organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.base import ABOVE_MM, densities
from ml.simulate.patients import Body
from ml.simulate.projector import BONE_FACTOR, Block, Kind

Values = NDArray[np.float32]
Points = NDArray[np.float64]
SOFT = 1.05
"""Density in whose place a bone lies, water 1."""
CORTEX, MARROW = 1.0, -0.08
"""What these attenuate beyond soft tissue."""
SCAPULA_SHARE, DENSEST = 0.75, 0.85
"""Of the scapula: how much of its own it attenuates, and a voxel at most. The CT was sharpened."""
BETWEEN = 0.5
"""Of the cervical vertebrae: how much of their mean along the spine lies between them, too."""
FINE_MM, COARSE_MM = 1.0, 1.8
SCAPULA_MM = 1.25
JOINT_MM = 8.0
"""How far from the humerus the scapula is its socket."""
HEAD_MM = 23.0
SHAFT_MM = (11.0, 260.0)
"""Of the humerus: its radius, and how much of its length there is."""
VERTEBRAE = 4
"""Cervical ones above the CT's lowest."""
SMALLER = 0.965
FLAT = np.array([1.75, 1.0, 1.0])
"""How much thinner the acromion is from above to below."""
LEAST = 0.04
"""What a bone attenuates beyond soft tissue where there is any of it."""
Bone = tuple[tuple[float, float, float], Values, float]
"""The corner of a box, what lies in it, and its voxels' size."""
SIGN = {"left": 1.0, "right": -1.0}


@dataclass(frozen=True)
class Pose:
    """One shoulder, mm of the CT: down from the apex, from the front, and away from the middle."""

    glenoid: tuple[float, float, float]
    turned: float
    """How far the scapula's lower angle is turned inward, degrees."""
    forward: float
    """How far the shoulder is rolled forward, degrees."""
    tilted: float
    """How far the scapula is tipped, its coracoid down: raised arms tip it back, degrees."""
    along: tuple[float, float, float]
    """Direction of the humerus' shaft: down, back, away from the middle."""


POSES = {
    "PA": Pose((36.0, 150.0, 133.0), 12.0, 14.0, 19.0, (0.88, -0.22, 0.42)),
    "AP": Pose((31.0, 166.0, 136.0), 22.0, -4.0, 13.0, (0.985, 0.03, 0.17)),
}
"""Rolled forward, the hands at the hips; lying, the arms beside the body."""
SPREAD = Pose((5.0, 4.0, 5.0), 3.0, 3.0, 2.5, (0.03, 0.05, 0.05))
"""Standard deviations between persons; a third of it between one's two sides."""


@dataclass(frozen=True)
class Shoulder:
    """Where one side's bones are, mm of the CT."""

    side: str
    glenoid: Points
    turn: Points
    """Rotation (3, 3) from the CT's scapula to this one's, seen from the right side."""
    along: Points
    head: Points
    acromion: Points
    """From the scapular spine to the front: (3, 3)."""
    clavicle: Points
    """From the sternum outward: (5, 3)."""


def shoulders(anatomy: Anatomy, body: Body, kind: Kind) -> tuple[Shoulder, Shoulder]:
    """Both shoulders of a person as they are on a frontal film."""
    return _shoulders(anatomy, body.grain, kind)


@lru_cache(maxsize=4)
def _shoulders(anatomy: Anatomy, grain: int, kind: Kind) -> tuple[Shoulder, Shoulder]:
    rng = np.random.default_rng([grain, 7])
    common = _drawn(rng, POSES[kind], 1.0)
    left, right = (_shoulder(anatomy, side, _drawn(rng, common, 0.33)) for side in organs.SIDES)
    return left, right


def _drawn(rng: np.random.Generator, pose: Pose, share: float) -> Pose:
    def near(value: float, spread: float) -> float:
        return value + share * spread * float(np.clip(rng.normal(), -1.7, 1.7))

    def all_near(values: tuple[float, ...], spreads: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(near(v, s) for v, s in zip(values, spreads, strict=True))

    return Pose(
        all_near(pose.glenoid, SPREAD.glenoid),  # type: ignore[arg-type]
        near(pose.turned, SPREAD.turned),
        near(pose.forward, SPREAD.forward),
        near(pose.tilted, SPREAD.tilted),
        all_near(pose.along, SPREAD.along),  # type: ignore[arg-type]
    )


def _shoulder(anatomy: Anatomy, side: str, pose: Pose) -> Shoulder:
    marks, sign = anatomy.marks, SIGN[side]
    middle = middle_of(anatomy)
    outward = np.array([1.0, 1.0, sign])

    def put(place: tuple[float, float, float]) -> Points:
        down, back, out = place
        return np.array([marks.apex + down, back, middle + sign * out])

    glenoid = put(pose.glenoid)
    turn = _rotation(pose.turned, pose.forward, pose.tilted)
    # Seen from the right side, where away from the middle is -1.
    flip = np.diag([1.0, 1.0, -sign])
    root = glenoid + (np.array([-33.0, 21.0, -6.0]) @ turn.T) @ flip
    over = np.array([[-34.0, 6.0, 25.0], [-31.0, -14.0, 23.0]])
    acromion = np.concatenate([root[None], glenoid + over * outward])
    along = np.array(pose.along) / np.linalg.norm(pose.along)
    head = glenoid + np.array([2.0, -7.0, 19.0]) * outward
    medial = _medial_end(anatomy, side)
    end = acromion[2] + np.array([-5.0, 3.0, -11.0]) * outward
    across = end - medial
    bow = np.array([[0.0, 0.0], [0.30, -0.14], [0.62, 0.02], [0.84, 0.10], [1.0, 0.0]])
    length = float(np.linalg.norm(across))
    clavicle = medial + bow[:, :1] * across
    clavicle[:, 1] += bow[:, 1] * length
    clavicle[:, 0] -= np.array([0.0, 0.01, 0.035, 0.04, 0.0]) * length
    return Shoulder(side, glenoid, turn, along * outward, head, acromion, clavicle)


def _rotation(turned: float, forward: float, tilted: float) -> Points:
    """Of the right scapula: tipped, its lower angle inward, the shoulder forward (degrees)."""
    a, b, c = np.deg2rad([turned, forward, tilted])
    inward = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    rolled = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    tipped = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return rolled @ inward @ tipped


@lru_cache(maxsize=2)
def middle_of(anatomy: Anatomy) -> float:
    """The middle between the clavicles' medial ends, mm from the CT's right."""
    return float(np.mean([_medial_end(anatomy, side)[2] for side in organs.SIDES]))


@lru_cache(maxsize=4)
def _medial_end(anatomy: Anatomy, side: str) -> Points:
    bone = np.argwhere(anatomy.base.labels == organs.CLAVICLE[side]) + 0.5
    order = np.argsort(SIGN[side] * bone[:, 2])
    return bone[order[: len(bone) // 12]].mean(axis=0)  # type: ignore[no-any-return]


def blocks(anatomy: Anatomy, body: Body, kind: Kind) -> list[Block]:
    """What the bones attenuate beyond soft tissue in their place."""
    return list(pieces(anatomy, body, kind).values())


def pieces(anatomy: Anatomy, body: Body, kind: Kind) -> dict[str, Block]:
    """The same, each bone by its name."""
    return {
        name: Block(corner, values * np.float32(body.bone), mm, slides=False)
        for name, (corner, values, mm) in _of(anatomy, body.grain, kind).items()
    }


def named(anatomy: Anatomy, body: Body, kind: Kind) -> dict[str, Block]:
    """Where the bones are that an outline is told of, by their names: 1 within, 0 outside."""
    made = _of(anatomy, body.grain, kind)
    return {
        name: Block(corner, (values > LEAST).astype(np.float32), mm, slides=False)
        for name, (corner, values, mm) in made.items()
        if name.endswith(("clavicle", "scapula"))
    }


@lru_cache(maxsize=1)
def _of(anatomy: Anatomy, grain: int, kind: Kind) -> dict[str, Bone]:
    made = {"vertebrae": _vertebrae(anatomy)}
    for one in _shoulders(anatomy, grain, kind):
        made[f"{one.side} scapula"] = _scapula(anatomy, one)
        made[f"{one.side} acromion"] = _acromion(one)
        made[f"{one.side} clavicle"] = _clavicle(one)
        made[f"{one.side} humerus"] = _humerus(one)
    return made


@lru_cache(maxsize=2)
def _own_scapula(anatomy: Anatomy) -> tuple[Points, Values, Points]:
    """The CT's right scapula: the corner of a box around it, its values there, its glenoid."""
    labels, hu = anatomy.base.labels, anatomy.base.hu
    mask = labels == organs.SCAPULA["right"]
    [window] = ndimage.find_objects(mask.astype(np.uint8))
    bone = np.argwhere(mask[window]) + [part.start for part in window]
    # The arm may lie beside that window, or the labels stop short of the joint.
    away = KDTree(np.argwhere(labels == arms.HUMERUS["right"])).query(bone)[0]
    glenoid = bone[away < max(JOINT_MM, away.min() + 2)].mean(axis=0) + 0.5
    wide = tuple(slice(max(0, part.start - 2), part.stop + 2) for part in window)
    share = ndimage.gaussian_filter(ndimage.binary_dilation(mask[wide]).astype(np.float32), 0.5)
    corner = np.array([part.start for part in wide], float)
    return corner, np.minimum(_excess(hu[wide]), DENSEST) * (SCAPULA_SHARE * share), glenoid


def _excess(hu: NDArray[np.int16]) -> Values:
    soft, bone = densities(hu.astype(np.float32))
    return np.maximum(soft + bone * np.float32(BONE_FACTOR) - np.float32(SOFT), -0.1)  # type: ignore[no-any-return]


def _scapula(anatomy: Anatomy, one: Shoulder) -> Bone:
    corner, values, glenoid = _own_scapula(anatomy)
    flip = np.diag([1.0, 1.0, -SIGN[one.side]])
    turn = flip @ one.turn  # from the CT's scapula to this one's
    ends = np.array(list(np.ndindex(2, 2, 2))) * values.shape + corner - glenoid
    moved = ends @ turn.T + one.glenoid
    low = np.floor(moved.min(axis=0))
    count = np.ceil((moved.max(axis=0) - low) / SCAPULA_MM).astype(int)
    back = turn.T
    offset = back @ (low + SCAPULA_MM / 2 - one.glenoid) + glenoid - corner - 0.5
    found = ndimage.affine_transform(
        values, back * SCAPULA_MM, offset, tuple(count), order=1, output=np.float32
    )
    return tuple(low), found, SCAPULA_MM  # type: ignore[return-value]


def _grid(low: Points, high: Points, mm: float) -> tuple[tuple[float, float, float], list[Values]]:
    low = np.floor(low)
    axes = [np.arange(a + mm / 2, b, mm, dtype=np.float32) for a, b in zip(low, high, strict=True)]
    mesh = [axis.reshape([-1 if i == n else 1 for i in range(3)]) for n, axis in enumerate(axes)]
    return tuple(low), mesh  # type: ignore[return-value]


def _shell(
    deep: Values,
    cortex: Values | float,
    mm: float,
    inside: Values | float,
    dense: float = CORTEX,
) -> Values:
    """A bone of what lies `deep` (mm) within its surface: cortex of that thickness around."""
    whole = np.clip(deep / mm + 0.5, 0, 1)
    within = np.clip((deep - cortex) / (1.3 * mm) + 0.5, 0, 1)
    return (dense * (whole - within) + inside * within).astype(np.float32)


@lru_cache(maxsize=1)
def _trabeculae() -> Values:
    """Grain of cancellous bone, 1 mm voxels, standard deviation 1; it goes on at its ends."""
    noise = np.random.default_rng(11).standard_normal((64, 64, 64))
    grain = ndimage.gaussian_filter(noise, (1.1, 0.8, 0.8), mode="wrap")
    coarse = ndimage.gaussian_filter(noise[::-1], (5.0, 4.0, 4.0), mode="wrap")
    mixed = grain / grain.std() + 0.8 * coarse / coarse.std()
    return (mixed / mixed.std()).astype(np.float32)


def _grained(shape: tuple[int, ...], phase: int) -> Values:
    pick = [np.arange(phase + 7 * n, phase + 7 * n + count) % 64 for n, count in enumerate(shape)]
    return _trabeculae()[np.ix_(*pick)]


def _clavicle(one: Shoulder) -> Bone:
    """A tube along its bows, stout at the sternum, flat at its outer end."""
    line = one.clavicle if one.side == "left" else one.clavicle[::-1]
    corner, (z, y, x) = _grid(line.min(axis=0) - 14, line.max(axis=0) + 14, FINE_MM)
    at = np.clip(x.ravel(), line[0, 2], line[-1, 2])
    fine = np.linspace(line[0, 2], line[-1, 2], 60)
    places = [_smooth_line(line[:, 2], line[:, axis], fine) for axis in (0, 1)]
    across = (at - line[0, 2]) / (line[-1, 2] - line[0, 2])
    out = across if one.side == "left" else 1 - across
    tall = np.interp(out, [0, 0.12, 0.3, 0.6, 0.85, 1], [11.0, 8.5, 6.3, 5.8, 5.6, 5.0])
    thick = np.interp(out, [0, 0.12, 0.3, 0.6, 0.85, 1], [10.0, 8.0, 6.4, 6.2, 8.5, 9.0])
    slopes = [np.interp(at, fine, np.gradient(place, fine)) for place in places]
    stretch = 1 / np.sqrt(1 + slopes[0] ** 2 + slopes[1] ** 2)
    dz = (z - np.interp(at, fine, places[0]).astype(np.float32)) / tall.astype(np.float32)
    dy = (y - np.interp(at, fine, places[1]).astype(np.float32)) / thick.astype(np.float32)
    radius = np.sqrt(dz**2 + dy**2)
    deep = (1 - radius) * (np.minimum(tall, thick) * np.sqrt(stretch)).astype(np.float32)
    beyond = np.maximum(line[0, 2] - x, x - line[-1, 2])
    deep = np.minimum(deep, 1.5 - np.maximum(beyond, 0)) if beyond.size else deep
    cortex = np.interp(out, [0, 0.1, 0.35, 0.7, 0.92, 1], [0.7, 0.9, 2.2, 2.0, 1.0, 0.7])
    marrow = np.interp(out, [0, 0.15, 0.4, 0.7, 0.9, 1], [0.24, 0.2, 0.1, 0.08, 0.2, 0.22])
    inside = marrow.astype(np.float32) * (1 + 0.6 * _grained(deep.shape, 3))
    return corner, _shell(deep, cortex.astype(np.float32), FINE_MM, inside), FINE_MM


def _smooth_line(x: Points, values: Points, fine: Points) -> Points:
    return ndimage.gaussian_filter1d(PchipInterpolator(x, values)(fine), 4, mode="nearest")  # type: ignore[no-any-return]


def _acromion(one: Shoulder) -> Bone:
    """A flat hook over the head, from the scapular spine to the front."""
    points = one.acromion
    corner, grid = _grid(points.min(axis=0) - 14, points.max(axis=0) + 14, FINE_MM)
    first, second = (
        _capsule(grid, points[n], points[n + 1], *radii, FLAT)
        for n, radii in enumerate(((8.0, 10.0), (10.0, 8.0)))
    )
    deep = _joined(first, second, 3.0) / np.float32(1.5)
    inside = 0.26 * (1 + 0.6 * _grained(deep.shape, 21))
    return corner, _shell(deep, 1.2, FINE_MM, inside, 0.42), FINE_MM


def _humerus(one: Shoulder) -> Bone:
    head, along = one.head, one.along
    far = head + along * SHAFT_MM[1]
    ends = np.stack([head, far])
    corner, grid = _grid(ends.min(axis=0) - 30, ends.max(axis=0) + 30, COARSE_MM)
    one_ = np.ones(3)
    outward = np.array([0.0, 0.0, SIGN[one.side]])
    side = outward - along * (outward @ along)
    side /= np.linalg.norm(side)
    axis = head + side * 4.0  # the shaft stands a little outward of the head's middle
    parts = [
        _capsule(grid, head, head, HEAD_MM, HEAD_MM, one_),
        _capsule(grid, head + along * 6 + side * 15, head + along * 14 + side * 14, 11.5, 10, one_),
        _capsule(grid, axis + along * 12, axis + along * 48, 20.0, 12.5, one_),
        _capsule(grid, axis + along * 40, far, 12.3, SHAFT_MM[0], one_),
    ]
    deep = parts[0]
    for part in parts[1:]:
        deep = _joined(deep, part, 5.0)
    down = sum(
        (g - p) * a for g, p, a in zip(grid, head.astype(np.float32), along, strict=True)
    ).astype(np.float32)
    cortex = np.interp(down, [-25, 10, 30, 60, 100], [0.8, 1.0, 1.8, 3.6, 4.3]).astype(np.float32)
    dense = np.interp(down, [-25, 5, 30, 60], [0.25, 0.2, 0.08, MARROW]).astype(np.float32)
    inside = dense * (1 + 0.5 * _grained(deep.shape, 40))
    return corner, _shell(deep, cortex, COARSE_MM, inside, 0.85), COARSE_MM


def _capsule(
    grid: list[Values], a: Points, b: Points, ra: float, rb: float, stretch: Points
) -> Values:
    """How deep (mm) within a rod from a to b, its radius from `ra` to `rb`."""
    rel = [(g - np.float32(p)) * np.float32(s) for g, p, s in zip(grid, a, stretch, strict=True)]
    way = ((b - a) * stretch).astype(np.float32)
    length = float(way @ way)
    if length < 1e-6:
        return np.float32(ra) - np.sqrt(rel[0] ** 2 + rel[1] ** 2 + rel[2] ** 2)  # type: ignore[no-any-return]
    share = (rel[0] * way[0] + rel[1] * way[1] + rel[2] * way[2]) / np.float32(length)
    share = np.clip(share, 0, 1)
    off = sum((r - share * w) ** 2 for r, w in zip(rel, way, strict=True))
    return np.float32(ra) + share * np.float32(rb - ra) - np.sqrt(off)  # type: ignore[no-any-return]


def depth_in_rod(grid: list[Values], a: Points, b: Points, ra: float, rb: float) -> Values:
    """How deep (mm) points of a grid lie within a rod from a to b, of radius `ra` to `rb`."""
    return _capsule(grid, a, b, ra, rb, np.ones(3))


def _joined(one: Values, other: Values, softness: float) -> Values:
    """Depth within either of two, their seam filled up."""
    share = np.clip(0.5 + (one - other) / (2 * softness), 0, 1)
    return other + (one - other) * share + softness * share * (1 - share)  # type: ignore[no-any-return]


@lru_cache(maxsize=2)
def _vertebrae(anatomy: Anatomy) -> Bone:
    """Cervical vertebrae above the CT: its lowest one again, each a little smaller."""
    labels, hu = anatomy.base.labels, anatomy.base.hu
    mask = labels == organs.thoracic(0)
    [window] = ndimage.find_objects(mask.astype(np.uint8))
    wide = tuple(slice(max(0, part.start - 2), part.stop + 2) for part in window)
    share = ndimage.gaussian_filter(ndimage.binary_dilation(mask[wide]).astype(np.float32), 0.6)
    values = np.maximum(_excess(hu[wide]), 0) * share
    start = np.array([part.start for part in wide], float)
    rise, forward = level_steps(anatomy)
    first = np.array([start[0] - rise * VERTEBRAE - 4, start[1] - 40.0, start[2]])
    shape = (int(start[0] - first[0]) + values.shape[0], values.shape[1] + 40, values.shape[2])
    total = np.zeros(shape, np.float32)
    middle = np.array([values.shape[0] / 2, 0.4 * values.shape[1], values.shape[2] / 2])
    for number in range(VERTEBRAE + 1):
        size = SMALLER**number
        bent = forward * 4 * (1 - 0.75**number)
        moved = np.array([-rise * sum(SMALLER**k for k in range(number)), -bent, 0.0])
        # Every second one is seen as in a mirror, so that no two are quite alike.
        way = np.diag([1.0, 1.0, -1.0 if number % 2 else 1.0]) / size
        place = start + middle + moved - first
        offset = middle - way @ place
        again = ndimage.affine_transform(values, way, offset, shape, order=1, output=np.float32)
        np.maximum(total, again, out=total)
    # Their joints and arches lie over the disks, so that a film shows them run together.
    along = ndimage.gaussian_filter(total, (6.0, 1.5, 1.5))
    total = (1 - BETWEEN) * total + 1.25 * BETWEEN * along
    down = first[0] + np.arange(shape[0]) + 0.5
    rest = 1 - np.clip((down - ABOVE_MM) / arms.TOP_MM, 0, 1)
    total *= rest[:, None, None].astype(np.float32)
    return tuple(first), total, 1.0  # type: ignore[return-value]


@lru_cache(maxsize=2)
def level_steps(anatomy: Anatomy) -> tuple[float, float]:
    """How much higher, and farther to the front, a vertebra lies than the next, mm."""
    some = anatomy.base.labels[::2, ::2, ::2]
    ends = [
        (bone[:, 0].max(), bone[:, 1].min())
        for bone in (np.argwhere(some == organs.thoracic(number)) * 2.0 for number in (0, 1, 2))
    ]
    (z0, y0), _, (z2, y2) = ends
    return float(np.clip((z2 - z0) / 2, 12, 18)), float(np.clip((y2 - y0) / 2, 0, 12))
