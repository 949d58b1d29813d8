"""Films with lowered arms: neck, shoulders and scapulae where the CT has arms that are raised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from ml.simulate import arms, base, contours, demo, girdle, measures, organs, plans
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import generate
from ml.simulate.findings import bones, variants
from ml.simulate.findings.common import Scene
from ml.simulate.patients import Body, Inside
from ml.simulate.person_ct import person_ct
from ml.simulate.plans import Plan
from ml.simulate.projector import View
from ml.simulate.run import Job
from ml.simulate.standing import healthy_of, view_of
from tests.ml import phantom, raised_arms

pytestmark = pytest.mark.pure

SIZE = 300


def body(**changes: float) -> Body:
    anatomy = raised_arms.anatomy()
    inside = Inside(anatomy.cage, anatomy.spine)
    return Body(anatomy.marks, inside, **{"lowered": True, "grain": 3, **changes})  # type: ignore[arg-type]


def film(kind: str = "PA", **changes: float) -> View:
    return view_of(raised_arms.anatomy(), body(**changes), kind, SIZE)  # type: ignore[arg-type]


def shadow(view: View, name: str) -> np.ndarray:
    return view.shadow(girdle.named(raised_arms.anatomy(), view.body, view.kind)[name])


def test_thin_bones_lose_nothing_where_the_arms_were():
    anatomy = raised_arms.anatomy()
    lost = {}
    for lowered in (True, False):
        scene = Scene(anatomy, np.random.default_rng(1), body(lowered=lowered))
        (part,) = bones.osteopenia(scene).parts
        lost[lowered] = -part.added.values
    arm = anatomy.base.mask((*arms.ARMS,), every=2)
    assert lost[False][arm].max() > 0.1
    assert lost[True][arm].mean() < 0.05 * lost[False][arm].mean()
    assert not lost[True][: round(base.ABOVE_MM / 2)].any()
    spine = anatomy.base.mask((*organs.VERTEBRAE,), every=2)
    spine[: round((base.ABOVE_MM + arms.TOP_MM) / 2) + 1] = False
    assert lost[True][spine].mean() == pytest.approx(lost[False][spine].mean(), rel=0.05) != 0


@pytest.mark.parametrize("kind", ["PA", "AP"])
def test_skin_accompanies_the_clavicles_of_the_film(kind):
    anatomy, view = raised_arms.anatomy(), film(kind)
    stripes = variants.companions(
        Scene(anatomy, np.random.default_rng(1), view.body, kind)  # type: ignore[arg-type]
    ).parts
    for side, part in zip(organs.SIDES, stripes, strict=True):
        bone = girdle.named(anatomy, view.body, view.kind)[f"{side} clavicle"]
        found, here = (
            np.argwhere(block.values > 0.5) + np.array(block.corner) for block in (part.mask, bone)
        )
        # As long as the clavicle, also where that reaches farther out than the CT; and above it.
        for end in (np.min, np.max):
            assert end(found[:, 2]) == pytest.approx(end(here[:, 2]), abs=2)
        for column in np.unique(here[:, 2])[10:-10:10]:
            tops = [float(rows[rows[:, 2] == column, 0].min()) for rows in (found, here)]
            assert 5 < tops[1] - tops[0] < 11


def test_only_a_ct_with_raised_arms_that_ends_at_the_apices_has_them_taken_out():
    assert raised_arms.base().bare is not None
    assert phantom.base().bare is None
    labels = raised_arms.base().labels
    assert arms.can_be_lowered(labels, 30)
    far = np.pad(labels, ((60, 0), (0, 0), (0, 0)))
    assert not arms.can_be_lowered(far, 30)


@pytest.mark.parametrize("number", [*arms.ARMS, *(organs.thoracic(n) for n in range(3))])
def test_a_ct_that_lacks_a_bone_which_the_model_goes_by_keeps_its_arms(number):
    labels = raised_arms.base().labels
    assert not arms.can_be_lowered(np.where(labels == number, 0, labels), 30)


@pytest.mark.parametrize("side", organs.SIDES)
def test_a_ct_with_an_arm_that_hangs_down_already_keeps_its_arms(side):
    labels = raised_arms.base().labels.copy()
    down, back, left = np.argwhere(labels == arms.HUMERUS[side]).max(axis=0)
    labels[down - 3 : down + 90, back - 6 : back, left - 6 : left] = arms.HUMERUS[side]
    assert not arms.can_be_lowered(labels, 30)


def test_no_bone_of_the_arms_is_left_and_what_lies_within_the_ribs_stays():
    whole, bare = raised_arms.base().front, raised_arms.base().bare
    assert bare is not None
    anatomy = raised_arms.anatomy()
    arm = anatomy.base.mask((*arms.ARMS,)).sum(axis=1) > 12
    ribs = anatomy.base.mask((*organs.RIBS["left"], *organs.RIBS["right"])).any(axis=1)
    # Slabs have rows of 1 mm, as labels have, and columns of 2 mm.
    free = (arm & ~ribs)[:, ::2]
    assert whole.bone.sum(axis=0)[free].mean() > 5
    assert bare.bone.sum(axis=0)[free].mean() < 0.5
    assert bare.inner is whole.inner
    deep = slice(3 * bare.bone.shape[1] // 4, None)
    assert np.allclose(bare.bone[:, deep], whole.bone[:, deep])
    assert np.allclose(bare.soft[:, deep], whole.soft[:, deep], atol=0.05)


def test_a_base_is_opened_as_it_was_saved(tmp_path):
    raised_arms.base().save(tmp_path)
    again = base.opened(tmp_path)
    assert again.bare is not None
    assert np.array_equal(again.bare.bone, raised_arms.base().bare.bone)
    phantom.base().save(tmp_path / "other")
    assert base.opened(tmp_path / "other").bare is None


def test_films_with_raised_arms_are_as_they_were():
    raised = film(lowered=False)
    other = replace(raised_arms.base(), bare=None)
    assert np.array_equal(raised.healthy(raised_arms.base()), raised.healthy(other))
    assert not np.allclose(film().healthy(raised_arms.base()), film().healthy(other))


def test_a_lateral_film_shows_the_arms_raised():
    lowered, raised = film("LATERAL"), film("LATERAL", lowered=False)
    assert lowered.shape == raised.shape
    anatomy = raised_arms.anatomy()
    assert np.array_equal(healthy_of(anatomy, lowered), healthy_of(anatomy, raised))


@pytest.mark.parametrize("kind", ["PA", "AP"])
def test_the_neck_goes_on_from_the_ct_without_a_step(kind):
    view = film(kind, fat_mm=6)
    healthy = healthy_of(raised_arms.anatomy(), view)
    middle = girdle.middle_of(raised_arms.anatomy())
    for beside in (-30, 30):
        ends = np.array([[z, 120.0, middle + beside] for z in (base.ABOVE_MM - 18, 43.0)])
        (top, column), (bottom, _) = view.pixels(ends).astype(int)
        profile = healthy[max(top, 0) : bottom, column - 2 : column + 3].mean(axis=1)
        mm = measures.millimeters(view)
        steps = np.abs(np.diff(profile)) / mm
        assert profile.min() > 0.5
        assert steps.max() < 0.12  # line integral a millimeter: 6 mm of water


def test_each_bone_lies_on_its_side():
    for kind in ("PA", "AP"):
        view = film(kind)
        # The phantom's lungs are narrow: the shoulders lie beside what its film shows.
        down, across = view.field.size
        view = replace(view, field=replace(view.field, size=(1.6 * down, 1.6 * across)))
        middle = view.pixels(np.array([[60.0, 100.0, girdle.middle_of(raised_arms.anatomy())]]))
        for name in ("clavicle", "scapula"):
            left = np.nonzero(shadow(view, f"left {name}"))[1].mean()
            right = np.nonzero(shadow(view, f"right {name}"))[1].mean()
            assert right < middle[0, 1] - 5 < middle[0, 1] + 5 < left


@pytest.mark.parametrize("gap", [0, 20])
def test_the_socket_is_where_the_scapula_is_nearest_to_the_humerus(gap):
    labels = raised_arms.base().labels.copy()
    down, back, left = np.argwhere(labels == organs.SCAPULA["right"]).max(axis=0)
    labels[down - 6 : down, back - 40 : back, left - 6 : left] = organs.SCAPULA["right"]
    arm, scapula = (labels == n for n in (arms.HUMERUS["right"], organs.SCAPULA["right"]))
    labels[arm & (ndimage.distance_transform_edt(~scapula) < gap)] = 0
    anatomy = Anatomy(replace(raised_arms.base(), labels=labels))
    _, _, socket = girdle._own_scapula(anatomy)
    bone, head = np.argwhere(scapula), np.argwhere(arm).mean(axis=0)
    nearest = bone[np.linalg.norm(bone - head, axis=1).argmin()]
    assert np.linalg.norm(socket - nearest) < 12


def test_lying_arms_hang_beside_the_body_and_scapulae_turn_inward():
    anatomy = raised_arms.anatomy()
    for grain in range(4):
        standing, lying = (
            girdle.shoulders(anatomy, body(grain=grain), kind)[0]
            for kind in ("PA", "AP")  # type: ignore[arg-type]
        )
        assert standing.along[2] > lying.along[2]
        down = np.array([1.0, 0.0, 0.0])
        # Of the right one as the CT has it: inward is toward larger positions.
        assert (lying.turn @ down)[2] > (standing.turn @ down)[2]
        assert standing.glenoid[1] < lying.glenoid[1]


def test_shoulders_differ_between_persons_and_not_between_two_films_of_one():
    anatomy = raised_arms.anatomy()
    one, same, other = (girdle.shoulders(anatomy, body(grain=n), "PA")[1] for n in (1, 1, 2))
    assert np.array_equal(one.head, same.head)
    assert np.abs(one.head - other.head).max() > 1


def test_no_new_bone_lies_over_the_lungs_but_clavicles_and_scapulae():
    anatomy = raised_arms.anatomy()
    for kind in ("PA", "AP"):
        for grain in range(3):
            view = film(kind, grain=grain)
            lungs = measures.shadow_of(anatomy, view, organs.LUNGS)
            for name, block in girdle.pieces(anatomy, view.body, view.kind).items():
                if name.endswith(("humerus", "acromion", "vertebrae")):
                    over = view.added(block)[lungs]
                    assert np.abs(over).max(initial=0.0) < 0.02, name


def test_findings_and_measures_of_the_person_are_those_of_a_film_with_raised_arms():
    made = [
        generate(raised_arms.anatomy(), "one", Plan(("mass",), lowered=lowered), 5, size=SIZE)
        for lowered in (True, False)
    ]
    first, second = (one.measured for one in made)
    for name in ("heart_ratio", "ribs", "cobb_deg"):
        assert first[name] == pytest.approx(second[name], abs=0.01)
    for name in ("rotation_mm", "dome_gap_mm"):
        assert first[name] == pytest.approx(second[name], abs=1.0)
    lengths = [one.findings[0].measured["longest_mm"] for one in made]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.25)
    tops = [one.measured["lungs"]["left"][1] for one in made]
    assert tops[0] > tops[1] + 0.05  # there is more above the lungs


def test_the_same_seed_gives_the_same_bytes():
    one, again = (
        generate(raised_arms.anatomy(), "one", Plan((), lowered=True), 5, size=SIZE) for _ in "ab"
    )
    assert one.pictures[0].values.tobytes() == again.pictures[0].values.tobytes()


def test_outlines_and_the_persons_ct_show_the_shoulders_of_the_film():
    anatomy = raised_arms.anatomy()
    case = generate(anatomy, "one", Plan((), lowered=True), 5, size=SIZE)
    assert case.sitting is not None
    view = case.sitting.view
    structures = contours.anatomy_of(anatomy, view)["structures"]
    names = [one["name"] for one in structures]
    assert names.count("left clavicle") == names.count("right scapula") == 1
    [clavicle] = [one for one in structures if one["name"] == "left clavicle"]
    rows, columns = np.nonzero(shadow(view, "left clavicle"))
    for start, found, length in ((0, columns, view.shape[1]), (1, rows, view.shape[0])):
        drawn = np.concatenate([ring[start::2] for ring in clavicle["rings"]])
        drawn = drawn / contours.UNIT * length
        assert found.min() - 3 < drawn.min() < drawn.max() < found.max() + 4
    volume = person_ct(anatomy, case.sitting, 6.0)
    neck = volume.hu[0]
    assert (neck > -200).mean() > 0.02  # there is flesh at the film's upper edge


def test_the_demo_set_and_new_cases_lower_the_arms():
    assert all(job.plan.lowered for job in demo.jobs())
    mixed = plans.mixed(12, 1)
    assert all(plan.lowered for plan in mixed)
    assert any(plan.lateral for plan in mixed)
    raised = Job("one", Plan(), 1).recipe
    assert Job("one", Plan(lowered=True), 1).recipe != raised
