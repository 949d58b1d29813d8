"""Pixels coded in any way are decoded, by how they look where the header is silent."""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path

import numpy as np
import openjpeg
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from cases.imaging import ImageProblem, decode_file
from tests.cases.files import dicom, ramp, write_coded, write_dicom

pytestmark = pytest.mark.pure

HTJ2K = base64.b64decode(
    "/0//UQApQAAAAAAYAAAAEAAAAAAAAAAAAAAAGAAAABAAAAAAAAAAAAABDwEB/1AACAACAAAACv9SAAwAAgABAAUEBE"
    "AB/1wAEyCIkJCQkJCQkJCQkJCQiIiI/2QAFwABT3BlbkpQSCBWZXIgMC4yNi4zLv+QAAoAAAAAAFcAAf+TwAAmefQF"
    "B3QAwAATANb3A4d0AMAAEoDLAQd0AMAAE4BYaeUUe+QAwAAVQCBBggT52nICdQDAAC0AYmJiYmJiYmLz+np6cYJ4AP"
    "/Z"
)
"""The wedge `ramp(16, 24)` without loss, written by OpenJPH."""
DEEP_JPEG = "JPEGExtendedProcess2_4"
SYNTAXES = {
    "baseline": "JPEGBaselineProcess1",
    "12-bit": DEEP_JPEG,
    "lossless": "JPEGLosslessProcess14_1",
    "lossless process 14": "JPEGLosslessProcess14",
    "JPEG-LS": "JPEGLSLossless",
    "JPEG 2000": "JPEG2000Lossless",
    "RLE": "RLELossless",
}


def smooth(top: int = 4095) -> NDArray[np.uint16]:
    """Lossy codecs keep it nearly as it is."""
    wave = np.add.outer(np.linspace(0, 1, 48), np.linspace(0, 1, 64)) / 2
    return (wave * top).round().astype(np.uint16)


def wave_in(name: str) -> tuple[NDArray[np.uint16], int]:
    return (smooth(255).astype(np.uint8), 8) if name == "baseline" else (smooth(), 12)


@pytest.mark.parametrize("name", SYNTAXES)
def test_every_way_of_coding_gives_the_pixels_back(tmp_path, name):
    values, bits = wave_in(name)
    write_coded(tmp_path / "a.dcm", SYNTAXES[name], values, bits)
    difference = np.abs(decode_file(tmp_path / "a.dcm").frames[0].astype(int) - values)
    assert difference.max() <= (3 if name in ("baseline", "12-bit") else 0)


@pytest.mark.skipif(
    shutil.which("dcmcjpeg") is None, reason="needs dcmtk's dcmcjpeg and dcmj2pnm to compare with"
)
def test_12_bit_jpeg_by_dcmtk_looks_as_dcmtk_shows_it(tmp_path):
    plain = write_dicom(tmp_path / "a.dcm", smooth(), BitsStored=12, HighBit=11)
    path, picture = tmp_path / "b.dcm", tmp_path / "b.pgm"
    subprocess.run(["dcmcjpeg", "+ee", str(plain), str(path)], check=True)
    subprocess.run(["dcmj2pnm", "+opw", "+Wm", str(path), str(picture)], check=True)
    with Image.open(picture) as image:
        theirs = np.asarray(image).astype(float)
    ours = decode_file(path).frames[0].astype(float)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999


def test_a_stack_of_12_bit_jpegs_is_decoded_frame_by_frame(tmp_path):
    frames = [write_coded(tmp_path / "a.dcm", DEEP_JPEG, smooth(top), 12) for top in (4095, 2000)]
    both = frames[0]
    codes = [
        next(pydicom.encaps.generate_frames(one.PixelData, number_of_frames=1)) for one in frames
    ]
    both.PixelData, both.NumberOfFrames = encapsulate(codes), 2
    both.save_as(tmp_path / "b.dcm", enforce_file_format=True)
    decoded = decode_file(tmp_path / "b.dcm").frames
    assert np.abs(decoded.astype(int) - [smooth(4095), smooth(2000)]).max() <= 3


@pytest.mark.parametrize("syntax", [uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K])
def test_high_throughput_jpeg_2000_gives_the_pixels_back(tmp_path, syntax):
    dataset = dicom(ramp(16, 24))
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([HTJ2K])
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert np.array_equal(decode_file(tmp_path / "a.dcm").frames[0], ramp(16, 24))


# Headers that are silent or wrong about the coding


def without_meta(dataset: Dataset, path: Path, *, implicit: bool, little: bool = True) -> Path:
    """The bare data set: no preamble, no group 0002."""
    del dataset.file_meta
    if not little:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    pydicom.dcmwrite(path, dataset, implicit_vr=implicit, little_endian=little)
    return path


@pytest.mark.parametrize("name", ["a.dcm", "1.2.840.99.1", "a.img", "a.png", "a"])
@pytest.mark.parametrize(("implicit", "little"), [(True, True), (False, True), (False, False)])
def test_a_file_without_its_first_group_is_read_as_it_looks(tmp_path, name, implicit, little):
    path = without_meta(dicom(ramp()), tmp_path / name, implicit=implicit, little=little)
    assert np.array_equal(decode_file(path).frames[0], ramp())


@pytest.mark.parametrize(
    ("head", "is_known"),
    [
        *((b"\x02\0\x10\0UI\x1a\0", True), (b"\x08\0\x05\0CS\x0a\0", True)),
        *((b"\0\x08\0\x05CS\0\x0a", True), (b"\0\x02\0\x10UI\0\x1a", True)),
        *((b"\x08\0\xff\x1fCS\x0a\0", True), (b"\x08\0\0\x20CS\x0a\0", False)),
        *((b"\x08\0\x05\0\xe7\x03\0\0", True), (b"\x08\0\x05\0\xe8\x03\0\0", False)),
        *((b"\x08\0\x05\0cs\x0a\0", False), (b"\x08\0\x05\0C1\x0a\0", False)),
        *((b"\x03\0\x05\0CS\x0a\0", False), (b"\x08\0\x05\0CS\x0a", False)),
        *((b"COPYRIGHT OF ALL FILMS", False), (b"\x10\0\x10\0PN\x04\0DOE", False)),
    ],
)
def test_a_file_without_its_first_group_is_known_by_its_first_element(tmp_path, head, is_known):
    (tmp_path / "a").write_bytes(head)
    with pytest.raises(ImageProblem) as problem:
        decode_file(tmp_path / "a")
    assert ("is not an image of a kind that can be read" in str(problem.value)) is not is_known


@pytest.mark.parametrize("name", SYNTAXES)
def test_coded_pixels_without_a_transfer_syntax_are_known_by_how_they_begin(tmp_path, name):
    values, bits = wave_in(name)
    dataset = write_coded(tmp_path / "a.dcm", SYNTAXES[name], values, bits)
    path = without_meta(dataset, tmp_path / "b.dcm", implicit=False)
    assert np.abs(decode_file(path).frames[0].astype(int) - values).max() <= 3


@pytest.mark.parametrize("said", [uid.JPEGBaseline8Bit, uid.ExplicitVRLittleEndian, uid.JPEG2000])
def test_a_wrong_transfer_syntax_gives_way_to_what_the_pixels_are(tmp_path, said):
    dataset = write_coded(tmp_path / "a.dcm", SYNTAXES["lossless"], smooth(), 12)
    dataset.file_meta.TransferSyntaxUID = said
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    assert np.array_equal(decode_file(tmp_path / "a.dcm").frames[0], smooth())


def test_plain_pixels_called_coded_are_read_plainly(tmp_path):
    content = write_dicom(tmp_path / "a.dcm").read_bytes()
    plain, said = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"
    assert content.count(plain) == 1
    (tmp_path / "a.dcm").write_bytes(content.replace(plain, said))
    assert np.array_equal(decode_file(tmp_path / "a.dcm").frames[0], ramp())


@pytest.mark.parametrize("missing", ["BitsStored", "HighBit", "SamplesPerPixel", "NumberOfFrames"])
def test_what_follows_from_the_rest_of_a_header_may_be_missing(tmp_path, missing):
    frames = np.stack([ramp(), ramp()])
    path = write_dicom(tmp_path / "a.dcm", frames, **{missing: None})
    assert np.array_equal(decode_file(path).frames, frames)


# Refusals whose advice fits the fault


@pytest.mark.parametrize("missing", ["PhotometricInterpretation", "PixelRepresentation"])
def test_a_header_without_what_gives_pixels_their_meaning_is_named(tmp_path, missing):
    path = write_dicom(tmp_path / "a.dcm", **{missing: None})
    with pytest.raises(ImageProblem, match=f"without {missing}, so that .* complete header"):
        decode_file(path)


@pytest.mark.parametrize("bits", [3, 64, 24])
def test_bits_that_coded_pixels_cannot_have_never_reach_a_decoder(tmp_path, bits):
    dataset = write_coded(tmp_path / "a.dcm", SYNTAXES["lossless"], smooth(), 12)
    dataset.BitsAllocated = bits
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(ImageProblem, match=f"has pixels of {bits} bits"):
        decode_file(tmp_path / "a.dcm")


def test_a_code_that_no_decoder_reads_says_why_and_to_export_without_it(tmp_path):
    dataset = dicom(ramp())
    dataset.file_meta.TransferSyntaxUID = uid.JPEG2000Lossless
    dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(ImageProblem, match=r"cannot be decoded \(JPEG 2000.*: copy it again, or"):
        decode_file(tmp_path / "a.dcm")


def test_a_file_cut_off_anywhere_is_called_cut_off_or_damaged(tmp_path):
    whole = write_dicom(tmp_path / "a.dcm").read_bytes()
    pixels = whole.index(b"\xe0\x7f\x10\x00")
    for length in (pixels - 1, pixels + 3, pixels + 8, pixels + 12, pixels + 500, len(whole) - 2):
        (tmp_path / "b.dcm").write_bytes(whole[:length])
        with pytest.raises(ImageProblem, match=r"is cut off or damaged .*: copy "):
            decode_file(tmp_path / "b.dcm")


def test_a_coded_file_cut_off_in_its_pixels_is_not_called_a_report(tmp_path):
    write_coded(tmp_path / "a.dcm", SYNTAXES["JPEG 2000"], smooth(), 12)
    whole = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "b.dcm").write_bytes(whole[:-200])
    with pytest.raises(ImageProblem, match=r"(cut off|cannot be decoded).*: copy"):
        decode_file(tmp_path / "b.dcm")


def test_bytes_after_the_pixels_do_not_matter(tmp_path):
    path = write_dicom(tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes() + bytes(500))
    assert np.array_equal(decode_file(path).frames[0], ramp())


def test_a_jpeg_2000_file_of_high_throughput_is_read_too(tmp_path):
    (tmp_path / "a.jph").write_bytes(HTJ2K)
    assert openjpeg.get_parameters(HTJ2K)["precision"] == 16
    assert np.array_equal(decode_file(tmp_path / "a.jph").frames[0], ramp(16, 24))
