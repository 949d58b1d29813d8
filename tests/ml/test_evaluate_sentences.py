"""What the comparer says to the learner of each error, in whole sentences."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from ml import evaluate
from ml.evaluate.compare import mistakes_of
from ml.evaluate.observation import Observation
from ml.evaluate.relations import SAME
from ml.evaluate.significance import severity_levels

pytestmark = pytest.mark.pure

PRIOR = "Compared with the prior study, "


def told(reference: str, candidate: str) -> list[str]:
    """The sentences of all errors."""
    notes = evaluate.evaluate(reference, candidate).notes
    return [note.explanation for note in notes if note.error_types]


@pytest.mark.parametrize(
    ("reference", "candidate", "sentence"),
    [
        (
            *("Right pleural effusion.", "Left pleural effusion."),
            "It is on the right, not on the left.",
        ),
        (
            *("Bilateral pleural effusions.", "Right pleural effusion."),
            "It is on both sides, not only on the right.",
        ),
        (
            *("Left pleural effusion.", "Bilateral pleural effusions."),
            "It is only on the left, not on both sides.",
        ),
        ("Right pleural effusion.", "Pleural effusion.", "The side is not said: right."),
        (
            *("Bilateral pleural effusions.", "Small pleural effusions."),
            "The side is not said: left and right.",
        ),
        (
            *("Fracture of the left seventh rib.", "Fracture of the left third rib."),
            "It is at rib 7, not at rib 3.",
        ),
        ("Mild cardiomegaly.", "Severe cardiomegaly.", "It is mild, not severe."),
        (
            *(f"{PRIOR}the right effusion has increased.", "Decreased right effusion."),
            "It is increased, not decreased.",
        ),
        (
            *(f"{PRIOR}the right effusion has increased.", "Right effusion."),
            "The change is not said: increased.",
        ),
        (
            *("Consolidation in the right lower lobe.", "Consolidation in the right lung."),
            "Where in the lung is not said: lower lobe.",
        ),
        (
            *("Atelectasis in the right lower lobe.", "Opacity in the right lung."),
            "It is in the lower lobe; a word as wide as opacity needs its place.",
        ),
        (
            *("Nodule in the right lower lobe.", "Nodule in the right mid zone."),
            "It is in the lower lobe; in the mid zone may be in any lobe.",
        ),
        (
            *("Consolidation in the right upper lobe.", "Consolidation in the right lower lobe."),
            "It is in the upper lobe, not in the lower lobe.",
        ),
        (
            *("Consolidation in the right upper zone.", "Consolidation in the right mid zone."),
            "It is in the upper zone; the mid zone is next to it.",
        ),
        (
            *("Pneumothorax on the left.", "Possible pneumothorax on the left."),
            "The reference is certain of it; yours hedges.",
        ),
        (
            *("Possible pneumothorax on the left.", "Pneumothorax on the left."),
            "The reference hedges; yours is certain of it.",
        ),
        (
            *("Spiculated nodule in the right upper lobe.", "Smooth right upper lobe nodule."),
            "It is ill-defined, not well-defined.",
        ),
        (
            *("Left tension pneumothorax.", "Left pneumothorax."),
            "It is under tension; yours does not say so.",
        ),
        (
            *("12 mm nodule in the right upper lobe.", "24 mm nodule in the right upper lobe."),
            "It measures 1.2 cm, not 2.4 cm.",
        ),
        (
            *("5 mm nodule in the right upper lobe.", "Opacity in the right upper lobe."),
            "The word is too vague: a nodule or mass needs follow-up that an opacity may not get.",
        ),
        (
            *("Opacity in the right upper lobe.", "Nodule in the right upper lobe."),
            "The word says more than the reference does: a nodule or mass needs follow-up",
        ),
        (
            *("Endotracheal tube in the right main bronchus.", "Endotracheal tube."),
            "Its position is: right main bronchus (only the right lung is ventilated); yours does",
        ),
    ],
)
def test_each_error_says_what_it_is_and_what_was_said(reference, candidate, sentence):
    assert any(sentence in one for one in told(reference, candidate)), told(reference, candidate)


def seen(label: str, *rivals: str) -> Observation:
    plain = Observation(
        *(label, label, frozenset(), frozenset(), (), (), True),
        *(frozenset(), frozenset(), frozenset(), label, ()),
    )
    return replace(plain, rivals=frozenset((one, one) for one in rivals))


def errors(reference: Observation, candidate: Observation, **more) -> list[tuple[str, str]]:
    found = mistakes_of(reference, candidate, SAME, prior_mentioned=False, urgent=False, **more)
    return [(one.kind, one.severity) for one in found]


@pytest.mark.parametrize(
    ("wanted", "given", "spare"),
    [
        ((), (), 0),
        ((), ("atelectasis", "pneumonia"), 1),
        ((), ("atelectasis", "pneumonia", "edema"), 2),
        (("atelectasis", "pneumonia"), ("atelectasis", "pneumonia"), 0),
        (("atelectasis", "pneumonia"), ("atelectasis", "edema"), 0),
        (("atelectasis", "pneumonia"), ("atelectasis", "edema", "nodule_mass"), 1),
        (("atelectasis", "pneumonia"), ("atelectasis", "pneumonia", "edema"), 1),
        (("atelectasis", "pneumonia", "edema"), ("atelectasis", "nodule_mass"), 0),
    ],
)
def test_each_possibility_more_than_the_reference_leaves_open_is_an_error(wanted, given, spare):
    found = errors(seen("atelectasis", *wanted), seen("atelectasis", *given))
    assert found == [("unspecific", "significant")] * spare


def test_to_want_nothing_done_for_what_asks_for_action_is_an_error_of_its_own():
    nodule = seen("nodule_mass")
    assert errors(nodule, nodule) == []
    assert errors(nodule, nodule, dismissed=True) == [("certainty", "significant")]


@pytest.mark.parametrize(("wanted", "given"), [*product(sorted(severity_levels()), repeat=2)])
def test_a_degree_is_wrong_from_one_step_of_the_scale_and_grave_from_two(wanted, given):
    gap = abs(severity_levels()[wanted] - severity_levels()[given])
    expected = [] if gap < 1 else ["negligible"] if gap < 2 else ["significant"]
    effusion = seen("pleural_effusion")
    found = errors(replace(effusion, severities=(wanted,)), replace(effusion, severities=(given,)))
    assert found == [("severity", one) for one in expected]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Endotracheal tube tip 4 cm above the carina.", []),
        ("Endotracheal tube in the right main bronchus.", [(("location",), "significant")]),
    ],
)
def test_where_a_tube_lies_has_to_be_said_only_where_it_lies_wrong(reference, expected):
    found = evaluate.evaluate(reference, "Endotracheal tube.").errors.attribute_errors
    assert [(one.error_types, one.severity) for one in found] == expected
