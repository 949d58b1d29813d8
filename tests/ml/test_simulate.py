"""Simulated radiographs: their truth is exact, and one seed makes one picture."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from ml import taxonomy
from ml.simulate import (
    cleaning,
    demo,
    detector,
    gates,
    outlines,
    plans,
    run,
    series,
    store,
    words,
)
from ml.simulate.base import densities
from ml.simulate.cases import SimulatedCase, box_of, generate
from ml.simulate.changes import CHANGES
from ml.simulate.findings.common import Placed
from ml.simulate.plans import RECIPES, Plan
from ml.simulate.sources import NoVolume
from ml.simulate.verdicts import bounds
from tests.ml import phantom

pytestmark = [pytest.mark.pure, pytest.mark.usefixtures("few_tries")]
SIZE = 300


@cache
def made(*names: str, key: str = "one", seed: int = 3, lateral: bool = False) -> SimulatedCase:
    """The same film for all tests that ask for it: each takes a second, and none may change it."""
    case = generate(phantom.anatomy(), key, Plan(names, lateral), seed, size=SIZE)
    for picture in case.pictures:
        picture.values.flags.writeable = False
    return case


@pytest.mark.parametrize("name", ["nodule", "mass", "granuloma"])
def test_the_size_that_is_stated_is_the_longest_that_shows(name):
    (found,) = made(name).findings
    match = re.search(r"([\d.]+) ?(mm|cm)", found.placed.sentence)
    stated = float(match[1]) * {"mm": 1, "cm": 10}[match[2]]
    assert stated == found.placed.size_mm == pytest.approx(found.measured["longest_mm"], abs=0.51)
    assert "{" not in found.placed.sentence + found.placed.impression


def test_the_distance_that_is_stated_is_the_drawn_one_in_the_person():
    for seed in (1, 2, 3):
        (found,) = made("tracheal-tube", seed=seed).findings
        stated = 10 * float(re.search(r"([\d.]+) cm", found.placed.sentence)[1])
        assert found.measured["above_carina_mm"] == pytest.approx(stated, abs=3)


@pytest.mark.parametrize(
    "name", ["tracheal-tube", "chest-tube", "central-line", "port", "pacemaker"]
)
def test_the_way_to_a_tip_lies_on_the_drawn_device(name):
    (found,) = made(name).findings
    drawn = np.any([shown.mask for shown in found.shown], axis=0)
    near = ndimage.binary_dilation(drawn)
    assert found.ways
    for way in found.ways:
        columns, rows = (np.array(way) * drawn.shape[::-1]).astype(int).T
        rows, columns = np.minimum(rows, len(drawn) - 1), np.minimum(columns, drawn.shape[1] - 1)
        assert near[rows, columns].all()


@pytest.mark.parametrize("name", ["granuloma", "consolidation", "pneumonia"])
def test_a_box_is_the_bounds_of_the_projected_mask_within_its_hemithorax(name):
    case = made(name)
    (found,) = case.findings
    x0, y0, x1, y1 = case.measured["lungs"][found.placed.side]
    for box, shown in zip(found.boxes, found.shown, strict=True):
        a, b, c, d = box_of(shown.mask)
        assert box == (max(a, x0), max(b, y0), min(c, x1), min(d, y1))
    ((x0, y0, x1, y1),) = found.boxes
    assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1


@pytest.mark.parametrize("name", ["nodule", "mass", "cavity"])
def test_the_bounds_of_an_outline_are_the_box_and_it_goes_around_the_lesion(name):
    (found,) = made(name).findings
    ((region,), (box,)) = store._finding(found)["regions"], found.boxes
    assert "box" not in region
    assert bounds(region) == box
    rows, columns = found.shown[0].mask.shape
    canvas = Image.new("1", (8 * columns, 8 * rows))
    corners = [(8 * x * columns, 8 * y * rows) for x, y in region["polygon"]]
    ImageDraw.Draw(canvas).polygon(corners, fill=1)
    inside, mask = np.asarray(canvas), np.kron(found.shown[0].mask, np.ones((8, 8), bool))
    assert (inside & mask).sum() > 0.8 * (inside | mask).sum()


def test_an_outline_keeps_to_the_largest_piece_and_to_its_pixels():
    mask = np.zeros((40, 50), bool)
    mask[10:20, 20:35] = True
    mask[20:24, 20:25] = True
    mask[13:15, 25:28] = False
    mask[30, 40] = True
    line = outlines.outline_of(mask)
    assert outlines.bounds(line) == (20 / 50, 10 / 40, 35 / 50, 24 / 40)
    assert outlines.outline_of(np.zeros((4, 4), bool)) == []


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
        case = made.__wrapped__("nodule", seed=seed, lateral=True)
        store.write_case(tmp_path / folder, case, "r")
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


ONCE = sorted(name for name in RECIPES if name.rsplit("-", 1)[0] not in RECIPES)
"""Without those that are another recipe on one side."""


@pytest.mark.parametrize("name", ONCE)
def test_every_finding_has_a_known_label_and_words(name):
    recipe = RECIPES[name]
    (found,) = made(name).findings
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


@pytest.mark.parametrize("label", ["hydropneumothorax", "atelectasis", "motion_blur"])
def test_no_report_praises_a_dome_that_is_lost_or_blurred(label):
    rng, hidden = np.random.default_rng(1), Placed(label, "lungs", "As it is.")
    assert any("well defined" in words.report(rng, ())["findings"] for _ in range(20))
    for _ in range(20):
        assert "well defined" not in words.report(rng, (hidden,))["findings"]


def test_a_report_does_not_deny_what_it_found():
    rng = np.random.default_rng(1)
    placed = Placed("pneumothorax", "pleura", "Small left pneumothorax.", side="left")
    for _ in range(20):
        assert "no pneumothorax" not in words.report(rng, (placed,))["findings"].lower()


def test_the_healthy_are_examined_for_the_same_reasons_as_the_sick():
    rng = np.random.default_rng(2)
    healthy = {words.patient(rng, ()).indication for _ in range(300)}
    for label in words.REASONS_FOR:
        for in_bed in (False, True):
            for reason in words.reasons([label], in_bed=in_bed):
                assert reason.in_bed == in_bed
                assert in_bed or reason.text in healthy
    in_bed = {words.patient(rng, (), in_bed=True).indication for _ in range(40)}
    assert in_bed == {reason.text for reason in words.REASONS if reason.in_bed}


def test_an_age_fits_the_reason_and_the_finding():
    rng = np.random.default_rng(3)
    for label in (None, *words.AGES):
        for _ in range(60):
            patient = words.patient(rng, [label] if label else [])
            low, high = words.AGES.get(label, (18, 90))
            assert low <= patient.age <= high
            if "employment" in patient.indication:
                assert patient.age <= 62 or low > 62


def test_what_is_recommended_twice_is_said_once_and_the_gravest_comes_first():
    minor = Placed("calcification", "lungs", "A.", impression="Granuloma.")
    nodule = Placed("nodule_mass", "lungs", "B.", impression="Nodule. CT is recommended.")
    mass = replace(nodule, impression="Mass. CT is recommended.", significance="urgent")
    text = words.report(np.random.default_rng(0), (minor, nodule, mass))["impression"]
    assert text == "Mass. Nodule. Granuloma. CT is recommended."


def test_mixed_plans_are_two_fifths_normal_and_limited_to_what_is_asked_for():
    some = plans.mixed(50, 4)
    assert sum(not plan.findings for plan in some) == 20
    only = plans.mixed(10, 4, ("pleural_effusion",))
    assert {label for plan in only for label in plan.labels} == {"pleural_effusion"}


@pytest.mark.parametrize("names", [(), ("mediastinal_shift",), ("pneumothorax",)])
def test_no_plan_shifts_the_mediastinum_without_the_tension_that_does_it(names):
    some = [plan.findings for plan in plans.mixed(400, 5, names)]
    told = {one for findings in some for one in findings}
    assert {"tension-left", "tension-right"} <= told
    for findings in some:
        assert ("tension-left" in findings) == ("shift-right" in findings)
        assert ("tension-right" in findings) == ("shift-left" in findings)


def test_the_demo_set_is_what_the_games_need():
    assert frozenset().union(*demo.LEFT_OUT.values()) <= set(range(1, len(demo.plans()) + 1))
    made_plans = [job.plan for job in demo.jobs()]
    abnormal = [plan for plan in made_plans if not plan.is_normal]
    normal = [plan for plan in made_plans if plan.is_normal]
    assert len(made_plans) >= 120
    assert len(normal) >= 40
    assert sum(bool(plan.findings) for plan in normal) >= 15, "films of technique and variants"
    assert 5 * sum(plan.lateral for plan in made_plans) >= len(made_plans)
    films = Counter(label for plan in made_plans for label in set(plan.labels))
    assert len(films) >= 40
    assert min(films.values()) >= 2 and films.most_common(12)[-1][1] >= 6
    assert 3 * sum(len(plan.findings) > 1 for plan in abnormal) >= len(abnormal)
    assert not {name for plan in made_plans for name in plan.findings} & set(plans.POOR)
    cases = [
        {"indication": p.reason.text, "findings": [{"label": label} for label in p.labels]}
        for p in made_plans
    ]
    assert gates.sorted_by_indication(cases) < 0.7
    assert all(p.reason.in_bed == p.portable for p in made_plans)
    over_time = demo.visits()
    assert len(over_time) >= 15
    assert {one.change for job in over_time for one in job.visit.courses} == set(CHANGES)
    assert all(job.visit.days > 0 for job in over_time)


@pytest.mark.parametrize("name", ["nipples", "skin-fold", "buttons", "azygos-lobe"])
def test_a_variant_has_a_place_and_words_and_the_report_is_a_normal_one(name):
    case = made(name)
    (entry,) = store.entry_of(case)["findings"]
    assert entry["regions"] and entry["sentence"] not in case.report["findings"]
    assert case.report["impression"] in words.CLEAR
    assert Plan((name,)).is_normal and not gates.has_findings(store.entry_of(case))


def test_technique_changes_the_whole_picture_and_nothing_else_of_the_case():
    plain = made().pictures[0].values.astype(float)
    for name in ("underexposed", "overexposed", "motion"):
        case = made(name)
        assert store.entry_of(case)["findings"][0].get("regions") == []
        assert case.pictures[0].values.shape == plain.shape
    grain = [
        np.std(p - ndimage.gaussian_filter(p, 2))
        for p in (made("underexposed").pictures[0].values.astype(float), plain)
    ]
    assert grain[0] > 1.5 * grain[1]


def test_one_film_that_breaks_does_not_stop_the_rest_and_one_that_fails_is_not_tried_again(
    tmp_path, monkeypatch
):
    tried = []

    def generated(anatomy, key, *rest, **more):
        tried.append(key)
        if key == "broken":
            raise ArithmeticError("no room for it")
        return replace(made(key=key), measured={"heart_ratio": 0.52} if key == "bad" else {})

    monkeypatch.setattr("ml.simulate.run.generate", generated)
    monkeypatch.setattr("ml.simulate.gates.GATES", (gates.heart,))
    work = [run.Job(key, Plan(), 3, size=SIZE) for key in ("broken", "bad", "good")]
    work[2] = replace(work[2], gated=False)
    done = run.run(phantom.base(), work, tmp_path, 1)
    assert done.made == 1 and store.is_written(tmp_path, "good", work[2].recipe)
    assert done.left_out == {"broken": ("ArithmeticError: no room for it",), "bad": ("heart",)}
    assert tried.count("bad") == run.ATTEMPTS
    again = run.run(phantom.base(), work, tmp_path, 1)
    assert (again.made, set(again.left_out)) == (0, {"broken", "bad"})
    assert tried.count("bad") == run.ATTEMPTS and tried.count("broken") == 2


def with_a_mass() -> tuple[np.ndarray, tuple[float, float, float], np.ndarray]:
    hu, labels = (part.copy() for part in phantom.volume())
    grid = np.indices(hu.shape)
    hu[sum((g - c) ** 2 for g, c in zip(grid, (56, 40, 80), strict=True)) <= 8**2] = 40
    return hu, phantom.SPACING, labels


def test_the_demo_set_is_made_from_the_command_line_and_gone_on_with(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "read", lambda ct: with_a_mass())
    monkeypatch.setattr("ml.simulate.gates.GATES", ())
    asked = ["--ct", "some.whl", "--out", str(tmp_path), "--first", "1", "--size", "200"]
    assert demo.main(asked) == 0
    assert "2 cases in" in capsys.readouterr().out
    keys = [c["key"] for c in json.loads((tmp_path / store.FILE).read_text())["cases"]]
    assert keys == [demo.jobs()[0].key, demo.CT_KEY]

    def unread(ct):
        raise NoVolume("There is no CT any more.")

    monkeypatch.setattr(demo, "read", unread)
    assert demo.main(asked) == 0, "all is there"
    assert "0 of them new" in capsys.readouterr().out
    assert demo.main([*asked[:3], str(tmp_path / "new"), *asked[4:]]) == 1
    assert "There is no CT any more." in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_mass_of_the_ct_is_found_slice_by_slice_and_taken_out_of_the_base():
    hu, _, labels = with_a_mass()
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


@pytest.mark.parametrize("mm", [2.0, 0.6])
def test_what_is_made_strip_by_strip_is_what_it_would_be_whole(monkeypatch, mm):
    hu, labels = phantom.volume()
    monkeypatch.setattr(cleaning, "STRIP", 30)
    spacing = (mm, mm, mm)
    whole = cleaning.without_contrast(hu, labels)
    assert (cleaning.in_strips(cleaning.without_contrast, spacing, hu, labels) == whole).all()
    sharp = partial(cleaning.with_sharp_vessels, spacing=spacing)
    assert (cleaning.in_strips(sharp, spacing, hu, labels) == sharp(hu, labels)).all()


def test_bone_and_soft_tissue_sum_to_the_density():
    hu = np.array([-1000.0, -850.0, 40.0, 300.0, 1000.0], np.float32)
    soft, bone = densities(hu)
    assert (soft + bone).tolist() == pytest.approx([0, 0.15, 1.04, 1.3, 2.0], abs=1e-5)
    assert bone[:3].tolist() == [0, 0, 0]
