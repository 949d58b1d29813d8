"""Which elements of a DICOM header may tell who somebody is, as the basic profile of PS3.15 has it.

Nothing of a header is kept but what is listed in `headers.TAGS` and read there, so that all of
these go; this is for telling what was in the files. The list is table E.1-1 in short: every
person's name, date, time and instance UID by its kind of value, and the words of
``identifying.txt`` by keyword.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.tag import BaseTag, Tag

PRIVATE, OVERLAYS = "private elements", "overlays"
KINDS = ("PN", "DA", "DT", "TM")
"""Values that are names, dates and times, whatever they are of."""
KIND_OF_FILE = ("ClassUID", "SyntaxUID", "ImplementationVersionUID", "CodingSchemeUID")
"""How keywords of UIDs end that tell nobody from anybody."""
WORDS = frozenset(Path(__file__).with_suffix(".txt").read_text().split())


def told_by(elements: Iterable[tuple[BaseTag, str | None, int]]) -> Mapping[str, int]:
    """How many elements of each kind hold something; of tag, kind of value and length in bytes."""
    names = (_name(int(tag), vr or "") for tag, vr, length in elements if length)
    return Counter(name for name in names if name)


@cache
def _name(number: int, vr: str) -> str:
    """What an element counts as; empty where it tells nobody."""
    tag = Tag(number)
    if tag.is_private:
        return PRIVATE
    if 0x6000 <= tag.group <= 0x60FF:
        return OVERLAYS
    keyword = keyword_for_tag(tag)
    if not keyword:
        return ""
    vr = vr or dictionary_VR(tag)
    is_uid = vr == "UI" and not keyword.endswith(KIND_OF_FILE)
    return keyword if vr in KINDS or is_uid or keyword in WORDS else ""
