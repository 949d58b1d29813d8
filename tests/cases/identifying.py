"""Elements that identify a person, of the basic profile of DICOM PS3.15, table E.1-1.

Each holds a word, a date or a UID that occurs nowhere else.
"""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

NAMES = (
    *("PatientName", "PatientBirthName", "PatientMotherBirthName", "OtherPatientNames"),
    *("ReferringPhysicianName", "PerformingPhysicianName", "OperatorsName"),
    *("NameOfPhysiciansReadingStudy", "PhysiciansOfRecord", "RequestingPhysician"),
    *("ConsultingPhysicianName", "ResponsiblePerson", "ScheduledPerformingPhysicianName"),
    *("PersonName", "VerifyingObserverName", "ContentCreatorName"),
)
WORDS = (
    *("PatientID", "AccessionNumber", "StudyID", "MilitaryRank", "BranchOfService"),
    *("CountryOfResidence", "RegionOfResidence", "PatientTelephoneNumbers", "Occupation"),
    *("InstitutionName", "InstitutionalDepartmentName", "StationName", "DeviceSerialNumber"),
    *(
        "ProtocolName",
        "PerformedProcedureStepID",
        "PerformedStationName",
        "FillerOrderNumberImagingServiceRequest",
    ),
    *("AdmissionID", "PatientReligiousPreference", "EthnicGroup", "DetectorID", "PlateID"),
    *("RequestedProcedureID", "ScheduledProcedureStepID", "InsurancePlanIdentification"),
)
TEXTS = (
    *("InstitutionAddress", "PatientAddress", "AdditionalPatientHistory", "PatientComments"),
    *("ImageComments", "StudyDescription", "SeriesDescription", "RequestedProcedureDescription"),
    *("DerivationDescription", "AdmittingDiagnosesDescription", "ReasonForStudy", "StudyComments"),
)
DATES = (
    *("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "PatientBirthDate"),
    *("AdmittingDate", "ScheduledProcedureStepStartDate", "LastMenstrualDate"),
)
UIDS = (
    *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID"),
    *("DeviceUID", "SynchronizationFrameOfReferenceUID"),
)


def identified():
    """Elements by keyword, and all that must not be found."""
    elements, secrets = {}, []

    def put(name, value, *told):
        elements[name] = value
        secrets.extend(told or [value])

    for number, name in enumerate(NAMES):
        put(
            name,
            f"Qzname{number:02d}^Wvgiven{number:02d}",
            f"Qzname{number:02d}",
            f"Wvgiven{number:02d}",
        )
    for number, name in enumerate(WORDS):
        put(name, f"QZWORD{number:02d}")
    for number, name in enumerate(TEXTS):
        put(name, f"About qztext{number:02d} of that person", f"qztext{number:02d}")
    for number, name in enumerate(DATES):
        date = f"19{31 + number}0723"
        put(name, date, date, f"{date[:4]}-07-23")
    for number, name in enumerate(UIDS):
        put(name, f"1.2.826.77.{number + 1}.4711.9")
    return elements, secrets


def nested(dataset, secrets):
    """Identifying elements in sequences, private ones, overlays and the file's own header."""
    other = Dataset()
    other.PatientID, other.IssuerOfPatientID = "QZNESTED1", "QZNESTED2"
    request = Dataset()
    request.RequestedProcedureDescription = "qznested3"
    dataset.OtherPatientIDsSequence = Sequence([other])
    dataset.RequestAttributesSequence = Sequence([request])
    block = dataset.private_block(0x0031, "QZPRIVATE0", create=True)
    block.add_new(0x01, "LO", "QZPRIVATE1")
    dataset.add_new(0x60000022, "LO", "QZOVERLAY1")
    dataset.add_new(0x60004000, "LT", "QZOVERLAY2")
    dataset.file_meta.SourceApplicationEntityTitle = "QZAETITLE"
    secrets += ["QZNESTED1", "QZNESTED2", "qznested3", "QZPRIVATE0", "QZPRIVATE1"]
    secrets += ["QZOVERLAY1", "QZOVERLAY2", "QZAETITLE"]
