"""`python -m bench imports [--count 24]`: films of 2000 × 2000 pixels imported a second.

The demo set's films, made that large, as PNG of 16 bits and as uncompressed DICOM, are imported as
a user does, decoding children and database included. By processor time, so that what else runs on
the machine does not count: the start of the command is taken off by a run of one film. Given for
two processors, both busy.
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
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from bench.figures import Figure, show
from bench.films import DEMO, films
from cases.imaging.pixels import Grey
from tests.game import NOT_INHERITED, ROOT

SIDE = 2000
PROCESSORS = 2
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
LEAST = {"png": 15, "dcm": 6}
"""Films a second that are asked for."""


def write_png(path: Path, pixels: Grey) -> None:
    Image.fromarray(pixels).save(path, "PNG")


def write_dicom(path: Path, pixels: Grey) -> None:
    """A digital radiograph of 12 bits, as stored by a detector."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    film = Dataset()
    film.file_meta = meta
    film.SOPClassUID, film.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    film.Modality, film.ViewPosition, film.PhotometricInterpretation = "DX", "PA", "MONOCHROME2"
    film.Rows = film.Columns = SIDE
    film.SamplesPerPixel, film.PixelRepresentation = 1, 0
    film.BitsAllocated, film.BitsStored, film.HighBit = 16, 12, 11
    film.PixelData = pixels.tobytes()
    film["PixelData"].VR = "OW"
    film.save_as(path, enforce_file_format=True)


WRITERS: dict[str, Callable[[Path, Grey], None]] = {"png": write_png, "dcm": write_dicom}


def source(folder: Path, form: str, count: int) -> Path:
    """A data set of that many films in one form."""
    folder.mkdir()
    found = films(DEMO, count)
    cases = []
    for number in range(count):
        film = found[number % len(found)]
        wide = Image.fromarray(film.pixels.astype(np.float32)).resize((SIDE, SIDE))
        # Each its own: what is there already would not be decoded.
        pixels = np.clip(np.asarray(wide) + number, 0, 4095).astype(np.uint16)
        WRITERS[form](folder / f"{number}.{form}", pixels)
        image = {"file": f"{number}.{form}", "view": "PA", "pixel_spacing_mm": 0.2}
        report = {"findings": "Clear.", "impression": "Normal.", "language": "en"}
        cases.append({"key": str(number), "images": [image], "findings": [], "report": report})
    document = {"dataset": {"slug": form, "title": form}, "cases": cases}
    (folder / "cases.json").write_text(json.dumps(document))
    return folder


def processor_seconds(folder: Path, *arguments: str) -> float:
    """Of one import into a library of its own, children included."""
    with tempfile.TemporaryDirectory(prefix="radgame-imports-") as data:
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        environment = {**kept, "DATA_DIR": data, "REDIS_URL": "redis://127.0.0.1:1/0"}
        manage = [sys.executable, "manage.py"]
        migrate = [*manage, "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [*manage, "import_cases", "simulated", str(folder), "--jobs", str(PROCESSORS)]
        subprocess.run(
            [*command, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
        _wait_for_orphans()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
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
    count = max(2, parser.parse_args().count)
    rows = []
    for form, least in LEAST.items():
        with tempfile.TemporaryDirectory(prefix="radgame-films-") as root:
            folder = source(Path(root) / form, form, count)
            one = processor_seconds(folder, "--limit", "1")
            each = (processor_seconds(folder) - one) / (count - 1)
        seconds = 1000 * each
        rows.append(
            Figure(f"{form}: processor time of a film", seconds, "ms", 1000 * PROCESSORS / least)
        )
        rows.append(Figure(f"{form}: films a second, two processors", PROCESSORS / each, ""))
    return show(f"Import of {count} films of {SIDE} × {SIDE}", rows)


if __name__ == "__main__":
    sys.exit(main())
