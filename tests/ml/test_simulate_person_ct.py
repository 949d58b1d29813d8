"""The CT behind a simulated film: a point of the film and its line through the volume agree."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ml.simulate import person_ct
from ml.simulate.cases import generate
from ml.simulate.drawing import Wire
from ml.simulate.findings.common import Part, Placed
from ml.simulate.plans import Plan
from ml.simulate.projector import Block
from tests.ml import phantom

pytestmark = [pytest.mark.pure, pytest.mark.usefixtures("few_tries")]
SIZE = 400


def sitting_of(*names, portable=False):
    plan = Plan((*names, "supine") if portable else names)
    return generate(phantom.anatomy(), "one", plan, 3, size=SIZE).sitting


def ball(center, radius=6.0, density=3.0, *, slides=True):
    """A dense ball whose middle lies at a point of the CT, mm."""
    count = int(2 * radius) + 3
    corner = tuple(float(int(c - count / 2)) for c in center)
    axes = np.meshgrid(*(c + np.arange(count) + 0.5 for c in corner), indexing="ij")
    away = sum((axis - c) ** 2 for axis, c in zip(axes, center, strict=True))
    return Block(corner, density * (away <= radius**2).astype(np.float32), slides=slides)


def seen_at(beam, points):
    """Where points of a volume show: shares (x, y) of the film."""
    points = np.atleast_2d(points)
    narrow = beam["near"] + beam["slope"] * points[:, 1]
    shares = [
        ((points[:, axis] - beam["middle"][n]) / narrow - beam["corner"][n]) / beam["size"][n]
        for n, axis in ((1, 2), (0, 0))
    ]
    return np.stack(shares, axis=-1)


def line_of(beam, share, depths):
    """The points of a volume, mm, that a point (x, y) of the film sees at those depths."""
    narrow = beam["near"] + beam["slope"] * depths
    down, left = (
        beam["middle"][n] + (beam["corner"][n] + share[1 - n] * beam["size"][n]) * narrow
        for n in (0, 1)
    )
    return np.stack([down, depths, left], axis=-1)


def middle_of(volume, weights):
    """The center of what weighs, mm."""
    indices = np.argwhere(weights > 0.25 * weights.max())
    weight = weights[tuple(indices.T)]
    middle = (indices * weight[:, None]).sum(axis=0) / weight.sum()
    return np.array(volume.corner) + (middle + 0.5) * volume.spacing


PLACES = {
    "deep in the right lung": (110, 80, 55),
    "in the left lung, behind": (90, 100, 165),
    "high in the right lung": (50, 70, 60),
    "in the heart": (130, 60, 124),
    "in the chest wall": (100, 78, 14),
    "in the spine's place": (120, 140, 110),
}


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_a_point_of_the_film_and_its_line_in_the_ct_agree_within_2_mm(place, portable):
    anatomy, sitting = phantom.anatomy(), sitting_of(portable=portable)
    view = sitting.view
    assert view.kind == ("AP" if portable else "PA")
    down, back, left = PLACES[place]
    block = ball((down + person_ct_top(anatomy), back, left))
    one = Placed("nodule_mass", "lungs", "", (Part(block, block),))
    without = person_ct.person_ct(anatomy, sitting)
    held = person_ct.person_ct(anatomy, replace(sitting, placed=(*sitting.placed, one)))
    more = (held.hu - without.hu).astype(float)
    in_volume = middle_of(held, np.clip(more, 0, None))

    added = view.added(block)
    rows, columns = np.nonzero(added > 0.25 * added.max())
    weight = added[rows, columns]
    on_film = np.array([(columns + 0.5) @ weight, (rows + 0.5) @ weight]) / weight.sum()
    share = on_film / np.array(view.shape[::-1])
    [through] = line_of(held.beam, share, in_volume[1:2])
    assert np.linalg.norm(through - in_volume) < 2.0, place

    spot = np.array(held.spots[-1]["at"])
    assert np.linalg.norm(spot - in_volume) < 3.0
    [shown] = seen_at(held.beam, spot)
    assert np.linalg.norm((shown - share) * np.array(held.beam["size"][::-1])) < 2.0
    low, high = held.spots[-1]["depth"]
    assert low < in_volume[1] < high


def person_ct_top(anatomy):
    """What is added above the CT, mm."""
    return anatomy.base.size_mm[0] - phantom.SHAPE[0] * phantom.SPACING[0]


def test_the_volume_sums_up_to_what_the_film_shows():
    """Along the beam, density for density, over what is soft and has no vessels of its own."""
    anatomy, sitting = phantom.anatomy(), sitting_of("mass")
    volume = person_ct.person_ct(anatomy, sitting)
    depths = volume.corner[1] + (np.arange(volume.hu.shape[1]) + 0.5) * volume.spacing
    film = sitting.healthy + sum(part.added for parts in sitting.shown for part in parts)
    rows, columns = (np.linspace(0.2, 0.8, 25) for _ in range(2))
    sums, seen = [], []
    for y in rows:
        for x in columns:
            places = (line_of(volume.beam, (x, y), depths) - volume.corner) / volume.spacing
            at = np.clip(places.astype(int), 0, np.array(volume.hu.shape) - 1)
            density = volume.hu[tuple(at.T)].astype(float) / 1000 + 1
            sums.append(density.sum() * volume.spacing)
            seen.append(film[int(y * film.shape[0]), int(x * film.shape[1])])
    assert np.corrcoef(sums, seen)[0, 1] > 0.97


def test_a_device_lies_along_its_line_and_its_spot_is_the_tip():
    anatomy, sitting = phantom.anatomy(), sitting_of()
    way = np.linspace((60.0, 90.0, 110.0), (120.0, 90.0, 110.0), 30)
    part = Part(wires=(Wire(way, 2.0, 6.0),), ways=(way,))
    one = Placed("tracheal_tube", "devices", "", (part,))
    held = person_ct.person_ct(anatomy, replace(sitting, placed=(one,)))
    more = held.hu.astype(int) - person_ct.person_ct(anatomy, sitting).hu
    [tip] = sitting.view.standing(way[-1:])
    assert held.spots[-1]["at"] == pytest.approx(tip.tolist(), abs=0.1)
    dense = np.array(held.corner) + (np.argwhere(more > 300) + 0.5) * held.spacing
    line = sitting.view.standing(way)
    near = np.linalg.norm(dense[:, None] - line[None], axis=-1).min(axis=1)
    assert len(dense) > 10
    assert near.max() < 2 * held.spacing


def test_the_picture_holds_all_slices_and_is_small():
    volume = person_ct.person_ct(phantom.anatomy(), sitting_of("mass"))
    content = volume.encoded()
    told = json.loads(json.dumps(volume.described()))
    down, back, left = told["shape"]
    with Image.open(io.BytesIO(content)) as picture:
        sheet = np.asarray(picture.convert("L"))
    assert sheet.shape == (-(-down // told["across"]) * back, told["across"] * left)
    line, column = divmod(down // 2, told["across"])
    tile = sheet[line * back : (line + 1) * back, column * left : (column + 1) * left]
    levels, grays = zip(*told["table"], strict=True)
    off = np.interp(tile, grays, levels) - volume.hu[down // 2].clip(levels[0], levels[-1])
    assert np.abs(off).mean() < 40
    assert len(content) < 300_000
    assert person_ct.person_ct(phantom.anatomy(), sitting_of("mass")).encoded() == content
