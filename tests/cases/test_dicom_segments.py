"""Outlines of readers that come as DICOM Segmentation objects beside the slices they lie on."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, SegmentationStorage, generate_uid

from cases.imaging import Source
from cases.importers import ImportedCase, ImportedImage, importer_named, segments
from cases.importers.base import ImportedFinding, ImportedRegion
from cases.importers.completeness import judged
from cases.importers.dicom import _slices
from cases.importers.masks import outlines
from cases.importers.studies.headers import instance_of
from cases.models import Case
from tests.cases.files import dicom, ramp, write_dicom
from tests.cases.importing import run, table_row
from tests.cases.sources import read

pytestmark = pytest.mark.any_database

STUDY, SERIES = "1.2.3.4", "1.2.3.4.5"
SIDE = 40


def ct(folder, count=3):
    """A stack of square slices, instance numbers against the names' order; their UIDs by slice."""
    uids = [generate_uid() for _ in range(count)]
    for number, uid in enumerate(uids):
        write_dicom(
            folder / f"ct{count - number}.dcm",
            (ramp(SIDE, SIDE) + number).astype(np.int16),
            Modality="CT",
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=SERIES,
            SOPInstanceUID=uid,
            InstanceNumber=number + 1,
            ImagePositionPatient=[0, 0, 2.0 * number],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            RescaleIntercept=-1024,
            RescaleSlope=1,
        )
    return uids


def item(**elements):
    found = Dataset()
    for name, value in elements.items():
        setattr(found, name, value)
    return found


def segmentation(path, uids, box, description="", meaning="Nodule", **elements):
    """A binary object with the same square (x0 y0 x1 y1, pixels) on each of these slices."""
    x0, y0, x1, y1 = box
    masks = np.zeros((len(uids), SIDE, SIDE), np.uint8)
    masks[:, y0:y1, x0:x1] = 1
    dataset = dicom(masks[0], Modality="SEG", StudyInstanceUID=STUDY)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SegmentationStorage
    dataset.SeriesDescription = description
    dataset.SegmentationType = "BINARY"
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    dataset.NumberOfFrames = len(uids)
    dataset.PixelData = np.packbits(masks.ravel(), bitorder="little").tobytes()
    code = item(CodeValue="1", CodingSchemeDesignator="99", CodeMeaning=meaning)
    dataset.SegmentSequence = [
        item(SegmentNumber=1, SegmentLabel="one", SegmentedPropertyTypeCodeSequence=[code])
    ]
    dataset.SharedFunctionalGroupsSequence = [
        item(SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)])
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            DerivationImageSequence=[item(SourceImageSequence=[item(ReferencedSOPInstanceUID=uid)])]
        )
        for uid in uids
    ]
    for name, value in elements.items():
        setattr(dataset, name, value)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


def packed(masks, **elements):
    """A data set of these masks, bit after bit."""
    count, rows, columns = masks.shape
    found = item(
        Rows=rows,
        Columns=columns,
        NumberOfFrames=count,
        SegmentationType="BINARY",
        BitsAllocated=1,
        PixelData=np.packbits(masks.ravel(), bitorder="little").tobytes(),
    )
    found.file_meta = item(TransferSyntaxUID=ExplicitVRLittleEndian)
    for name, value in elements.items():
        setattr(found, name, value)
    return found


@pytest.mark.pure
@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (3, 3, 5), (5, 7, 7), (4, 3, 3), (8, 1, 1), (9, 1, 3), (2, 8, 8), (3, 5, 8)],
)
def test_frames_of_any_size_begin_amid_a_byte_and_end_so(shape):
    masks = np.random.default_rng(1).random(shape) < 0.5
    masks[0].flat[0] = masks[-1].flat[-1] = True
    read_masks = list(segments._masks(packed(masks)))
    assert len(read_masks) == shape[0]
    assert all(one.dtype == bool for one in read_masks)
    assert (np.stack(read_masks) == masks).all()


@pytest.mark.pure
def test_bits_that_are_missing_are_told_and_those_to_spare_are_not():
    masks = np.ones((3, 3, 3), bool)  # 27 bits: four bytes
    content = packed(masks).PixelData
    assert len(content) == 4
    assert len(list(segments._masks(packed(masks, PixelData=content + b"\0\0")))) == 3
    with pytest.raises(ValueError, match=r"^it is cut off$"):
        list(segments._masks(packed(masks, PixelData=content[:3])))


@pytest.mark.pure
@pytest.mark.parametrize(
    ("elements", "sentence"),
    [
        ({"SegmentationType": "FRACTIONAL"}, "only binary segmentations are read"),
        ({"BitsAllocated": 8}, "only binary segmentations are read"),
        ({"NumberOfFrames": 4}, "it is far too large"),
        ({"Rows": 4}, "it is far too large"),
        ({"Columns": 4}, "it is far too large"),
        ({"file_meta": item(TransferSyntaxUID=RLELossless)}, "it is compressed"),
    ],
)
def test_masks_that_cannot_be_read_say_why(monkeypatch, elements, sentence):
    monkeypatch.setattr(segments, "MOST_FRAMES", 3)
    monkeypatch.setattr(segments, "LARGEST", 9)
    masks = np.ones((3, 3, 3), bool)
    assert len(list(segments._masks(packed(masks)))) == 3
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        list(segments._masks(packed(masks, **elements)))


@pytest.mark.pure
def test_the_first_and_last_frame_of_a_file_and_each_slice_have_their_place(tmp_path):
    files = []
    for name, values in {
        "film": ramp(SIDE, SIDE + 2),
        "many": np.stack([ramp(SIDE, SIDE)] * 2),
        "one": ramp(SIDE, SIDE),
        "other": ramp(SIDE, SIDE),
        "lone": ramp(SIDE, SIDE),
    }.items():
        write_dicom(tmp_path / name, values, StudyInstanceUID=STUDY)
        files.append(instance_of(tmp_path / name))
    film, many, one, other, lone = files
    images = [
        ImportedImage("film", Source((film.path,))),
        ImportedImage("many", Source((many.path,))),
        ImportedImage("stack", Source((one.path, tmp_path / "none", other.path))),
        ImportedImage("odd", Source((many.path, lone.path))),
    ]
    found = _slices([film, one, other, many], images[:3])
    assert found.frames == {
        (film.sop, 1): (0, 0),
        **{(many.sop, at + 1): (1, at) for at in range(2)},
        (one.sop, 1): (2, 0),
        (other.sop, 1): (2, 2),
    }
    assert found.files == {(0, 0): film, (2, 0): one, (2, 2): other}
    assert found.sizes == {0: film.size, 1: many.size, 2: other.size}
    assert film.size != many.size
    # A file of several frames among others of a stack: which of them is meant nobody can tell.
    assert _slices(files, images[3:]).frames == {(lone.sop, 1): (0, 1)}


def told(problems):
    return " ".join(f"{problem.where}: {problem.sentence}" for problem in problems)


@pytest.mark.pure
def test_four_readers_outlines_of_a_nodule_are_one_finding_with_alternates(tmp_path):
    uids = ct(tmp_path)
    for number, name in enumerate(("IL057", "MI014", "Nodule 001", "0")):
        box = (10 + number, 10, 20, 20)
        said = f"Segmentation of Nodule 1 - Annotation {name}"
        segmentation(tmp_path / f"seg{number}.dcm", uids[1:], box, said)
    lone = "Segmentation of Nodule 2 - Annotation 0"
    segmentation(tmp_path / "lone.dcm", uids[:1], (1, 1, 9, 9), lone)
    cases, problems = read("dicom", tmp_path)
    (case,) = cases.values()
    assert not problems
    (finding,) = case.findings
    assert finding.label == "nodule_mass"
    assert len(case.images[0].source.paths) == 3
    own = [region for region in finding.regions if not region.alternate]
    assert [(region.frame, region.shape) for region in own] == [(1, "polygon"), (0, "polygon")]
    assert len({region.reader for region in finding.regions}) == 4
    assert own[0].box == pytest.approx((13 / SIDE, 0.25, 0.5, 0.5))


@pytest.mark.pure
def test_readers_are_numbered_by_their_annotations_names_in_places_and_in_words():
    def said(sentence, size, left):
        region = ImportedRegion(box=(left, 0.1, 0.5, 0.5))
        return ImportedFinding("nodule_mass", sentence=sentence, size_mm=size, regions=(region,))

    pairs = [("b", said("Spiculated.", 9, 0.2)), ("a", said("Smooth.", 6, 0.1))]
    joined = segments._joined([*pairs, ("c", said("", None, 0.3))])
    assert joined.sentence == "Reader 1: Smooth. Reader 2: Spiculated."
    assert joined.size_mm == 7.5
    places = [(region.box[0], region.reader, region.alternate) for region in joined.regions]
    assert places == [(0.1, "1", False), (0.2, "2", True), (0.3, "3", True)]


@pytest.mark.pure
def test_a_segmentation_of_a_file_of_many_frames_lies_on_the_frames_it_numbers(tmp_path):
    sop = generate_uid()
    values = np.stack([ramp(SIDE, SIDE)] * 5)
    write_dicom(
        tmp_path / "ct.dcm",
        values,
        Modality="CT",
        StudyInstanceUID=STUDY,
        SeriesInstanceUID=SERIES,
        SOPInstanceUID=sop,
    )
    groups = [
        item(
            DerivationImageSequence=[
                item(
                    SourceImageSequence=[
                        item(ReferencedSOPInstanceUID=sop, ReferencedFrameNumber=numbers)
                    ]
                )
            ]
        )
        for numbers in ([2], [4, 5])
    ]
    box = (10, 10, 20, 20)
    more = {"PerFrameFunctionalGroupsSequence": groups}
    segmentation(tmp_path / "seg.dcm", [sop] * 2, box, **more)
    importer = importer_named("dicom")
    (case,) = (
        judged(one, [range(5)])
        for one in importer.read(tmp_path, (tmp_path,))
        if isinstance(one, ImportedCase)
    )
    (finding,) = case.findings
    assert [region.frame for region in finding.regions] == [1, 3, 4]


def segmented(*segments, frames, uids, **elements):
    """The findings of an object with these segments, and its problems as sentences.

    Each segment is a number, a code's meaning, a label and a tracking UID; each frame the segment
    it is of (None: of the one that all share), its mask, and the UIDs and frames it lies on.
    """
    dataset = packed(np.stack([mask for _, mask, _ in frames]), **elements)
    dataset.SegmentSequence = [
        item(
            SegmentNumber=number,
            SegmentLabel=label,
            **({"TrackingUID": uid} if uid else {}),
            SegmentedPropertyTypeCodeSequence=[item(CodeMeaning=meaning)],
        )
        for number, meaning, label, uid in segments
    ]
    shared = [item(ReferencedSegmentNumber=segments[0][0])]
    dataset.SharedFunctionalGroupsSequence = [item(SegmentIdentificationSequence=shared)]
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            **(
                {"SegmentIdentificationSequence": [item(ReferencedSegmentNumber=number)]}
                if number
                else {}
            ),
            **({"DerivationImageSequence": [item(SourceImageSequence=on)]} if on else {}),
        )
        for number, _, on in frames
    ]
    problems = []
    found = list(segments_of(dataset, uids, "seg.dcm", problems))
    assert {one.where for one in problems} <= {"seg.dcm"}
    return found, [one.sentence for one in problems]


segments_of = segments._segments


def lying_on(sop, frame=None):
    numbers = {"ReferencedFrameNumber": frame} if frame else {}
    return item(ReferencedSOPInstanceUID=sop, **numbers)


def masked(rows, columns, *boxes):
    mask = np.zeros((rows, columns), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


@pytest.mark.pure
def test_each_segment_has_its_own_frames_places_and_name():
    where = {("a", 1): (0, 0), ("b", 1): (0, 4), ("b", 2): (2, 7)}
    left, right = (2, 4, 10, 8), (20, 6, 30, 12)
    found, problems = segmented(
        (1, "Nodule", "one", "2.25.1"),
        (2, "", "Unicorn", ""),
        (3, "Effusion", "never drawn", ""),
        (4, "n" * 60, "", ""),
        frames=[
            (None, masked(16, 40, left, right), [lying_on("a")]),
            (2, masked(16, 40, right), [lying_on("b", 1), lying_on("a")]),
            (2, masked(16, 40, left), [lying_on("b", [1, 2])]),
            (4, masked(16, 40, left), [lying_on("b", 2)]),
        ],
        uids=where,
    )
    assert problems == []
    assert [(number, uid, one.label, one.source_label) for number, uid, one in found] == [
        (1, "2.25.1", "nodule_mass", "Nodule"),
        (2, "", "", "Unicorn"),
        (4, "", "", "n" * 60),
    ]
    boxes = [
        tuple(side / whole for side, whole in zip(box, (40, 16) * 2, strict=True))
        for box in (left, right)
    ]
    assert [[(one.image, one.frame, one.box) for one in each.regions] for _, _, each in found] == [
        [(0, 0, boxes[0]), (0, 0, boxes[1])],
        [(0, 4, boxes[1]), (0, 4, boxes[0]), (2, 7, boxes[0])],
        [(2, 7, boxes[0])],
    ]
    assert {one.shape for _, _, each in found for one in each.regions} == {"polygon"}


@pytest.mark.pure
def test_frames_of_other_slices_and_segments_are_counted_where_they_show_something():
    full, empty = masked(8, 8, (1, 1, 7, 7)), masked(8, 8)
    found, problems = segmented(
        (1, "Nodule", "", ""),
        frames=[
            *((None, full, [lying_on("x")]), (None, empty, [lying_on("x")])),
            *((9, full, [lying_on("a")]), (9, empty, [lying_on("a")])),
            *((None, full, None), (None, full, []), (None, full, [lying_on("a", 2)])),
            (None, full, [lying_on("a")]),
        ],
        uids={("a", 1): (0, 0)},
    )
    assert [len(one.regions) for _, _, one in found] == [1]
    assert problems == ["5 frames of the segmentation lie on no slice of the case; left out."]


@pytest.mark.pure
def test_outlines_finer_than_the_library_keeps_are_thinned(monkeypatch):
    stairs = masked(8, 8, *((at, at, at + 1, 8) for at in range(8)))
    whole = len(outlines(stairs)[0])
    for most, kept in ((whole, whole), (whole - 1, whole // 2), (whole // 3, 6)):
        monkeypatch.setattr(segments, "MOST_POINTS", most)
        [(_, _, one)], _ = segmented(
            (1, "Nodule", "", ""),
            frames=[(None, stairs, [lying_on("a")])],
            uids={("a", 1): (0, 0)},
        )
        assert len(one.regions[0].points) == kept


@pytest.mark.pure
def test_a_label_that_the_taxonomy_has_not_and_slices_of_others_are_told(tmp_path):
    uids = ct(tmp_path)
    segmentation(tmp_path / "a.dcm", [uids[0], "9.9"], (1, 1, 9, 9), meaning="Unicorn")
    cases, problems = read("dicom", tmp_path)
    (case,) = cases.values()
    assert [one.source_label for one in case.unmapped] == ["Unicorn"]
    assert "1 frames of the segmentation lie on no slice" in told(problems)


@pytest.mark.pure
@pytest.mark.parametrize(
    "elements",
    [
        {"PixelData": b"ab"},
        {"NumberOfFrames": 1 << 30},
        {"SegmentationType": "FRACTIONAL"},
        {"SegmentSequence": []},
        {"PerFrameFunctionalGroupsSequence": []},
    ],
)
def test_a_segmentation_that_cannot_be_costs_itself_only(tmp_path, elements):
    uids = ct(tmp_path)
    segmentation(tmp_path / "bad.dcm", uids, (1, 1, 9, 9), **elements)
    segmentation(tmp_path / "good.dcm", uids[:1], (1, 1, 9, 9))
    cases, problems = read("dicom", tmp_path)
    (case,) = cases.values()
    assert [finding.label for finding in case.findings] == ["nodule_mass"]
    assert "segmentation" in told([*problems, *case.problems])


@pytest.mark.django_db
def test_a_study_is_stored_by_a_digest_and_burned_in_text_holds_it(tmp_path):
    write_dicom(tmp_path / "Doe_John.dcm", StudyInstanceUID=STUDY, BurnedInAnnotation="YES")
    output = run("dicom", tmp_path)
    case = Case.objects.get()
    assert (case.status, table_row(output, "new")) == ("review", 1)
    assert not case.knows_findings
    kept = f"{case.source_key} {case.images.get().source_name} {case.review_reasons}"
    assert "Doe" not in kept
    assert STUDY not in kept


@pytest.mark.django_db
def test_a_stack_with_its_readers_is_stored_and_unchanged_the_second_time(tmp_path):
    uids = ct(tmp_path)
    for number in range(2):
        said = f"Segmentation of Nodule 1 - Annotation {number}"
        segmentation(tmp_path / f"seg{number}.dcm", uids, (10, 10, 20, 20), said)
    run("dicom", tmp_path)
    case = Case.objects.get()
    assert case.status == "published"
    assert case.images.get().frames == 3
    assert case.findings.get().regions.count() == 6
    assert table_row(run("dicom", tmp_path), "unchanged") == 1
