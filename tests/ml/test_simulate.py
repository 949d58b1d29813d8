"""Simulated radiographs: their truth is exact, and one seed makes one picture."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from ml import taxonomy
from ml.simulate import demo, detector, plans, series, store, words
from ml.simulate.base import densities
from ml.simulate.cases import SimulatedCase, box_of, generate
from ml.simulate.drawing import Wire, curve, draw_wire
from ml.simulate.findings.common import Placed
from ml.simulate.patients import Body, Bump, person
from ml.simulate.plans import RECIPES, Plan
from ml.simulate.projector import Block, Field, View
from tests.ml import phantom

pytestmark = pytest.mark.pure
SIZE = 300


@pytest.fixture(autouse=True)
def few_tries(monkeypatch):
    monkeypatch.setattr("ml.simulate.cases.TRIES", 2)


def made(*names: str, key: str = "one", seed: int = 3, lateral: bool = False) -> SimulatedCase:
    return generate(phantom.anatomy(), key, Plan(names, lateral), seed, size=SIZE)


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


@pytest.mark.parametrize("name", ["nodule", "granuloma", "consolidation", "pneumonia"])
def test_a_box_is_the_bounds_of_the_projected_mask(name):
    (found,) = made(name).findings
    assert found.boxes == tuple(box_of(shown.mask) for shown in found.shown)
    ((x0, y0, x1, y1),) = found.boxes
    assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1


@pytest.mark.parametrize("name", ["nodule-left", "granuloma"])
def test_without_the_lesion_its_contrast_is_gone_inside_its_box_and_nothing_outside(name):
    (found,) = made(name, seed=8).findings
    (shown,) = found.shown
    rows, columns = np.nonzero(shown.mask)
    inside = np.zeros_like(shown.mask)
    # One pixel of this small picture is more than the soft edge of a lesion is wide.
    inside[
        max(0, rows.min() - 3) : rows.max() + 4, max(0, columns.min() - 3) : columns.max() + 4
    ] = 1
    assert np.abs(shown.added[~inside]).max() < 0.03 * np.abs(shown.added).max()
    assert shown.added[shown.mask].mean() > 0.3 * shown.added.max()


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", ["nodule", "effusion"])
def test_text_label_and_picture_agree_on_the_side(name, side):
    case = made(f"{name}-{side}", key=side)
    (found,) = case.findings
    assert found.placed.side == side
    assert side in found.placed.sentence and found.placed.sentence in case.report["findings"]
    other = {"left": "right", "right": "left"}[side]
    assert other not in found.placed.sentence and other not in case.report["impression"]
    column = np.nonzero(found.shown[0].mask)[1].mean() / found.shown[0].mask.shape[1]
    assert (column > 0.5) == (side == "left"), "the patient's left hangs on the right"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        store.write_case(tmp_path / folder, made("nodule", seed=seed, lateral=True), "r")
    files = {
        folder: [f.read_bytes() for f in sorted((tmp_path / folder).rglob("*.*"))]
        for folder in "abc"
    }
    assert len(files["a"]) == 3
    assert files["a"] == files["b"]
    assert files["a"] != files["c"]


def test_pictures_have_twelve_bits_and_use_them():
    for picture in made("cardiomegaly", lateral=True).pictures:
        assert picture.values.max() <= detector.MAX_VALUE
        assert len(np.unique(picture.values)) > 1000
        assert max(picture.values.shape) == SIZE
    assert picture.view == "LATERAL"


def test_findings_to_draw_have_regions_and_findings_to_tick_have_none():
    entries = [store._finding(f) for f in made("nodule", "effusion").findings]
    assert [len(entry["regions"]) for entry in entries] == [1, 0]


def test_an_enlarged_heart_is_measured():
    text = made("cardiomegaly").report["findings"]
    ratio = float(re.search(r"ratio (?:of )?(\d\.\d\d)", text)[1])
    assert 0.3 < ratio < 0.9 and "{" not in text


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_finding_has_a_known_label_and_words(name):
    recipe = RECIPES[name]
    (found,) = made(name, key=name).findings
    assert found.placed.label == recipe.label in taxonomy.labels()
    assert found.placed.area in words.AREAS
    assert found.placed.sentence.endswith(".")
    if taxonomy.labels()[recipe.label].mode == "draw":
        assert found.boxes


def test_a_report_says_each_thing_once():
    rng = np.random.default_rng(0)
    for _ in range(40):
        text = words.report(rng, ())["findings"]
        sentences = [s for s in text.split(". ") if s]
        assert len(sentences) == len(set(sentences))
        for word in ("effusion", "heart |silhouette", "bones|osseous|skeleton"):
            assert len(re.findall(word, text.lower())) == 1, text


def test_a_report_does_not_deny_what_it_found():
    rng = np.random.default_rng(1)
    placed = Placed("pneumothorax", "pleura", "Small left pneumothorax.", side="left")
    for _ in range(20):
        assert "no pneumothorax" not in words.report(rng, (placed,))["findings"].lower()


def test_mixed_plans_are_two_fifths_normal_and_limited_to_what_is_asked_for():
    some = plans.mixed(50, 4)
    assert sum(not plan.findings for plan in some) == 20
    only = plans.mixed(10, 4, ("pleural_effusion",))
    assert {label for plan in only for label in plan.labels} == {"pleural_effusion"}


def test_the_demo_set_is_what_the_games_need():
    made_plans = demo.plans()
    assert len(made_plans) >= 60
    assert sum(not plan.findings for plan in made_plans) >= 20
    assert 3 * sum(plan.lateral for plan in made_plans) >= len(made_plans)
    labels = {label for plan in made_plans for label in plan.labels}
    assert len(labels) >= 20
    alone = {plan.labels[0] for plan in made_plans if len(plan.labels) == 1}
    assert alone == labels, "each label is there without others"


def test_a_mass_of_the_ct_is_found_slice_by_slice_and_taken_out_of_the_base():
    hu, labels = (part.copy() for part in phantom.volume())
    grid = np.indices(hu.shape)
    mass = sum((g - c) ** 2 for g, c in zip(grid, (56, 40, 80), strict=True)) <= 8**2
    hu[mass] = 40
    stack = series.series(hu, phantom.SPACING, labels)
    assert (stack.side, stack.lobe) == ("left", "left lower")
    assert stack.size_mm == pytest.approx(32, abs=4)
    assert len(stack.boxes) == pytest.approx(17, abs=3)
    middle = sorted(stack.boxes)[len(stack.boxes) // 2]
    x0, y0, x1, y1 = stack.boxes[middle]
    assert x0 < 80 / hu.shape[2] < x1 and y0 < 40 / hu.shape[1] < y1
    assert stack.frames.max() <= 4095


def test_an_unfinished_case_is_made_again(tmp_path):
    store.write_case(tmp_path, made(), "recipe")
    assert store.is_written(tmp_path, "one", "recipe")
    assert not store.is_written(tmp_path, "one", "other recipe")
    (tmp_path / store.PARTS / "one.json").write_text("{")
    assert not store.is_written(tmp_path, "one", "recipe")


def test_the_entry_is_json_that_names_its_pictures(tmp_path):
    store.write_case(tmp_path, made("nodule", lateral=True), "recipe")
    assert store.join(tmp_path, ["one"], {"slug": "x"}) == 1
    (entry,) = json.loads((tmp_path / store.FILE).read_text())["cases"]
    assert [image["view"] for image in entry["images"]] == ["PA", "LATERAL"]
    assert all((tmp_path / image["file"]).stat().st_size for image in entry["images"])


def test_bone_and_soft_tissue_sum_to_the_density():
    hu = np.array([-1000.0, -850.0, 40.0, 300.0, 1000.0], np.float32)
    soft, bone = densities(hu)
    assert (soft + bone).tolist() == pytest.approx([0, 0.15, 1.04, 1.3, 2.0], abs=1e-5)
    assert bone[:3].tolist() == [0, 0, 0]
