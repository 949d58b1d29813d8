"""Which cases of a source are taken: by label, boxes and split, and a number of them by chance.

By chance means by a hash of seed and name: the same seed takes the same cases, also when others
are added to the source. Nothing of the others is kept in memory.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cases.importers.base import ImportedCase, Item, Problem, SourceProblem
from ml import taxonomy


@dataclass(frozen=True)
class Selection:
    """What is asked for; each empty one asks for nothing."""

    labels: frozenset[str] = frozenset()
    """Slugs: a case has at least one of them."""
    min_boxes: int = 0
    """Places that a case has at least, those of alternates not counted."""
    split: str = ""
    limit: int | None = None
    seed: int | None = None
    """Takes `limit` cases by chance, not the first."""

    def takes(self, case: ImportedCase) -> bool:
        if self.labels and not any(one.label in self.labels for one in case.findings):
            return False
        if self.split and case.split.casefold() != self.split.casefold():
            return False
        return self.min_boxes <= sum(
            not region.alternate for finding in case.findings for region in finding.regions
        )


def labels_named(text: str) -> frozenset[str]:
    """The labels of a list parted by commas, by slug or name.

    Raises:
        ValueError: the taxonomy has not all of them; names those.
    """
    known = {slug: slug for slug in taxonomy.labels()}
    known |= {label.name.casefold(): slug for slug, label in taxonomy.labels().items()}
    names = [part.strip().casefold() for part in text.split(",") if part.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"the taxonomy has no label {', '.join(unknown)}")
    return frozenset(known[name] for name in names)


def selected(read: Callable[[], Iterable[Item]], selection: Selection) -> Iterator[Item]:
    """The cases that are asked for, with all problems until the last of them.

    `read` begins to read the source; it is called twice when cases are taken by chance.

    Raises:
        SourceProblem: a split is asked for and no case names one.
    """
    if selection.limit is not None and selection.seed is not None:
        chosen = _by_chance(read(), selection)
        return _only(read(), lambda case: case.key in chosen, len(chosen), selection)
    return _only(read(), selection.takes, selection.limit, selection)


def _by_chance(items: Iterable[Item], selection: Selection) -> frozenset[str]:
    keys = (item.key for item in items if isinstance(item, ImportedCase) and selection.takes(item))
    ranked = heapq.nsmallest(selection.limit or 0, keys, key=lambda key: _rank(selection, key))
    return frozenset(ranked)


def _rank(selection: Selection, key: str) -> bytes:
    return hashlib.sha256(f"{selection.seed}/{key}".encode()).digest()


def _only(
    items: Iterable[Item],
    takes: Callable[[ImportedCase], bool],
    limit: int | None,
    selection: Selection,
) -> Iterator[Item]:
    taken = seen = split = 0
    for item in items:
        if limit is not None and taken >= limit:
            return
        if isinstance(item, Problem):
            yield item
            continue
        seen += 1
        split += bool(item.split)
        if takes(item):
            taken += 1
            yield item
    if selection.split and seen and not split:
        raise SourceProblem("No case of the source names a split: leave --split out.")
