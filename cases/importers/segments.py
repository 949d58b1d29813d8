"""DICOM Segmentation objects (PS3.3 A.51) → findings with an outline a slice, each reader kept.

The nodules of LIDC-IDRI come as one object a reader and nodule (Fedorov et al. 2020); other
segmentations are a finding for each segment. Structured reports and structure sets of the same
study are read by `cases.importers.structures`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from cases.importers.base import ImportedFinding, ImportedRegion, Problem, cleaned
from cases.importers.masks import LARGEST, Mask, outlines
from cases.importers.shapes import MOST_POINTS, region_of
from cases.importers.structures import Rated, Segment, contoured, described, reported
from cases.importers.studies.reading import whole_of
from cases.importers.studies.slices import Frames, Slices
from cases.importers.vocabulary import folded, own_words

OF_A_READER = re.compile(r"(Nodule \d+) - Annotation (.+)")
"""How LIDC-IDRI's objects are described."""
NEEDED = 2
MOST_FRAMES = 2000


def findings_of(
    files: Sequence[Path], slices: Slices, problems: list[Problem]
) -> tuple[ImportedFinding, ...]:
    """The findings of all segmentations, reports and structure sets of a study.

    What several readers outlined is one finding: the first one's outlines, and the others' as
    alternates. What one of several readers of LIDC-IDRI outlined alone is left out. Places that
    are tracked by one UID are one finding, those of each object by a reader of its own.
    """
    readers: dict[str, list[tuple[str, ImportedFinding]]] = {}
    tracked: dict[str, dict[str, list[ImportedFinding]]] = {}
    found: list[ImportedFinding] = []

    def keep(file: Path, uid: str, finding: ImportedFinding) -> None:
        if uid:
            tracked.setdefault(uid, {}).setdefault(file.name, []).append(finding)
        else:
            found.append(finding)

    rated: dict[Segment, Rated] = {}
    segmentations = []
    for file, dataset in _read(files, problems):
        with _costing_one(file, problems):
            if dataset.Modality == "SR":
                places, of_segments = reported(dataset, slices, file.name, problems)
                for uid, finding in places:
                    keep(file, uid, finding)
                rated |= of_segments
            elif dataset.Modality == "RTSTRUCT":
                found += contoured(dataset, slices, file.name, problems)
            else:
                segmentations.append((file, dataset))
    for file, dataset in segmentations:
        with _costing_one(file, problems):
            thing = OF_A_READER.search(str(dataset.get("SeriesDescription", "")))
            for number, uid, finding in _segments(dataset, slices.frames, file.name, problems):
                more = described(finding, rated.get((str(dataset.SOPInstanceUID), number)))
                whole = replace(finding, **more)  # type: ignore[arg-type]
                if thing:
                    readers.setdefault(thing[1], []).append((thing[2], whole))
                else:
                    keep(file, uid, whole)
    for by_file in tracked.values():
        each = [_merged(findings) for findings in by_file.values()]
        found.append(each[0] if len(each) == 1 else _joined([("", one) for one in each]))
    found += [_joined(pairs) for pairs in readers.values() if len(pairs) >= NEEDED]
    return tuple(found)


def _read(files: Sequence[Path], problems: list[Problem]) -> Iterator[tuple[Path, Dataset]]:
    for file in sorted(files):
        with _costing_one(file, problems):
            yield file, whole_of(file)


@contextmanager
def _costing_one(file: Path, problems: list[Problem]) -> Iterator[None]:
    """Whatever is wrong with an object costs this one only."""
    try:
        yield
    except Exception as error:
        said = f"The segmentation cannot be read ({type(error).__name__}: {error}); left out."
        problems.append(Problem(file.name, cleaned(said)[:300]))


def _merged(findings: Sequence[ImportedFinding]) -> ImportedFinding:
    """One finding of several places."""
    regions = (region for finding in findings for region in finding.regions)
    return replace(findings[0], regions=tuple(regions))


def _joined(pairs: Sequence[tuple[str, ImportedFinding]]) -> ImportedFinding:
    """One finding of several readers, who are numbered in the order of their annotations' names."""
    ordered = [finding for _, finding in sorted(pairs, key=lambda pair: pair[0])]
    regions = [
        replace(region, reader=str(number), alternate=number > 1)
        for number, finding in enumerate(ordered, start=1)
        for region in finding.regions
    ]
    said = [
        f"Reader {number}: {finding.sentence}"
        for number, finding in enumerate(ordered, start=1)
        if finding.sentence
    ]
    sizes = [finding.size_mm for finding in ordered if finding.size_mm]
    return replace(
        ordered[0],
        regions=tuple(regions),
        sentence=" ".join(said),
        size_mm=round(median(sizes), 1) if sizes else None,
    )


def _segments(
    dataset: Dataset, frames: Frames, where: str, problems: list[Problem]
) -> Iterator[tuple[int, str, ImportedFinding]]:
    """Number, tracking UID and finding of each segment that lies on slices of the case."""
    uids = {
        int(one.SegmentNumber): str(one.get("TrackingUID") or "") for one in dataset.SegmentSequence
    }
    names = {int(one.SegmentNumber): _name(one) for one in dataset.SegmentSequence}
    regions: dict[int, list[ImportedRegion]] = {number: [] for number in names}
    strange = 0
    for mask, group in zip(_masks(dataset), dataset.PerFrameFunctionalGroupsSequence, strict=True):
        number = int(
            _group(group, dataset, "SegmentIdentificationSequence").ReferencedSegmentNumber
        )
        places = [frames[name] for name in _slices(group) if name in frames]
        if not places or number not in regions:
            strange += bool(mask.any())
            continue
        rows, columns = mask.shape
        for corners in outlines(mask):
            points = [
                [x / columns, y / rows] for x, y in corners[:: -(-len(corners) // MOST_POINTS)]
            ]
            regions[number] += [
                region_of({"polygon": points}, image=image, frame=frame) for image, frame in places
            ]
    if strange:
        said = f"{strange:,} frames of the segmentation lie on no slice of the case; left out."
        problems.append(Problem(where, said))
    words = own_words()
    for number, name in names.items():
        if regions[number]:
            slug = words.get(folded(name), "")
            finding = ImportedFinding(slug, source_label=name, regions=tuple(regions[number]))
            yield number, uids[number], finding


def _name(segment: Dataset) -> str:
    code = segment.SegmentedPropertyTypeCodeSequence[0]
    return cleaned(str(code.get("CodeMeaning", "") or segment.get("SegmentLabel", "")))[:200]


def _group(group: Dataset, dataset: Dataset, name: str) -> Dataset:
    """A functional group of a frame, or the one that all frames share."""
    if name in group:
        return group[name].value[0]  # type: ignore[no-any-return]
    return dataset.SharedFunctionalGroupsSequence[0][name].value[0]  # type: ignore[no-any-return]


def _slices(group: Dataset) -> list[tuple[str, int]]:
    """The slices that a frame lies on: UID and number of the frame (PS3.3 10-3); perhaps none."""
    try:
        image = group.DerivationImageSequence[0].SourceImageSequence[0]
    except (AttributeError, IndexError):
        return []
    numbers = image.get("ReferencedFrameNumber") or 1
    several = numbers if isinstance(numbers, Sequence | MultiValue) else [numbers]
    return [(str(image.get("ReferencedSOPInstanceUID", "")), int(one)) for one in several]


def _masks(dataset: Dataset) -> Iterator[Mask]:
    """The frames of a binary segmentation: bits one after the other (PS3.5, 8.1.1)."""
    rows, columns, count = (int(dataset[n].value) for n in ("Rows", "Columns", "NumberOfFrames"))
    if str(dataset.SegmentationType) != "BINARY" or int(dataset.BitsAllocated) != 1:
        raise ValueError("only binary segmentations are read")
    if count > MOST_FRAMES or rows * columns > LARGEST:
        raise ValueError("it is far too large")
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        raise ValueError("it is compressed")
    packed = np.frombuffer(dataset.PixelData, np.uint8)
    if len(packed) * 8 < rows * columns * count:
        raise ValueError("it is cut off")
    for frame in range(count):
        start, skipped = divmod(frame * rows * columns, 8)
        bits = np.unpackbits(packed[start:], count=skipped + rows * columns, bitorder="little")
        yield bits[skipped:].reshape(rows, columns).astype(bool)
