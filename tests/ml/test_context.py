"""How far a denial or a hedge reaches: for every rule one sentence that it reaches and one not.

The most dangerous mistake in reading a report is a denied finding that is read as present, or the
reverse. What is expected is written in short: ``-effusion`` denied, ``+`` stated, ``?`` hedged.
"""

from __future__ import annotations

import pytest

from ml import findings

pytestmark = pytest.mark.pure

SIGNS = {"absent": "-", "present": "+", "uncertain": "?"}
NAMES = {"pleural_effusion": "effusion", "nodule_mass": "nodule", "lung_opacity": "opacity"}


def read(text: str) -> str:
    found = findings.extract(text)
    return " ".join(SIGNS[one.presence] + NAMES.get(one.label, one.label) for one in found)


LISTS = [
    ("No effusion, pneumothorax.", "-effusion -pneumothorax"),
    ("No effusion, small pneumothorax.", "-effusion +pneumothorax"),
    ("No pleural effusion, left lower lobe consolidation.", "-effusion +consolidation"),
    ("No pneumothorax or large effusion.", "-pneumothorax -effusion"),
    (
        "No pleural effusion, pneumothorax or consolidation.",
        "-effusion -pneumothorax -consolidation",
    ),
    (
        "No pneumothorax, effusion, and cardiomegaly.",
        "-pneumothorax -effusion -cardiomegaly",
    ),
    ("No focal, segmental or lobar consolidation.", "-consolidation"),
    ("No pneumothorax, effusion is seen.", "-pneumothorax +effusion"),
    ("No effusion and no pneumothorax.", "-effusion -pneumothorax"),
    ("No effusion and the heart is enlarged.", "-effusion +cardiomegaly"),
    ("No pneumothorax, possible effusion.", "-pneumothorax ?effusion"),
    ("No effusion consolidation in the left base.", "-effusion +consolidation"),
    ("No evidence of effusion left basilar consolidation.", "-effusion +consolidation"),
]
ENDS = [
    ("No effusion, but there is consolidation.", "-effusion +consolidation"),
    ("No effusion; consolidation in the left base.", "-effusion +consolidation"),
    ("No effusion with atelectasis at the left base.", "-effusion +atelectasis"),
    ("No consolidation associated with effusion.", "-consolidation -effusion"),
    ("Cardiomegaly with no effusion.", "+cardiomegaly -effusion"),
    ("Heart size is normal, and there is effusion.", "-cardiomegaly +effusion"),
    ("The lungs are clear, heart is enlarged.", "+cardiomegaly"),
    ("The right lung is clear and the left has an effusion.", "+effusion"),
]
BACKWARD = [
    ("Pneumothorax is not seen.", "-pneumothorax"),
    ("Consolidation and effusion are absent.", "-consolidation -effusion"),
    ("Consolidation is present and effusion is absent.", "+consolidation -effusion"),
    ("There is a nodule, pneumothorax is absent.", "+nodule -pneumothorax"),
    ("Pneumonia likely in the right lower lobe.", "?pneumonia"),
]
ANSWERS = [
    ("Effusion, pneumothorax: none.", "-effusion -pneumothorax"),
    ("Left effusion, pneumothorax: none.", "+effusion -pneumothorax"),
    ("Effusion: no, pneumothorax: small.", "-effusion +pneumothorax"),
    ("Effusion: none. Pneumothorax: small.", "-effusion +pneumothorax"),
]
HEDGES = [
    ("Possible nodule and effusion.", "?nodule ?effusion"),
    ("Opacity and no pneumonia.", "+opacity -pneumonia"),
    ("Opacity suggesting pneumonia and no effusion.", "+opacity ?pneumonia -effusion"),
    ("Rule out pneumonia.", ""),
    ("Evaluate for pneumonia; there is an effusion.", "+effusion"),
    ("History of pneumonia, now an effusion is seen.", "+effusion"),
    ("History of pneumonia no effusion.", "-effusion"),
    ("Evaluate for pneumonia without effusion or nodule.", "-effusion -nodule"),
    ("No effusion and heart is enlarged.", "-effusion +cardiomegaly"),
    ("There is no effusion and opacity remains.", "-effusion +opacity"),
    ("Removal of the drain and pneumothorax has recurred.", "-tube +pneumothorax"),
]
DENIED = [
    ("I don't think there is a pneumothorax.", "-pneumothorax"),
    ("I do not see any effusion.", "-effusion"),
    ("We did not believe that there was a nodule.", "-nodule"),
    ("Effusion has not recurred.", "-effusion"),
    ("The pneumothorax has not returned.", "-pneumothorax"),
    ("Effusion gone.", "-effusion"),
    ("The consolidation is now gone.", "-consolidation"),
    ("Zero effusion.", "-effusion"),
    ("Pneumothorax without any doubt.", "+pneumothorax"),
    ("Not just an effusion but a pneumothorax.", "+effusion +pneumothorax"),
    ("The nodule is not enlarging.", "+nodule"),
    ("The opacity has not worsened.", "+opacity"),
    ("The effusion is not much larger.", "+effusion"),
    ("The heart is not enlarged.", "-cardiomegaly"),
]


@pytest.mark.parametrize(
    ("text", "expected"), [*LISTS, *ENDS, *BACKWARD, *ANSWERS, *HEDGES, *DENIED]
)
def test_a_denial_or_a_hedge_reaches_so_far_and_no_further(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("Opacity suggesting pneumonia.", True),
        ("Opacity, possibly pneumonia.", True),
        ("Possible pneumonia or atelectasis.", True),
        ("Opacity and possible pneumonia.", False),
        ("Opacity and no pneumonia.", False),
        ("Possible nodule, possible effusion.", False),
        ("Opacity; possibly pneumonia.", False),
        ("Opacity and effusion.", False),
    ],
)
def test_a_cause_or_an_alternative_explains_what_stands_before_it(text, explained):
    first, second = findings.extract(text)
    assert first.explains is None
    assert second.explains == (first.span if explained else None)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("Large effusion, atelectasis or consolidation.", True),
        ("The left effusion, atelectasis or consolidation.", True),
        ("Effusion, atelectasis or consolidation.", False),
        ("An effusion, atelectasis or consolidation.", False),
        ("Cardiomegaly; large effusion, atelectasis or consolidation.", True),
    ],
)
def test_an_item_that_is_described_is_no_alternative_of_what_follows_its_comma(text, stated):
    [effusion] = [one for one in findings.extract(text) if one.label == "pleural_effusion"]
    assert effusion.certainty == ("certain" if stated else "probable")


@pytest.mark.parametrize(
    "text", ["The right side was biopsied; effusion.", "Effusion; the right side was biopsied."]
)
def test_what_a_clause_of_its_own_says_belongs_to_no_finding_of_another(text):
    [effusion] = findings.extract(text)
    assert effusion.side == ""
