"""What an impression says of the findings above it: their cause, or that nothing has to be done."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from ml.evaluate.location import place_of
from ml.evaluate.observation import Observation, Span
from ml.evaluate.relations import is_wider
from ml.findings import normality, sections
from ml.findings.attributes import DEVICES

PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
REACH = 160
"""Characters behind a finding in which "no follow-up" speaks of it."""


def impression_of(text: str, language: str) -> Span | None:
    """The impression under its heading, or else the last of several paragraphs."""
    headed = sections.impression(text, language)
    if headed:
        return headed
    breaks = list(PARAGRAPH.finditer(text.rstrip()))
    return (breaks[-1].end(), len(text)) if breaks else None


def named_in_impression(
    found: Sequence[Observation], text: str, language: str
) -> list[Observation]:
    """The findings, those that the impression gives a name joined with that name.

    An opacity of the findings that is a pneumonia of the same place in the impression is one
    finding that answers to either word.
    """
    summary = impression_of(text, language)
    if summary is None:
        return list(found)
    above = [item for item in found if any(span[1] <= summary[0] for span in item.spans)]
    below = [item for item in found if any(span[0] >= summary[0] for span in item.spans)]
    kept = list(found)
    for wide in above:  # What is joined may itself be named more closely: it is added behind.
        named = next((item for item in below if item is not wide and _names(item, wide)), None)
        if named is None:
            continue
        both = replace(
            named,
            sides=named.sides | wide.sides,
            zones=named.zones | wide.zones,
            severities=named.severities or wide.severities,
            sizes_mm=named.sizes_mm or wide.sizes_mm,
            descriptors=named.descriptors | wide.descriptors,
            also=(named.also | wide.also | {wide.concept}) - {named.concept},
            spans=tuple(sorted({*named.spans, *wide.spans})),
            sentences=tuple(dict.fromkeys((*wide.sentences, *named.sentences))),
        )
        kept = [both if item is named else item for item in kept if item is not wide]
        below.remove(named)
        if named not in above:
            above.append(both)
    return sorted(kept, key=lambda item: (item.spans, item.concept))


def _names(named: Observation, wide: Observation) -> bool:
    if wide.label in DEVICES and wide.concept != wide.label:
        return False  # A line of a known kind is no general word for a tube.
    return is_wider(wide, named) and place_of(wide, named) in ("same", "unsaid")


def dismissed(found: Sequence[Observation], text: str, language: str) -> frozenset[int]:
    """Places of the findings behind which a text says that nothing has to be done."""
    ends = sorted((span[1], place) for place, item in enumerate(found) for span in item.spans)
    places = set()
    for match in normality.dismissals(text, language):
        last = bisect_right(ends, (match.start(), len(found))) - 1
        if last >= 0 and match.start() - ends[last][0] <= REACH:
            places.add(ends[last][1])
    return frozenset(places)
