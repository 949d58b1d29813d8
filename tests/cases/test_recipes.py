"""The recipes of public sets say what the index has, and the desk lists them."""

from __future__ import annotations

import io
from dataclasses import replace

import pydicom
import pytest
from django.core.management import call_command
from django.utils.html import escape

from cases.fetching import idc
from cases.fetching.anatomy import ready_to_simulate
from cases.fetching.recipes import SIMULATOR, recipes
from cases.importers import importers
from tests.cases.test_dicom_segments import ct as slices
from tests.cases.test_dicom_segments import segmentation

pytestmark = pytest.mark.any_database

pytest.importorskip("idc_index_data", reason="needs `make install-data`")
pytest.importorskip("duckdb", reason="needs `make install-data`")


def test_every_recipe_says_what_it_teaches_and_is_read_by_an_importer():
    for recipe in recipes().values():
        assert recipe.title and recipe.teaches and recipe.attribution and recipe.url
        assert recipe.format in {*importers(), SIMULATOR}
        assert recipe.files or idc.chosen(recipe, 1), recipe.name
        assert recipe.licence


@pytest.mark.parametrize("name", [one.name for one in recipes().values() if one.collection])
def test_a_recipe_says_the_license_and_size_that_the_index_has(name):
    recipe = recipes()[name]
    everything = replace(recipe, by_study=False, usual=None)
    series = idc.chosen(everything)
    assert recipe.series == pytest.approx(
        sum(one.modality in recipe.modalities for one in series), rel=0.01
    )
    if recipe.gigabytes:
        size = sum(one.size for one in series) / 1e9
        assert recipe.gigabytes == pytest.approx(size, rel=0.03)
    assert recipe.licence == ", ".join(sorted({one.licence for one in series}))


def test_anatomy_is_taken_by_whole_studies_with_their_segmentations():
    recipe = recipes()["nlst-anatomy"]
    series = idc.chosen(recipe, 2, seed=3)
    assert series == idc.chosen(recipe, 2, seed=3) != idc.chosen(recipe, 2, seed=4)
    studies = {one.study for one in series}
    assert len(studies) == 2
    assert {one.modality for one in series} == {"CT", "SEG"}
    for study in studies:
        assert {one.modality for one in series if one.study == study} == {"CT", "SEG"}
    assert len({one.study for one in idc.chosen(recipe)}) == recipe.usual


def test_each_ct_is_told_with_the_organs_that_are_of_it(tmp_path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "seg").mkdir()
    uids = slices(tmp_path / "a b")
    segmentation(tmp_path / "seg" / "organs.dcm", uids, (10, 10, 20, 20), "Organs")
    organs = pydicom.dcmread(tmp_path / "seg" / "organs.dcm")
    organs.ReferencedSeriesSequence = [pydicom.Dataset()]
    first = next((tmp_path / "a b").iterdir())
    uid = pydicom.dcmread(first).SeriesInstanceUID
    organs.ReferencedSeriesSequence[0].SeriesInstanceUID = uid
    organs.save_as(tmp_path / "seg" / "organs.dcm")
    lines = list(ready_to_simulate(tmp_path))
    ct, labels = f"'{tmp_path / 'a b'}'", tmp_path / "seg" / "organs.dcm"
    assert lines == [f"python manage.py simulate_cases --ct {ct} --labels {labels}"]
    for file in (tmp_path / "a b").iterdir():
        file.unlink()
    assert list(ready_to_simulate(tmp_path)) == [
        "Segmentations of series that were not fetched: 1.",
        "No CT was fetched with its organs: fetch again with another --seed.",
    ]


@pytest.mark.django_db
def test_the_desk_lists_what_can_be_fetched_with_terms_size_and_command(curator, client_of):
    page = client_of(curator).get("/cases/recipes/").content.decode()
    for recipe in recipes().values():
        for said in (recipe.title, recipe.teaches, recipe.attribution, recipe.size, recipe.licence):
            assert escape(said) in page, (recipe.name, said)
        assert f"<code>{recipe.command}</code>" in page


def test_the_command_lists_them_with_their_terms_and_sizes():
    out = io.StringIO()
    call_command("fetch_cases", "--list", stdout=out)
    for recipe in recipes().values():
        for said in (f"{recipe.name}: ", f"{recipe.licence}; {recipe.size}"):
            assert said in out.getvalue()
