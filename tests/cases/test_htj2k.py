"""Renditions as HTJ2K: exact, coarse from their beginning, and telling when they are damaged."""

from __future__ import annotations

import imagecodecs
import numpy as np
import pytest

from cases.imaging import htj2k

pytestmark = pytest.mark.pure


def noise(rows=300, columns=200, top=4095, seed=1):
    kind = np.uint8 if top <= 255 else np.uint16
    return np.random.default_rng(seed).integers(0, top, (rows, columns), endpoint=True).astype(kind)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 5), (64, 64), (511, 129)])
@pytest.mark.parametrize("top", [1, 255, 4095, 65535])
def test_every_value_comes_back(size, top):
    frame = noise(*size, top=top)
    back = htj2k.decode(htj2k.encode(frame))
    assert back.dtype == frame.dtype
    assert np.array_equal(back, frame)


def test_frames_that_lie_otherwise_in_memory_are_encoded_too():
    frame = noise().T[::-1]
    assert np.array_equal(htj2k.decode(htj2k.encode(frame)), frame)


@pytest.mark.parametrize("bound", [4, 20])
def test_a_bound_is_kept_and_makes_the_file_smaller(bound):
    smooth = np.add.outer(np.arange(300), np.arange(200)) * 4
    frame = (smooth + noise(top=255) // 16).astype(np.uint16)
    file = htj2k.encode(frame, bound)
    off = np.abs(htj2k.decode(file).astype(int) - frame).max()
    assert 0 < off <= bound
    assert len(file) < len(htj2k.encode(frame))


def test_a_bound_never_makes_a_file_larger():
    exact = htj2k.encode(noise())
    assert all(len(htj2k.encode(noise(), bound)) <= len(exact) for bound in (1, 2, 9))


def test_a_bound_is_counted_in_4095ths_of_the_range():
    assert [htj2k.max_error_for(4, top) for top in (4095, 8191, 65535, 255)] == [4, 8, 64, 0]


def test_the_beginning_is_the_whole_picture_made_coarser():
    ramp = np.add.outer(np.arange(256), np.arange(320)).astype(np.uint16) * 5
    file = htj2k.encode(ramp)
    needed = htj2k.lengths(file)
    assert len(needed) == htj2k.DECOMPOSITIONS + 1
    assert needed == sorted(needed)
    assert needed[-1] == len(file) - 2  # EOC
    coarse = imagecodecs.htj2k_decode(file[: needed[3]], skipres=2, resilient=True)
    assert coarse.shape == (64, 80)
    assert np.abs(coarse.astype(int) - ramp[::4, ::4])[2:-2, 2:-2].max() <= 5


@pytest.mark.parametrize("place", [0, 5, 50, 0.3, 0.9, -3])
def test_a_changed_bit_is_found(place):
    file = bytearray(htj2k.encode(noise()))
    file[int(place * len(file)) if isinstance(place, float) else place] ^= 1
    with pytest.raises(htj2k.Damaged):
        htj2k.decode(bytes(file))


@pytest.mark.parametrize("kept", [0, 1, 3, 30, 100, -1])
def test_a_file_that_is_cut_off_is_found(kept):
    with pytest.raises(htj2k.Damaged):
        htj2k.decode(htj2k.encode(noise())[:kept])


def test_a_codestream_of_somebody_else_is_refused():
    with pytest.raises(htj2k.Damaged):
        htj2k.decode(imagecodecs.htj2k_encode(noise(), reversible=True))


def test_a_file_says_nothing_but_what_its_pixels_are():
    file = htj2k.encode(noise(top=0) + np.uint8(7))
    assert b"OpenJPH" not in file
    assert file == htj2k.encode(noise(top=0) + np.uint8(7))
