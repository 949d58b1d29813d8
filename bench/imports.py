"""`python -m bench imports [--count 24]`: films imported a second, and a CT until it is playable.

The demo set's films, made as large as each row says, as PNG of 16 bits and as uncompressed DICOM,
are imported as a user does, decoding children and database included: `--count` of 2000 × 2000
pixels, `--small` (1,000) PNG of 1024 × 1024, `--large` (24) DICOM of 2500 × 3000 at 12 and at 16
bits; and one CT of `--slices` (300). 0 leaves a row out. By processor time, so that what else runs
on the machine does not count: the start of the command is taken off by a run of one film, not of
the CT, for which one waits. Films are given for two processors, both busy.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    generate_uid,
)

from bench.figures import Figure, show
from bench.films import DEMO, films
from cases.imaging.pixels import Gray
from tests.game import NOT_INHERITED, ROOT

PROCESSORS = 2
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
MOST_OF_A_CT = 20
"""Seconds until a CT of 300 slices is playable."""
SLICE = 512


@dataclass(frozen=True)
class Films:
    """Films of one kind to be imported."""

    form: str
    size: tuple[int, int]
    """Columns and rows."""
    bits: int
    least: int
    """Films a second that are asked for."""
    count: int

    @property
    def name(self) -> str:
        bits = f" of {self.bits} bits" if self.form == "dcm" else ""
        return f"{self.form} {self.size[0]} × {self.size[1]}{bits}"


def write_png(path: Path, pixels: Gray, bits: int) -> None:
    Image.fromarray(pixels).save(path, "PNG")


def write_dicom(path: Path, pixels: Gray, bits: int) -> None:
    """A digital radiograph, as stored by a detector."""
    film = image_of(DigitalXRayImageStorageForPresentation, pixels, bits)
    film.Modality, film.ViewPosition = "DX", "PA"
    film.save_as(path, enforce_file_format=True)


def image_of(kind: UID, pixels: Gray, bits: int) -> Dataset:
    """A data set of these pixels (rows, columns), uncompressed."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = kind
    meta.MediaStorageSOPInstanceUID = generate_uid()
    image = Dataset()
    image.file_meta = meta
    image.SOPClassUID, image.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    image.PhotometricInterpretation = "MONOCHROME2"
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PixelRepresentation = 1, 0
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, bits, bits - 1
    image.PixelData = pixels.tobytes()
    image["PixelData"].VR = "OW"
    return image


WRITERS: dict[str, Callable[[Path, Gray, int], None]] = {"png": write_png, "dcm": write_dicom}


def write_ct(folder: Path, count: int) -> Path:
    """A study of one CT, normal by its table: a body of noise in air, other in each slice."""
    folder.mkdir()
    study, series = generate_uid(), generate_uid()
    y, x = np.mgrid[0:SLICE, 0:SLICE] / SLICE - 0.5
    body = np.where(x * x + y * y < 0.2, 1024.0, 24.0)
    for number in range(count):
        noise = np.random.default_rng(number).normal(0, 12, body.shape)
        pixels = np.clip(body + noise, 0, 4095).astype(np.uint16)
        one = image_of(CTImageStorage, pixels, 12)
        one.Modality, one.StudyInstanceUID, one.SeriesInstanceUID = "CT", study, series
        one.SeriesNumber, one.InstanceNumber = 1, number + 1
        one.RescaleSlope, one.RescaleIntercept = 1, -1024
        one.PixelSpacing, one.ImageOrientationPatient = [0.7, 0.7], [1, 0, 0, 0, 1, 0]
        one.ImagePositionPatient = [-180, -180, float(number)]
        one.save_as(folder / f"{number:04d}.dcm", enforce_file_format=True)
    (folder / "facts.csv").write_text(f"StudyInstanceUID,Findings\n{study},normal\n")
    return folder


def source(folder: Path, kind: Films) -> Path:
    """A data set of these films."""
    folder.mkdir()
    form, count, top = kind.form, kind.count, (1 << kind.bits) - 1
    found = films(DEMO, count)
    cases = []
    for number in range(count):
        film = found[number % len(found)]
        wide = Image.fromarray(film.pixels.astype(np.float32)).resize(kind.size)
        # Each its own: what is there already would not be decoded.
        pixels = np.clip(np.asarray(wide) * (top / 4095) + number, 0, top).astype(np.uint16)
        WRITERS[form](folder / f"{number}.{form}", pixels, kind.bits)
        image = {"file": f"{number}.{form}", "view": "PA", "pixel_spacing_mm": 0.2}
        report = {"findings": "Clear.", "impression": "Normal.", "language": "en"}
        cases.append({"key": str(number), "images": [image], "findings": [], "report": report})
    document = {"dataset": {"slug": form, "title": form}, "cases": cases}
    (folder / "cases.json").write_text(json.dumps(document))
    return folder


def processor_seconds(folder: Path, *arguments: str, form: str = "simulated") -> float:
    """Of one import into a library of its own, children included; what it takes is published."""
    with tempfile.TemporaryDirectory(prefix="radgame-imports-") as data:
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        environment = {**kept, "DATA_DIR": data, "REDIS_URL": "redis://127.0.0.1:1/0"}
        manage = [sys.executable, "manage.py"]
        migrate = [*manage, "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        report = Path(data) / "report.json"
        command = [*manage, "import_cases", form, str(folder), "--jobs", str(PROCESSORS)]
        command += ["--report", str(report), *arguments]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
        _wait_for_orphans()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = json.loads(report.read_text())
        if not said["new"] or said["skipped"] or said["held_for_review"]:
            raise SystemExit(f"Not all was published: {said['problems'][:3]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _adopt_orphans() -> None:
    """Linux: what outlives the command (the server that forks decoding children) becomes ours."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def _wait_for_orphans() -> None:
    """Until all have ended: only then their time counts."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def main() -> int:
    _adopt_orphans()
    parser = argparse.ArgumentParser(prog="bench imports", description="films imported a second")
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=24)
    parser.add_argument("--slices", type=int, default=300)
    asked = parser.parse_args()
    kinds = (
        Films("png", (2000, 2000), 12, 15, asked.count),
        Films("dcm", (2000, 2000), 12, 6, asked.count),
        Films("png", (1024, 1024), 12, 15, asked.small),
        Films("dcm", (2500, 3000), 12, 3, asked.large),
        Films("dcm", (2500, 3000), 16, 3, asked.large),
    )
    rows = [row for kind in kinds if kind.count > 0 for row in _of_films(kind)]
    if asked.slices > 0:
        rows.append(_of_ct(asked.slices))
    return show("Imports", rows)


def _of_films(kind: Films) -> list[Figure]:
    kind = replace(kind, count=max(2, kind.count))
    with tempfile.TemporaryDirectory(prefix="radgame-films-") as root:
        folder = source(Path(root) / kind.form, kind)
        one = processor_seconds(folder, "--limit", "1")
        each = (processor_seconds(folder) - one) / (kind.count - 1)
    what, bound = f"{kind.count:,} {kind.name}", 1000 * PROCESSORS / kind.least
    return [
        Figure(f"{what}: processor time of a film", 1000 * each, "ms", bound),
        Figure(f"{what}: films a second, two processors", PROCESSORS / each, ""),
    ]


def _of_ct(slices: int) -> Figure:
    with tempfile.TemporaryDirectory(prefix="radgame-ct-") as root:
        folder = write_ct(Path(root) / "ct", slices)
        seconds = processor_seconds(folder, form="dicom")
    return Figure(
        f"CT of {slices} slices: processor time until playable", seconds, "s", MOST_OF_A_CT
    )


if __name__ == "__main__":
    sys.exit(main())
