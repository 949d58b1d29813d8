"""PNG, JPEG, TIFF and JPEG 2000 keep their precision, their polarity and the right way up."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import openjpeg
import pytest
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from cases.imaging import ImageProblem, decode_file, decode_files, raster
from tests.cases.files import ramp, write_png

pytestmark = pytest.mark.pure

PHOTOMETRIC, PLANAR, STRIPS, BITS = 262, 284, 273, 258


def png_of_16_bits(
    path: Path, samples: NDArray[np.uint16], color_type: int, *, filters: str = "01234", **chunks
) -> Path:
    """A PNG of 16-bit samples, shape ``(rows, columns, samples)``, with every filter in use."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        whole = struct.pack(">I", len(body)) + kind + body
        return whole + struct.pack(">I", zlib.crc32(kind + body))

    rows, columns, count = samples.shape
    raw, before = b"", np.zeros(columns * count * 2, np.uint8)
    for row, line in enumerate(samples):
        plain = np.frombuffer(line.astype(">u2").tobytes(), np.uint8)
        kind = int(filters[row % len(filters)])
        left = np.concatenate([np.zeros(count * 2, np.uint8), plain[: -count * 2]])
        corner = np.concatenate([np.zeros(count * 2, np.uint8), before[: -count * 2]])
        guess = (0 * left, left, before, mean(left, before), paeth(left, before, corner))[kind]
        raw += bytes([kind]) + (plain - guess).astype(np.uint8).tobytes()
        before = plain
    header = struct.pack(">IIBBBBB", columns, rows, 16, color_type, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    for kind, body in chunks.items():
        content += chunk(kind.encode(), body)
    path.write_bytes(content + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))
    return path


def mean(left, above):
    return ((left.astype(int) + above) // 2).astype(np.uint8)


def paeth(left, above, corner):
    a, b, c = (one.astype(int) for one in (left, above, corner))
    to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    best = np.where(to_b <= to_c, b, c)
    return np.where((to_a <= to_b) & (to_a <= to_c), a, best).astype(np.uint8)


def gray_in_color(count: int) -> NDArray[np.uint16]:
    """A gray wedge of 16 bits as colors of equal parts; opaque where there is an alpha."""
    samples = np.repeat(wedge()[..., np.newaxis], count, axis=2)
    if count in (2, 4):
        samples[..., -1] = 65535
    return samples


def gray_of_bytes(count: int) -> NDArray[np.uint8]:
    """A gray ramp of 8 bits as colors of equal parts."""
    return np.repeat((ramp(top=255).astype(np.uint8))[..., np.newaxis], count, axis=2)


def wedge() -> NDArray[np.uint16]:
    return np.arange(40 * 33, dtype=np.uint16).reshape(40, 33) * 97 + 5


# 16 bits a sample


@pytest.mark.parametrize(("color_type", "count"), [(4, 2), (2, 3), (6, 4)])
def test_a_png_of_16_bit_colors_keeps_every_gray(tmp_path, color_type, count):
    path = png_of_16_bits(tmp_path / "a.png", gray_in_color(count), color_type)
    assert np.array_equal(decode_file(path).frames[0], wedge())


def test_16_bit_colors_become_luma(tmp_path):
    colors = np.zeros((4, 5, 3), np.uint16) + np.array([60000, 1000, 30000], np.uint16)
    path = png_of_16_bits(tmp_path / "a.png", colors, 2)
    expected = 0.299 * 60000 + 0.587 * 1000 + 0.114 * 30000
    assert np.abs(decode_file(path).frames - expected).max() <= 0.5


@pytest.mark.parametrize(("color_type", "count"), [(4, 2), (6, 4)])
def test_see_through_16_bit_pixels_are_black(tmp_path, color_type, count):
    samples = gray_in_color(count)
    samples[:5, :, -1] = 0
    frame = decode_file(png_of_16_bits(tmp_path / "a.png", samples, color_type)).frames[0]
    assert not frame[:5].any()
    assert np.array_equal(frame[5:], wedge()[5:])


def test_the_one_color_that_a_png_calls_see_through_is_black(tmp_path):
    samples = gray_in_color(3)
    samples[0] = (1, 2, 3)
    key = struct.pack(">HHH", 1, 2, 3)
    frame = decode_file(png_of_16_bits(tmp_path / "a.png", samples, 2, tRNS=key)).frames[0]
    assert not frame[0].any()
    assert np.array_equal(frame[1:], wedge()[1:])


def write_tiff(path: Path, samples: NDArray[Any], *, order: str = "<", **tags) -> Path:
    """An uncompressed TIFF of RGB, in either byte order: in one strip, or one for each color."""
    rows, columns, count = samples.shape
    head = b"II*\0" if order == "<" else b"MM\0*"
    directory = TiffImagePlugin.ImageFileDirectory_v2(head + bytes(4))
    bits = (samples.itemsize * 8,) * count
    values = {256: columns, 257: rows, BITS: bits, 259: 1, PHOTOMETRIC: 2, STRIPS: (0,)}
    values |= {277: count, 278: rows, 279: (samples.nbytes,), PLANAR: 1} | tags.get("tags", {})
    if values[PLANAR] == 2:
        samples = np.moveaxis(samples, -1, 0)
        size = samples[0].nbytes
        values |= {STRIPS: tuple(size * n for n in range(count)), 279: (size,) * count}
    for tag, value in values.items():
        directory[tag] = value
    # Pillow counts the strip's offset from the end of the directory.
    written = head + struct.pack(order + "I", 8) + directory.tobytes(8)
    path.write_bytes(written + samples.astype(samples.dtype.newbyteorder(order)).tobytes())
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_16_bit_colors_keeps_every_gray(tmp_path, order):
    path = write_tiff(tmp_path / "a.tif", gray_in_color(3), order=order)
    assert np.array_equal(decode_file(path).frames[0], wedge())


def test_a_tiff_with_its_deep_colors_apart_is_refused_in_words(tmp_path):
    path = write_tiff(tmp_path / "a.tif", gray_in_color(3), tags={PLANAR: 2})
    with pytest.raises(ImageProblem, match=r"^a\.tif is a TIFF .* one after the other: export"):
        decode_file(path)


@pytest.mark.parametrize("planar", [1, 2])
def test_a_tiff_of_deep_colors_of_print_is_refused_in_words(tmp_path, planar):
    samples = np.concatenate([gray_in_color(3), wedge()[..., np.newaxis]], axis=-1)
    path = write_tiff(tmp_path / "a.tif", samples, tags={PHOTOMETRIC: 5, PLANAR: planar})
    with pytest.raises(ImageProblem, match=r"^a\.tif is a TIFF .* of print \(CMYK\): export it"):
        decode_file(path)


def test_gray_with_its_transparency_stored_apart_is_refused_in_words(tmp_path):
    tags = {PHOTOMETRIC: 1, PLANAR: 2, 338: 2}
    path = write_tiff(tmp_path / "a.tif", gray_of_bytes(2), tags=tags)
    with pytest.raises(ImageProblem, match=r"^a\.tif is a TIFF .* one after the other: export"):
        decode_file(path)


@pytest.mark.parametrize("planar", [1, 2])
def test_plain_colors_of_a_tiff_become_gray_together_or_apart(tmp_path, planar):
    samples = gray_of_bytes(3)
    path = write_tiff(tmp_path / "a.tif", samples, tags={PLANAR: planar})
    assert np.array_equal(decode_file(path).frames[0], samples[..., 0])


@pytest.mark.parametrize("suffix", ["tif", "jpg"])
def test_the_colors_of_print_become_gray(tmp_path, suffix):
    black = 255 - gray_of_bytes(1)[..., 0]
    none = np.zeros_like(black)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(np.stack([none, none, none, black], -1), "CMYK").save(path, quality=100)
    shown = decode_file(path).frames[0].astype(int)
    assert abs(shown - (255 - black.astype(int))).max() <= 1


def test_a_jpeg_2000_of_16_bit_colors_keeps_every_gray(tmp_path):
    path = tmp_path / "a.j2k"
    path.write_bytes(openjpeg.utils.encode_array(gray_in_color(3), photometric_interpretation=1))
    assert np.array_equal(decode_file(path).frames[0], wedge())


def test_a_kind_of_tiff_that_nothing_reads_is_not_called_cut_off(tmp_path):
    path = write_tiff(tmp_path / "a.tif", gray_in_color(3), tags={PHOTOMETRIC: 9})
    with pytest.raises(ImageProblem, match=r"^a\.tif has a damaged header, or is of a rare kind"):
        decode_file(path)


def test_two_photographs_in_one_jpeg_are_read_as_the_first(tmp_path):
    path = tmp_path / "a.jpg"
    first, second = (Image.fromarray(np.full((32, 32), level, np.uint8)) for level in (90, 9))
    first.save(path, "MPO", save_all=True, append_images=[second])
    assert np.abs(decode_file(path).frames.astype(int) - 90).max() <= 1


# Which value is white


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tiff_where_0_is_white_is_turned(tmp_path, kind):
    values = ramp(top=255 if kind == np.uint8 else 4095).astype(kind)
    path = tmp_path / "a.tif"
    Image.fromarray(values).save(path, tiffinfo={PHOTOMETRIC: 0})
    with Image.open(path) as image:
        assert image.tag_v2[PHOTOMETRIC] == 0
    top = int(values.max())
    stored = decode_file(path).frames[0]
    # Pillow writes 8 bits turned around itself, so that the picture is the same.
    assert np.array_equal(stored, values if kind == np.uint8 else top - values)


def test_a_stack_of_tiffs_where_0_is_white_is_turned_as_one(tmp_path):
    paths = []
    for top in (4095, 60000):
        paths.append(tmp_path / f"{top}.tif")
        Image.fromarray(ramp(top=top)).save(paths[-1], tiffinfo={PHOTOMETRIC: 0})
    decoded = decode_files(paths)
    for top, frame in zip((4095, 60000), decoded.frames, strict=True):
        assert np.array_equal(frame, 65535 - ramp(top=top))


# The right way up


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_once_as_its_orientation_says(tmp_path, suffix, orientation):
    corner = np.zeros((32, 64), np.uint8)
    corner[:16, :16] = 255  # top left as stored
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(corner).save(path, exif=exif)
    frame = decode_file(path).frames[0]
    assert frame.shape == ((32, 64) if orientation < 5 else (64, 32))
    bright = {
        (0, 0): (1, 5),
        (0, -1): (2, 6),
        (-1, -1): (3, 7),
        (-1, 0): (4, 8),
    }
    for (row, column), orientations in bright.items():
        assert (frame[row, column] > 128) == (orientation in orientations)


def test_deep_colors_are_turned_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    block = exif.tobytes().removeprefix(b"Exif\x00\x00")
    path = png_of_16_bits(tmp_path / "a.png", gray_in_color(3), 2, eXIf=block)
    assert np.array_equal(decode_file(path).frames[0], np.rot90(wedge(), -1))


def test_a_16_bit_gray_png_is_turned_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 8
    path = write_png(tmp_path / "a.png", wedge(), exif=exif)
    assert np.array_equal(decode_file(path).frames[0], np.rot90(wedge()))


def test_a_tiff_of_16_bits_with_the_high_byte_first_gets_its_precision_back(tmp_path):
    small = np.arange(256, dtype=np.uint16).reshape(16, 16)
    path = tmp_path / "high_byte_first.tif"
    Image.frombytes("I;16B", (16, 16), (small * 257).astype(">u2").tobytes()).save(path)
    assert path.read_bytes().startswith(b"MM\x00*")
    values = raster.read(path).values
    assert values.dtype == np.uint16
    assert (values[0] == small).all()
