"""Own DICOM: a folder or ZIP of studies, each a case, perhaps with a table of facts beside them.

Of a file only pixels, how they lie, age and sex are taken; a study is known by a digest of its UID.
A ``dataset.json`` in the folder may name the data set: `slug`, `title`, `licence`, `attribution`,
`url` and `access`. Segmentation objects are the truth of the slices or films that they name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path

from cases.imaging import Source, digest_of
from cases.importers.base import (
    UNTOLD,
    DatasetInfo,
    ImportedCase,
    ImportedImage,
    Importer,
    Item,
    Problem,
    Removed,
    Series,
    SourceProblem,
    each_of,
    text_of,
)
from cases.importers.segments import findings_of
from cases.importers.structures import is_normal
from cases.importers.studies.archive import Unpacked
from cases.importers.studies.headers import (
    TRUTHS,
    Instance,
    digest,
    files_below,
    instance_of,
)
from cases.importers.studies.rows import Facts
from cases.importers.studies.sheet import Sheet, names_of, sheet_beside
from cases.importers.studies.slices import Slices
from cases.importers.studies.stacks import Stack, series_of, stacks_of
from cases.importers.tables import json_of

DATASET = "dataset.json"
ACCESSES = ("open", "registered", "credentialed", "private")
LEFT_BY_FETCHING = (".part", ".unpacked")
MOST_FILMS = 6
"""Films of one study that a page shows."""
MOST_STACKS = 12
"""Of one study, from which a curator may choose."""
ORDER = ("PA", "AP", "FRONTAL", "", "LATERAL", "OTHER")
"""Of films: the view that is read first, first."""


def describe(path: Path) -> DatasetInfo:
    # By a digest: archives are often called by the patient.
    name = digest(path.stem if path.is_file() else path.resolve().name)[:12]
    file = path / DATASET
    said = json_of(file) if file.is_file() else {}
    said = said if isinstance(said, dict) else {}
    access = text_of(said, "access")
    return DatasetInfo(
        slug=text_of(said, "slug")[:50] or f"dicom-{name}",
        title=text_of(said, "title")[:200] or f"Own studies ({name[:4]})",
        licence=text_of(said, "licence")[:200],
        attribution=text_of(said, "attribution"),
        url=text_of(said, "url")[:200],
        access=access if access in ACCESSES else "private",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each study.

    Raises:
        SourceProblem: no DICOM image is there, or the archive or table cannot be read.
    """
    unpacked = None
    if path.is_file() and path.name.upper() == "DICOMDIR":
        folders = (path.parent,)
    elif path.is_file():
        unpacked = Unpacked(path)
        yield from unpacked.problems
        folders = (unpacked.folder,)
    sheet = _sheet(path, folders, unpacked)
    yield from sheet.problems
    found: list[Instance] = []
    others: Counter[str] = Counter()
    for folder in folders:
        for file in files_below(folder):
            if file == sheet.path or file.name == DATASET or file.suffix in LEFT_BY_FETCHING:
                continue
            one = instance_of(file)
            if isinstance(one, str):
                others[one] += 1
            else:
                found.append(one)
    if not any(one.modality not in TRUTHS for one in found):
        raise SourceProblem(f"{path} holds no DICOM images.")
    yield from _not_images(others)
    yield from cases_of(found, sheet)
    if sheet.unused():
        said = f"{sheet.unused():,} rows are of studies that are not here."
        yield Problem(sheet.path.name if sheet.path else "table", said, "absent", sheet.unused())


def cases_of(found: Iterable[Instance], sheet: Sheet) -> Iterator[Item]:
    """A case for each study that these files are of."""
    found = list(found)
    yield from _removed(found)
    studies, truths = _by_study(found)
    earlier, shared = _earlier(studies), _shared(studies)
    for study in sorted(studies, key=lambda name: studies[name][0].path):
        facts = sheet.facts_of(studies[study], shared)
        files = _Files(studies[study], earlier.get(study, []), truths[study])
        yield from each_of(study, partial(_case, files, facts))


def _by_study(
    found: Iterable[Instance],
) -> tuple[dict[str, list[Instance]], dict[str, list[Instance]]]:
    """The images of each study, and the objects that say something of them, each once."""
    studies: dict[str, list[Instance]] = defaultdict(list)
    truths: dict[str, list[Instance]] = defaultdict(list)
    seen: set[str] = set()
    for one in _named(found):
        if one.modality not in TRUTHS:
            studies[one.study].append(one)
        elif one.uid not in seen:
            seen.add(one.uid)
            truths[one.study].append(one)
    return studies, truths


def stacks_by_study(found: Iterable[Instance]) -> Iterator[tuple[str, list[tuple[Stack, Series]]]]:
    """Each study that has several stacks, by its case's key, the usual one first."""
    studies, truths = _by_study(found)
    for study, files in studies.items():
        if not any(one.is_film for one in files):
            named, _ = _named_stacks(_Files(files, [], truths[study]))
            if len(named) > 1:
                yield study, named[:MOST_STACKS]


def _removed(found: Sequence[Instance]) -> Iterator[Problem]:
    """One line of what the headers hold that may tell who somebody is."""
    elements: Counter[str] = Counter()
    for one in found:
        elements.update(one.removed)
    if elements:
        named = ", ".join(f"{name} ({count:,})" for name, count in elements.most_common())
        files = f"{len(found):,} file{'s' if len(found) > 1 else ''}"
        said = f"Of the headers of {files} these were not kept: {named}."
        yield Removed("headers", said, "removed", elements.total(), elements)


def _named(found: Iterable[Instance]) -> Iterator[Instance]:
    """All files with a study: those of which nothing tells one are one a folder, by their bytes.

    So the same files are the same study wherever they lie, and whatever they are called.
    """
    loose: dict[Path, list[Instance]] = defaultdict(list)
    for one in found:
        if one.study:
            yield one
        else:
            loose[one.path.parent].append(one)
    for files in loose.values():
        images = [one for one in files if one.modality not in TRUTHS]
        study = digest(" ".join(sorted({digest_of([one.path]) for one in images or files})))
        for one in files:
            yield replace(one, study=study, series=digest(f"{study} {one.series}"))


def _sheet(path: Path, folders: tuple[Path, ...], unpacked: Unpacked | None) -> Sheet:
    """The table beside the studies: in the folder, or inside or beside the archive."""
    if unpacked is None:
        return sheet_beside(path if path.is_dir() else folders[0])
    inside = [one.parent for one in sorted(unpacked.folder.glob("*/*")) if _is_table(one)]
    if len(inside) > 1:
        raise SourceProblem(f"{path.name} holds several tables: leave the one of its studies.")
    return sheet_beside(inside[0]) if inside else Sheet()


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".tsv", ".xlsx")


def _not_images(others: Counter[str]) -> Iterator[Problem]:
    for what, count in sorted(others.items()):
        said = f"{count:,} files are {what or 'no DICOM'}; they were left out."
        yield Problem("files", said, "absent" if what != "damaged" else "part", count)


def _earlier(studies: dict[str, list[Instance]]) -> dict[str, list[Instance]]:
    """For each study with films the films of the same patient's last study before it."""
    by_patient: dict[str, list[tuple[date, str]]] = defaultdict(list)
    for study, files in studies.items():
        first = files[0]
        if first.patient and first.date and any(one.is_film for one in files):
            by_patient[first.patient].append((first.date, study))
    found = {}
    for dated in by_patient.values():
        dated.sort()
        for (before, one), (after, other) in pairwise(dated):
            if before < after:
                found[other] = studies[one]
    return found


def _shared(studies: dict[str, list[Instance]]) -> set[tuple[str, str]]:
    """Names that several studies go by, as a patient's number is."""
    counts = Counter(
        name
        for files in studies.values()
        for name in {name for one in files for name in names_of(one)}
    )
    return {name for name, count in counts.items() if count > 1}


@dataclass(frozen=True)
class _Files:
    """What belongs to one study."""

    own: list[Instance]
    earlier: list[Instance]
    """Of the patient's study before it."""
    truths: list[Instance]
    """Segmentations, reports and structure sets."""


@dataclass(frozen=True)
class _Images:
    images: tuple[ImportedImage, ...]
    notes: tuple[str, ...]
    """What was left out of the study, as sentences."""


def _case(study: _Files, facts: Facts | None) -> Iterator[Item]:
    files = study.own
    first = min(files, key=lambda one: one.path)
    # Neither told nor stored by a file's or folder's name: a person's may be in it.
    kept = f"study {first.study[:8]}"
    has_films = any(one.is_film for one in files)
    images = _films(files, study.earlier) if has_films else _stacks(study, facts)
    if not images.images:
        yield Problem(kept, " ".join((*images.notes, "The study was skipped.")), "case")
        return
    for note in images.notes:
        yield Problem(kept, note)
    known = facts or Facts()
    problems: list[Problem] = []
    paths = [one.path for one in study.truths]
    told = findings_of(paths, _slices(files, images.images), problems)
    outlined = [finding for finding in told if not is_normal(finding)]
    # What went wrong is kept with the case, and no file's name.
    problems = [*known.problems, *(replace(problem, where=kept) for problem in problems)]
    # Segmentations that left nothing (a single reader's, of other slices) say nothing of the rest.
    knows = known.findings is not None or bool(told)
    if not knows and not known.reports:
        problems.append(Problem(kept, UNTOLD))
    if any(one.may_hold_text for one in files):
        said = "Its pixels may hold text: look for a name before anybody sees it."
        problems.append(Problem(kept, said))
    yield ImportedCase(
        key=first.study,
        images=images.images,
        findings=(*(known.findings or ()), *outlined),
        reports=known.reports,
        age=known.age if known.age is not None else first.age,
        sex=known.sex or first.sex,
        indication=known.indication,
        problems=tuple(problems),
        knows_findings=knows,
        patient=first.patient,
    )


def _slices(files: Sequence[Instance], images: Sequence[ImportedImage]) -> Slices:
    known = {one.path: one for one in files}
    found = Slices()
    for number, image in enumerate(images):
        for frame, path in enumerate(image.source.paths):
            one = known.get(path)
            if one is None:
                continue
            found.sizes[number] = one.size
            if one.frames > 1 and len(image.source.paths) == 1:
                places = {(one.sop, at + 1): (number, at) for at in range(one.frames)}
                found.frames |= places
            elif one.frames == 1:
                found.frames[one.sop, 1] = (number, frame)
                found.files[number, frame] = one
    return found


def _films(files: Sequence[Instance], earlier: Sequence[Instance]) -> _Images:
    films = list({one.uid: one for one in files if one.is_film}.values())
    films.sort(key=_as_read)
    images = [
        ImportedImage(one.uid, Source((one.path,), view=one.view, look_for_text=True))
        for one in films
    ]
    notes = []
    if len(images) > MOST_FILMS:
        notes.append(f"It has {len(images)} films; the first {MOST_FILMS} were taken.")
        del images[MOST_FILMS:]
    if left := len(files) - len(films):
        notes.append(
            f"{left:,} of its files are no films, or are there twice; they were left out."
            if left > 1
            else "One of its files is no film, or is there twice; it was left out."
        )
    before = min((one for one in earlier if one.is_film), key=_as_read, default=None)
    if before and before.date and films[0].date:
        label = _ago((films[0].date - before.date).days)
        source = Source((before.path,), view=before.view, look_for_text=True)
        images.append(ImportedImage(before.uid, source, "prior", label))
    return _Images(tuple(images), tuple(notes))


def _as_read(one: Instance) -> tuple[int, int, int, str]:
    view = ORDER.index(one.view) if one.view in ORDER else len(ORDER)
    return (view, one.series_number, one.number, one.uid)


def _ago(days: int) -> str:
    """Roughly, as one says it; a date is nobody's business."""
    units = ((365, "year"), (30, "month"), (7, "week"), (1, "day"))
    length, name = next(one for one in units if days >= one[0])
    count = round(days / length)
    return f"{count} {name}{'s' * (count > 1)} before"


def _stacks(study: _Files, facts: Facts | None) -> _Images:
    """The series that the table names, or one that its truth speaks of, or the fullest stack that
    is not derived from others."""
    named, apart = _named_stacks(study)
    notes = []
    if apart:
        notes.append(f"{apart:,} of its images are localizers, sums or single slices; left out.")
    wanted = facts.series if facts else ()
    by_number = {stack.first.series_number: (stack, one) for stack, one in reversed(named)}
    taken = [by_number[number] for number in wanted if number in by_number]
    if wanted and not taken:
        said = f"It has no stack in series {wanted[0]}, which its row names."
        return _Images((), (*notes, said))
    if not named:
        single = [one for one in study.own if one.frames == 1]
        return _films_of_sections(single, notes)
    named = [*taken, *(one for one in named if one not in taken)][:MOST_STACKS]
    count = len(taken) or 1
    if left_out := sum(stack.left_out for stack, _ in named[:count]):
        notes.append(f"{left_out:,} slices are there twice; one of each was taken.")
    if len(named) > count:
        chosen, others = (
            "; ".join(one.told for _, one in part) for part in (named[:count], named[count:])
        )
        notes.append(
            f"Of its stacks ({chosen}) was taken, not ({others}); the case's page at the desk, "
            "or a column “series” of the table, chooses others."
        )
    images = [
        replace(_image_of(stack, one), is_spare=at >= count)
        for at, (stack, one) in enumerate(named)
    ]
    return _Images(tuple(images), tuple(notes))


def _named_stacks(study: _Files) -> tuple[list[tuple[Stack, Series]], int]:
    """The stacks of a study, the one that its truth speaks of first, and how many images are of
    none."""
    stacks, apart = stacks_of(study.own)
    spoken_of = frozenset().union(*(one.refers for one in study.truths))
    stacks.sort(key=lambda stack: stack.first.series not in spoken_of)
    return list(zip(stacks, series_of(stacks), strict=True)), apart


def _image_of(stack: Stack, series: Series) -> ImportedImage:
    paths = tuple(one.path for one in stack.slices)
    view = "CT" if stack.first.modality == "CT" else stack.first.view
    source = Source(paths, view=view, look_for_text=True)
    return ImportedImage(series.key, source, series=series)


def _films_of_sections(single: Sequence[Instance], notes: Sequence[str]) -> _Images:
    """A study of single images that are no radiographs: photographs, captures, some sections."""
    kept = [one for one in single if "LOCALIZER" not in one.kind][:MOST_FILMS]
    images = [
        ImportedImage(one.uid, Source((one.path,), view=one.view, look_for_text=True))
        for one in kept
    ]
    return _Images(tuple(images), tuple(notes) if not images else ())


IMPORTER = Importer(name="dicom", describe=describe, read=read)
