"""Persons differ, films are sharp, and what slides within the ribs leaves the ribs as they are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from ml.simulate import shapes, spectra, vessels
from ml.simulate.body import lime
from ml.simulate.cases import NO_LUNG, Shown, seen_vessels
from ml.simulate.findings.common import Placed
from ml.simulate.patients import Body, Inside, person
from ml.simulate.projector import Block, Field, View
from ml.simulate.standing import a_person, view_of
from tests.ml import phantom

pytestmark = pytest.mark.pure


def body(**changes: float) -> Body:
    anatomy = phantom.anatomy()
    return Body(anatomy.marks, Inside(anatomy.cage, anatomy.spine), **changes)  # type: ignore[arg-type]


def view(one: Body, kind: str = "PA") -> View:
    size = phantom.base().size_mm
    across = size[1] if kind == "LATERAL" else size[2]
    field = Field((size[0] / 2, across / 2), (float(size[0]), float(across)))
    return View(one, kind, field, (size[0], across), size, True)  # type: ignore[arg-type]


def described(one: Body) -> dict[str, float]:
    return shapes.describe(phantom.anatomy(), view(one))


def test_two_persons_differ_more_than_two_films_of_one_person(monkeypatch):
    monkeypatch.setattr("ml.simulate.standing.PERSONS", 1)
    rng = np.random.default_rng(4)
    anatomy = phantom.anatomy()
    bodies = [a_person(anatomy, rng) for _ in range(6)]
    people = [shapes.describe(anatomy, view_of(anatomy, one, "PA", 300)) for one in bodies]
    again = [
        shapes.describe(anatomy, view_of(anatomy, shapes.another_day(one, rng), "PA", 300))
        for one in bodies
    ]
    scale = shapes.spread(people)
    others = [shapes.apart(a, b, scale) for a, b in pairwise(people)]
    selves = [shapes.apart(a, b, scale) for a, b in zip(people, again, strict=True)]
    assert min(selves) > 0
    assert np.median(others) > 1.5 * np.median(selves)


def test_shapes_follow_what_is_asked_of_the_body():
    plain = described(body())
    assert described(body(kyphosis=8.0))["kyphosis"] > plain["kyphosis"] + 3
    assert described(body(droop=8.0))["rib_slope"] > plain["rib_slope"] + 1
    assert described(body(wide=1.1))["chest_width"] > 1.05 * plain["chest_width"]
    assert described(body(tall=1.1))["lung_aspect"] > 1.05 * plain["lung_aspect"]


def test_persons_of_both_sexes_and_all_ages_map_to_the_ct_and_back():
    anatomy = phantom.anatomy()
    points = np.random.default_rng(6).uniform(20, 140, (60, 3))
    for seed in range(8):
        one = person(np.random.default_rng(seed), anatomy.marks, "MF"[seed % 2], 25 + 8 * seed)
        assert np.abs(one.in_ct(one.from_ct(points)) - points).max() < 0.1


def with_slabs(**changes: float) -> object:
    """The phantom with all of one kind of slab set to a number."""
    base = phantom.base()
    filled = {name: np.full_like(getattr(base.front, name), n) for name, n in changes.items()}
    return replace(base, front=replace(base.front, **filled))


@pytest.mark.parametrize("breath", [-20.0, 35.0])
def test_a_breath_neither_fades_the_ribs_nor_opens_gaps(breath):
    rest, moved = view(body()), view(body(breath=breath))
    ribs = with_slabs(soft=0.0, inner=0.0)
    assert np.allclose(rest.healthy(ribs), moved.healthy(ribs), atol=1e-4)  # type: ignore[arg-type]
    assert rest.healthy(ribs).max() > 0.1  # type: ignore[arg-type]
    filled = with_slabs(soft=0.0, bone=0.0, inner=1.0)
    inside = np.s_[30:-60, 20:-20]
    assert np.allclose(
        rest.healthy(filled)[inside],  # type: ignore[arg-type]
        moved.healthy(filled)[inside],  # type: ignore[arg-type]
        atol=0.02,
    )


def test_vessels_lie_in_the_lungs_and_are_finer_toward_their_ends():
    anatomy = phantom.anatomy()
    tree = vessels.tree_of(anatomy)
    at = tree.end.astype(int)
    assert anatomy.base.lungs[at[:, 0], at[:, 1], at[:, 2]].mean() > 0.98
    assert tree.radius.min() == pytest.approx(vessels.END_RADIUS)
    assert vessels.END_RADIUS < tree.radius.max() <= vessels.WIDEST
    assert np.median(tree.radius) < 1.5 * vessels.END_RADIUS


def test_what_vessels_add_lies_over_the_lungs_and_grows_with_their_width():
    anatomy = phantom.anatomy()
    thin, wide = (vessels.shadow(anatomy, view(body(caliber=c))) for c in (0.8, 1.2))
    lungs = view(body()).shadow(Block((0.0, 0.0, 0.0), anatomy.base.lungs.astype(np.float32)))
    assert wide.sum() == pytest.approx(thin.sum() * (1.2 / 0.8) ** 2, rel=0.02)
    assert wide[ndimage.binary_dilation(lungs, iterations=4)].sum() > 0.97 * wide.sum()


def test_no_vessel_is_drawn_where_a_finding_took_the_lung_away():
    small = np.ones((40, 40), np.float32)
    added = np.zeros((20, 20), np.float32)
    added[:, :10] = 3 * NO_LUNG
    shown = [[Shown(added, added < 0)]]
    seen = seen_vessels(small, [Placed("pneumothorax", "pleura", "")], shown)
    assert np.abs(seen[:, :16]).max() < 0.05
    assert seen[:, 24:].min() > 0.95
    assert np.array_equal(seen_vessels(small, [Placed("osteopenia", "bones", "")], shown), small)


def test_cartilage_has_no_lime_in_the_young_and_other_places_in_men_than_in_women(monkeypatch):
    anatomy = phantom.anatomy()
    slab = np.zeros((20, 20, 20), np.float32)
    slab[2:18, 2:18, 2:18] = 1
    depth = (ndimage.distance_transform_edt(slab) * 2).astype(np.float32)
    monkeypatch.setattr(anatomy, "cartilage", lambda: ((10.0, 10.0, 10.0), depth))
    assert lime(anatomy, body(lime=0.0)) is None
    man, woman = lime(anatomy, body(lime=0.8)), lime(anatomy, body(lime=0.8, breast_mm=20.0))
    assert man is not None and woman is not None
    rim = (depth > 0) & (depth <= 2)
    shares = [block.values[rim].sum() / block.values.sum() for block in (man, woman)]
    assert shares[0] > 0.6 > shares[1]
    assert not man.values[depth == 0].any()


def test_a_blurred_film_has_less_power_in_fine_bands_and_itself_as_much():
    rng = np.random.default_rng(0)
    film = ndimage.gaussian_filter(rng.standard_normal((700, 600)), 1.0)
    blurred = ndimage.gaussian_filter(film, 3.0)
    for _, lungs, middle in spectra.compared([film], [film]):
        assert lungs == middle == pytest.approx(1.0)
    ratios = [lungs for _, lungs, _ in spectra.compared([blurred], [film])]
    assert ratios[-2] < 0.3 * ratios[0]
