"""Pixel data as a DICOM header describes them: completed, counted, and whose decoder is asked."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from cases.imaging import ImageProblem
from cases.imaging.dicom import codecs, contrast
from tests.cases.files import dicom as made
from tests.cases.files import ramp

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("elements", "kept"),
    [
        ({}, (1, 16, 16, 15)),
        ({"BitsStored": 12, "HighBit": 11}, (1, 16, 12, 11)),
        ({"BitsStored": 12, "HighBit": 15}, (1, 16, 12, 15)),
        ({"BitsStored": 12, "HighBit": 16}, (1, 16, 12, 11)),
        ({"BitsStored": 12, "HighBit": 10}, (1, 16, 12, 11)),
        ({"BitsStored": 0}, (1, 16, 16, 15)),
        ({"BitsStored": 17}, (1, 16, 16, 15)),
        ({"BitsStored": 1, "HighBit": 0}, (1, 16, 1, 0)),
        ({"SamplesPerPixel": 0}, (1, 16, 16, 15)),
        *(
            ({"SamplesPerPixel": 0, "PhotometricInterpretation": one}, (3, 16, 16, 15))
            for one in ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
        ),
    ],
)
def test_what_follows_from_the_rest_of_a_header_is_filled_in(elements, kept):
    dataset = made(ramp(2, 3), **elements)
    codecs._complete(dataset, "a")
    names = ("SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit")
    assert tuple(dataset[name].value for name in names) == kept


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (
            {"PhotometricInterpretation": None, "BitsAllocated": None},
            "a has a header without PhotometricInterpretation and BitsAllocated, so that its "
            "pixels mean nothing: export it again from its source, as DICOM with a complete "
            "header.",
        ),
        (
            {"PixelRepresentation": None},
            "a has a header without PixelRepresentation, so that its pixels mean nothing: export "
            "it again from its source, as DICOM with a complete header.",
        ),
        *(
            (
                {"BitsAllocated": bits},
                f"a has pixels of {bits} bits (Bits Allocated), which its kind of pixel data "
                "cannot have: export it again from its source.",
            )
            for bits in (2, 12, 24)
        ),
    ],
)
def test_what_cannot_be_known_is_refused(elements, message):
    dataset = made(ramp(2, 3), **elements)
    with pytest.raises(ImageProblem) as problem:
        codecs._complete(dataset, "a")
    assert str(problem.value) == message


@pytest.mark.parametrize(
    ("bits", "coded", "taken"),
    [
        *((1, False, True), (8, False, True), (16, False, True), (32, False, True)),
        *((64, False, True), (8, True, True), (16, True, True), (32, True, True)),
        *((1, True, False), (64, True, False)),
    ],
)
def test_coded_pixels_have_other_bits_than_plain_ones(bits, coded, taken):
    dataset = made(ramp(2, 3), BitsAllocated=bits)
    if coded:
        dataset.PixelData = codecs.ITEM + bytes(8)
    assert codecs._is_coded(dataset) is coded
    if taken:
        codecs._complete(dataset, "a")
        return
    with pytest.raises(ImageProblem, match=f"has pixels of {bits} bits"):
        codecs._complete(dataset, "a")


@pytest.mark.parametrize(
    ("elements", "shift"),
    [
        ({"BitsStored": 12, "HighBit": 15}, 4),
        ({"BitsStored": 12, "HighBit": 11}, 0),
        ({"BitsStored": 12, "HighBit": 15, "SamplesPerPixel": 3}, 0),
        ({"BitsStored": 12, "HighBit": 15, "PixelData": None}, 0),
    ],
)
def test_bits_lie_as_far_up_as_the_header_says(elements, shift):
    assert codecs._shift(made(ramp(2, 3), **elements)) == shift


@pytest.mark.parametrize(
    ("elements", "given", "wanted"),
    [
        ({}, 12, 12),
        ({}, 11, 12),
        ({"NumberOfFrames": 3}, 35, 36),
        ({"SamplesPerPixel": 3}, 35, 36),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422"}, 23, 24),
        ({"BitsAllocated": 8}, 5, 6),
        ({"BitsAllocated": 1, "Columns": 5}, 1, 2),
        ({"BitsAllocated": 1, "Columns": 4}, 0, 1),
        ({"BitsAllocated": 32, "Rows": 100, "Columns": 100}, 1_234, 40_000),
    ],
)
def test_pixels_that_are_too_few_are_counted(elements, given, wanted):
    dataset = made(ramp(2, 3), **elements)
    dataset.PixelData = bytes(given)
    if given >= wanted:
        codecs._refuse_too_short(dataset, "a")
        return
    with pytest.raises(ImageProblem) as problem:
        codecs._refuse_too_short(dataset, "a")
    assert str(problem.value) == (
        f"a is cut off or damaged (it holds {given:,} of the {wanted:,} bytes of pixels that its "
        "header promises): copy or download it again."
    )
    dataset.PixelData = bytes(wanted)
    codecs._refuse_too_short(dataset, "a")


@pytest.mark.parametrize(("key", "size"), [("FloatPixelData", 4), ("DoubleFloatPixelData", 8)])
def test_pixels_that_are_floats_have_their_own_size(key, size):
    dataset = made(ramp(2, 3), PixelData=None, BitsAllocated=8 * size)
    setattr(dataset, key, bytes(6 * size - 1))
    with pytest.raises(ImageProblem, match=f"holds {6 * size - 1} of the {6 * size} bytes"):
        codecs._refuse_too_short(dataset, "a")


@pytest.mark.parametrize(
    ("stated", "coded", "shown", "syntaxes"),
    [
        (uid.ExplicitVRLittleEndian, False, None, [uid.ExplicitVRLittleEndian]),
        (None, False, None, [uid.ExplicitVRLittleEndian]),
        (uid.JPEG2000, False, None, [uid.ExplicitVRLittleEndian]),
        ("1.2.3", False, None, [uid.ExplicitVRLittleEndian]),
        (
            uid.ImplicitVRLittleEndian,
            False,
            None,
            [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian],
        ),
        (uid.JPEG2000, True, uid.JPEG2000, [uid.JPEG2000]),
        (uid.JPEG2000, True, uid.RLELossless, [uid.JPEG2000, uid.RLELossless]),
        (uid.ExplicitVRLittleEndian, True, uid.RLELossless, [uid.RLELossless]),
        (None, True, None, []),
        (uid.JPEG2000, True, None, [uid.JPEG2000]),
    ],
)
def test_the_header_is_believed_first_where_the_pixels_do_not_rule_it_out(
    monkeypatch, stated, coded, shown, syntaxes
):
    dataset = made(ramp(2, 3))
    monkeypatch.setattr(codecs, "_shown_syntax", lambda dataset: shown)
    monkeypatch.setattr(codecs, "_native_syntax", lambda dataset: uid.ExplicitVRLittleEndian)
    assert list(codecs._syntaxes(dataset, stated, coded)) == syntaxes


@pytest.mark.parametrize(
    ("encoding", "syntax"),
    [
        ((True, True), uid.ImplicitVRLittleEndian),
        ((False, True), uid.ExplicitVRLittleEndian),
        ((False, False), uid.ExplicitVRBigEndian),
        ((None, None), uid.ExplicitVRLittleEndian),
    ],
)
def test_plain_pixels_are_coded_as_the_header_is_written(encoding, syntax):
    class Written:
        original_encoding = encoding

    assert codecs._native_syntax(Written()) == syntax
    assert contrast.is_little_endian(Written()) is (encoding[1] is not False)


@pytest.mark.parametrize(
    ("code", "syntax"),
    [
        (b"\x00\x00\x00\x0cjP  \r\n", uid.JPEG2000),
        (b"\xff\x4f\xff\x51..\xff\x50..\xff\x90", uid.HTJ2K),
        (b"\xff\x4f\xff\x51....\xff\x90..\xff\x50", uid.JPEG2000),
        (b"\xff\x4f\xff\x51..\xff\x50", uid.JPEG2000),
        (b"\xff\xd8" + bytes([0xFF, 0xC0, 0, 17, 8, 0, 4, 0, 5, 1, 0, 0]), uid.JPEGBaseline8Bit),
        (b"\xff\xd8" + bytes([0xFF, 0xC1, 0, 17, 12, 0, 4, 0, 5, 1]), uid.JPEGExtended12Bit),
        (b"\xff\xd8" + bytes([0xFF, 0xC3, 0, 17, 12, 0, 4, 0, 5, 1]), uid.JPEGLosslessSV1),
        (b"\xff\xd8" + bytes([0xFF, 0xF7, 0, 17, 12, 0, 4, 0, 5, 1]), uid.JPEGLSLossless),
        (b"\xff\xd8" + bytes([0xFF, 0xC2, 0, 17, 12, 0, 4, 0, 5, 1]), None),
        (b"\xff\xd8\xff", None),
        (b"anything else", None),
    ],
)
def test_coded_pixels_are_known_by_how_they_begin(code, syntax):
    dataset = Dataset()
    dataset.PixelData = encapsulate([code + bytes(len(code) % 2)])
    assert codecs._shown_syntax(dataset) == syntax


def test_a_jpegs_frame_header_is_found_behind_other_segments():
    other = bytes([0xFF, 0xE0, 0, 4, 1, 2])
    head = bytes([0xFF, 0xC1, 0, 17, 12, 1, 4, 2, 5, 3])
    for code in (head, other + head, other * 3 + head + b"..."):
        found = codecs._jpeg_frame_header(b"\xff\xd8" + code)
        assert found == (0xC1, 12, 0x0104, 0x0205, 3)
    assert codecs._jpeg_frame_header(b"\xff\xd8" + other) is None


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ({"SamplesPerPixel": 3}, "12-bit JPEG is read as gray of 16 bits only"),
        ({"BitsAllocated": 8}, "12-bit JPEG is read as gray of 16 bits only"),
        ({"Rows": 3}, "the JPEG inside is of another size or kind than the header says"),
        ({"Columns": 4}, "the JPEG inside is of another size or kind than the header says"),
    ],
)
def test_deep_jpeg_is_read_as_the_header_has_it_or_not_at_all(elements, message):
    head = b"\xff\xd8" + bytes([0xFF, 0xC1, 0, 17, 12, 0, 2, 0, 3, 1])
    dataset = made(ramp(2, 3))
    dataset.PixelData = encapsulate([head])
    for name, value in elements.items():
        setattr(dataset, name, value)
    with pytest.raises(ValueError, match=f"^{message}$"):
        codecs._by_gdcm(dataset)


@pytest.mark.parametrize(
    ("said_of_it", "asked"),
    [
        ({}, (12, False)),
        ({"BitsStored": 10}, (10, False)),
        ({"PixelRepresentation": 1}, (12, True)),
        ({"BitsStored": 16}, (12, False)),
    ],
)
def test_deep_jpeg_is_decoded_frame_by_frame(monkeypatch, said_of_it, asked):
    head = b"\xff\xd8" + bytes([0xFF, 0xC1, 0, 17, 12, 0, 2, 0, 3, 1])
    dataset = made(ramp(2, 3), **{"BitsStored": 12, "NumberOfFrames": 2} | said_of_it)
    dataset.PixelData = encapsulate([head, head])
    calls = []

    def decode(codes, rows, columns, bits, *, signed):
        calls.append((codes, rows, columns, bits, signed))
        return np.array([-2, 3], "<i2").tobytes()

    monkeypatch.setattr(codecs.deep_jpeg, "decode", decode)
    found = codecs._by_gdcm(dataset)
    assert calls == [([head, head], 2, 3, *asked)]
    assert found.tolist() == ([-2, 3] if asked[1] else [65534, 3])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colors_become_luma_in_their_own_kind(dtype):
    colors = np.array([[[100, 200, 50], [1, 1, 1]]], dtype)
    found = codecs._luminance(colors)
    assert (found.tolist(), found.dtype) == ([[153, 1]], dtype)


@pytest.mark.parametrize(("said_of_it", "kept"), [(0, None), (-1, None), (1, 1), (2, 2)])
def test_a_number_of_frames_below_1_is_none(said_of_it, kept):
    dataset = made(ramp(2, 3), NumberOfFrames=said_of_it)
    codecs._complete(dataset, "a")
    assert dataset.get("NumberOfFrames") == kept


@pytest.mark.parametrize(
    ("stated", "coded", "tries", "why"),
    [
        (uid.JPEG2000, True, ("one", "two"), "(JPEG 2000 Image Compression: one)"),
        (uid.JPEG2000, True, (), "(JPEG 2000 Image Compression: no decoder knows it)"),
        (None, True, (), "(no transfer syntax: no decoder knows it)"),
        ("1.2.3", True, ("one",), "(an unknown transfer syntax: one)"),
        (uid.ExplicitVRLittleEndian, False, ("one",), "(Explicit VR Little Endian: one)"),
    ],
)
def test_the_first_of_several_reasons_is_told(tmp_path, monkeypatch, stated, coded, tries, why):
    dataset = made(ramp(2, 3))
    del dataset.file_meta
    if stated:
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = stated
    if coded:
        dataset.PixelData = codecs.ITEM + bytes(8)

    def breaks(dataset, syntax):
        raise ValueError(syntax)

    monkeypatch.setattr(codecs, "_syntaxes", lambda *said: iter(tries))
    monkeypatch.setattr(codecs, "_by_pydicom", breaks)
    with pytest.raises(ImageProblem) as problem:
        codecs._decoded(dataset, tmp_path / "a")
    advice = "copy it again, or export it uncompressed (Explicit VR Little Endian)"
    advice = advice if coded else "export it again from its source"
    assert str(problem.value) == f"a has pixels that cannot be decoded {why}: {advice}."


@pytest.mark.parametrize(
    ("syntax", "bits", "by"),
    [
        (uid.JPEGExtended12Bit, 12, "gdcm"),
        (uid.JPEGExtended12Bit, 9, "gdcm"),
        (uid.JPEGExtended12Bit, 8, "pydicom"),
        (uid.JPEG2000, 12, "pydicom"),
    ],
)
def test_each_way_of_coding_has_its_decoder(tmp_path, monkeypatch, syntax, bits, by):
    dataset = made(ramp(2, 3), BitsStored=bits)
    monkeypatch.setattr(codecs, "_syntaxes", lambda *said: iter([syntax]))
    monkeypatch.setattr(codecs, "_by_gdcm", lambda dataset: "gdcm")
    monkeypatch.setattr(codecs, "_by_pydicom", lambda dataset, syntax: "pydicom")
    assert codecs._decoded(dataset, tmp_path / "a") == by


def test_want_of_memory_is_no_fault_of_the_file(tmp_path, monkeypatch):
    def breaks(dataset, syntax):
        raise MemoryError

    monkeypatch.setattr(codecs, "_by_pydicom", breaks)
    with pytest.raises(MemoryError):
        codecs._decoded(made(ramp(2, 3)), tmp_path / "a")
