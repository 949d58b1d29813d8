"""The simulated cases that come with the project: a first dozen to play at once, then the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from PIL import Image as Picture

from cases.behind import brings
from cases.imaging.raster import FORMATS
from cases.imaging.render import LONG_SIDE, scaled_size
from cases.importers.base import ImportedCase, Importer, Problem, SourceProblem, importer_named
from cases.importers.completeness import judged
from cases.models import Case, Layer
from cases.services import Imported, import_cases, retire_case
from cases.truth import digest_of_source
from ml import taxonomy

FOLDER = Path(__file__).parent / "demo"
FIRST = 12
NORMAL_OF_FIRST = 4
SHARE_OF_PIXELS = 0.45
"""What a rendition takes of its pixels' 16 bits; a little above what those of the set do."""


@dataclass(frozen=True)
class Missing:
    """What of the set the library has not, in the order of loading."""

    first: tuple[ImportedCase, ...]
    """Those of the first dozen."""
    rest: tuple[ImportedCase, ...]
    total: int
    """How many cases the set has, with those that are there."""
    outdated: tuple[Case, ...] = ()
    """Playable ones of an earlier set, which this one replaces."""

    def __bool__(self) -> bool:
        return bool(self.first or self.rest or self.outdated)


class DemoProblem(Exception):
    """The demo cases cannot be loaded; the message is a sentence."""


def missing(folder: Path = FOLDER) -> Missing:
    """What is to be loaded: all into an empty library, what a load that was cut off left, and what
    this release says anew of a case that is there. Those that a person corrected stay.

    Nothing where the library is the user's own, or the project came without demo cases.

    Raises:
        DemoProblem: the set cannot be read.
    """
    if not folder.is_dir():
        return Missing((), (), 0)
    try:
        return _missing(_importer(), folder)
    except SourceProblem as problem:
        raise DemoProblem(str(problem)) from None


def _missing(importer: Importer, folder: Path) -> Missing:
    slug = importer.describe(folder).slug
    stored = Case.objects.filter(dataset__slug=slug)
    there = {
        case.source_key: case for case in stored.only("source_key", "source_digest", "edited_at")
    }
    items = importer.read(folder, importer.folders(folder))
    cases = [item for item in items if not isinstance(item, Problem)]
    if not there and Case.objects.exists():
        return Missing((), (), len(cases))
    first = first_dozen(cases)
    layered = _layers(stored)
    wanted = [
        case
        for case in cases
        if _is_new(case, there.get(case.key))
        or _brings_layers(case, there[case.key], layered[case.key])
    ]
    return Missing(
        first=tuple(case for case in first if case in wanted),
        rest=tuple(case for case in wanted if case not in first),
        total=len(cases),
        outdated=tuple(
            stored.filter(status=Case.Status.PUBLISHED, edited_at=None).exclude(
                source_key__in=[case.key for case in cases]
            )
        ),
    )


def _is_new(case: ImportedCase, stored: Case | None) -> bool:
    """Whether the library lacks a case, or has what an earlier release said of it."""
    if stored is None:
        return True
    whole = judged(case, [range(len(image.source.paths)) for image in case.images])
    return not stored.is_corrected and stored.source_digest != digest_of_source(whole)


def _layers(stored: QuerySet[Case]) -> defaultdict[str, list[tuple[str, Any]]]:
    """What lies behind the first films of cases, by key: kinds, and of outlines their version."""
    found: defaultdict[str, list[tuple[str, Any]]] = defaultdict(list)
    rows = stored.filter(images__layers__isnull=False)
    fields = ("source_key", "images__layers__kind", "images__layers__details__version")
    for key, kind, version in rows.values_list(*fields):
        found[key].append((kind, version if kind == Layer.Kind.ANATOMY else None))
    return found


def _brings_layers(case: ImportedCase, stored: Case, layers: list[tuple[str, Any]]) -> bool:
    """Whether this release has something behind a case's film that the library has not."""
    if not isinstance(case.behind, Path) or stored.is_corrected:
        return False
    return brings(case.behind, case.images[0].source.paths, layers)


def retire(outdated: Iterable[Case]) -> int:
    """Take cases of an earlier set out of play; attempts at them stay readable. How many.

    To be called when the new ones are there. What a person corrected stays in play.
    """
    return len([retire_case(case=case) for case in outdated])


def first_dozen(cases: Iterable[ImportedCase]) -> list[ImportedCase]:
    """Cases that begin the game: each with another finding, and some normal ones between.

    Only cases of one still image, which are decoded soonest; all can be played in both games.
    """
    chosen: list[ImportedCase] = []
    labels: set[str] = set()
    normal = 0
    for case in cases:
        if len(chosen) == FIRST:
            break
        if len(case.images) > 1 or len(case.images[0].source.paths) > 1 or not case.reports:
            continue
        found = {finding.label for finding in case.findings} - set(taxonomy.variants())
        if found and not found & labels and len(chosen) - normal < FIRST - NORMAL_OF_FIRST:
            labels |= found
            chosen.append(case)
        elif not found and normal < NORMAL_OF_FIRST:
            normal += 1
            chosen.append(case)
    return chosen


def room_for(cases: Iterable[ImportedCase]) -> int:
    """About how many bytes the renditions of these cases will take on the disk."""
    paths = [path for case in cases for image in case.images for path in image.source.paths]
    return round(SHARE_OF_PIXELS * 2 * sum(map(_rendition_pixels, paths)))


def _rendition_pixels(path: Path) -> int:
    try:
        with Picture.open(path, formats=FORMATS) as picture:  # reads the header alone
            rows, columns = scaled_size(picture.height, picture.width, LONG_SIDE)
    except OSError:
        return 0  # it will not be loaded either
    return rows * columns


def load(
    cases: Sequence[ImportedCase],
    progress: Callable[[int], None] = lambda done: None,
    folder: Path = FOLDER,
) -> int:
    """Import these cases of the set, each whole or not at all; how many went in.

    `progress` is called with the number of cases done so far.

    Raises:
        DemoProblem: none could be imported; with the first reason.
    """
    done, problems = 0, []
    for outcome in import_cases(_importer().describe(folder), cases):
        if isinstance(outcome, Imported):
            done += 1
            progress(done)
        else:
            problems.append(outcome)
    if not done and problems:
        raise DemoProblem(f"{problems[0].where}: {problems[0].sentence}")
    return done


def _importer() -> Importer:
    return importer_named("simulated")
