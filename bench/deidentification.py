"""What packages for de-identification leave of one file that names a person in every way.

    python -m bench deidentification --bin dicognito=VENV/bin --bin deid=VENV/bin …

Each package is in an environment of its own, since none is a dependency. The file is the one by
which the game's own import is tested (tests/cases/identifying.py): elements of the basic
profile of PS3.15, nested, private, overlays, the file's own header, and a name burned into the
pixels. Printed is what of it is still in what each package writes with its defaults.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image, ImageDraw, ImageFont

from tests.cases.files import write_dicom
from tests.cases.identifying import DATES, NAMES, TEXTS, UIDS, WORDS, identified, nested

NAME = "DOE^JANE 12.03.1961"
GROUPS = {
    "names": NAMES,
    "numbers and words": WORDS,
    "free texts": TEXTS,
    "dates": DATES,
    "UIDs": UIDS,
}
OTHERS = {
    "nested": ("QZNESTED1", "QZNESTED2", "qznested3"),
    "private": ("QZPRIVATE0", "QZPRIVATE1"),
    "overlays": ("QZOVERLAY1", "QZOVERLAY2"),
    "file header": ("QZAETITLE",),
}
BY_DICOGNITO = """
import sys
import pydicom
from dicognito.anonymizer import Anonymizer
dataset = pydicom.dcmread(sys.argv[1])
Anonymizer().anonymize(dataset)
dataset.save_as(f"{sys.argv[2]}/out.dcm")
"""
BY_DEID = """
import sys
from deid.config import DeidRecipe
from deid.dicom import replace_identifiers
replace_identifiers([sys.argv[1]], deid=DeidRecipe(), save=True, output_folder=sys.argv[2],
                    remove_private=True, overwrite=True)
"""


def command(tool: str, folder: str, source: Path, out: Path) -> list[str]:
    """How a package is asked to do its usual."""
    if tool == "dicognito":
        return [f"{folder}/python", "-c", BY_DICOGNITO, str(source), str(out)]
    if tool == "dicom-anonymizer":
        return [f"{folder}/dicom-anonymizer", str(source), str(out / "out.dcm")]
    if tool == "deid":
        return [f"{folder}/python", "-c", BY_DEID, str(source), str(out)]
    raise SystemExit(f"“{tool}” is none of dicognito, deid, dicom-anonymizer.")


def written(folder: Path) -> tuple[Path, dict[str, list[str]], np.ndarray]:
    """A file full of names, what must not be found of each kind, and its pixels."""
    picture = Image.fromarray(np.tile(np.linspace(40, 160, 512).astype(np.uint8), (512, 1)))
    font = ImageFont.load_default(size=28)
    ImageDraw.Draw(picture).text((60, 40), NAME, fill=255, font=font)
    pixels = np.asarray(picture)
    elements, secrets = identified()
    folder.mkdir(parents=True)
    path = write_dicom(folder / "Qzfile_Anna.dcm", pixels, ViewPosition="PA", **elements)
    dataset = pydicom.dcmread(path)
    nested(dataset, secrets)
    dataset.save_as(path)
    kinds = {name: [one for one in group if one in elements] for name, group in GROUPS.items()}
    return path, kinds, pixels


def left(path: Path, kinds: dict[str, list[str]], pixels: np.ndarray) -> dict[str, list[str]]:
    """What is still there of each kind."""
    dataset = pydicom.dcmread(path, force=True)
    elements, _ = identified()
    found = {
        kind: [name for name in names if str(dataset.get(name, "")) == str(elements[name])]
        for kind, names in kinds.items()
    }
    content = path.read_bytes().decode("latin-1").lower()
    found |= {
        kind: [word for word in words if word.lower() in content] for kind, words in OTHERS.items()
    }
    same = np.array_equal(dataset.pixel_array[:100], pixels[:100])
    return found | {"name in the pixels": ["PixelData"] if same else []}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench deidentification")
    parser.add_argument("--bin", action="append", default=[], metavar="PACKAGE=FOLDER")
    parser.add_argument("--names", action="store_true", help="name what is left, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        path, kinds, pixels = written(Path(place) / "in")
        total = {kind: len(names) for kind, names in kinds.items()}
        total |= {kind: len(words) for kind, words in OTHERS.items()} | {"name in the pixels": 1}
        print(f"| left of | {' | '.join(f'{kind} ({count})' for kind, count in total.items())} |")
        for given in options.bin:
            tool, _, folder = given.partition("=")
            out = Path(place) / tool
            out.mkdir()
            subprocess.run(command(tool, folder, path, out), check=True, capture_output=True)
            [result] = [one for one in out.rglob("*") if one.is_file()]
            found = left(result, kinds, pixels)
            print(f"| {tool} | {' | '.join(str(len(found[kind])) for kind in total)} |")
            if options.names:
                for kind, names in found.items():
                    print(f"    {kind}: {', '.join(names) or 'nothing'}")
    return 0
