"""Truth as DICOM SR, written by highdicom, and as RTSTRUCT, beside the slices they lie on."""

from __future__ import annotations

import highdicom as hd
import numpy as np
import pydicom
import pytest
from highdicom.sr import coding
from highdicom.sr.enum import GraphicTypeValues
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import RTStructureSetStorage, generate_uid

from cases.importers import structures as structures_of
from tests.cases.files import dicom, ramp
from tests.cases.sources import read
from tests.cases.test_dicom_segments import SERIES, SIDE, STUDY, ct, item, segmentation, told

pytestmark = pytest.mark.pure
NODULE = coding.CodedConcept("27925004", "SCT", "Nodule")
SUBTLETY = coding.CodedConcept("C45992", "NCIt", "Subtlety score")
OBVIOUS = coding.CodedConcept("obvious", "99LIDCQIICR", "5 out of 5 (Obvious)")


def sources(folder):
    return sorted(
        (pydicom.dcmread(path) for path in folder.glob("ct*.dcm")),
        key=lambda one: int(one.InstanceNumber),
    )


def group(region, **more):
    return hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(identifier="Lesion of Secretperson"),
        referenced_region=region,
        finding_type=NODULE,
        qualitative_evaluations=[hd.sr.QualitativeEvaluation(SUBTLETY, OBVIOUS)],
        measurements=[hd.sr.Measurement(codes.SCT.Diameter, 12.0, codes.UCUM.Millimeter)],
        finding_sites=[hd.sr.FindingSite(codes.SCT.Lung)],
        **more,
    )


def report(path, slices, groups):
    """A TID 1500 report on these slices, observed by somebody with a name."""
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(
            name="Secretdoctor^Ivo"
        ),
    )
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_person_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=groups,
    )
    for one in slices:
        for name in ("StudyDate", "StudyTime", "AccessionNumber", "StudyID", "PatientBirthDate"):
            one.setdefault(name, "")
        for name in ("PatientSex", "ReferringPhysicianName"):
            one.setdefault(name, "")
    written = hd.sr.Comprehensive3DSR(
        evidence=slices,
        content=content[0],
        series_number=9,
        series_instance_uid=generate_uid(),
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="test",
    )
    written.save_as(path)


def on_slice(one, kind, points):
    return hd.sr.ImageRegion(
        graphic_type=kind,
        graphic_data=np.array(points, float),
        source_image=hd.sr.SourceImageForRegion.from_source_image(one),
    )


SQUARE = [[10, 8], [20, 8], [20, 16], [10, 16], [10, 8]]


def test_a_report_gives_finding_place_size_site_and_rating_and_no_name(tmp_path):
    ct(tmp_path)
    slices = sources(tmp_path)
    region = on_slice(slices[1], GraphicTypeValues.POLYLINE, SQUARE)
    report(tmp_path / "sr.dcm", slices, [group(region)])
    cases, problems = read("dicom", tmp_path)
    (case,) = cases.values()
    (finding,) = case.findings
    assert (finding.label, finding.size_mm) == ("nodule_mass", 12.0)
    assert finding.location == "Lung"
    assert finding.sentence == "Subtlety score: 5 out of 5 (Obvious)."
    (place,) = finding.regions
    assert (place.frame, place.shape) == (1, "box")
    assert place.box == pytest.approx((10 / SIDE, 8 / SIDE, 20 / SIDE, 16 / SIDE))
    assert "ecret" not in f"{case} {told(problems)}".replace(str(tmp_path), "")
    assert case.problems == ()


@pytest.mark.parametrize(
    ("kind", "points", "box"),
    [
        (GraphicTypeValues.CIRCLE, [[20, 20], [26, 20]], (14, 14, 26, 26)),
        (GraphicTypeValues.POLYLINE, [[10, 20], [30, 20]], (10, 10, 30, 30)),
        (GraphicTypeValues.ELLIPSE, [[10, 20], [30, 20], [20, 16], [20, 24]], (10, 16, 30, 24)),
        (GraphicTypeValues.ELLIPSE, [[20, 10], [20, 30], [16, 20], [24, 20]], (16, 10, 24, 30)),
    ],
)
def test_circles_lines_and_ellipses_are_outlines(tmp_path, kind, points, box):
    ct(tmp_path)
    slices = sources(tmp_path)
    report(tmp_path / "sr.dcm", slices, [group(on_slice(slices[0], kind, points))])
    (case,) = read("dicom", tmp_path)[0].values()
    (place,) = case.findings[0].regions
    assert [side * SIDE for side in place.box] == pytest.approx(box, abs=0.3)


@pytest.mark.parametrize("name", ["_groups", "_items"])
@pytest.mark.parametrize(("levels", "read_so_far"), [(20, True), (21, False), (300, False)])
def test_a_report_is_read_to_a_depth_and_no_further(name, levels, read_so_far):
    innermost = item(ValueType="CONTAINER")
    innermost.ConceptNameCodeSequence = [item(CodeValue="125007", CodingSchemeDesignator="DCM")]
    nested = item(ContentSequence=[innermost])
    for _ in range(levels):
        nested = item(ContentSequence=[nested])
    assert (innermost in list(getattr(structures_of, name)(nested))) is read_so_far


def test_coordinates_in_the_patient_find_their_slice(tmp_path):
    ct(tmp_path)
    slices = sources(tmp_path)
    for one in slices:
        one.FrameOfReferenceUID = "1.2.3.9"
    region = hd.sr.ImageRegion3D(
        graphic_type=hd.sr.GraphicTypeValues3D.POLYGON,
        graphic_data=np.array([[9.5, 7.5, 4.0], [19.5, 7.5, 4], [19.5, 15.5, 4], [9.5, 7.5, 4]]),
        frame_of_reference_uid="1.2.3.9",
    )
    report(tmp_path / "sr.dcm", slices, [group(region)])
    spaced(tmp_path)
    (case,) = read("dicom", tmp_path)[0].values()
    (place,) = case.findings[0].regions
    assert place.frame == 0, "the slice nearest to the head"
    assert place.box == pytest.approx((10 / SIDE, 8 / SIDE, 20 / SIDE, 16 / SIDE))


def spaced(folder):
    """Gives the slices a spacing of 1 mm, without which millimeters say nothing."""
    for path in folder.glob("ct*.dcm"):
        one = pydicom.dcmread(path)
        one.PixelSpacing = [1, 1]
        one.save_as(path)


def test_a_report_on_a_segment_describes_the_finding_of_the_segmentation(tmp_path):
    uids = ct(tmp_path)
    segmentation(tmp_path / "seg.dcm", uids[:2], (10, 10, 20, 20))
    whole = pydicom.dcmread(tmp_path / "seg.dcm")
    sop = item(
        ReferencedSOPClassUID=whole.SOPClassUID,
        ReferencedSOPInstanceUID=whole.SOPInstanceUID,
        ReferencedSegmentNumber=1,
    )
    slices = sources(tmp_path)
    region = on_slice(slices[0], GraphicTypeValues.POLYLINE, SQUARE)
    report(tmp_path / "sr.dcm", slices, [group(region)])
    written = pydicom.dcmread(tmp_path / "sr.dcm")
    for one in _containers(written):
        one.ContentSequence = [
            item(
                ValueType="IMAGE",
                RelationshipType="CONTAINS",
                ConceptNameCodeSequence=[item(CodeValue="121191", CodeMeaning="Segment")],
                ReferencedSOPSequence=[sop],
            )
            if child.ValueType == "SCOORD"
            else child
            for child in one.ContentSequence
        ]
    written.save_as(tmp_path / "sr.dcm")
    (case,) = read("dicom", tmp_path)[0].values()
    (finding,) = case.findings
    assert len(finding.regions) == 2
    assert (finding.size_mm, finding.sentence[:8]) == (12.0, "Subtlety")


def _containers(dataset):
    for child in dataset.get("ContentSequence", ()):
        if child.get("ConceptNameCodeSequence", [Dataset()])[0].get("CodeValue") == "125007":
            yield child
        yield from _containers(child)


def structures(path, uid, *contours):
    """An RTSTRUCT with one structure called Nodule."""
    dataset = dicom(ramp(), Modality="RTSTRUCT", StudyInstanceUID=STUDY, Rows=None, PixelData=None)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = RTStructureSetStorage
    dataset.StructureSetROISequence = [item(ROINumber=1, ROIName="Nodule")]
    dataset.ROIContourSequence = [
        item(
            ReferencedROINumber=1,
            ContourSequence=[
                item(
                    ContourGeometricType=kind,
                    NumberOfContourPoints=len(points) // 3,
                    ContourData=points,
                    **(
                        {"ContourImageSequence": [item(ReferencedSOPInstanceUID=uid)]}
                        if uid
                        else {}
                    ),
                )
                for kind, points in contours
            ],
        )
    ]
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)


CONTOUR = [9.5, 7.5, 2.0, 19.5, 7.5, 2.0, 19.5, 15.5, 2.0, 9.5, 15.5, 2.0]


@pytest.mark.parametrize("names_its_slice", [True, False])
def test_a_structure_set_gives_outlines_in_the_image(tmp_path, names_its_slice):
    uids = ct(tmp_path)
    spaced(tmp_path)
    uid = uids[1] if names_its_slice else ""
    structures(tmp_path / "rt.dcm", uid, ("CLOSED_PLANAR", CONTOUR))
    (case,) = read("dicom", tmp_path)[0].values()
    (finding,) = case.findings
    (place,) = finding.regions
    assert (finding.label, place.frame, place.shape) == ("nodule_mass", 1, "polygon")
    assert place.box == pytest.approx((10 / SIDE, 8 / SIDE, 20 / SIDE, 16 / SIDE))


@pytest.mark.parametrize(
    "contour",
    [
        ("POINT", CONTOUR[:3]),
        ("CLOSED_PLANAR", CONTOUR[:5]),
        ("CLOSED_PLANAR", [*CONTOUR[:2], 99.0, *CONTOUR[3:]]),
    ],
)
def test_a_contour_that_lies_nowhere_is_told(tmp_path, contour):
    ct(tmp_path)
    spaced(tmp_path)
    structures(tmp_path / "rt.dcm", "", contour)
    cases, problems = read("dicom", tmp_path)
    (case,) = cases.values()
    assert case.findings == ()
    assert "1 contours lie on no slice" in told([*problems, *case.problems])


def test_the_stack_that_a_segmentation_speaks_of_is_taken_before_a_fuller_one(tmp_path):
    uids = ct(tmp_path)
    (tmp_path / "other").mkdir()
    for path in ct(tmp_path / "other", 5) and (tmp_path / "other").glob("ct*.dcm"):
        one = pydicom.dcmread(path)
        one.SeriesInstanceUID = "1.2.3.4.6"
        one.save_as(path)
    refers = [item(SeriesInstanceUID=SERIES)]
    more = {"ReferencedSeriesSequence": refers}
    segmentation(tmp_path / "seg.dcm", uids[:1], (10, 10, 20, 20), **more)
    (case,) = read("dicom", tmp_path)[0].values()
    assert len(case.images[0].source.paths) == 3
    assert len(case.findings) == 1
