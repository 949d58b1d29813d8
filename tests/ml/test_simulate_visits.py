"""One person on two days: what a text says has changed is what the pictures show."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ml import findings
from ml.simulate import courses, demo, gates, girdle, store
from ml.simulate.run import Job
from ml.simulate.standing import healthy_of
from ml.simulate.visits import Course, Visit, cleared, doubling_time, generate_visit
from ml.simulate.words import COUGH
from tests.game import ROOT
from tests.ml import phantom, raised_arms

pytestmark = pytest.mark.pure
SIZE = 240
SAID = {"new": "new", "larger": "increased", "smaller": "decreased", "unchanged": "stable"}
DEMO = ROOT / "cases" / "demo"


@pytest.fixture(autouse=True)
def few_tries(monkeypatch):
    monkeypatch.setattr("ml.simulate.cases.TRIES", 2)
    monkeypatch.setattr("ml.simulate.visits.PERSONS", 1)


def made(*some: Course, days: int = 5):
    return generate_visit(phantom.anatomy(), "one", Visit(days, COUGH, some), 3, SIZE)


@pytest.fixture(scope="module")
def shipped() -> list[dict]:
    text = (DEMO / "cases.json").read_text(encoding="utf-8")
    return [case for case in json.loads(text)["cases"] if "earlier" in case]


@pytest.mark.parametrize("change", ["new", "gone", "unchanged", "larger", "smaller"])
def test_each_film_shows_what_the_course_says(change):
    lesser = 0.6 if change in ("larger", "smaller") else 1.0
    sentence = "The nodule has resolved." if change == "gone" else f"Nodule of {{mm}} mm, {change}."
    case = made(Course("nodule-left", change, sentence, lesser=lesser))
    entry = store.entry_of(case)
    now, before = entry["findings"], entry["earlier"]["findings"]
    assert (len(now), len(before)) == {"new": (1, 0), "gone": (0, 1)}.get(change, (1, 1))
    assert {one["progression"] for one in (*now, *before)} == {change}
    assert all(verdict.passed for verdict in gates.changes(entry))
    assert entry["images"][1]["study_label"] == "5 days before"
    assert entry["comparison"] == "Chest radiograph, 5 days before."
    assert entry["report"]["findings"].startswith(
        "Comparison with the chest radiograph of 5 days before."
    )


@pytest.mark.parametrize("change", ["larger", "smaller"])
def test_on_three_days_it_grows_or_shrinks_twice(change):
    sentence = f"Nodule of {{mm}} mm, {change}."
    visit = Visit(40, COUGH, (Course("nodule-left", change, sentence, lesser=0.7),), first=90)
    case = generate_visit(phantom.anatomy(), "one", visit, 3, SIZE)
    entry = store.entry_of(case)
    earlier = entry["earlier"]
    films = [entry, earlier, earlier["first"]]
    volumes = [one["findings"][0]["measured"]["volume_ml"] for one in films]
    assert volumes == sorted(volumes, reverse=change == "larger")
    assert all(verdict.passed for verdict in gates.changes(entry))
    assert [image.get("study_label") for image in entry["images"]] == [
        *(None, "40 days before", "90 days before")
    ]
    assert entry["comparison"] == "Chest radiographs, 40 and 90 days before."
    said = "Comparison with the chest radiographs of 40 and 90 days before."
    assert entry["report"]["findings"].startswith(said)
    assert {one["image"] for one in earlier["first"]["findings"][0]["regions"]} == {2}
    wrong = json.loads(json.dumps(entry))
    wrong["earlier"]["first"]["findings"][0]["measured"]["volume_ml"] = volumes[1]
    assert not all(verdict.passed for verdict in gates.changes(wrong))


def test_what_is_new_or_gone_of_three_films_came_or_went_after_the_second():
    gone = Course("nodule-left", "gone", "The nodule has resolved.")
    new = Course("nodule-right", "new", "New nodule of {mm} mm.")
    visit = Visit(40, COUGH, (gone, new), first=90)
    entry = store.entry_of(generate_visit(phantom.anatomy(), "one", visit, 3, SIZE))
    sides = [
        [finding["side"] for finding in film["findings"]]
        for film in (entry, entry["earlier"], entry["earlier"]["first"])
    ]
    assert sides == [["right"], ["left"], ["left"]]
    with pytest.raises(ValueError, match="not before"):
        Visit(40, COUGH, first=20)


def test_two_days_differ_in_breath_rotation_and_exposure_and_the_person_is_the_same():
    case = made()
    now, before = case.measured, case.earlier.measured
    assert now["rotation_mm"] != before["rotation_mm"]
    assert now["cobb_deg"] == pytest.approx(before["cobb_deg"], abs=6)
    assert now["heart_ratio"] == pytest.approx(before["heart_ratio"], abs=0.05)
    assert not np.array_equal(case.pictures[0].values, case.pictures[1].values)
    again = made()
    assert np.array_equal(case.pictures[1].values, again.pictures[1].values)


def test_on_both_days_the_arms_hang_down_alike(monkeypatch):
    days = []

    def seen(anatomy, view):
        days.append(view.body)
        return healthy_of(anatomy, view)

    monkeypatch.setattr("ml.simulate.visits.healthy_of", seen)
    generate_visit(raised_arms.anatomy(), "one", Visit(5, COUGH), 3, SIZE)
    now, before = days
    assert now.lowered and before.lowered and now.breath != before.breath
    assert girdle.shoulders(raised_arms.anatomy(), now, "PA") == girdle.shoulders(
        raised_arms.anatomy(), before, "PA"
    )


def test_an_opacity_clears_from_its_edges():
    course = Course("consolidation-lul", "smaller", "Consolidation, smaller.", lesser=0.4)
    case = made(replace(course, clears=True))
    now, before = case.findings[0], case.earlier.findings[0]
    assert now.measured["volume_ml"] < 0.6 * before.measured["volume_ml"]
    part = before.placed.parts[0]
    left = cleared(before.placed, 0.4).parts[0]
    assert left.mask.values.sum() == pytest.approx(0.4 * part.mask.values.sum(), rel=0.15)


def test_a_gate_tells_a_text_that_says_another_change_than_the_pictures():
    entry = store.entry_of(made(Course("nodule-left", "larger", "Nodule, larger.", lesser=0.6)))
    [finding] = entry["findings"]
    for sentence, word in (
        ("Nodule, smaller.", "larger"),
        ("Nodule.", "larger"),
        ("Nodule, smaller.", "smaller"),
        ("Nodule, unchanged.", "unchanged"),
        ("New nodule.", "new"),
    ):
        other = {**entry, "findings": [{**finding, "sentence": sentence, "progression": word}]}
        assert not all(verdict.passed for verdict in gates.changes(other)), (sentence, word)


def test_a_doubling_time_is_schwartzs():
    assert doubling_time(2 ** (1 / 3), 90) == pytest.approx(90)
    assert doubling_time(2, 90) == pytest.approx(30)


def test_a_word_that_is_no_change_is_refused_and_another_course_is_another_recipe():
    with pytest.raises(ValueError, match="bigger"):
        Course("nodule-left", "bigger")
    visit = Visit(3, COUGH, (Course("nodule-left", "new"),))
    jobs = [
        Job("one", visit.plan, 1, visit=one)
        for one in (visit, replace(visit, days=4), replace(visit, courses=()))
    ]
    assert len({job.recipe for job in jobs}) == 3


def test_every_course_says_its_change_in_words_that_are_read_so():
    for visit in courses.VISITS:
        for course in visit.courses:
            text = course.sentence.replace("{was}", "20").format(mm=30, cm="3.0", ratio=0.6)
            read = findings.extract(text)
            if course.change == "gone":
                assert any(one.presence == "absent" for one in read), text
            else:
                assert SAID[course.change] in {one.change for one in read}, text
                other = {one.change for one in read} - {"", SAID[course.change]}
                assert not other, text


def test_at_least_fifteen_patients_over_time_are_shipped_and_pass_every_gate(shipped):
    assert len(shipped) >= 15
    planned = {job.key: job.visit for job in demo.visits()}
    assert {case["key"] for case in shipped} == set(planned)
    for case in shipped:
        visit = planned[case["key"]]
        told = [(one["label"], one.get("progression", "")) for one in case["findings"]]
        assert case["earlier"]["days"] == visit.days and case["indication"] == visit.reason.text
        assert {(one.label, one.change) for one in visit.now} <= set(told)
    verdicts = [verdict for case in shipped for verdict in gates.judge(case)]
    assert sum(verdict.gate == "changes" for verdict in verdicts) > len(shipped)
    assert not [verdict for verdict in verdicts if not verdict.passed]
    every = [one for case in shipped for one in (*case["findings"], *case["earlier"]["findings"])]
    told = {one["progression"] for one in every if "progression" in one}
    assert told == {"new", "larger", "smaller", "unchanged", "gone"}
    labels = {one["label"] for one in every}
    assert len(labels) >= 12 and "cardiomegaly" not in labels
    assert not any("right lower lobe" in one.get("zone", "") for one in every)


def test_what_the_shipped_reports_say_has_changed_is_what_was_measured(shipped):
    for case in shipped:
        assert f"{case['earlier']['days']} day" in case["report"]["findings"]
        before = {
            (one["label"], one.get("side")): one.get("measured", {})
            for one in case["earlier"]["findings"]
        }
        for finding in case["findings"]:
            change, measured = finding.get("progression"), finding.get("measured", {})
            was = before.get((finding["label"], finding.get("side")))
            if change is None:
                continue
            assert finding["sentence"].split(".")[0] in case["report"]["findings"]
            assert (was is None) == (change == "new")
            if was and "volume_ml" in was:
                times = measured["volume_ml"] / was["volume_ml"]
                low, high = {
                    "larger": (1.25, 99), "smaller": (0, 0.8), "unchanged": (0.85, 1.15)
                }[change]  # fmt: skip
                assert low <= times <= high, (case["key"], times)


def test_the_demo_set_has_room_for_what_others_add():
    assert sum(file.stat().st_size for file in DEMO.rglob("*") if file.is_file()) <= 45_000_000
