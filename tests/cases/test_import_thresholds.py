"""What importers leave out, keep apart and take for granted, at the edge of each rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cases.imaging import Source, Window
from cases.importers.base import DatasetInfo
from cases.importers.child import recipe_of
from cases.importers.masks import outlines
from cases.models import Dataset
from tests.cases import formats
from tests.cases.sources import read

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("rows", "columns", "kept"), [(3, 5, False), (1, 15, False), (4, 4, True), (1, 17, True)]
)
def test_a_speck_of_fewer_than_sixteen_pixels_beside_something_is_left_out(rows, columns, kept):
    mask = np.zeros((40, 60), dtype=bool)
    mask[2 : 2 + rows, 2 : 2 + columns] = True
    assert len(outlines(mask)) == 1  # alone it is all there is
    mask[20:35, 20:50] = True
    assert len(outlines(mask)) == 1 + kept


def test_whatever_changes_a_rendition_is_in_its_recipe():
    plain = Source((Path("a.dcm"),))
    others = [
        plain,
        replace(plain, value_offset=0.0),
        replace(plain, value_offset=-1024.0),
        replace(plain, window=Window(40, 400)),
        replace(plain, window=Window(40, 350)),
        replace(plain, window=Window(50, 400)),
        replace(plain, max_error=1),
        replace(plain, max_error=2),
        replace(plain, value_offset=0.0, window=Window(40, 400), max_error=1),
    ]
    assert len({recipe_of(one) for one in others}) == len(others)
    assert recipe_of(replace(plain, paths=(Path("b.dcm"),), view="PA")) == recipe_of(plain)


def test_a_data_set_that_says_nothing_of_access_is_for_those_who_registered():
    assert DatasetInfo("films", "Films").access == Dataset.Access.REGISTERED


@pytest.mark.parametrize(("said", "split"), [("val", "val"), ("test", "test"), ("all", "")])
def test_the_split_of_chexlocalize_is_in_the_name_of_its_table(tmp_path, said, split):
    folder = formats.chexlocalize(tmp_path)
    folder.joinpath("gt_annotations_val.json").rename(folder / f"gt_annotations_{said}.json")
    cases, _ = read("chexlocalize", folder)
    assert cases["patient1/study1"].split == split
