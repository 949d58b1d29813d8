"""Collapse, tension and septal lines: what of them a reader looks for can be measured."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from ml.simulate import organs
from ml.simulate.anatomy import Anatomy
from ml.simulate.base import prepare
from ml.simulate.findings import (
    catheters,
    chest,
    collapse,
    implants,
    loculated,
    pleura,
    septa,
    tubes,
    water,
)
from ml.simulate.findings.common import Scene, to_the_wall, window_of
from ml.simulate.findings.septa import Canvas, Sheet
from ml.simulate.patients import SOFT_MM, Body, Inside
from ml.simulate.projector import View
from ml.simulate.shadows import part_shown
from ml.simulate.standing import view_of
from tests.ml import phantom

pytestmark = pytest.mark.pure


def body() -> Body:
    anatomy = phantom.anatomy()
    return Body(anatomy.marks, Inside(anatomy.cage, anatomy.spine), breath=12.0)


def scene(seed: int = 1) -> Scene:
    return Scene(phantom.anatomy(), np.random.default_rng(seed), body())


def view(person: Body) -> View:
    return view_of(phantom.anatomy(), person, "PA", 400)


def without_air() -> Anatomy:
    """The phantom with nothing in its left lung."""
    hu, labels = phantom.volume()
    empty = np.where(np.isin(labels, organs.LUNG["left"]), -1000, hu).astype(np.float32)
    return Anatomy(prepare(empty, phantom.SPACING, labels))


def test_the_air_of_a_tension_reaches_the_ribs_and_leaves_no_rim_of_lung(monkeypatch):
    monkeypatch.setattr(loculated, "_lump", lambda *_: np.float32(9.0))  # nothing of it is left
    here = scene()
    seen, anatomy = view(here.body), here.anatomy
    (part,) = loculated.tension(here, "left").parts
    shown = part_shown(seen, part)
    lung = seen.healthy(anatomy.base) - seen.healthy(without_air().base)
    rest = np.abs(lung + shown.added)
    rows = np.flatnonzero((lung > 0.02).any(axis=1))[8:-8]
    rims = []
    for row in rows:
        columns = np.flatnonzero(lung[row] > 0.02)
        rims.append((rest[row, columns[-8:]].mean(), lung[row, columns[-8:]].mean()))
    left, there = np.array(rims).T
    assert left.sum() < 0.3 * there.sum()
    # From row to row it is no more ragged than the lung's own border.
    assert np.diff(left).std() < 1.5 * np.diff(there).std() + 0.01


@pytest.mark.parametrize("side", organs.SIDES)
def test_a_tension_shifts_heart_and_trachea_and_lowers_its_dome(side):
    before = body()
    after = loculated.tension_bend(before, np.random.default_rng(1), side)
    marks = before.marks
    points = np.array([marks.heart, marks.carina])
    moved = (after.from_ct(points) - before.from_ct(points))[:, 2]
    away = moved * (-1 if side == "left" else 1)
    assert away[0] > 15 and away[1] > 8
    own, other = (0, 1) if side == "left" else (1, 0)
    assert after.raised[own] <= before.raised[own] - 15
    assert after.raised[other] == before.raised[other]


def test_a_lower_lobe_that_collapses_draws_hilum_heart_and_vessels_after_it():
    before = body()
    after = collapse.bend(before, np.random.default_rng(1), "right lower")
    marks = before.marks
    points = np.array([marks.hilum["right"], marks.heart])
    moved = after.from_ct(points) - before.from_ct(points)
    assert moved[0, 0] > 5, "the hilum is lower"
    assert moved[1, 2] < -4, "the heart is nearer"
    # What lies between vessels beside the collapsed lobe is wider than before.
    y, x = marks.hilum["right"][1] + 20, marks.middle[2]
    ring = np.array([[marks.dome - 12, y, x - 34 - mm] for mm in (45, 65)])
    gaps = [float(np.ptp(b.in_ct(ring)[:, 2])) for b in (before, after)]
    assert gaps[1] < 0.97 * gaps[0], "less of the lung takes the same room"


def test_a_collapsed_right_lower_lobe_is_a_triangle_wide_below_and_behind():
    here = scene()
    (part,) = collapse.collapse(here, "right lower").parts
    mask = part.mask.values > 0.5
    levels = np.flatnonzero(mask.any(axis=(1, 2)))
    widths = mask.any(axis=1).sum(axis=1)[levels]
    third = len(levels) // 3
    assert widths[-third:].max() > 1.5 * widths[:third].max()
    back = np.nonzero(mask[levels[:third]])[1].mean()
    assert back + part.mask.corner[1] > here.anatomy.marks.middle[1]


def test_up_to_the_wall_is_as_far_as_the_cage_goes_and_lung_is_all_that_is_there():
    here = scene()
    window = window_of(here, here.anatomy.space("right"), 2, margin=8)
    inside, wall, density = to_the_wall(here, "right", window)
    lung = np.isin(here.anatomy.base.labels[window], organs.LUNG["right"])
    assert inside[lung].mean() > 0.9
    rim = (inside > 0.5) & (wall < 2)
    assert rim.any() and density[rim].mean() < 0.3


def lines(count: int = 12, seed: int = 1) -> list[Sheet]:
    kept: list[Sheet] = []
    drawn = septa._drawn

    def keep(sheets: list[Sheet], *rest: object, **more: object) -> object:
        kept.extend(sheets)
        return drawn(sheets, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(septa, "_drawn", keep)
        septa.lines_at_the_side(scene(seed), "left", count)
    return kept


def test_septal_lines_are_short_level_uneven_and_end_at_the_pleura():
    sheets, here = lines(), scene()
    assert len(sheets) >= 5
    space = here.anatomy.space("left")
    for sheet in sheets:
        assert 7 <= sheet.long <= 17
        assert abs(sheet.along[0]) < 0.25, "level"
        end = sheet.center + sheet.along * sheet.long / 2
        row = np.flatnonzero(space[int(end[0] / 2), int(end[1] / 2)])
        assert abs(2 * row[-1] - end[2]) < 4
    for values in ([s.long for s in sheets], [s.dense for s in sheets], [s.thick for s in sheets]):
        assert np.std(values) > 0.1 * np.mean(values)
    gaps = np.diff(sorted(sheet.center[0] for sheet in sheets))
    assert np.std(gaps) > 1


def test_a_sheet_is_thin_and_broken_and_no_wire():
    canvas = Canvas(np.zeros(3), np.full(3, 30.0))
    sheet = Sheet(
        np.full(3, 15.0), np.array([0.0, 0, 1]), np.array([0.0, 1, 0]), 16.0, 10.0, 1.0, 0.8
    )
    sheet.drawn(canvas, np.random.default_rng(2))
    along = canvas.values[:, 25:35].sum(axis=(0, 1)) * canvas.spacing
    inside = along[18:42]
    assert inside.std() > 0.15 * inside.mean()
    thickness = canvas.values.sum(axis=0)[30, 18:42] * canvas.spacing / 0.8
    assert 0.2 < thickness.mean() < 2.0
    far = np.delete(canvas.values, range(18, 42), axis=0)
    assert far.max() < 0.01


@pytest.mark.parametrize(
    "make", [water.interstitial_edema, partial(water.lymphangitic, side="left")]
)
def test_the_same_chances_give_the_same_septa(make):
    one, same, other = (make(scene(seed)) for seed in (3, 3, 4))
    pairs = list(zip(one.parts, same.parts, other.parts, strict=True))
    assert all(np.array_equal(a.added.values, b.added.values) for a, b, _ in pairs if a.added)
    assert any(
        a.added.values.shape != c.added.values.shape
        or not np.array_equal(a.added.values, c.added.values)
        for a, _, c in pairs
        if a.added
    )
    assert not any(part.wires for part in one.parts)


def test_the_thick_fissure_is_where_upper_and_middle_lobe_touch():
    here = scene()
    part = septa.fissure(here)
    level = np.argwhere(part.added.values > 0.2)[:, 0] + part.added.corner[0]
    labels = here.anatomy.base.labels
    edge = np.flatnonzero((labels == organs.LOBES["right middle"]).any(axis=(1, 2)))[0]
    assert len(level) and np.abs(level - edge).max() < 5


def test_without_a_middle_lobe_there_is_no_minor_fissure():
    here = scene()
    base = here.anatomy.base
    labels = np.where(base.labels == organs.LOBES["right middle"], 14, base.labels)
    bare = Anatomy(replace(base, labels=labels.astype(np.uint8)))
    assert septa.fissure(replace(here, anatomy=bare)).added is None


@pytest.mark.parametrize(("side", "outward"), [("left", 1), ("right", -1)])
def test_large_nodes_of_a_hilum_bulge_into_the_lung_on_their_side(side, outward):
    here = scene()
    (part,) = chest.hilar_nodes(here, side).parts
    added = np.maximum(part_shown(view(here.body), part).added, 0)
    middle = view(here.body).pixels(np.array([here.anatomy.marks.carina]))[0, 1]
    columns = np.average(np.arange(added.shape[1]), weights=added.sum(axis=0))
    assert outward * (columns - middle) > 0
    both = chest.hilar_nodes(here)
    assert both.side == "bilateral" and len(both.parts) == 2


def test_free_fluid_goes_on_to_the_ribs_above_the_dome_and_not_into_the_belly():
    here = scene()
    lung = here.anatomy.space("left")
    half = pleura._half_window(lung, margin=5)
    wall = here.anatomy.wall_distance("left")[half]
    share, density = pleura._up_to_the_ribs(here, "left", wall, half)
    beside = (share > 0.5) & ~lung[half]
    level = np.broadcast_to(pleura._half_down(half), share.shape)
    dome = here.anatomy.marks.dome
    assert beside[level < dome].sum() > 20 * beside[level > dome + 40].sum() > -1
    assert density[beside].mean() < 0.5, "where the projector has lung, fluid fills it"
    belly = here.anatomy.base.mask(organs.ABDOMEN, every=2)[half]
    assert not beside[belly].any()


@pytest.mark.parametrize("side", organs.SIDES)
def test_the_nodes_of_a_hilum_reach_twice_as_far_toward_the_mediastinum(side, monkeypatch):
    monkeypatch.setattr(chest, "density", lambda scene, window: np.float32(0.0))  # all is filled
    here = scene()
    (part,) = chest.hilar_nodes(here, side).parts
    added = part.added.values.sum(axis=(0, 1))
    filled = np.flatnonzero(added > 0.05 * added.max())
    peak = int(added.argmax())
    inward, outward = filled[-1] - peak, peak - filled[0]
    if side == "left":
        inward, outward = outward, inward
    assert inward > 1.4 * outward


@pytest.mark.parametrize("kind", ["PA", "LATERAL"])
def test_the_level_of_a_hydropneumothorax_is_horizontal_however_the_person_leans(kind):
    leaning = replace(body(), lean=4.0, droop=15.0)
    here = replace(scene(), body=leaning)
    (part,) = loculated.hydropneumothorax(here, "left").parts
    added = part_shown(view_of(here.anatomy, leaning, kind, 400), part).added
    columns = np.flatnonzero((added > 0.5 * added.max()).any(axis=0))[10:-10]
    top = np.array([np.argmax(added[:, column] > 0.25 * added.max()) for column in columns])
    assert len(columns) > 20 and np.ptp(top) <= 2


def test_the_leads_of_a_pacemaker_end_where_they_go_with_the_heart_and_not_with_the_wall():
    here = scene()
    (part,) = implants.pacemaker(here).parts
    assert len(part.ways) == 2
    assert all(here.anatomy.cage.depth_at(way[-1:])[0] > SOFT_MM for way in part.ways)


@pytest.mark.parametrize("side", organs.SIDES)
@pytest.mark.parametrize("finding", [loculated.empyema, pleura.thickening])
def test_what_lies_on_the_chest_wall_leaves_no_slit_of_lung_beside_it(finding, side):
    here = scene()
    (part,) = finding(here, side).parts
    added = part.added.values
    level = int(added.sum(axis=(1, 2)).argmax())
    back = int(added[level].sum(axis=1).argmax())
    top, front, right = part.added.corner
    across = right + np.arange(added.shape[2]) + 0.5
    lines = [np.full_like(across, top + level + 0.5), np.full_like(across, front + back + 0.5)]
    within = np.flatnonzero(here.anatomy.cage.depth_at(np.stack([*lines, across], -1)) > 1)
    outermost = within[-1] if side == "left" else within[0]
    assert added[level, back, outermost] > 0.5 * added[level, back].max()


@pytest.mark.parametrize("side", organs.SIDES)
@pytest.mark.parametrize("finding", [loculated.empyema, pleura.thickening])
def test_what_lies_on_the_chest_wall_does_not_lie_on_the_mediastinum(finding, side):
    here = scene()
    (part,) = finding(here, side).parts
    hilum = here.anatomy.marks.hilum[side][2] - part.added.corner[2]
    columns = np.arange(part.added.values.shape[2])
    inward = columns < hilum - 12 if side == "left" else columns > hilum + 12
    assert np.abs(part.added.values[:, :, inward]).max(initial=0) < 0.02
    assert np.abs(part.added.values[:, :, ~inward]).max() > 0.5


def test_the_line_of_a_port_is_drawn_in_the_person_and_ends_below_the_carina_there():
    here = scene()
    (part,) = catheters.port(here).parts
    assert all(wire.of_person for wire in part.wires)
    carina = here.body.from_ct(np.array([here.anatomy.marks.carina]))[0, 0]
    low, high = catheters.TIP_MM
    assert low - 1 <= part.ways[0][-1, 0] - carina <= high + 1


@pytest.mark.parametrize("tube", [tubes.tracheal_tube, tubes.stomach_tube])
def test_a_tube_that_goes_to_the_right_bronchus_does_not_first_turn_to_the_left(tube):
    """Where the trachea's label goes on into the left main bronchus its middle lies there."""
    here = scene()
    base = here.anatomy.base
    level, back, left = (int(at) for at in here.anatomy.marks.carina)
    labels = base.labels.copy()
    labels[level - 16 : level, back - 8 : back + 8, left : left + 24] = organs.TRACHEA
    there = Anatomy(replace(base, labels=labels))
    (part,) = tube(replace(here, anatomy=there), right=False).parts
    way = part.ways[0]
    lower = way[way[:, 0] > level - 40]
    assert np.diff(lower[:, 2]).max() < 0.1
