"""Data sets of films with places drawn on them, in pixels: from what tables say to cases.

An importer of such a set reads its own tables into `Film`; names, sizes, labels, readers and all
that can be wrong with them are the same for every set and are dealt with here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from cases.imaging import ImageProblem, Source
from cases.imaging.size import size_of
from cases.importers.base import (
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    ImportedRegion,
    ImportedReport,
    Item,
    Point,
    Problem,
    each_of,
)
from cases.importers.folders import ImageFolders, NameProblem
from cases.importers.readers import agreed
from cases.importers.shapes import MOST_POINTS, region_of
from cases.importers.vocabulary import folded

BOX_CORNERS = 2
VIEWS = {
    "pa": "PA",
    "ap": "AP",
    "ll": "LATERAL",
    "rl": "LATERAL",
    "lateral": "LATERAL",
    "frontal": "FRONTAL",
}
"""Words for views, in small letters."""
Size = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """One thing that a table says of an image."""

    label: str
    """In the data set's own words."""
    where: str
    """File and row, for whoever has to look."""
    corners: tuple[Point, ...] = ()
    """Pixels: left upper and right lower corner of a box, or an outline; one is the tip of a
    device; none: no place given."""
    reader: str = ""
    sentence: str = ""
    side: str = ""
    is_way: bool = False
    """Whether the corners are the way along a device to its tip."""
    alternate: bool = False


@dataclass
class View:
    """One image of a film's case."""

    name: str
    marks: list[Mark] = field(default_factory=list)
    size: Size | None = None
    """Width and height that the marks' pixels count in; None to ask the file."""
    view: str = ""
    prior: str = ""
    """Of an earlier study, what learners are told of it."""


@dataclass
class Film:
    """What the tables say of one case, nearly always of one image."""

    key: str
    views: list[View] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    readers: set[str] = field(default_factory=set)
    """All who read it, those who found nothing too; none where nobody is named."""
    age: int | None = None
    sex: str = ""
    indication: str = ""
    comparison: str = ""
    reports: tuple[ImportedReport, ...] = ()
    knows_findings: bool = True
    patient: str = ""
    """The set's own name or number of the patient."""
    split: str = ""

    def view(self, name: str) -> View:
        """The view of this name, made where there is none yet."""
        found = next((view for view in self.views if view.name == name), None)
        if found is None:
            found = View(name)
            self.views.append(found)
        return found


class Films(dict[str, Film]):
    """Films by key, in the order they are first named."""

    def of(self, key: str, name: str = "") -> Film:
        """The film of this key; of one view called `name` (or as the key) where it is new."""
        if key not in self:
            self[key] = Film(key, [View(name or key)])
        return self[key]


def view_of(word: str) -> str:
    """A value of `Image.View` for a word of a table; empty where it is none."""
    return VIEWS.get(word.strip().casefold(), "")


def box_of(numbers: Sequence[float], *, is_extent: bool = False) -> tuple[Point, Point]:
    """The corners of ``x0 y0 x1 y1``, or of ``x y width height`` when `is_extent`."""
    x, y, third, fourth = numbers
    return ((x, y), (x + third, y + fourth) if is_extent else (third, fourth))


def cases_of(
    films: Iterable[Film],
    images: ImageFolders,
    words: Mapping[str, str],
    *,
    usual_view: str = "FRONTAL",
    look_for_text: bool = False,
) -> Iterator[Item]:
    """The cases of films whose images are here; one line tells how many are not.

    `words` is the set's vocabulary; `look_for_text` is for sets that nobody looked through for
    letters in the pixels. A film lacks a case when none of its images is here; where
    some are, marks on the others are told.
    """
    yield from images.problems()
    absent = 0
    for film in films:
        try:
            paths = [images.find(view.name) for view in film.views]
        except NameProblem as error:
            yield Problem(film.key, f"An image's name {error}; the case was skipped.", "case")
            continue
        if not any(paths):
            absent += 1
            continue
        sources = [
            Source((path,), usual_view=usual_view, look_for_text=look_for_text) if path else None
            for path in paths
        ]
        if len({view.name for view in film.views}) < len(film.views):
            yield Problem(film.key, "It names an image twice; the case was skipped.", "case")
            continue
        yield from each_of(film.key, partial(_case, film, sources, words))
    if absent:
        yield Problem("images", f"{absent:,} images of the tables are not here.", "absent", absent)


def _case(film: Film, sources: Sequence[Source | None], words: Mapping[str, str]) -> Iterator[Item]:
    problems = list(film.problems)
    shown: list[ImportedImage] = []
    drawn: dict[tuple[str, str], list[tuple[Mark, ImportedRegion | None]]] = {}
    for view, source in zip(film.views, sources, strict=True):
        if source is None:
            problems.append(Problem(film.key, f"Its image {view.name} is not here."))
            continue
        size = _size(view, source.paths[0], problems)
        for mark in view.marks:
            slug = words.get(folded(mark.label))
            if slug == "":
                continue
            region = _region(mark, len(shown), size, problems)
            own = (slug or "", "" if slug else mark.label)
            drawn.setdefault(own, []).append((mark, region))
        study: Literal["current", "prior"] = "prior" if view.prior else "current"
        source = replace(source, view=view.view)
        shown.append(ImportedImage(view.name[:300], source, study, view.prior[:60]))
    yield ImportedCase(
        key=film.key,
        images=tuple(shown),
        findings=tuple(_findings(film, drawn)),
        reports=film.reports,
        age=film.age,
        sex=film.sex,
        indication=film.indication,
        comparison=film.comparison,
        problems=tuple(problems),
        knows_findings=film.knows_findings,
        patient=film.patient,
        split=film.split,
    )


def _size(view: View, path: Path, problems: list[Problem]) -> Size | None:
    if not any(mark.corners for mark in view.marks):
        return view.size
    if view.size and not min(view.size) > 0:  # of which size its places are nobody can tell
        said = "The size that the table names of it is none: its places were left out."
        problems.append(Problem(view.marks[0].where, said))
        return None
    if view.size:
        return view.size
    try:
        return size_of(path)
    except ImageProblem as error:
        problems.append(Problem(view.name, error.sentence))
        return None


def _region(
    mark: Mark, image: int, size: Size | None, problems: list[Problem]
) -> ImportedRegion | None:
    """Where a mark lies; None where it gives no place, or one that cannot be."""
    if not mark.corners or size is None:
        return None
    corners = [[x / size[0], y / size[1]] for x, y in _thinned(mark.corners)]
    if mark.is_way or len(corners) == 1:
        entry = {"point": corners[-1], "path": corners}
    elif len(corners) == BOX_CORNERS:
        entry = {"box": [*corners[0], *corners[1]]}
    else:
        entry = {"polygon": corners}
    try:
        return region_of(entry, image=image, reader=mark.reader, alternate=mark.alternate)
    except ValueError as error:
        what = next(iter(entry))
        said = f"The {what} of “{mark.label}” {error}; it was left out."
        problems.append(Problem(mark.where, said))
        return None


def _thinned(corners: Sequence[Point]) -> Sequence[Point]:
    """Every so manieth corner of an outline finer than the library keeps."""
    return corners[:: -(-len(corners) // MOST_POINTS)]


def _findings(
    film: Film, drawn: Mapping[tuple[str, str], list[tuple[Mark, ImportedRegion | None]]]
) -> Iterator[ImportedFinding]:
    """One finding a label, where enough readers saw it."""
    for (slug, _), pairs in drawn.items():
        regions = tuple(region for _, region in pairs if region)
        if film.readers:
            who = {mark.reader for mark, _ in pairs}
            if len(who) < min(2, len(film.readers)):
                continue
            regions = agreed(regions, len(film.readers)) if regions else ()
        marks = [mark for mark, _ in pairs]
        sides = {mark.side for mark in marks if mark.side}
        yield ImportedFinding(
            label=slug,
            source_label=", ".join(dict.fromkeys(mark.label for mark in marks))[:200],
            side=sides.pop() if len(sides) == 1 else "bilateral" if sides else "",
            sentence=" ".join(dict.fromkeys(mark.sentence for mark in marks if mark.sentence)),
            regions=regions,
        )
