"""From which side a DICOM image was taken, and how it lies: only what the header shows."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset

from cases.imaging.dicom.header import text
from cases.imaging.orientation import letters_of, letters_of_place, plane_of
from cases.imaging.pixels import Place

PROJECTIONS = ("CR", "DX", "RG", "RF")
"""Modalities whose images are radiographs, so that a plane tells the view."""
SECTIONS = ("CT", "MR", "PT", "NM")
"""Modalities whose images have no usual way: each has to say how it lies."""
WORDS = {
    "PA": "PA",
    "POSTEROANTERIOR": "PA",
    "AP": "AP",
    "ANTEROPOSTERIOR": "AP",
    "LL": "LATERAL",
    "RL": "LATERAL",
    "LAT": "LATERAL",
    "LLAT": "LATERAL",
    "RLAT": "LATERAL",
    "LATERAL": "LATERAL",
    "FRONTAL": "FRONTAL",
}
FILLERS = {"LEFT", "RIGHT", "UPRIGHT", "ERECT", "SUPINE", "PORTABLE", "CHEST", "VIEW", "PROJECTION"}
"""Words that take nothing away from what stands beside them."""
CODES = {
    "272479007": "PA",
    "R-10214": "PA",
    "R-40888": "PA",
    "399348003": "AP",
    "R-10206": "AP",
    "399033003": "FRONTAL",
    "R-10202": "FRONTAL",
    "399067008": "LATERAL",
    "R-102CD": "LATERAL",
    "399198007": "LATERAL",
    "R-10232": "LATERAL",
    "399173006": "LATERAL",
    "R-10236": "LATERAL",
}
"""SNOMED codes of PS3.16, CID 4010, in the numbers of now and of before."""


def view_of(dataset: Dataset) -> str:
    """A value of `Image.View`, or empty when the header shows none.

    From View Position, the view code and, of a radiograph of which neither says anything, from
    the plane of its orientation. Views that no value stands for, and contradictions, are OTHER.
    """
    modality = text(dataset.get("Modality"))
    if modality == "CT":
        return "CT"
    said = {_view_in(text(dataset.get("ViewPosition"))), _coded_view(dataset)} - {""}
    if not said:
        stated = orientation_of(dataset, None)
        return plane_of(stated) if stated and modality in PROJECTIONS else ""
    if said <= {"PA", "AP", "FRONTAL"}:
        exact = said - {"FRONTAL"}
        return exact.pop() if len(exact) == 1 else "FRONTAL"
    return said.pop() if len(said) == 1 else "OTHER"


def _view_in(words: str) -> str:
    """The view that a text names: ``PA``, ``AP ERECT``, ``left lateral``, ``postero-anterior``.

    Any word that is not known (RAO, LLD, OBL, CC) makes it another view.
    """
    joined = re.sub(r"\b(POSTERO|ANTERO)\W+(?=ANTERIOR|POSTERIOR)", r"\1", words.upper())
    found = [word for word in re.split(r"[^A-Z]+", joined) if word and word not in FILLERS]
    views = {WORDS.get(word, "OTHER") for word in found}
    return views.pop() if len(views) == 1 else "OTHER" if views else ""


def _coded_view(dataset: Dataset) -> str:
    for item in dataset.get("ViewCodeSequence") or []:
        for modifier in item.get("ViewModifierCodeSequence") or []:
            if "OBL" in text(modifier.get("CodeMeaning")):
                return "OTHER"
        known = CODES.get(text(item.get("CodeValue")))
        return known or _view_in(text(item.get("CodeMeaning")))
    return ""


def orientation_of(dataset: Dataset, place: Place | None) -> str | None:
    """Two letters, empty when a section does not say how it lies, None when a film does not."""
    if place is not None:
        return letters_of_place(place)
    stated = letters_of(dataset.get("PatientOrientation"))
    if not stated and text(dataset.get("Modality")) not in SECTIONS:
        return None
    return stated
