"""Truth, and what learners drew, as DICOM: reports (TID 1500) and segmentations of films.

The objects refer to the library's films, written as DICOM beside them, or to the originals where
somebody has them. Each reader, or each attempt, has an object of its own. The places of one finding
share a tracking UID, by which `cases.importers.structures` knows them again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from django.core.files.storage import default_storage
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from attempts.models import Attempt
from cases.imaging.dicom.written import uid_of, written
from cases.imaging.render import pixels_of
from cases.importers import ImportedCase, importer_named
from cases.models import Case, Finding, Image
from ml import taxonomy

PACKAGES = "What writes DICOM is not installed: run `make install-data`, and start again."
OWN = "99RADGAME"
NORMAL = "Normal"
SIDES = {
    "left": codes.SCT.Left,
    "right": codes.SCT.Right,
    "bilateral": codes.SCT.RightAndLeft,
}
Frame = tuple[int, int]
"""Key of an image and number of its frame."""


class CannotWrite(Exception):
    """Why nothing can be written; a sentence."""


@dataclass(frozen=True)
class Source:
    """A frame as DICOM objects call it."""

    header: Dataset
    number: int
    """Of the frame in its file, from 1."""


@dataclass
class Place:
    """One shape of a finding, as fractions of its frame."""

    frame: Frame
    shape: str
    box: Sequence[float]
    points: Sequence[Sequence[float]] = ()

    def graphic(self) -> tuple[str, list[list[float]]]:
        """Its graphic type (PS3.3 C.18.6) and points; of a device the tip alone."""
        if self.shape == "point" and self.points:
            return "POINT", [[*self.points[-1]]]
        if self.shape == "polygon" and self.points:
            return "POLYLINE", [*map(list, self.points), list(self.points[0])]
        x0, y0, x1, y1 = self.box
        return "POLYLINE", [[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]


@dataclass
class Said:
    """One finding as one reader, or learner, gives it."""

    label: str
    """A slug of the taxonomy; empty says that there is nothing to find."""
    key: str
    """What stays the same for it in all objects."""
    side: str = ""
    location: str = ""
    size_mm: float | None = None
    places: list[Place] = field(default_factory=list)


def highdicom() -> Any:
    """The package that writes DICOM objects.

    Raises:
        CannotWrite: it is not installed.
    """
    try:
        import highdicom
    except ImportError:
        raise CannotWrite(PACKAGES) from None
    return highdicom


def truth_of(case: Case) -> list[list[Said]]:
    """The truth of a case, a list for each reader: the one whose places count first.

    Readers are numbers, whatever they are called here.
    """
    readers: dict[str, dict[int, Said]] = {}
    findings = [one for one in case.findings.all() if one.has_known_label]
    regions = [
        (region.alternate, region.reader, finding, region)
        for finding in findings
        for region in finding.regions.all()
    ]
    for _, reader, finding, region in sorted(regions, key=lambda one: one[:2]):
        said = readers.setdefault(reader, {})
        place = Place((region.image_id, region.frame), region.shape, region.box, region.points)
        said.setdefault(finding.pk, _said(finding)).places.append(place)
    first = next(iter(readers.values()), {})
    for finding in findings:
        if not any(finding.pk in said for said in readers.values()):
            first[finding.pk] = _said(finding)
    if not findings and case.knows_findings:
        first[0] = Said("", f"{case.public_id} normal")
    return [list(said.values()) for said in (*readers.values(), *([first] if not readers else []))]


def _said(finding: Finding) -> Said:
    return Said(finding.label, finding.public_id, finding.side, finding.location, finding.size_mm)


def marks_of(attempt: Attempt) -> list[Said]:
    """What a learner drew and ticked."""
    images = {image.public_id: image.pk for image in attempt.case.images.all()}
    found = []
    for number, mark in enumerate(attempt.answer.get("marks", [])):
        if mark["image"] not in images or mark["label"] not in taxonomy.labels():
            continue
        point = mark.get("point")
        frame = (images[mark["image"]], mark.get("frame", 0))
        place = Place(frame, "point" if point else "box", mark["box"], [point] if point else [])
        key = f"{attempt.public_id} {number}"
        found.append(Said(mark["label"], key, mark.get("side", ""), places=[place]))
    ticked = [one for one in attempt.answer.get("ticked", []) if one in taxonomy.labels()]
    found += [Said(one, f"{attempt.public_id} {one}") for one in ticked]
    if attempt.answer.get("normal"):
        found.append(Said("", f"{attempt.public_id} normal"))
    return found


def films_of(case: Case) -> Iterator[tuple[Image, Dataset]]:
    """Each image of a case as a DICOM data set.

    Raises:
        FileNotFoundError, htj2k.Damaged: a rendition is missing or damaged.
    """
    for image in case.images.all():
        frames = []
        for frame in range(image.frames):
            with default_storage.open(image.frame_path(frame)) as stream:
                frames.append(pixels_of(stream.read()))
        scale = image.value_scale if image.view == Image.View.CT else None
        spacing = (image.row_spacing, image.column_spacing)
        yield (
            image,
            written(
                frames,
                study=case.public_id,
                image=image.public_id,
                number=image.position + 1,
                view=image.view,
                age=case.age,
                sex=case.sex,
                max_value=image.max_value,
                window=(image.window_center, image.window_width),
                hounsfield=(scale, image.value_offset) if scale else None,
                spacing=spacing if all(spacing) else None,  # type: ignore[arg-type]
                aspect=image.pixel_aspect,
                orientation=image.orientation,
                is_free_of_text=image.doubt == "",
            ),
        )


class Originals:
    """Studies in a folder, as the importer `dicom` reads them."""

    def __init__(self, folder: Path) -> None:
        items = importer_named("dicom").read(folder, (folder,))
        self._cases = {item.key: item for item in items if isinstance(item, ImportedCase)}

    def frames_of(self, case: Case) -> dict[Frame, Source]:
        """The originals of a case's frames; none where its study is not there, or another."""
        found: dict[Frame, Source] = {}
        imported = self._cases.get(case.source_key)
        images = list(case.images.all())
        if imported is None or len(imported.images) != len(images):
            return {}
        for image, one in zip(images, imported.images, strict=True):
            paths = one.source.paths
            if one.name != image.source_name or len(paths) not in (1, image.frames):
                return {}
            headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in paths]
            for frame, source in enumerate(image.frame_order):
                if len(paths) == 1:
                    found[image.pk, frame] = Source(headers[0], source + 1)
                else:
                    found[image.pk, frame] = Source(headers[source], 1)
        return found


def report(said: Iterable[Said], sources: Mapping[Frame, Source], *, observer: str) -> Any | None:
    """A measurement report (PS3.16 TID 1500); None where nothing of it lies on these frames."""
    hd = highdicom()
    groups, evidence = [], {}
    for one in said:
        placed = [place for place in one.places if place.frame in sources]
        if one.places and not placed:
            continue
        for place in placed:
            source = sources[place.frame]
            evidence[str(source.header.SOPInstanceUID)] = source.header
            groups.append(
                hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
                    referenced_region=_region(hd, place, source), **_group(hd, one)
                )
            )
        if not placed:
            groups.append(hd.sr.MeasurementsAndQualitativeEvaluations(**_group(hd, one)))
    if not groups:
        return None
    first = next(iter(sources.values())).header
    headers = list(evidence.values()) or [first]
    for header in headers:
        _complete(header)
    person = hd.sr.PersonObserverIdentifyingAttributes(name=observer)
    context = hd.sr.ObserverContext(
        observer_type=codes.DCM.Person, observer_identifying_attributes=person
    )
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_person_context=context),
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=groups,
    )
    names = (first.StudyInstanceUID, observer, *(one.key for one in said))
    return hd.sr.ComprehensiveSR(
        evidence=headers,
        content=content[0],
        series_number=900,
        series_instance_uid=uid_of(*names, "series"),
        sop_instance_uid=uid_of(*names),
        instance_number=1,
        manufacturer="RadGame",
        series_description=observer.replace("^", " "),
    )


def segmentations(
    said: Sequence[Said], sources: Mapping[Frame, Source], *, observer: str
) -> Iterator[Any]:
    """A binary segmentation of each image that outlines lie on, a segment a finding."""
    hd = highdicom()
    for image in dict.fromkeys(place.frame[0] for one in said for place in one.places):
        ours = [
            (one, [p for p in one.places if p.shape == "polygon" and p.frame[0] == image])
            for one in said
        ]
        ours = [
            (one, [place for place in places if place.frame in sources]) for one, places in ours
        ]
        ours = [(one, places) for one, places in ours if places]
        if not ours:
            continue
        frames = sorted({place.frame for _, places in ours for place in places})
        headers = [sources[frame].header for frame in frames]
        for header in headers:
            _complete(header)
        masks = np.zeros((len(frames), headers[0].Rows, headers[0].Columns, len(ours)), np.uint8)
        for segment, (_, places) in enumerate(ours):
            for place in places:
                masks[frames.index(place.frame), :, :, segment] |= _mask(place, headers[0])
        names = (headers[0].SeriesInstanceUID, observer, *(one.key for one, _ in ours))
        yield hd.seg.Segmentation(
            source_images=headers,
            pixel_array=masks,
            segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
            segment_descriptions=[
                hd.seg.SegmentDescription(
                    segment_number=number,
                    segment_label=_code(hd, one.label).meaning[:64],
                    segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
                    segmented_property_type=_code(hd, one.label),
                    algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
                    tracking_id=one.key,
                    tracking_uid=uid_of(one.key),
                )
                for number, (one, _) in enumerate(ours, start=1)
            ],
            series_instance_uid=uid_of(*names, "seg series"),
            series_number=901,
            sop_instance_uid=uid_of(*names, "seg"),
            instance_number=1,
            manufacturer="RadGame",
            manufacturer_model_name="RadGame",
            software_versions="0",
            device_serial_number="0",
            series_description=observer.replace("^", " "),
        )


def can_segment(case: Case, sources: Mapping[Frame, Source]) -> bool:
    """Whether a segmentation can refer to these frames: those of a stack need a place (PS3.3)."""
    stacks = [image.pk for image in case.images.all() if image.frames > 1]
    return all("FrameOfReferenceUID" in sources[key, 0].header for key in stacks)


def _group(hd: Any, said: Said) -> dict[str, Any]:
    """What a measurement group says beside the place."""
    found: dict[str, Any] = {
        "tracking_identifier": hd.sr.TrackingIdentifier(
            uid=uid_of(said.key), identifier=said.key[:64]
        ),
        "finding_type": _code(hd, said.label),
    }
    if said.side in SIDES or said.location:
        code = uid_of(said.location)[-16:]
        where = hd.sr.CodedConcept(code, OWN, said.location[:64]) if said.location else None
        site = hd.sr.FindingSite(
            anatomic_location=where or codes.SCT.Thorax, laterality=SIDES.get(said.side)
        )
        found["finding_sites"] = [site]
    if said.size_mm:
        length = hd.sr.Measurement(codes.SCT.Diameter, said.size_mm, codes.UCUM.Millimeter)
        found["measurements"] = [length]
    return found


def _code(hd: Any, slug: str) -> Any:
    if not slug:
        return hd.sr.CodedConcept("17621005", "SCT", NORMAL)
    label = taxonomy.labels()[slug]
    for code in label.names.get("radlex", ()):
        return hd.sr.CodedConcept(code, "RADLEX", label.name)
    return hd.sr.CodedConcept(slug, OWN, label.name)


def _region(hd: Any, place: Place, source: Source) -> Any:
    header = source.header
    kind, points = place.graphic()
    pixels = np.array(points, float) * [header.Columns, header.Rows]
    several = int(header.get("NumberOfFrames") or 1) > 1
    image = hd.sr.SourceImageForRegion(
        referenced_sop_class_uid=header.SOPClassUID,
        referenced_sop_instance_uid=header.SOPInstanceUID,
        referenced_frame_numbers=[source.number] if several else None,
    )
    return hd.sr.ImageRegion(
        graphic_type=hd.sr.GraphicTypeValues(kind), graphic_data=pixels, source_image=image
    )


def _mask(place: Place, header: Dataset) -> Any:
    """The pixels whose centers an outline holds (even-odd rule): rows and columns of 0 and 1."""
    rows, columns = int(header.Rows), int(header.Columns)
    start = np.asarray(place.points, float) * [columns, rows]
    end = np.roll(start, -1, axis=0)
    (x0, y0), (x1, y1) = start.T, end.T
    mask = np.zeros((rows, columns), np.uint8)
    first, last = max(0, int(start[:, 1].min())), min(rows, int(start[:, 1].max()) + 1)
    for row in range(first, last):
        y = row + 0.5
        crossed = (y0 <= y) != (y1 <= y)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.sort((x0 + (y - y0) / (y1 - y0) * (x1 - x0))[crossed])
        for left, right in at.reshape(-1, 2):
            mask[row, max(0, math.ceil(left - 0.5)) : max(0, math.ceil(right - 0.5))] = 1
    return mask


def _complete(header: Dataset) -> None:
    """Elements that every object has to have (type 2), empty where the original lacks them."""
    for name in (
        *("StudyDate", "StudyTime", "AccessionNumber", "StudyID", "PatientBirthDate"),
        *("PatientSex", "PatientName", "PatientID", "ReferringPhysicianName"),
    ):
        header.setdefault(name, "")
