"""Two films of one person: what is said to have changed has, and nothing else has."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache

import numpy as np
import pytest

from ml.simulate import gates, store
from ml.simulate.cases import Aim
from ml.simulate.changes import CHANGES, TECHNIQUES
from ml.simulate.plans import Plan
from ml.simulate.run import Job
from ml.simulate.twice import SIZED, Twice, generate_twice
from tests.ml import phantom

pytestmark = [pytest.mark.pure, pytest.mark.usefixtures("few_tries")]
SIZE = 240


@cache
def made(change: str = "", technique: str = "", recipe: str = "nodule", seed: int = 3):
    """The same films for all tests that ask for them: none may change them."""
    plan = Plan((recipe,) if change else ())
    twice = Twice(change, technique)
    return generate_twice(phantom.anatomy(), "one", plan, seed, Aim(0.5, 9.0), SIZE, twice=twice)


@pytest.mark.parametrize("change", CHANGES)
def test_the_finding_is_on_the_films_that_the_change_says(change):
    entry = store.entry_of(made(change))
    now, before = entry["findings"], entry["earlier"]["findings"]
    assert (len(now), len(before)) == {"new": (1, 0), "gone": (0, 1)}.get(change, (1, 1))
    assert all(finding["progression"] == change for finding in now)
    assert [image.get("study", "current") for image in entry["images"]] == ["current", "prior"]
    assert entry["images"][1]["study_label"].endswith("ago")
    assert all(region["image"] == 1 for finding in before for region in finding["regions"])
    assert all(region["image"] == 0 for finding in now for region in finding["regions"])


@pytest.mark.parametrize("recipe", SIZED)
@pytest.mark.parametrize("change", ["larger", "smaller"])
def test_what_is_larger_covers_more(change, recipe):
    case = made(change, recipe=recipe)

    def covered(found) -> int:
        return sum(int(shown.mask.sum()) for shown in found.shown)

    now, before = covered(case.findings[0]), covered(case.earlier.findings[0])
    assert (now > 1.2 * before) if change == "larger" else (before > 1.2 * now)
    assert case.findings[0].placed.side == case.earlier.findings[0].placed.side


def test_what_is_unchanged_is_the_same_thing():
    case = made("unchanged")
    now, before = case.findings[0].placed, case.earlier.findings[0].placed
    assert now.parts == before.parts and now.location == before.location
    assert now.size_mm == pytest.approx(before.size_mm, abs=2)


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_another_technique_is_all_that_differs(technique):
    case = made(technique=technique)
    assert not case.findings and not case.earlier.findings
    now, before = case.measured, case.earlier.measured
    turned = abs(now["rotation_mm"] - before["rotation_mm"])
    same_body = now["ribs"] == before["ribs"] and turned < 0.05
    assert same_body == (technique in ("exposure", "contrast"))
    if same_body:
        assert case.pictures[0].values.shape == case.pictures[1].values.shape
        usual = made(technique="", seed=4)
        assert _apart(case) > 0 and usual.earlier.technique == ""


def _apart(case) -> float:
    first, second = (picture.values.astype(float) for picture in case.pictures)
    return float(np.abs(first - second).mean())


def test_the_same_seed_gives_the_same_bytes_and_another_word_another_job():
    first, second = made("new"), made.__wrapped__("new")
    for one, other in zip(first.pictures, second.pictures, strict=True):
        assert np.array_equal(one.values, other.values)
    assert asdict(first.earlier)["when"] == second.earlier.when
    jobs = {
        Job("one", Plan(("nodule",)), 1, twice=twice).recipe
        for twice in (None, Twice("new"), Twice("gone"), Twice("new", "breath"))
    }
    assert len(jobs) == 4


@pytest.mark.parametrize(
    ("plan", "twice"),
    [
        (Plan(), Twice("new")),
        (Plan(("nodule",)), Twice("")),
        (Plan(("nodule",)), Twice("bigger")),
        (Plan(("nodule",)), Twice("new", "magic")),
        (Plan(("consolidation",)), Twice("larger")),
        (Plan(("raised-left",)), Twice("new")),
        (Plan(("tracheal-tube",)), Twice("new")),
        (Plan(("underexposed",)), Twice("new")),
    ],
)
def test_what_cannot_change_so_is_refused(plan, twice):
    with pytest.raises(ValueError, match=r"twice|finding|size|lies in"):
        generate_twice(phantom.anatomy(), "one", plan, 1, twice=twice)


def entry(technique: str, **measured) -> dict:
    usual = {"heart_ratio": 0.4, "ribs": {"right": 9}, "rotation_mm": 1.0, "cobb_deg": 2.0}
    images = [{"view": "PA"}, {"view": "PA", "study": "prior"}]
    earlier = {"technique": technique, "findings": [], "measured": {**usual, **measured}}
    return {"key": "k", "images": images, "findings": [], "measured": usual, "earlier": earlier}


@pytest.mark.parametrize(
    ("technique", "measured", "failed"),
    [
        ("", {}, set()),
        ("exposure", {}, set()),
        ("rotation", {"rotation_mm": 12.0}, set()),
        ("rotation", {"rotation_mm": 2.0}, {"rotation"}),
        ("contrast", {"rotation_mm": 12.0}, {"rotation"}),
        ("breath", {"ribs": {"right": 7}, "heart_ratio": 0.52}, set()),
        ("breath", {"ribs": {"right": 9}}, {"inspiration"}),
        ("exposure", {"ribs": {"right": 7}}, {"inspiration"}),
    ],
)
def test_the_earlier_film_must_show_its_technique_and_no_other(technique, measured, failed):
    verdicts = gates.judge(entry(technique, **measured))
    assert {one.gate for one in verdicts if not one.passed} == failed
