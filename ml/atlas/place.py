"""Where a finding lies, in words: side and location of a case as one phrase."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

OPPOSITE = {"left": "right", "right": "left"}
NAMES_OF_SIDES = {
    # Reports may be Spanish, and some places exist on one side only.
    "left": re.compile(r"\b(?:left|izquierd[oa]s?|lul|lll|lingulas?|lingular)\b", re.IGNORECASE),
    "right": re.compile(r"\b(?:right|derech[oa]s?|rul|rml|rll|middle lobe)\b", re.IGNORECASE),
}
BOTH = re.compile(r"\b(?:bilateral(?:es|ly)?|both|bibasal|bibasilar|biapical)\b", re.IGNORECASE)
SIDE_ONLY = re.compile(r"\b(?:left|right|bilateral(?:ly)?|both|sides?)\b", re.IGNORECASE)
ADJECTIVES = {
    "upper": "upper zone",
    "mid": "mid zone",
    "middle": "mid zone",
    "lower": "lower zone",
    "apical": "apex",
    "basal": "base",
    "hilar": "hilum",
}
"""Bare words that data sets give for a location → the place they mean."""
PREPOSITIONS = {
    "in": "zone lobe lung field region area half hemithorax breast chest mediastinum space",
    "at": "apex base hilum angle border fissure diaphragm hemidiaphragm dome pleura axilla "
    "shoulder neck carina trachea heart aorta clavicle scapula humerus sternum spine rib wall",
}
LAST_WORDS = {word: key for key, words in PREPOSITIONS.items() for word in words.split()}
PHRASES = {
    "retrocardiac": "behind the heart",
    "behind the heart": "behind the heart",
    "midline": "in the midline",
    "mediastinal": "in the mediastinum",
    "paratracheal": "beside the trachea",
    "suprahilar": "above the hilum",
    "infrahilar": "below the hilum",
    "perihilar": "around the hilum",
    "subdiaphragmatic": "below the diaphragm",
    "subpleural": "beneath the pleura",
}
"""Locations that are said with a preposition of their own."""
LONGEST = 120
"""Characters of the longest list of places that is told."""


@dataclass(frozen=True)
class Place:
    """Side and phrase of a finding's place."""

    side: str
    """left, right, bilateral, or empty when not known."""
    phrase: str
    """“in the right upper zone”; empty when nothing is known."""

    @property
    def opposite(self) -> str:
        """The side to compare with; empty unless the finding is on one side."""
        return OPPOSITE.get(self.side, "")


def place_of(side: str, location: str, own: Iterable[str] = ()) -> Place:
    """Side and location of a finding (comma separated words) as a phrase.

    Without a side, the location's own words give it. Words of the location that
    belong to the other side contradict the case and are left out, and so is a place
    that is one of `own`: what the label itself names already.
    """
    parts = _parts(location)
    known = _known_side(side) or _side_in(parts)
    if known in OPPOSITE:
        wrong = NAMES_OF_SIDES[OPPOSITE[known]]
        parts = [part for part in parts if not wrong.search(part)]
    if known == "bilateral":
        parts = [part for part in parts if SIDE_ONLY.sub("", part).strip()]
        named = [" ".join(BOTH.sub(" ", part).split()) for part in parts]
    else:
        named = [" ".join(SIDE_ONLY.sub(" ", part).split()) for part in parts]
    said = {"", *own}
    return Place(known, _phrase(known, _within_length(n for n in named if n.lower() not in said)))


def contradicts(side: str, text: str) -> bool:
    """Whether a text names the side opposite to `side`, or both, for a finding on one side."""
    if side not in OPPOSITE:
        return False
    return bool(NAMES_OF_SIDES[OPPOSITE[side]].search(text) or BOTH.search(text))


def _parts(location: str) -> list[str]:
    """The places of a location, without any sign that could end a sentence."""
    plain = unicodedata.normalize("NFC", location)
    parts = [re.sub(r"[^\w\-/]|_", " ", part) for part in re.split(r"[,;]", plain)]
    joined = [" ".join(part.split()) for part in parts]
    return list(dict.fromkeys(part for part in joined if any(c.isalnum() for c in part)))


def _known_side(side: str) -> str:
    word = side.strip().lower()
    return {"left": "left", "right": "right", "bilateral": "bilateral", "both": "bilateral"}.get(
        word, ""
    )


def _side_in(parts: list[str]) -> str:
    words = {word for part in parts for word in part.lower().split()}
    if "bilateral" in words or {"left", "right"} <= words:
        return "bilateral"
    return next((side for side in OPPOSITE if side in words), "")


def _within_length(names: Iterable[str]) -> list[str]:
    kept: list[str] = []
    for name in dict.fromkeys(ADJECTIVES.get(name.lower(), name) for name in names):
        if len(", ".join([*kept, name])) <= LONGEST:
            kept.append(name)
    return kept


def _phrase(side: str, names: list[str]) -> str:
    listed = f"({', '.join(names)})" if names else ""
    if side == "bilateral":
        return f"on both sides {listed}".strip()
    if len(names) == 1 and names[0].lower() in PHRASES:
        return f"{PHRASES[names[0].lower()]} {f'on the {side} side' if side else ''}".strip()
    if len(names) == 1:
        preposition = LAST_WORDS.get(names[0].split()[-1].lower())
        if preposition:
            return " ".join(f"{preposition} the {side} {names[0]}".split())
    return f"on the {side} side {listed}".strip() if side else listed
