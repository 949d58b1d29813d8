"""Bodies and beams of simulated radiographs: where a shadow lies, and how a person is bent."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ml.simulate import measures, patients, warp
from ml.simulate.drawing import Wire, curve, draw_wire
from ml.simulate.patients import Body, Bump, Inside, person, with_heart
from ml.simulate.projector import Block, Field, View
from tests.ml import phantom

pytestmark = pytest.mark.pure


def view(kind: str = "PA", *, parallel: bool = True, body: Body | None = None) -> View:
    anatomy = phantom.anatomy()
    size = anatomy.base.size_mm
    across = size[1] if kind == "LATERAL" else size[2]
    field = Field((size[0] / 2, across / 2), (float(size[0]), float(across)))
    person_ = body or Body(anatomy.marks)
    return View(person_, kind, field, (size[0], across), size, parallel)  # type: ignore[arg-type]


def cube(corner: tuple[int, int, int], size: int = 20) -> Block:
    return Block(tuple(map(float, corner)), np.ones((size,) * 3, np.float32))  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "columns"), [("PA", (90, 110)), ("LATERAL", (50, 70))])
def test_a_parallel_shadow_lies_where_the_mask_lies(kind, columns):
    mask = view(kind).shadow(cube((60, 50, 90)))
    rows, found = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert (rows[0], rows[-1] + 1) == pytest.approx((60, 80), abs=1)
    assert (found[0], found[-1] + 1) == pytest.approx(columns, abs=1)


def test_the_cone_beam_enlarges_what_is_far_from_the_detector():
    near, far = (view(parallel=False).shadow(cube((90, y, 90))).sum() for y in (20, 120))
    assert far > near > 20 * 20


def test_line_integrals_are_the_lengths_passed_through():
    added = view().added(cube((60, 50, 90)))
    assert added.max() == pytest.approx(20 * 0.0185, rel=0.02)
    assert added.sum() == pytest.approx(20**3 * 0.0185, rel=0.03)


def test_a_body_maps_to_the_ct_and_back():
    anatomy = phantom.anatomy()
    body = person(np.random.default_rng(5), anatomy.marks, "F", 60)
    points = np.random.default_rng(6).uniform(20, 140, (50, 3))
    assert np.abs(body.in_ct(body.from_ct(points)) - points).max() < 0.1


def test_what_lies_within_the_ribs_maps_to_the_ct_and_back_too():
    anatomy = phantom.anatomy()
    inside = Inside(anatomy.cage, anatomy.spine)
    body = person(np.random.default_rng(5), anatomy.marks, "M", 40, inside)
    points = np.random.default_rng(6).uniform(20, 140, (400, 3))
    depth = anatomy.cage.depth_at(points)
    points = points[(depth == 0) | (depth > 10)]
    back = np.abs(body.in_ct(body.from_ct(points)) - points).max(axis=1)
    assert len(points) > 100
    # A few lie where the map passes from the wall to the inside.
    assert np.quantile(back, 0.9) < 0.2


def test_a_breath_moves_the_diaphragm_along_the_ribs_and_not_the_ribs():
    anatomy = phantom.anatomy()
    inside = Inside(anatomy.cage, np.zeros(anatomy.base.hu.shape[0]))
    rest, full = (Body(anatomy.marks, inside, breath=mm) for mm in (0.0, 30.0))
    dome = np.array([[anatomy.marks.dome + 4, 80.0, 68.0]])
    rib = np.argwhere(anatomy.rib("right", 7))[:5].astype(float)
    assert anatomy.cage.depth_at(dome)[0] > 8
    assert (full.from_ct(dome) - rest.from_ct(dome))[0, 0] == pytest.approx(30, abs=4)
    assert np.abs(full.from_ct(rib) - rest.from_ct(rib)).max() < 4
    shown = view(body=full).pixels(dome)[0, 0] - view(body=rest).pixels(dome)[0, 0]
    assert shown == pytest.approx(30, abs=4)


@pytest.mark.parametrize("wanted", [0.38, 0.5])
def test_a_heart_is_made_as_large_as_it_should_be(wanted):
    anatomy = phantom.anatomy()

    def ratio(body: Body) -> float:
        return measures.heart_ratio(anatomy, view(body=body))

    body = Body(anatomy.marks, Inside(anatomy.cage, anatomy.spine))
    body = with_heart(body, anatomy.marks, wanted, ratio)
    assert ratio(body) == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("root", [0.5, 17.2, 63.0, 64.1, 127.5])
@pytest.mark.parametrize(("grows", "most"), [(0.002, 7), (0.0007, 13)])
def test_the_heart_is_the_one_that_halving_finds_however_its_ratio_grows(root, grows, most):
    tried = []

    def ratio(body: Body) -> float:
        tried.append(body)
        swell = body.inner_bumps[-1].swell
        step = (swell - patients.SMALLEST) / (patients.LARGEST - patients.SMALLEST) * 128
        return 0.45 + grows * (step - root) + 1e-8 * (step - root) ** 3

    body = with_heart(Body(phantom.anatomy().marks), phantom.anatomy().marks, 0.45, ratio)
    step = (body.inner_bumps[-1].swell - patients.SMALLEST) / 1.2 * 128
    assert abs(step - root) <= 0.5 + 1e-6
    assert len(tried) <= most


def test_cells_are_warped_as_pillow_warps_a_mesh():
    rng = np.random.default_rng(0)
    picture = rng.random((80, 120), dtype=np.float32)
    rows, columns = warp.edges(140), warp.edges(100)
    down, across = np.meshgrid(rows * 0.6 - 3, columns * 1.1 + 2, indexing="ij")
    bent = rng.normal(0, 2, (2, 1, *down.shape))
    [cells] = warp.cells_of(rows, columns, down + bent[0], across + bent[1], picture.shape)
    window = (slice(0, 140), slice(0, 100))
    mesh = [
        (tuple(box), tuple(quad))
        for box, quad in zip(cells.boxes.tolist(), cells.quads.tolist(), strict=True)
    ]
    image = Image.fromarray(picture).transform(
        (100, 140), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR, fillcolor=0
    )
    assert (warp.warped(picture, cells, window) == np.asarray(image)).all()
    some = cells.of(np.arange(len(cells.boxes)) % 3 == 0)
    assert (cells.like(some).boxes == some.boxes).all()


def test_a_block_that_is_kept_shows_another_person_as_a_new_one_does():
    anatomy = phantom.anatomy()
    inside = Inside(anatomy.cage, anatomy.spine)
    kept = cube((60, 40, 60), 30)
    for breath in (0.0, 20.0):
        for kind in ("PA", "LATERAL"):
            seen = view(kind, body=Body(anatomy.marks, inside, breath=breath))
            new = cube((60, 40, 60), 30)
            assert (seen.added(kept) == seen.added(new)).all()
            assert (seen.shadow(kept) == seen.shadow(new)).all()


def test_a_swelling_shows_the_heart_larger():
    marks = phantom.anatomy().marks
    swollen = Body(marks, bumps=(Bump(marks.heart, (60, 60, 60), swell=0.3),))
    ball = cube(tuple(int(mm) - 10 for mm in marks.heart))  # type: ignore[arg-type]
    assert view(body=swollen).shadow(ball).sum() > 1.3 * view().shadow(ball).sum()


def test_a_wire_is_as_thick_as_it_is_and_hollow_when_it_is_a_tube():
    line = curve([(20, 60, 100), (80, 60, 100)])
    solid, mask = draw_wire(view(), Wire(line, 4.0, 1.0))
    hollow, _ = draw_wire(view(), Wire(line, 4.0, 1.0, bore=3.0))
    assert solid[50].max() == pytest.approx(8 * 0.0185, rel=0.1)
    assert hollow[50, 99:101].max() < 0.4 * solid[50].max()
    assert np.flatnonzero(mask[50]).size == pytest.approx(9, abs=1)
