"""Content items of DICOM reports, and the slices that their coordinates lie on."""

from __future__ import annotations

from cases.importers import structures
from cases.importers.structures import reported
from cases.importers.studies.slices import Slices
from tests.cases.test_dicom_segments import item

ROWS, COLUMNS = 20, 40
SOP = "1.2.9"
GROUP, FINDING, SITE, SEGMENT, TRACKED = "125007", "121071", "363698007", "121191", "112040"


def code(value, meaning):
    return item(CodeValue=value, CodeMeaning=meaning)


def named(kind, value, meaning, **more):
    """A content item of this type and concept."""
    return item(ValueType=kind, ConceptNameCodeSequence=[code(value, meaning)], **more)


def coded(value, meaning, answer, **more):
    return named("CODE", value, meaning, ConceptCodeSequence=[code("0", answer)], **more)


def measured(name, number, unit="mm"):
    units = item(MeasurementUnitsCodeSequence=[code(unit, unit)], NumericValue=number)
    return named("NUM", "0", name, MeasuredValueSequence=[units])


def group(*items):
    return named("CONTAINER", GROUP, "Measurement Group", ContentSequence=list(items))


def rated(*items):
    return structures._rated(group(*items))


def on_film(kind, numbers, sop=SOP, **reference):
    """Coordinates on a slice."""
    image = item(ReferencedSOPInstanceUID=sop, **reference)
    return named(
        *("SCOORD", "111030", "Image Region"),
        GraphicType=kind,
        GraphicData=numbers,
        ContentSequence=[item(ValueType="IMAGE", ReferencedSOPSequence=[image])],
    )


def film(frames=1):
    """Slices of so many frames of one file, of which only the size is known."""
    places = {(SOP, number + 1): (3, number) for number in range(frames)}
    return Slices(frames=places, sizes={3: (ROWS, COLUMNS)})


def told(*groups, slices=None):
    """The findings of a report, what it says of segments, and its problems as sentences."""
    problems = []
    whole = item(ContentSequence=list(groups))
    findings, segments = reported(whole, slices or film(), "a.dcm", problems)
    assert {one.where for one in problems} <= {"a.dcm"}
    return findings, segments, [one.sentence for one in problems]


NODULE = coded(FINDING, "Finding", "Nodule")
