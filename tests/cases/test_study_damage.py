"""Damaged files of a study: slices, segmentations, reports, structure sets, archives and sheets.

Whatever bytes come there is a case or a sentence, and never an error of any other kind.
STUDY_DAMAGES says how many times each kind is damaged.
"""

from __future__ import annotations

import os
import random
import struct
import zipfile

import pytest
from highdicom.sr.enum import GraphicTypeValues

from cases.importers import SourceProblem
from tests.cases.sources import read
from tests.cases.test_dicom_segments import ct, segmentation
from tests.cases.test_dicom_structures import (
    CONTOUR,
    SQUARE,
    group,
    on_slice,
    report,
    sources,
    spaced,
    structures,
)
from tests.cases.test_uploaded_sets import workbook

pytestmark = [
    pytest.mark.pure,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom's, of headers made to be odd
]

DAMAGES = int(os.environ.get("STUDY_DAMAGES", "30"))


def damaged(content, chance):
    """Bytes changed, cut off, doubled, put in, taken out or made another length, at some places."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(changed) + 1)
        match chance.choice(("flip", "cut", "double", "insert", "remove", "length", "zero")):
            case "flip":
                for where in range(at, min(at + chance.randint(1, 4), len(changed))):
                    changed[where] ^= 1 << chance.randrange(8)
            case "cut":
                if chance.random() < 0.3:
                    del changed[at:]
            case "double":
                changed[at:at] = changed[max(0, at - chance.randint(1, 300)) : at]
            case "insert":
                changed[at:at] = chance.randbytes(chance.randint(1, 12))
            case "remove":
                del changed[at : at + chance.randint(1, 40)]
            case "length":
                size = chance.choice((0, 1, 3, 65_535, 2**31 - 1, 2**32 - 1))
                changed[at : at + 4] = struct.pack("<I", size)
            case _:
                changed[at : at + 8] = bytes(8)
    return bytes(changed)


def slices(folder):
    ct(folder)
    return sorted(folder.glob("*.dcm"))


def segments(folder):
    segmentation(folder / "seg.dcm", ct(folder), (10, 10, 20, 20))
    return [folder / "seg.dcm"]


def measurements(folder):
    ct(folder)
    found = sources(folder)
    region = on_slice(found[1], GraphicTypeValues.POLYLINE, SQUARE)
    report(folder / "sr.dcm", found, [group(region)])
    return [folder / "sr.dcm"]


def contours(folder):
    uids = ct(folder)
    spaced(folder)
    structures(folder / "rt.dcm", uids[1], ("CLOSED_PLANAR", CONTOUR))
    return [folder / "rt.dcm"]


def sheet(folder):
    ct(folder)
    rows = ["StudyInstanceUID", "Findings", "Age"], ["1.2.3", "nodule left; cardiomegaly", "61"]
    workbook(folder / "facts.xlsx", *rows)
    return [folder / "facts.xlsx"]


def archive(folder):
    found = slices(folder)
    with zipfile.ZipFile(folder / "study.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in found:
            packed.write(path, path.name)
    return [folder / "study.zip"]


@pytest.mark.parametrize("made", [slices, segments, measurements, contours, sheet, archive])
def test_damage_costs_what_it_is_in_and_nothing_breaks(made, tmp_path):
    files = made(tmp_path)
    whole = {file: file.read_bytes() for file in files}
    place = files[0] if made is archive else tmp_path
    chance = random.Random(made.__name__)
    for _ in range(DAMAGES):
        file = chance.choice(files)
        file.write_bytes(damaged(whole[file], chance))
        try:
            cases, problems = read("dicom", place)
        except SourceProblem as problem:
            assert str(problem)
        else:
            assert all(case.images for case in cases.values())
            told = [*problems, *(one for case in cases.values() for one in case.problems)]
            assert all(one.sentence for one in told)
        file.write_bytes(whole[file])


def test_a_member_without_a_name_is_told(tmp_path):
    [path] = archive(tmp_path)
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")  # of the first member in the list of all
    length = struct.unpack_from("<H", content, entry + 28)[0]
    struct.pack_into("<HHH", content, entry + 28, 0, 0, length)  # its name becomes a comment
    path.write_bytes(content)
    cases, problems = read("dicom", path)
    assert len(cases) == 1
    assert "It has no name; it was left out." in [one.sentence for one in problems]
