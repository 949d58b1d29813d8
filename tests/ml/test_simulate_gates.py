"""The gates of simulated cases: each lets a right case through and stops a wrong one."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from bench import gates as bench_gates
from ml.simulate import gates, measures, store
from ml.simulate.cases import generate
from ml.simulate.findings.common import Placed
from ml.simulate.patients import Body
from ml.simulate.plans import Plan
from ml.simulate.shadows import Shown, edge_kept
from ml.simulate.standing import view_of
from tests.ml import phantom

pytestmark = pytest.mark.pure
LUNGS = {"left": [0.5, 0.1, 0.9, 0.9], "right": [0.1, 0.1, 0.5, 0.9]}


def entry(*findings: dict[str, Any], view: str = "PA", **fields: Any) -> dict[str, Any]:
    measured = {
        "heart_ratio": 0.45,
        "ribs": {"left": 10, "right": 9},
        "dome_mm": {"left": 22.0, "right": 27.0},
        "rotation_mm": 1.0,
        "cobb_deg": 3.0,
        "lungs": LUNGS,
        **fields.pop("measured", {}),
    }
    return {
        "key": "case",
        "age": 50,
        "indication": "Cough.",
        "images": [{"view": view}],
        "findings": list(findings),
        "report": {"findings": "Clear.", "impression": "Normal."},
        "measured": measured,
        **fields,
    }


def finding(label: str, sentence: str = "Something.", **fields: Any) -> dict[str, Any]:
    measured = {"detectability": 3.0, **fields.pop("measured", {})}
    return {"label": label, "sentence": sentence, "measured": measured, **fields}


def followed(
    word: str, sentence: str, times: float, before: str = "pleural_effusion"
) -> dict[str, Any]:
    """A case with an earlier film that showed as much as 100 ml of water adds."""
    return entry(
        finding(
            "pleural_effusion",
            sentence,
            side="left",
            progression=word,
            measured={"volume_ml": 100 * times},
        ),
        report={"findings": sentence, "impression": ""},
        images=[{"view": "PA"}, {"view": "PA", "study": "prior"}],
        earlier={
            "days": 3,
            "technique": "",
            "change": "",
            "findings": [finding(before, side="left", measured={"volume_ml": 100.0})],
        },
    )


def twice_followed(times: float = 1.5) -> dict[str, Any]:
    """Two nodules of one lung, in another order on the earlier film: the lower one has grown."""
    low, high = {"box": [0.6, 0.7, 0.7, 0.8]}, {"box": [0.6, 0.2, 0.7, 0.3]}

    def nodule(place: dict[str, Any], volume: float, sentence: str = "", **more: Any) -> Any:
        measured = {"volume_ml": volume}
        return finding(
            "nodule_mass", sentence, side="left", regions=[place], measured=measured, **more
        )

    now = [
        nodule(high, 2.0, "Nodule, unchanged.", progression="unchanged"),
        nodule(low, 6.0 * times, "Nodule, larger.", progression="larger"),
    ]
    return entry(
        *now,
        report={"findings": "Nodules, one larger, one unchanged.", "impression": ""},
        images=[{"view": "PA"}, {"view": "PA", "study": "prior"}],
        earlier={
            "days": 90,
            "technique": "",
            "change": "",
            "findings": [nodule(low, 6.0), nodule(high, 2.0)],
        },
    )


LEFT = [0.6, 0.2, 0.8, 0.5]
WITHDRAW = {"findings": "", "impression": "Too deep: withdraw by about 5.5 cm."}
NODULE = "A nodule of 20 mm."
JUNCTION = "Its tip lies at the cavoatrial junction."
LOWER_CAVA = "It ends in the lower superior vena cava."
ATRIUM = "It ends in the right atrium, past the superior vena cava."
LEVEL = "Air and fluid with a horizontal level."
GOOD = [
    entry(),
    entry(finding("cardiomegaly"), measured={"heart_ratio": 0.58}),
    entry(finding("hypoinflation"), measured={"ribs": {"left": 7, "right": 7}}),
    entry(
        finding("hyperinflation"),
        measured={"ribs": {"left": 11, "right": 10}, "dome_mm": {"left": 8.0, "right": 12.0}},
    ),
    entry(finding("rotation"), measured={"rotation_mm": -14.0}),
    entry(finding("scoliosis"), measured={"cobb_deg": 15.0, "rotation_mm": 12.0}),
    entry(finding("elevated_diaphragm", side="right"), measured={"ribs": {"left": 10, "right": 6}}),
    entry(finding("nodule_mass", NODULE, size_mm=20, measured={"longest_mm": 21.5})),
    entry(finding("nodule_mass", "A 3.4 cm mass.", size_mm=34, measured={"longest_mm": 34.0})),
    entry(finding("tube", "Tip 3.9 cm above the carina.", measured={"above_carina_mm": 41.0})),
    entry(finding("central_line", measured={"withdraw_mm": 57.0}), report=WITHDRAW),
    entry(finding("central_line", JUNCTION, measured={"below_carina_mm": 40.0})),
    entry(finding("central_line", LOWER_CAVA, measured={"below_carina_mm": 25.0})),
    entry(finding("central_line", ATRIUM, measured={"below_carina_mm": 80.0})),
    entry(finding("central_line", "In the internal jugular vein.")),
    entry(finding("cardiac_lead", "Tip in the right atrium.")),
    entry(finding("hydropneumothorax", LEVEL)),
    entry(finding("pneumothorax", "Apical air."), view="AP"),
    entry(finding("osteopenia", measured={"bone_kept": 0.5})),
    entry(finding("tube", "Left chest tube.", measured={"in_pleura": 0.85})),
    entry(finding("tube", "Left chest tube.", position="wrong", measured={"in_pleura": 0.1})),
    entry(finding("rotation"), view="AP"),
    entry(finding("nipple_shadow", measured={"detectability": 2.0})),
    entry(finding("nodule_mass", regions=[{"polygon": [[0.2, 0.2], [0.45, 0.2], [0.3, 0.3]]}])),
    entry(finding("nodule_mass", regions=[{"box": [0.2, 0.2, 0.49, 0.3]}])),
    entry(finding("tube", regions=[{"box": [0.4, 0.0, 0.6, 0.6]}])),
    entry(finding("consolidation", "It obscures the heart.", measured={"edge_kept": 0.2})),
    entry(finding("atelectasis", "It blurs the heart border.", measured={"edge_kept": 0.7})),
    entry(finding("motion_blur", "Domes and vessels are blurred.")),
    entry(finding("pneumothorax", "Left one.", side="left", regions=[{"box": LEFT}])),
    entry(finding("tracheal_tube", measured={"detectability": 1.2})),
    entry(finding("cavity", side="left", zone="left upper zone", regions=[{"box": LEFT}])),
    twice_followed(),
    entry(finding("cardiomegaly", "Enlarged silhouette."), measured={"heart_ratio": 0.6}),
    entry(view="LATERAL", measured={"vertebrae": 6}),
    entry(age=40, indication="Routine examination before employment."),
    followed("larger", "Left effusion, larger than before.", 1.5),
    followed("unchanged", "Left effusion, unchanged.", 1.05),
    followed("new", "New left effusion.", 1.0, before="pneumothorax"),
]
BAD = {
    "heart": [
        entry(measured={"heart_ratio": 0.51}),
        entry(measured={"heart_ratio": None}),
        entry(finding("cardiomegaly"), measured={"heart_ratio": 0.53}),
    ],
    "inspiration": [
        entry(measured={"ribs": {"left": 10, "right": 8}}),
        entry(measured={"ribs": {}}),
        entry(finding("hypoinflation")),
        entry(finding("hyperinflation"), measured={"dome_mm": {"left": 8.0, "right": 12.0}}),
        entry(
            finding("elevated_diaphragm", side="left"),
            measured={"ribs": {"left": 6, "right": 8}},
        ),
    ],
    "domes": [entry(finding("hyperinflation"), measured={"ribs": {"left": 11, "right": 10}})],
    "rotation": [
        entry(measured={"rotation_mm": 9.0}),
        entry(measured={"rotation_mm": -9.0}),
        entry(finding("rotation")),
    ],
    "spine": [entry(measured={"cobb_deg": 12.0}), entry(finding("scoliosis"))],
    "sizes": [
        entry(finding("nodule_mass", NODULE, size_mm=20, measured={"longest_mm": 24.0})),
        entry(finding("nodule_mass", NODULE, size_mm=20, measured={"longest_mm": 16.0})),
        entry(finding("nodule_mass", NODULE, size_mm=20)),
    ],
    "names": [
        entry(finding("nodule_mass", "A 2.7 cm mass.", size_mm=27, measured={"longest_mm": 27})),
        entry(finding("nodule_mass", "A 35 mm nodule.", size_mm=35, measured={"longest_mm": 35})),
    ],
    "distances": [
        entry(finding("tube", "Tip 3.9 cm above the carina.", measured={"above_carina_mm": 51.1})),
        entry(finding("tube", "Tip 3.9 cm above the carina.")),
        entry(finding("central_line", measured={"withdraw_mm": 40.0}), report=WITHDRAW),
        entry(finding("central_line"), report=WITHDRAW),
        entry(finding("central_line", measured={"withdraw_mm": 55.0})),
    ],
    "lines": [
        entry(finding("central_line", JUNCTION, measured={"below_carina_mm": 60.0})),
        entry(finding("central_line", JUNCTION, measured={"below_carina_mm": 20.0})),
        entry(finding("central_line", LOWER_CAVA, measured={"below_carina_mm": 46.0})),
        entry(finding("central_line", LOWER_CAVA, measured={"below_carina_mm": -5.0})),
        entry(finding("central_line", ATRIUM, measured={"below_carina_mm": 50.0})),
        entry(finding("central_line", JUNCTION)),
    ],
    "levels": [
        entry(finding("hydropneumothorax"), view="AP"),
        entry(finding("pneumoperitoneum"), view="AP"),
        entry(finding("pleural_effusion", LEVEL), view="AP"),
    ],
    "bones": [
        entry(finding("osteopenia", measured={"bone_kept": 0.7})),
        entry(finding("osteopenia")),
    ],
    "drains": [
        entry(finding("tube", "Left chest tube.", measured={"in_pleura": 0.25})),
        entry(finding("tube", "Chest drain on the left.")),
        entry(finding("tube", "Left chest tube.", position="wrong", measured={"in_pleura": 0.9})),
    ],
    "boxes": [
        entry(finding("nodule_mass", regions=[{"box": [0.4, 0.2, 0.6, 0.3]}])),
        entry(finding("nodule_mass", regions=[{"box": [0.6, 0.8, 0.7, 0.95]}])),
        entry(finding("nodule_mass", regions=[{"polygon": [[0.4, 0.2], [0.6, 0.2], [0.5, 0.3]]}])),
        entry(
            finding("nodule_mass", regions=[{"box": [0.6, 0.2, 0.7, 0.3]}]), measured={"lungs": {}}
        ),
    ],
    "edges": [
        entry(finding("consolidation", "It obscures the heart.", measured={"edge_kept": 0.9})),
        entry(finding("consolidation", "Loss of the left heart border.")),
        entry(finding("atelectasis", "The dome: the medial diaphragm is lost.")),
        entry(finding("atelectasis", "It blurs the heart border.", measured={"edge_kept": 0.8})),
    ],
    "sides": [
        entry(finding("pneumothorax", "A right one.", side="left", regions=[{"box": LEFT}])),
        entry(finding("pneumothorax", "A right one.", side="right", regions=[{"box": LEFT}])),
        entry(finding("central_line", "Left jugular line.", side="right")),
    ],
    "zones": [
        entry(finding("cavity", side="left", zone="left lower zone", regions=[{"box": LEFT}])),
    ],
    "visible": [
        entry(finding("edema", measured={"detectability": 1.4})),
        entry(finding("pneumothorax", measured={"detectability": None})),
        entry(finding("tracheal_tube", measured={"detectability": 0.8})),
        entry(finding("central_line", measured={"detectability": 1.2})),
    ],
    "vertebrae": [
        entry(view="LATERAL", measured={"vertebrae": 2}),
        entry(view="LATERAL"),
    ],
    "ages": [entry(age=69, indication="Routine examination before employment.")],
    "priors": [
        entry(report={"findings": "A band, unchanged.", "impression": ""}),
        entry(report={"findings": "", "impression": "Stable compared with before."}),
    ],
    "changes": [
        followed("larger", "Left effusion, larger than before.", 1.1),
        followed("larger", "Left effusion, smaller than before.", 1.5),
        followed("unchanged", "Left effusion, unchanged.", 1.3),
        followed("new", "New left effusion.", 1.0),
        followed("smaller", "Smaller left effusion.", 0.5, before="pneumothorax"),
        twice_followed(0.8),
    ],
}


@pytest.mark.parametrize("case", GOOD)
def test_a_right_case_passes_all_gates(case):
    assert [verdict for verdict in gates.judge(case) if not verdict.passed] == []


@pytest.mark.parametrize(("gate", "case"), [(g, case) for g in BAD for case in BAD[g]])
def test_a_wrong_case_fails_its_gate_alone(gate, case):
    assert {verdict.gate for verdict in gates.judge(case) if not verdict.passed} == {gate}


def test_every_gate_says_its_unit_and_is_tested():
    assert {gate.__name__ for gate in gates.GATES} == set(BAD)
    assert all(gate.__doc__ for gate in gates.GATES)


def test_a_prior_may_be_spoken_of_where_there_is_one():
    case = entry(
        report={"findings": "Unchanged.", "impression": ""},
        images=[{"view": "PA"}, {"view": "PA", "study": "prior"}],
    )
    assert all(verdict.passed for verdict in gates.judge(case))


def test_indications_that_only_the_sick_have_give_them_away():
    sick = finding("nodule_mass")
    telling = [entry(sick, indication=f"Sign {n}.") for n in range(6)] + [entry()] * 3
    assert gates.sorted_by_indication(telling) == 1.0
    shared = [entry(sick), entry(sick), entry()] * 3
    assert gates.sorted_by_indication(shared) == pytest.approx(2 / 3)
    variant = entry(finding("nipple_shadow"))
    assert gates.sorted_by_indication([entry(sick), variant, entry()] * 3) == pytest.approx(2 / 3)
    assert not gates.judge_set(telling)[0].passed and gates.judge_set(shared)[0].passed


def test_the_longest_diameter_is_that_of_the_largest_piece():
    mask = np.zeros((60, 60), bool)
    mask[10:14, 10:41] = True
    mask[50, 50] = True
    assert measures.longest(mask, 0.5) == pytest.approx(np.hypot(30, 3) * 0.5 + 0.5)
    assert measures.longest(np.zeros((4, 4), bool), 0.5) == 0.0
    mask[:] = False
    mask[3] = True
    assert measures.longest(mask, 1.0) == pytest.approx(60)


def test_what_stands_out_from_the_anatomy_is_detected_and_what_drowns_in_it_is_not():
    rng = np.random.default_rng(1)
    ground = rng.standard_normal((200, 200)).astype(np.float32)
    lungs = np.ones(ground.shape, bool)
    blob = np.zeros_like(ground)
    blob[90:110, 90:110] = 1.0
    strong, weak = (measures.detectability(a * blob, ground, lungs) for a in (1.0, 0.05))
    # Of white noise it is the signal's own length: 20 pixels either way.
    assert strong == pytest.approx(20, rel=0.35)
    assert weak == pytest.approx(strong / 20, rel=0.02)
    assert measures.detectability(0 * blob, ground, lungs) == 0.0


def test_an_edge_that_is_covered_is_lost():
    before = np.zeros((60, 60), np.float32)
    before[:, 30:] = 1.0
    border = np.zeros(before.shape, bool)
    border[10:50, 29:31] = True
    assert measures.edge_kept(border, before, before) == 1.0
    assert measures.edge_kept(border, before, np.ones_like(before)) == 0.0
    assert measures.edge_kept(np.zeros_like(border), before, before) == 1.0


def test_a_dome_is_measured_where_the_text_says_that_it_is_lost():
    anatomy = phantom.anatomy()
    view = view_of(anatomy, Body(anatomy.marks), "PA", 300)
    line = measures.dome_line(anatomy, view, "left")
    line = line[np.argsort(line[:, 1])]
    rows, columns = np.indices(view.shape)
    below = rows > np.interp(columns[0], line[:, 1], line[:, 0])[None, :]
    healthy = below.astype(np.float32)
    fluid = Shown((1 - healthy), columns > view.shape[1] // 2)
    said = "Large left pleural effusion obscuring the hemidiaphragm."
    placed = Placed("pleural_effusion", "pleura", said, (), "left")
    kept = [
        edge_kept(placed, anatomy, view, [Shown(share * fluid.added, fluid.mask)], healthy)
        for share in (0, 0.5, 1)
    ]
    assert kept == pytest.approx([1, 0.5, 0], abs=0.05)
    beside = Shown(fluid.added, columns < 5)
    assert edge_kept(placed, anatomy, view, [beside], healthy) is None


def test_a_case_brings_what_the_gates_ask():
    case = generate(phantom.anatomy(), "one", Plan(("nodule",), True), 3, size=300)
    assert 0.3 < case.measured["heart_ratio"] < 0.9
    assert set(case.measured["ribs"]) == set(case.measured["lungs"]) == {"left", "right"}
    assert "vertebrae" in case.measured
    assert case.findings[0].measured["longest_mm"] > 5
    json.dumps(case.measured)


def test_the_table_names_what_fails_and_ends_with_1(tmp_path, capsys, monkeypatch):
    for cases, code in (([entry()], 0), ([entry(), BAD["heart"][0]], 1)):
        (tmp_path / "cases.json").write_text(json.dumps({"cases": cases}))
        monkeypatch.setattr("sys.argv", ["bench.gates", "--folder", str(tmp_path)])
        assert bench_gates.main() == code
    said = capsys.readouterr().out
    assert "case 0.51 (<= 0.48)" in said and "2 films" in said


@pytest.mark.parametrize("recipe", ["central-line-wrong", "tracheal-tube-wrong"])
def test_a_report_tells_how_far_a_device_that_lies_too_deep_is_to_be_withdrawn(recipe):
    case = generate(phantom.anatomy(), "one", Plan((recipe,)), 3, size=240)
    entry = store.entry_of(case)
    assert "withdraw by about" in entry["report"]["impression"]
    assert all(verdict.passed for verdict in gates.distances(entry))
    measured = entry["findings"][0]["measured"]
    measured["withdraw_mm"] += 8
    assert not all(verdict.passed for verdict in gates.distances(entry))


@pytest.mark.parametrize("recipe", ["central-line", "central-line-wrong", "port"])
def test_the_tip_of_a_central_line_lies_where_the_text_says(recipe):
    said = set()
    for seed in range(1, 5):
        case = generate(phantom.anatomy(), "one", Plan((recipe,)), seed, size=240)
        verdicts = [*gates.lines(store.entry_of(case))]
        assert verdicts and all(verdict.passed for verdict in verdicts), verdicts
        said |= {verdict.asked for verdict in verdicts}
    assert len(said) == (1 if recipe.endswith("wrong") else 2)


def test_what_a_line_goes_on_past_a_point_is_measured_along_it_in_the_person():
    anatomy = phantom.anatomy()
    line = np.array([(60.0, 80, 100), (90.0, 80, 100), (90.0, 80, 140)])
    mark = np.array([61.0, 82, 100])
    lengths = []
    for wide in (1.0, 1.5):
        view = view_of(anatomy, Body(anatomy.marks, wide=wide), "PA", 240)
        lengths.append(measures.beyond(view, line, mark))
    assert lengths == pytest.approx([70, 90], abs=0.5)


def test_thin_bones_have_lost_contrast_and_others_have_not():
    anatomy = phantom.anatomy()
    view = view_of(anatomy, Body(anatomy.marks), "PA", 240)
    nothing = np.zeros(view.shape, np.float32)
    assert measures.bone_kept(anatomy, view, nothing) == pytest.approx(1.0)
    half = -0.5 * view.bones(anatomy.base)
    assert measures.bone_kept(anatomy, view, half) == pytest.approx(0.5, abs=0.01)
