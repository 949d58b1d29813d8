"""Fetched CT and the organs segmented on them, as the simulator takes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from cases.importers.studies.headers import Instance, files_below, instance_of

SEGMENTED = "SEG"


def ready_to_simulate(folder: Path) -> Iterator[str]:
    """The command for each CT of a folder that a segmentation there is of; what lacks its other."""
    found = [one for one in map(instance_of, files_below(folder)) if isinstance(one, Instance)]
    ct = {one.series: one.path.parent for one in found if one.modality == "CT"}
    pairs, lone = [], 0
    for one in found:
        if one.modality != SEGMENTED:
            continue
        named = [ct[series] for series in sorted(one.refers) if series in ct]
        pairs += [(place, one.path) for place in named]
        lone += not named
    for place, labels in pairs:
        parts = ("--ct", str(place), "--labels", str(labels))
        yield f"python manage.py simulate_cases {shlex.join(parts)}"
    if lone:
        yield f"Segmentations of series that were not fetched: {lone:,}."
    if not pairs:
        yield "No CT was fetched with its organs: fetch again with another --seed."
