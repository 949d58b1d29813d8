"""Masks as run lengths, and their outlines: at the first and the last pixel, and one beyond."""

from __future__ import annotations

import numpy as np
import pytest

from cases.importers import masks
from cases.importers.masks import from_coco_counts, from_relative_runs, from_rows, outlines

pytestmark = pytest.mark.pure

ROWS, COLUMNS = 3, 4


def pixels(mask):
    """What is on, as row and column."""
    assert mask.shape == (ROWS, COLUMNS)
    return [(int(row), int(column)) for row, column in np.argwhere(mask)]


@pytest.mark.parametrize(
    ("runs", "on"),
    [
        ("0 1", [(0, 0)]),
        ("2 2", [(0, 1), (2, 0)]),
        ("11 1", [(2, 3)]),
        ("0 12", [(row, column) for row in range(3) for column in range(4)]),
        ("0 1 9 2", [(0, 0), (1, 3), (2, 3)]),
        ("1 1 0 1", [(1, 0), (2, 0)]),
        ("0 0", []),
        ("12 0", []),
    ],
)
def test_gaps_and_lengths_go_down_the_columns(runs, on):
    assert pixels(from_relative_runs(runs, ROWS, COLUMNS)) == on


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        ("11 2", "has more pixels than the image"),
        ("0 13", "has more pixels than the image"),
        ("13 0", "has more pixels than the image"),
        ("9223372036854775807 9223372036854775807 9 9", "has more pixels than the image"),
        ("0 1 9", "is not a list of pairs from 0 up"),
        ("", "is not a list of pairs from 0 up"),
        ("-1 2", "is not a list of pairs from 0 up"),
        ("1 -1", "is not a list of pairs from 0 up"),
        ("0 1.0", "is not a list of whole numbers"),
        (f"0 {10**30}", "is not a list of whole numbers"),
    ],
)
def test_gaps_and_lengths_that_cannot_be_are_refused(runs, sentence):
    with pytest.raises(ValueError, match=rf"^{sentence}$"):
        from_relative_runs(runs, ROWS, COLUMNS)


@pytest.mark.parametrize(
    ("counts", "on"),
    [
        ([0, 1, 11], [(0, 0)]),
        ([11, 1], [(2, 3)]),
        ([11], []),
        ([12], []),
        ([], []),
        ([0, 12], [(row, column) for row in range(3) for column in range(4)]),
        ([2, 2], [(0, 1), (2, 0)]),
        ([2, 1, 8, 1], [(2, 0), (2, 3)]),
        ([1, 1, 0, 1, 9], [(1, 0), (2, 0)]),
    ],
)
def test_counts_of_coco_end_at_the_last_pixel_or_before(counts, on):
    assert pixels(from_coco_counts(counts, ROWS, COLUMNS)) == on


@pytest.mark.parametrize("counts", [[13], [0, 13], [11, 1, 1], [12, 0, 1], [0, 10**30]])
def test_counts_of_coco_beyond_the_last_pixel_are_refused(counts):
    with pytest.raises(ValueError, match=r"^has more pixels than the image$"):
        from_coco_counts(counts, ROWS, COLUMNS)


@pytest.mark.parametrize("counts", [[1, True], [1, 1.0], [1, -1], [1, "1"], [None, 1]])
def test_counts_of_coco_are_whole_numbers_from_0_up(counts):
    with pytest.raises(ValueError, match=r"^is not a list of whole numbers from 0 up$"):
        from_coco_counts(counts, ROWS, COLUMNS)


def lettered(numbers):
    """As the COCO API writes numbers in letters (`rleToString`)."""
    text = ""
    for at, number in enumerate(numbers):
        left = number - numbers[at - 2] if at > 2 else number
        more = True
        while more:
            bits = left & 0x1F
            left >>= 5
            more = left != (-1 if bits & 0x10 else 0)
            text += chr((bits | 0x20 if more else bits) + 48)
    return text


@pytest.mark.parametrize(
    "numbers",
    [
        *([0], [15], [16], [31], [32], [1023], [1024]),
        [0, 5, 7, 3, 9, 1, 30],
        [100, 20, 3000, 40, 50_000, 16, 2, 40_000, 1],
        [1, 2, 3, 4],
    ],
)
def test_letters_of_coco_say_the_same_as_numbers(numbers):
    rows, columns = 500, 500
    said = from_coco_counts(lettered(numbers), rows, columns)
    assert (said == from_coco_counts(numbers, rows, columns)).all()


def test_a_number_in_letters_may_have_sixty_bits_and_no_more():
    long = "P" * 11  # 0 of eleven times five bits, and more to come
    assert not from_coco_counts(long + "0", ROWS, COLUMNS).any()
    with pytest.raises(ValueError, match=r"^holds a number that is far too large$"):
        from_coco_counts("P" * 12 + "0", ROWS, COLUMNS)


@pytest.mark.parametrize("letter", ["/", "p", " ", "é"])
def test_letters_that_are_none_of_cocos_are_refused(letter):
    with pytest.raises(ValueError, match=r"^holds a letter that is none of COCO's$"):
        from_coco_counts(f"1{letter}", ROWS, COLUMNS)


@pytest.mark.parametrize("text", ["Q", "1o", "P"])
def test_letters_that_end_amid_a_number_are_refused(text):
    with pytest.raises(ValueError, match=r"^ends amid a number$"):
        from_coco_counts(text, ROWS, COLUMNS)


def test_rows_go_along_the_lines():
    assert pixels(from_rows([2, 3, 6, 1], ROWS, COLUMNS)) == [(0, 2), (0, 3), (1, 0), (2, 3)]
    with pytest.raises(ValueError, match="more pixels"):
        from_rows([12, 1], ROWS, COLUMNS)


def test_an_image_may_have_as_many_pixels_as_a_mask_is_made_of(monkeypatch):
    monkeypatch.setattr(masks, "LARGEST", ROWS * COLUMNS)
    assert pixels(from_coco_counts([0, 1], ROWS, COLUMNS)) == [(0, 0)]
    for rows, columns in ((ROWS + 1, COLUMNS), (ROWS, COLUMNS + 1), (13, 1)):
        with pytest.raises(ValueError, match=r"^is of an image that is far too large$"):
            from_coco_counts([0, 1], rows, columns)


def drawn(*lines):
    return np.array([[letter == "#" for letter in line] for line in lines])


@pytest.mark.parametrize(
    ("lines", "corners"),
    [
        (("#",), [(0, 0), (1, 0), (1, 1), (0, 1)]),
        (("..", ".#"), [(1, 1), (2, 1), (2, 2), (1, 2)]),
        (("##", "##"), [(0, 0), (2, 0), (2, 2), (0, 2)]),
        (("#.", "##"), [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2), (0, 2)]),
        ((".#", "##"), [(1, 0), (2, 0), (2, 2), (0, 2), (0, 1), (1, 1)]),
        (("##", "#."), [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]),
        (("##", ".#"), [(0, 0), (2, 0), (2, 2), (1, 2), (1, 1), (0, 1)]),
        (("###", "#.#", "###"), [(0, 0), (3, 0), (3, 3), (0, 3)]),
    ],
)
def test_an_outline_turns_at_the_corners_of_pixels(lines, corners):
    assert outlines(drawn(*lines)) == [tuple(corners)]


def test_a_hole_that_opens_at_a_corner_stays_outside():
    [corners] = outlines(drawn("##.", "#.#", "###"))
    assert corners == (
        *((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (2, 2)),
        *((2, 1), (3, 1), (3, 3), (0, 3)),
    )


def test_each_part_is_where_it_lies():
    mask = np.zeros((20, 30), bool)
    mask[1:5, 2:8] = mask[10:19, 20:30] = True
    assert outlines(mask) == [
        ((2, 1), (8, 1), (8, 5), (2, 5)),
        ((20, 10), (30, 10), (30, 19), (20, 19)),
    ]


def test_nothing_has_no_outline():
    assert outlines(np.zeros((4, 4), bool)) == []


def test_as_many_edges_are_followed_as_may_be(monkeypatch):
    mask = np.zeros((6, 8), bool)
    mask[1:5, 1:7] = True  # 6 edges above and below, 4 at either side
    monkeypatch.setattr(masks, "MOST_EDGES", 20)
    assert len(outlines(mask)) == 1
    monkeypatch.setattr(masks, "MOST_EDGES", 19)
    with pytest.raises(ValueError, match=r"^is of far too many small parts$"):
        outlines(mask)
