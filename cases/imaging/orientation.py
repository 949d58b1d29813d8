"""Which side of an image is which side of the patient: from evidence, or not known.

An orientation is two letters of L R A P H F (left, right, front, back, head, feet of the
patient): where a row runs to, then where a column runs to, as in DICOM's Patient Orientation
(PS3.3, C.7.6.1.1.1). A radiograph hung the usual way is "LF".
"""

from __future__ import annotations

from cases.imaging.pixels import Place

AXES = {"L": "x", "R": "x", "A": "y", "P": "y", "H": "z", "F": "z"}
FRONTAL_VIEWS = ("PA", "AP", "FRONTAL")
USUAL = {"PA": "LF", "AP": "LF", "FRONTAL": "LF", "CT": "LP"}
"""How images whose files can say nothing are hung, by what their table says they show."""
PLANES = {frozenset("xz"): "FRONTAL", frozenset("yz"): "LATERAL"}


def letters_of(values: object) -> str:
    """Two letters from the values of Patient Orientation, or empty when they are none.

    Of several letters for one direction ("LA") the first counts, as it is the main one.
    """
    try:
        row, column = (str(value).strip().upper() for value in values)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return ""
    if not row or not column or not set(row + column) <= set(AXES):
        return ""
    letters = row[0] + column[0]
    return letters if len(_axes(letters)) == 2 else ""


def letters_of_place(place: Place) -> str:
    """Two letters from direction cosines, or empty when both run along the same axis."""
    letters = _main_letter(place.row) + _main_letter(place.column)
    return letters if len(_axes(letters)) == 2 else ""


def _main_letter(direction: tuple[float, float, float]) -> str:
    axis = max(range(3), key=lambda index: abs(direction[index]))
    return ("RL", "AP", "FH")[axis][direction[axis] > 0]


def _axes(letters: str) -> frozenset[str]:
    return frozenset(AXES[letter] for letter in letters)


def plane_of(letters: str) -> str:
    """FRONTAL, LATERAL, or empty for any other plane."""
    return PLANES.get(_axes(letters), "")


def orientation_for(view: str, stated: str | None) -> str:
    """The orientation to keep with an image of this view; empty when it is not known.

    `stated` is the file's own, empty when it should have said and did not, None when nothing
    speaks against the usual way. One that contradicts the view is worth nothing.
    """
    if stated is None:
        return USUAL.get(view, "")
    expected = "FRONTAL" if view in FRONTAL_VIEWS else "LATERAL" if view == "LATERAL" else ""
    return stated if not expected or plane_of(stated) == expected else ""
