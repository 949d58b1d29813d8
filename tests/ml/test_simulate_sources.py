"""Any chest CT will do that is whole, adult and labeled; what is wrong is told in a sentence."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from django.core.management import CommandError, call_command
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from ml.simulate import organs
from ml.simulate.sources import NoVolume, read
from tests.ml import phantom

pytestmark = pytest.mark.pure


def affine(spacing: tuple[float, float, float] = phantom.SPACING) -> np.ndarray:
    """Of a NIfTI whose axes are those of the phantom: down, back and left."""
    matrix = np.zeros((4, 4))
    matrix[2, 0], matrix[1, 1], matrix[0, 2] = -spacing[0], -spacing[1], -spacing[2]
    matrix[:3, 3], matrix[3, 3] = (30, 20, 100), 1
    return matrix


def nifti(path: Path, values: np.ndarray, matrix: np.ndarray | None = None) -> Path:
    kind = np.uint8 if values.dtype == np.uint8 else np.int16
    image = nibabel.Nifti1Image(values.astype(kind), affine() if matrix is None else matrix)
    nibabel.save(image, path)
    return path


def written(tmp_path: Path, hu: np.ndarray, labels: np.ndarray, **options: np.ndarray) -> Path:
    nifti(tmp_path / "ct.nii.gz", hu, **options)
    nifti(tmp_path / "labels.nii.gz", labels, **options)
    return tmp_path


def dicom(
    folder: Path, hu: np.ndarray, *, age: str = "050Y", without: tuple[int, ...] = ()
) -> Path:
    """The phantom as a CT series, its slices in no order."""
    folder.mkdir(exist_ok=True)
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    for level in np.random.default_rng(0).permutation(len(hu)):
        if level in without:
            continue
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        one = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        one.SeriesInstanceUID, one.StudyInstanceUID, one.FrameOfReferenceUID = series, study, frame
        one.Modality, one.PatientAge, one.PatientID, one.PatientName = "CT", age, "1", "A^B"
        one.PatientBirthDate, one.PatientSex, one.StudyDate, one.StudyTime = "", "O", "", ""
        one.AccessionNumber, one.StudyID, one.ReferringPhysicianName = "", "", ""
        one.SeriesNumber, one.InstanceNumber, one.Manufacturer = 1, int(level) + 1, ""
        one.Rows, one.Columns = hu.shape[1:]
        one.PixelSpacing, one.SliceThickness = [2.0, 2.0], 2.0
        one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        one.ImagePositionPatient = [-30.0, -20.0, 100.0 - 2.0 * int(level)]
        one.PositionReferenceIndicator = ""
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
        one.RescaleSlope, one.RescaleIntercept = 1, -24
        one.PixelData = (hu[level].round() + 24).astype(np.int16).tobytes()
        one.save_as(folder / f"{level}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture
def chest() -> tuple[np.ndarray, np.ndarray]:
    hu, labels = phantom.volume()
    return hu.copy(), labels.copy()


def same(found: tuple[np.ndarray, tuple[float, ...], np.ndarray], hu: np.ndarray) -> bool:
    return found[0].shape == hu.shape and float(np.abs(found[0] - hu).max()) <= 1


def test_a_nifti_that_lies_any_way_is_turned_head_first(tmp_path, chest):
    hu, labels = chest
    found = read(written(tmp_path, hu, labels))
    assert same(found, hu) and (found[2] == labels).all() and found[1] == phantom.SPACING
    other = tmp_path / "other"
    other.mkdir()
    matrix = np.array([[0, 2.0, 0, 0], [0, 0, -2.0, 0], [2.0, 0, 0, 0], [0, 0, 0, 1.0]])
    # Up, right and back, as many scanners' files are.
    turned = [part[::-1].transpose(0, 2, 1)[:, ::-1] for part in (hu, labels)]
    found = read(written(other, *turned, matrix=matrix))
    assert same(found, hu) and (found[2] == labels).all()


def test_labels_of_version_1_are_told_by_where_the_lungs_are(tmp_path, chest):
    hu, labels = chest
    numbers = {organs.number_of(name): number for number, name in organs.NAMES_1.items()}
    numbers[organs.HEART] = 44
    table = np.zeros(256, np.uint8)
    for ours, theirs in numbers.items():
        table[ours] = theirs
    found = read(written(tmp_path, hu, table[labels]))[2]
    kept = labels != organs.STERNUM  # version 1 has no sternum
    assert (found[kept] == labels[kept]).all()


def test_the_names_of_both_versions_are_known():
    assert organs.number_of("lung_upper_lobe_left") == organs.LOBES["left upper"]
    assert organs.number_of("vertebrae_T1") == organs.thoracic(1)
    assert organs.number_of("rib_right_12") == organs.RIBS["right"][-1]
    assert organs.number_of("heart_myocardium") == organs.number_of("heart") == organs.HEART
    assert organs.number_of("clavicula_right") == organs.CLAVICLE["right"]
    assert organs.number_of("costal_cartilages") == organs.CARTILAGE
    assert organs.number_of("liver_vessels") == 0


def test_a_folder_with_a_file_for_each_organ_is_read(tmp_path, chest):
    hu, labels = chest
    nifti(tmp_path / "ct.nii.gz", hu)
    parts = tmp_path / "segmentations"
    parts.mkdir()
    for number in np.unique(labels[labels > 0]):
        name = organs.NAMES[int(number)]
        nifti(parts / f"{name}.nii.gz", (labels == number).astype(np.uint8))
    assert (read(tmp_path)[2] == labels).all()


def test_a_dicom_series_is_read_with_a_dicom_seg_beside_it(tmp_path, chest):
    highdicom = pytest.importorskip("highdicom")
    hu, labels = chest
    folder = dicom(tmp_path / "ct", hu)
    slices = sorted(
        (pydicom.dcmread(file) for file in folder.iterdir()), key=lambda one: one.InstanceNumber
    )
    numbers = [int(number) for number in np.unique(labels[labels > 0])]
    code = highdicom.sr.CodedConcept("123037004", "SCT", "Anatomical Structure")
    algorithm = highdicom.AlgorithmIdentificationSequence("TotalSegmentator", code, "2")
    described = [
        highdicom.seg.SegmentDescription(
            index, organs.NAMES[number], code, code, "AUTOMATIC", algorithm
        )
        for index, number in enumerate(numbers, 1)
    ]
    ordinal = np.zeros(256, np.uint8)
    ordinal[numbers] = np.arange(1, len(numbers) + 1)
    highdicom.seg.Segmentation(
        slices,
        ordinal[labels],
        "BINARY",
        described,
        highdicom.UID(),
        2,
        highdicom.UID(),
        1,
        "TotalSegmentator",
        "TotalSegmentator",
        "2",
        "1",
    ).save_as(folder / "seg.dcm")
    found = read(folder)
    assert same(found, hu) and (found[2] == labels).all() and found[1] == phantom.SPACING


def test_slices_that_are_missing_are_counted(tmp_path, chest):
    hu, labels = chest
    folder = dicom(tmp_path / "ct", hu, without=(40, 41))
    with pytest.raises(NoVolume, match="2 slices of the CT are missing"):
        read(folder, nifti(tmp_path / "labels.nii.gz", labels))


def test_a_childs_series_is_refused_by_its_age(tmp_path, chest):
    hu, labels = chest
    folder = dicom(tmp_path / "ct", hu, age="009Y")
    with pytest.raises(NoVolume, match="child's; only adults"):
        read(folder, nifti(tmp_path / "labels.nii.gz", labels))


def upside_down(hu, labels):
    return hu[::-1], labels[::-1]


def mirrored(hu, labels):
    return hu[..., ::-1], labels[..., ::-1]


def lungless(hu, labels):
    return hu, np.where(np.isin(labels, organs.LUNGS), 0, labels).astype(np.uint8)


def abdomen(hu, labels):
    return hu[62:], np.where(labels == organs.LOBES["left upper"], 0, labels)[62:]


def without_apices(hu, labels):
    return hu[30:], labels[30:]


def unnamed(hu, labels):
    return hu, np.where(labels == organs.AORTA, 0, labels).astype(np.uint8)


def not_hounsfield(hu, labels):
    return (hu + 1000) / 10, labels


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (upside_down, "upside down"),
        (mirrored, "mirrored"),
        (lungless, "mark no lung"),
        (abdomen, "one of the abdomen"),
        (without_apices, "apices are cut off"),
        (unnamed, "lack the aorta"),
        (not_hounsfield, "in Hounsfield units"),
    ],
)
def test_what_is_wrong_with_a_ct_is_one_sentence_and_nothing_is_written(
    tmp_path, chest, bad, sentence
):
    folder = tmp_path / "ct"
    folder.mkdir()
    written(folder, *bad(*chest))
    out = tmp_path / "out"
    with pytest.raises(CommandError, match=sentence) as caught:
        call_command("simulate_cases", ct=folder, count=1, out=out, no_import=True)
    assert str(caught.value).rstrip(".").count(". ") == 0
    assert not out.exists()


def test_a_childs_chest_is_refused_by_its_size(tmp_path, chest):
    with pytest.raises(NoVolume, match="only adults"):
        read(written(tmp_path, *chest, matrix=affine((1.2, 1.2, 1.2))))


def test_a_value_that_is_no_number_is_refused(tmp_path, chest):
    hu, labels = chest
    folder = written(tmp_path, hu, labels)
    image = folder / "ct.nii.gz"
    stored = nibabel.load(image)
    values = np.asarray(stored.dataobj, dtype=np.float32)
    values[3, 4, 5] = np.nan
    nibabel.save(nibabel.Nifti1Image(values, stored.affine), image)
    with pytest.raises(NoVolume, match="values that are no numbers"):
        read(folder)


def test_a_picture_in_colors_is_refused(tmp_path, chest):
    colors = np.zeros((4, 4, 4), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    image = nibabel.Nifti1Image(colors, np.eye(4))
    nibabel.save(image, tmp_path / "colors.nii.gz")
    with pytest.raises(NoVolume, match="cannot be read as NIfTI"):
        read(tmp_path / "colors.nii.gz", tmp_path / "colors.nii.gz")


def test_slices_too_far_apart_are_refused(tmp_path, chest):
    with pytest.raises(NoVolume, match=r"8\.0 mm apart"):
        read(written(tmp_path, *chest, matrix=affine((8.0, 2.0, 2.0))))


@pytest.mark.parametrize("how", ["fewer voxels", "elsewhere"])
def test_labels_of_another_grid_are_refused(tmp_path, chest, how):
    hu, labels = chest
    nifti(tmp_path / "ct.nii.gz", hu)
    moved = affine()
    moved[2, 3] += 0 if how == "fewer voxels" else 12
    nifti(tmp_path / "labels.nii.gz", labels[2:] if how == "fewer voxels" else labels, moved)
    with pytest.raises(NoVolume, match="another grid"):
        read(tmp_path)


def test_a_folder_without_labels_says_what_is_missing(tmp_path, chest):
    nifti(tmp_path / "ct.nii.gz", chest[0])
    with pytest.raises(NoVolume, match="needs a file of organ labels"):
        read(tmp_path)
