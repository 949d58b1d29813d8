"""Signs of ribs: what is broken is shifted and not lost, and what is eaten is gone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ml.simulate import organs
from ml.simulate.findings import bones, ribs
from ml.simulate.findings.common import Scene
from ml.simulate.findings.ribs import FINE_MM, broken, dot, listed, site_of
from ml.simulate.patients import Body
from tests.ml import phantom

pytestmark = pytest.mark.pure
SIGNS = {
    "fracture": bones.fracture,
    "healed": bones.healed_fracture,
    "dense": bones.dense_lesion,
    "lytic": bones.lytic_lesion,
    "notching": bones.notching,
}


def scene(seed: int = 1) -> Scene:
    anatomy = phantom.anatomy()
    return Scene(anatomy, np.random.default_rng(seed), Body(anatomy.marks))


def test_beyond_a_break_the_rib_is_lower_and_nothing_of_it_is_lost():
    site = site_of(scene(), "left", 6, 0.75, 46)
    step = 4.0
    changed, distance = broken(site, step, 0.0, 0.0, 0.01)
    still = site.excess.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    after = still + changed
    assert after.sum() == pytest.approx(still.sum(), rel=0.03)
    down = np.broadcast_to(dot(site.away(FINE_MM), site.across), still.shape)

    def lower(where: np.ndarray) -> float:
        """How much lower than before the rib's middle is there, mm."""
        places = [np.average(down[where], weights=w[where]) for w in (after, still)]
        return float(places[0] - places[1])

    assert lower((distance > 1) & (distance < 5)) == pytest.approx(step, abs=0.9)
    assert abs(lower((distance < -8) & (distance > -20))) < 0.2


def test_a_gap_takes_the_rib_away_between_its_ends():
    site = site_of(scene(), "right", 6, 0.75, 46)
    changed, distance = broken(site, 0.0, 3.0, 0.0, 0.01)
    still = site.excess.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    gap = (distance > 0.6) & (distance < 1.8)
    assert (still + changed)[gap].sum() < 0.25 * still[gap].sum()


@pytest.mark.parametrize("name", SIGNS)
def test_a_sign_of_a_rib_lies_on_the_ribs_that_it_names_and_stays_with_them(name):
    here = scene()
    placed = SIGNS[name](here)
    assert placed.parts
    for part in placed.parts:
        assert not part.added.slides and not part.mask.slides
        assert np.abs(part.added.values).max() > 0.2
        places = np.argwhere(part.mask.values > 0.5) * part.mask.spacing + part.mask.corner
        sides = np.sign(places[:, 2] - here.anatomy.marks.middle[2])
        assert len(set(sides)) == 1
        assert placed.side in ("bilateral", "left" if sides[0] > 0 else "right")


@pytest.mark.parametrize("name", SIGNS)
def test_the_same_chances_give_the_same_sign_and_others_another(name):
    one, same, other = (SIGNS[name](scene(seed)) for seed in (4, 4, 5))
    assert one.sentence == same.sentence
    for a, b in zip(one.parts, same.parts, strict=True):
        assert np.array_equal(a.added.values, b.added.values)
    assert len(one.parts) != len(other.parts) or any(
        not np.array_equal(a.added.values, b.added.values)
        for a, b in zip(one.parts, other.parts, strict=True)
    )


def test_callus_is_a_spindle_around_the_rib_and_a_fresh_break_has_none():
    site = site_of(scene(), "left", 6, 0.75, bones.HEALED_MM)
    part = bones._callus(site)
    around = part.added.values * ~ribs_of(site)
    along = np.abs(dot(site.away(FINE_MM), site.along))
    middle, end = (around[np.broadcast_to(w, around.shape)].sum() for w in spans(along))
    assert middle > 3 * max(end, 1e-6)
    fresh, _ = broken(site, 1.0, 0.5, 0.0, 0.01)
    assert around.sum() > 5 * np.clip(fresh * ~ribs_of(site), 0, None).sum()


def ribs_of(site: ribs.Site) -> np.ndarray:
    return site.rib.repeat(2, 0).repeat(2, 1).repeat(2, 2)


def spans(along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return along < 5, (along > 16) & (along < 21)


def test_a_lytic_lesion_takes_bone_away_and_bulges_into_the_lung_from_its_wall():
    here = scene()
    (part,) = bones.lytic_lesion(here).parts
    values = part.added.values
    z, y, x = (int(c) for c in part.added.corner)
    window = tuple(slice(c, c + n) for c, n in zip((z, y, x), values.shape, strict=True))
    lung = here.anatomy.base.lungs[window]
    hu = here.hu[window]
    assert values[hu > 350].sum() < -5
    assert values[lung].sum() > 100 * np.abs(values[lung].clip(None, 0)).sum()
    # Along the wall itself nothing is left of the air.
    side = bones_side(part, here)
    wall = here.anatomy.wall_distance(side)[tuple(slice(w.start // 2, w.stop // 2) for w in window)]
    filled = values[::2, ::2, ::2][tuple(slice(0, n) for n in wall.shape)]
    wall = wall[tuple(slice(0, n) for n in filled.shape)]
    level = np.unravel_index(np.argmax(filled * (wall < 6)), filled.shape)[0]
    near = (wall[level] > 2) & (wall[level] < 6) & (filled[level] > 0.05)
    assert near.any() and np.median(filled[level][near]) > 0.6


def bones_side(part: object, here: Scene) -> str:
    middle = here.anatomy.marks.middle[2]
    return "left" if part.mask.corner[2] > middle - 20 else "right"


def test_notches_are_bitten_out_of_lower_margins_and_differ_from_one_another():
    here = scene()
    site = site_of(here, "left", 6, 0.6, 24)
    down = np.broadcast_to(dot(site.away(), site.across), site.rib.shape)
    middle = np.average(down[site.rib])
    sizes = []
    for _ in range(6):
        bite, _ = bones._bite(site)
        bitten = bite * site.excess
        assert np.average(down, weights=bitten) > middle
        sizes.append(float(bitten.sum()))
    assert np.ptp(sizes) > 0.2 * np.mean(sizes)


def test_thin_bones_lose_their_marrow_and_keep_their_outline():
    here = scene()
    (part,) = bones.osteopenia(here).parts
    lost, bone = -part.added.values, np.isin(here.anatomy.base.labels[::2, ::2, ::2], organs.BONES)
    inner = ndimage.binary_erosion(bone, iterations=2)
    rim = bone & ~ndimage.binary_erosion(bone)
    assert lost[inner].mean() > 3 * lost[rim].mean()
    assert lost[~ndimage.binary_dilation(bone)].max() < 0.01
    before = Body(here.anatomy.marks)
    assert bones.thin_bones(before, np.random.default_rng(1)).bone < 0.9 * before.bone


def test_ribs_are_named_one_by_one():
    assert listed("left", [5]) == "left fifth rib"
    assert listed("right", [7, 5, 6]) == "right fifth, sixth and seventh ribs"
