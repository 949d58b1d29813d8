"""Every field that the scorer freezes into a result, of a stack, a film and a normal one."""

from __future__ import annotations

import pytest

from attempts.models import Attempt
from cases.models import Case
from localize import scoring
from localize.scoring import score
from ml.localize import Alternate, Region
from tests import factories

pytestmark = pytest.mark.any_database


def film(frames=1, **said):
    """A case with an image of 100 by 200 pixels."""
    case = factories.CaseFactory()
    factories.ImageFactory(
        case=case, public_id="film", width=100, height=200, frames=frames, **said
    )
    return case


def found(case, name, label, *regions, **said):
    finding = factories.FindingFactory(case=case, public_id=name, label=label, **said)
    for key, reader, frame, box, *more in regions:
        sides = dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
        image = case.images.get(position=0)
        factories.RegionFactory(
            finding=finding, image=image, public_id=key, reader=reader, frame=frame,
            **sides, **(more[0] if more else {}),
        )  # fmt: skip
    return finding


def mark(name, label, box, frame=0, **said):
    given = {"id": name, "label": label, "image": "film", "frame": frame, "box": list(box)}
    return {**given, "confidence": None, **said}


def attempt_at(user, case, answer, **said):
    said = {"mode": "practice", "rule": "clinical"} | said
    return Attempt.objects.create(
        user=user, case=case, kind="localize", case_version=7, answer=answer, **said
    )


def hint(about, text, cost):
    return {"kind": "hint", "about": about, "step": "side", "text": text, "cost": cost}


PLACED = {
    "image": "film",
    "frame": 0,
    "point": None,
    "path": [],
    "outline": [],
    "others": [],
    "slices": [],
    "other_slices": [],
    "readers": 1,
    "boxed_by": 1,
}
NOWHERE = {"image": None, "frame": 0, "box": None, "others": [], "slices": [], "readers": 0}
TRUTH = {
    "iou": None,
    "mark": None,
    "because": "",
    "distance": None,
    "distance_unit": "width",
    "position": "",
    "change": "",
    "said_change": None,
    "sentence": "",
    "side": "",
    "location": "",
    "size_mm": None,
    "severity": "",
}
MARK = {"point": None, "position": "", "change": None, "cost": 0.0}
HALF = pytest.approx(0.5)


def boxed(box, reader="1", **said):
    box = list(box)
    return {**PLACED, "box": box, "reader_boxes": [{"reader": reader, "box": box}], **said}


@pytest.fixture
def stack(db):
    """Nine frames: a nodule of three readers, two findings to be named, and two variants."""
    case = film(frames=9)
    found(
        case,
        "nodule",
        "nodule_mass",
        ("r1", "1", 3, (0.2, 0.2, 0.4, 0.4)),
        ("r2", "1", 4, (0.2, 0.2, 0.5, 0.4)),
        ("a1", "2", 4, (0.2, 0.2, 0.4, 0.5), {"alternate": True}),
        ("a2", "2", 6, (0.2, 0.2, 0.4, 0.6), {"alternate": True}),
        ("a3", "3", 3, (0.25, 0.2, 0.4, 0.4), {"alternate": True}),
        significance="actionable",
        sentence="A nodule.",
        side="left",
        location="lower lobe",
        size_mm=7.5,
        severity="mild",
    )
    found(
        case,
        "heart",
        "cardiomegaly",
        ("h1", "1", 2, (0.3, 0.5, 0.8, 0.9)),
        ("h2", "2", 3, (0.3, 0.5, 0.7, 0.9)),
        sentence="Large.",
    )
    found(case, "fluid", "pleural_effusion", significance="benign", side="right")
    found(
        case,
        "lobe",
        "azygos_lobe",
        ("v1", "1", 5, (0.6, 0.1, 0.7, 0.2)),
        significance="benign",
        sentence="A variant.",
    )
    found(case, "nipple", "nipple_shadow", significance="benign", sentence="Another.")
    return case


ON_STACK = {
    "marks": [
        mark("m1", "nodule_mass", (0.2, 0.2, 0.4, 0.3), 3, confidence=4),
        mark("m2", "fracture", (0.8, 0.8, 0.9, 0.9), confidence=2),
    ],
    "ticked": [{"label": "pleural_effusion", "side": "left"}, "cardiomegaly", "scoliosis"],
}


def test_a_stack_is_frozen_field_by_field(stack, trainee):
    hints = [hint("r2", "One", 0.1), hint("fluid", "Two", 0.2)]
    scored = score(attempt_at(trainee, stack, ON_STACK, aids=hints))
    assert (scored.scorer, scored.remaining) == ("clinical", ["the right pleural space"])
    data = scored.data
    assert data.pop("truths") == [
        {
            **TRUTH,
            "id": "r2",
            "finding": "nodule",
            "label": "nodule_mass",
            "mode": "draw",
            "outcome": "hit",
            "iou": HALF,
            "mark": "m1",
            "reader": "1",
            "earned": pytest.approx(1.9),
            "possible": 2.0,
            "because": "extent",
            "sentence": "A nodule.",
            "side": "left",
            "location": "lower lobe",
            "size_mm": 7.5,
            "severity": "mild",
            "significance": "actionable",
            **boxed(
                (0.2, 0.2, 0.5, 0.4),
                frame=4,
                others=[[0.2, 0.2, 0.4, 0.5]],
                slices=[{"frame": 3, "box": [0.2, 0.2, 0.4, 0.4]}],
                other_slices=[
                    {"frame": 6, "box": [0.2, 0.2, 0.4, 0.6]},
                    {"frame": 3, "box": [0.25, 0.2, 0.4, 0.4]},
                ],
                reader_boxes=[
                    {"reader": "1", "box": [0.2, 0.2, 0.5, 0.4]},
                    {"reader": "2", "box": [0.2, 0.2, 0.4, 0.5]},
                    {"reader": "3", "box": [0.25, 0.2, 0.4, 0.4]},
                ],
                readers=3,
                boxed_by=3,
            ),
        },
        {
            **TRUTH,
            "id": "heart",
            "finding": "heart",
            "label": "cardiomegaly",
            "mode": "select",
            "outcome": "hit",
            "reader": "",
            "earned": 2.0,
            "possible": 2.0,
            "sentence": "Large.",
            "significance": "actionable",
            **boxed((0.3, 0.5, 0.8, 0.9), frame=2, readers=2),
        },
        {
            **TRUTH,
            "id": "fluid",
            "finding": "fluid",
            "label": "pleural_effusion",
            "mode": "select",
            "outcome": "poorly_located",
            "reader": "",
            "earned": 0.0,
            "possible": 0.25,
            "because": "side",
            "side": "right",
            "significance": "benign",
            **NOWHERE,
        },
    ]
    assert data.pop("marks") == [
        {**MARK, **ON_STACK["marks"][0], "outcome": "hit", "iou": HALF, "truth": "r2"},
        {**MARK, **ON_STACK["marks"][1], "outcome": "false", "iou": None, "truth": None, "cost": 1},
    ]
    assert data.pop("ticked") == [
        {
            "label": "pleural_effusion",
            "outcome": "poorly_located",
            "truth": "fluid",
            "side": "left",
            "cost": 0.0,
        },
        {"label": "cardiomegaly", "outcome": "hit", "truth": "heart", "side": "", "cost": 0.0},
        {"label": "scoliosis", "outcome": "false", "truth": None, "side": "", "cost": 0.5},
    ]
    assert data.pop("variants") == [
        {
            "id": "v1",
            "label": "azygos_lobe",
            "sentence": "A variant.",
            **boxed((0.6, 0.1, 0.7, 0.2), frame=5),
        },
        {"id": "nipple", "label": "nipple_shadow", "sentence": "Another.", **NOWHERE},
    ]
    # 3.9 earned, 0.75 for false claims and a tenth of the nodule's 2, of 4.25.
    points = pytest.approx(100 * (3.9 - 0.75 - 0.2) / 4.25)
    assert data == {
        "rule": "clinical",
        "threshold": 0.3,
        "score": points,
        "hits": 2,
        "misses": 1,
        "false_marks": 2,
        "earned": pytest.approx(3.9),
        "possible": 4.25,
        "cost": 1.5,
        "case_version": stack.version,
        "before": [],
        "hints": [{"text": "One", "cost": 0.1}, {"text": "Two", "cost": 0.0}],
        "normal": False,
        "normal_confidence": None,
        "arithmetic": "100 × (3.9 earned − 0.75 for false claims) / 4.25 possible, less 0.2 for "
        "hints = 69",
    }
    assert scored.score == points


def test_outcomes_name_the_finding_and_what_a_hint_led_to(stack, trainee):
    keys = dict(stack.findings.values_list("public_id", "pk"))
    attempt = attempt_at(trainee, stack, ON_STACK, aids=[hint("fluid", "Two", 0.2)])
    attempt_at(trainee, stack, {}, mode="second_look", aids=[hint("r2", "One", 0.1)])
    rows = [
        (row.about, row.label, row.outcome, row.finding_id, row.iou, row.confidence, row.aided)
        for row in score(attempt).outcomes
    ]
    assert rows == [
        ("truth", "nodule_mass", "hit", keys["nodule"], HALF, None, True),
        ("truth", "cardiomegaly", "hit", keys["heart"], None, None, False),
        ("truth", "pleural_effusion", "poorly_located", keys["fluid"], None, None, True),
        ("mark", "nodule_mass", "hit", keys["nodule"], HALF, 4, False),
        ("mark", "fracture", "false", None, None, 2, False),
        ("mark", "pleural_effusion", "poorly_located", keys["fluid"], None, None, False),
        ("mark", "cardiomegaly", "hit", keys["heart"], None, None, False),
        ("mark", "scoliosis", "false", None, None, None, False),
    ]


@pytest.fixture
def ward_film(db):
    """A tube by its tip and an outlined pneumonia, with a prior film, in pixels of 2 by 1 mm."""
    case = film(row_spacing=2.0, column_spacing=1.0)
    factories.ImageFactory(case=case, public_id="before", study="prior", study_label="A day before")
    found(
        case,
        "tube",
        "tracheal_tube",
        (
            *("t1", "1", 0, (0.49, 0.29, 0.51, 0.31)),
            {"shape": "point", "points": [[0.5, 0.1], [0.5, 0.3]]},
        ),
        significance="urgent",
        position="wrong",
        progression="new",
    )
    found(
        case,
        "lung",
        "pneumonia",
        (
            *("p1", "9", 0, (0.2, 0.2, 0.4, 0.4)),
            {"shape": "polygon", "points": [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4]]},
        ),
        progression="increasing",
        side="up",
    )
    return case


TUBE_BOX = [0.49, 0.24, 0.51, 0.26]
ON_WARD = {
    "marks": [
        mark("m1", "tracheal_tube", TUBE_BOX, point=[0.5, 0.25], position="right"),
        mark("m2", "pneumonia", (0.2, 0.2, 0.4, 0.4), change="smaller"),
    ]
}


def test_a_device_and_a_change_are_frozen_field_by_field(ward_film, trainee):
    data = score(attempt_at(trainee, ward_film, ON_WARD)).data
    assert data["truths"] == [
        {
            **TRUTH,
            "id": "t1",
            "finding": "tube",
            "label": "tracheal_tube",
            "mode": "draw",
            "outcome": "poorly_located",
            "iou": 0.0,
            "mark": "m1",
            "reader": "1",
            "earned": 0.0,
            "possible": 4.0,
            "because": "position",
            "distance": pytest.approx(20.0),
            "distance_unit": "mm",
            "position": "wrong",
            "change": "new",
            "significance": "urgent",
            **boxed((0.49, 0.29, 0.51, 0.31), point=[0.5, 0.3], path=[[0.5, 0.1], [0.5, 0.3]]),
        },
        {
            **TRUTH,
            "id": "p1",
            "finding": "lung",
            "label": "pneumonia",
            "mode": "draw",
            "outcome": "hit",
            "iou": pytest.approx(1.0),
            "mark": "m2",
            "reader": "9",
            "earned": pytest.approx(1.2),
            "possible": 2.0,
            "because": "change",
            "distance_unit": "mm",
            "change": "larger",
            "said_change": "smaller",
            "side": "up",
            "significance": "actionable",
            **boxed((0.2, 0.2, 0.4, 0.4), "9", outline=[[0.2, 0.2], [0.4, 0.2], [0.4, 0.4]]),
        },
    ]
    kept = ({"outcome": "poorly_located", "iou": 0.0, "truth": "t1"}, {"outcome": "hit"})
    assert data["marks"] == [
        {**MARK, **ON_WARD["marks"][0], **kept[0]},
        {**MARK, **ON_WARD["marks"][1], **kept[1], "iou": pytest.approx(1.0), "truth": "p1"},
    ]
    assert (data["score"], data["variants"], data["ticked"]) == (pytest.approx(20), [], [])


@pytest.mark.parametrize(
    ("rule", "mode", "threshold", "name", "points"),
    [
        ("radgame", "practice", 0.3, "RadGame rule (IoU ≥ 0.3)", 100 / 3),
        ("radgame", "sprint", 0.3, "RadGame rule (IoU ≥ 0.3)", 100 / 3),
        ("radgame", "test", 0.25, "RadGame rule (IoU ≥ 0.25)", 100 / 3),
        ("standard", "practice", 0.3, None, 50.0),
        ("standard", "test", 0.25, None, 50.0),
        ("", "practice", 0.3, None, 20.0),
    ],
)
def test_a_rule_has_its_threshold_and_boxes_around_whole_paths(
    ward_film, trainee, rule, mode, threshold, name, points
):
    scored = score(attempt_at(trainee, ward_film, ON_WARD, rule=rule, mode=mode))
    data = scored.data
    assert scored.scorer == data["rule"] == (rule or "clinical")
    assert (data["threshold"], data.get("rule_name")) == (threshold, name)
    assert scored.score == data["score"] == pytest.approx(points)
    assert "arithmetic" not in data
    if rule:
        [tube] = [row for row in data["truths"] if row["id"] == "t1"]
        assert (tube["point"], tube["path"]) == (None, [])
        assert tube["box"] == pytest.approx([0.49, 0.09, 0.51, 0.31])


@pytest.mark.parametrize(
    ("findings", "answer", "outcomes"),
    [
        ([], {"normal": True, "normal_confidence": 3}, [("no_abnormality", "hit", 3)]),
        ([], {"normal": True}, [("no_abnormality", "hit", None)]),
        ([], {"normal": False}, []),
        ([("azygos_lobe", "actionable")], {"normal": True}, [("no_abnormality", "hit", None)]),
        ([("scoliosis", "benign")], {"normal": True}, [("no_abnormality", "hit", None)]),
        ([("scoliosis", "minor")], {"normal": True}, [("no_abnormality", "false", None)]),
        (
            [("scoliosis", "benign"), ("edema", "urgent")],
            {"normal": True},
            [("no_abnormality", "false", None)],
        ),
    ],
)
def test_a_call_of_normal_is_right_where_nothing_needs_to_be_found(
    trainee, findings, answer, outcomes
):
    case = film()
    for label, significance in findings:
        factories.FindingFactory(case=case, label=label, significance=significance)
    scored = score(attempt_at(trainee, case, answer))
    called = [
        (row.label, row.outcome, row.confidence) for row in scored.outcomes if row.about == "case"
    ]
    assert called == outcomes
    assert scored.data["normal"] is answer["normal"]
    assert scored.data["normal_confidence"] == answer.get("normal_confidence")


@pytest.mark.parametrize(
    ("answer", "closed", "points"),
    [
        ({}, "time", 0.0),
        ({"marks": [], "ticked": [], "normal": False}, "ended", 0.0),
        ({}, "", 100.0),
        ({"normal": True}, "time", 100.0),
    ],
)
def test_nothing_said_before_the_end_is_no_call_of_normal(trainee, answer, closed, points):
    scored = score(attempt_at(trainee, film(), answer, closed_because=closed))
    assert scored.score == scored.data["score"] == points
    said = scored.data.get("arithmetic")
    assert said == (None if points else "No answer before the time was up: 0.")


def other(reader, frame, side):
    return Alternate((0, 0, side, side), reader, f"{reader}{frame}", frame)


@pytest.mark.parametrize(
    ("others", "kept"),
    [
        ((other("2", 4, 0.5), other("2", 4, 0.6)), (0.5, 0.6)),
        ((other("2", None, 0.5), other("2", None, 0.6)), (0.5, 0.6)),
        ((other("3", 4, 0.3), other("2", 6, 0.6), other("2", 3, 0.7)), (0.7, 0.3)),
        ((other("3", 1, 0.3), other("3", 5, 0.4), other("2", 9, 0.6)), (0.6, 0.4)),
        ((), ()),
    ],
)
def test_of_a_reader_who_drew_on_several_frames_the_nearest_is_compared(others, kept):
    region = Region("r", (0, 0, 1, 1), "film", 4, "1", alternates=others)
    assert tuple(one.box[2] for one in scoring._comparable(region)) == kept


def test_rule_radgame_alone_asks_for_a_place_of_every_finding(stack):
    unplaced = factories.FindingFactory(label="nodule_mass").case
    factories.CaseFactory(knows_findings=False)
    every = Case.objects.order_by("pk")
    for rule in ("clinical", "standard"):
        assert [*scoring.playable(every, rule)] == [stack, unplaced]
    unplaced.findings.update(label="pleural_effusion")
    assert unplaced in scoring.playable(every, "radgame")
    unplaced.findings.update(label="nodule_mass")
    assert unplaced not in scoring.playable(every, "radgame")


def test_the_game_says_what_it_offers():
    game = scoring.GAME
    assert (game.kind, game.name, game.rules) == (
        "localize",
        "Localize",
        ("clinical", "standard", "radgame"),
    )
    assert game.rule_names == {
        "clinical": "Clinical",
        "standard": "Standard",
        "radgame": "RadGame (IoU ≥ 0.25)",
    }
    assert game.opened_by_address == ("practice", "second_look")
    assert (game.hint_modes, game.guided_shows) == (("practice",), True)
