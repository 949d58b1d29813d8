"""Fetching real films: from a server on this machine, in the layout of the real buckets."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from django.core.management import CommandError, call_command

from cases.fetching import archives, idc
from cases.fetching import download as downloading
from cases.fetching.archives import unpack
from cases.fetching.download import FetchProblem, Remote, download, new_client
from cases.fetching.recipes import recipes
from cases.models import Case, Dataset
from tests.cases import formats
from tests.cases.bucket import serving
from tests.cases.files import ramp, write_dicom, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import nih
from tests.cases.test_dicom_segments import ct as slices
from tests.cases.test_dicom_segments import segmentation

pytestmark = pytest.mark.any_database

pytest.importorskip("idc_index_data", reason="needs `make install-data`")
pytest.importorskip("duckdb", reason="needs `make install-data`")


@pytest.fixture
def bucket(monkeypatch, settings, tmp_path):
    monkeypatch.setattr(downloading, "FIRST_PAUSE", 0)
    settings.DATA_DIR = tmp_path / "data"
    with serving() as bucket:
        settings.DATA_MIRROR = bucket.address
        yield bucket


def stocked(bucket, series, folder, **elements):
    """The objects of these series, as many as the index says."""
    paths = []
    for one in series:
        for number in range(one.instances):
            values = ramp() // (number + 1)
            file = write_dicom(
                folder / "one.dcm",
                values,
                StudyInstanceUID=one.study,
                SeriesInstanceUID=one.uid,
                Modality=one.modality,
                **elements,
            )
            path = f"/{one.bucket}/{one.uuid}/{number:04d}.dcm"
            bucket.objects[path] = file.read_bytes()
            paths.append(path)
    return paths


def fetch(*arguments):
    out = io.StringIO()
    call_command("fetch_cases", *arguments, stdout=out)
    return out.getvalue()


def test_the_index_chooses_the_same_for_a_seed_and_others_for_another():
    recipe = recipes()["lidc-cxr"]
    assert len(idc.chosen(recipe)) == 290
    first = [one.uid for one in idc.chosen(recipe, 5, 1)]
    assert first == [one.uid for one in idc.chosen(recipe, 5, 1)]
    assert first != [one.uid for one in idc.chosen(recipe, 5, 2)]
    assert {one.modality for one in idc.chosen(recipe)} == {"CR", "DX"}


def test_the_ct_of_the_same_persons_comes_along_with_its_readers_where_it_is_asked_for():
    recipe = recipes()["lidc-cxr"]
    films = idc.chosen(recipe, 2, 1)
    series = idc.chosen(recipe, 2, 1, beside=True)
    assert series[:2] == films
    others = series[2:]
    assert {one.modality for one in others} == {"CT", "SEG", "SR"}
    assert {one.patient for one in others} == {one.patient for one in films}
    studies = {one.study for one in others if one.modality == "CT"}
    assert {one.study for one in others} == studies


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["nih", "covid-ar-cxr"])
def test_a_recipe_that_takes_nothing_along_says_so(bucket, name):
    with pytest.raises(CommandError, match="leave --beside"):
        fetch(name, "--count=1", "--yes", "--beside")


def test_segmentations_come_with_the_ct_of_their_study():
    ct, *truth = idc.chosen(recipes()["lidc-ct"], 1)
    assert (ct.patient, ct.modality) == ("LIDC-IDRI-0001", "CT")
    assert sorted(one.modality for one in truth) == ["SEG"] * 4 + ["SR"] * 4
    assert {one.study for one in truth} == {ct.study}


@pytest.mark.parametrize(
    ("name", "modality", "truth"),
    [
        ("nlst-nodules", "CT", {"SEG", "SR"}),
        ("kidney-ct", "CT", {"SEG"}),
        ("pancreas-ct", "CT", {"SEG"}),
        ("prostate-mr", "MR", {"SR"}),
    ],
)
def test_a_recipe_with_a_truth_takes_studies_that_have_one(name, modality, truth):
    series = idc.chosen(recipes()[name], 3, 1)
    images = [one for one in series if one.modality == modality]
    assert len(images) == 3
    assert {one.modality for one in series} == {modality} | truth
    assert {one.study for one in images} == {one.study for one in series}
    assert all(one.licence.startswith("CC BY ") and "NC" not in one.licence for one in series)


@pytest.mark.django_db
def test_a_ct_is_fetched_with_its_segmentation_and_imported(bucket, tmp_path):
    series = idc.chosen(recipes()["pancreas-ct"], 1)
    (ct,) = (one for one in series if one.modality == "CT")
    (seg,) = (one for one in series if one.modality == "SEG")
    uids = slices(tmp_path)
    stock = {ct: sorted(tmp_path.glob("ct*.dcm"))}
    segmentation(tmp_path / "seg.dcm", uids, (10, 10, 20, 20), meaning="Pancreas")
    stock[seg] = [tmp_path / "seg.dcm"]
    for one, files in stock.items():
        for number in range(one.instances):
            dataset = pydicom.dcmread(files[number % len(files)])
            dataset.StudyInstanceUID = one.study
            dataset.SeriesInstanceUID = one.uid
            stream = io.BytesIO()
            dataset.save_as(stream)
            bucket.objects[f"/{one.bucket}/{one.uuid}/{number:04d}.dcm"] = stream.getvalue()
    output = fetch("pancreas-ct", "--count=1", "--yes")
    case = Case.objects.get()
    assert case.dataset.licence.startswith("CC BY ")
    assert (case.status, case.images.get().frames) == ("review", 3)
    assert [one["label"] for one in case.unmapped] == ["Pancreas"]
    assert "Labels that the taxonomy has not: Pancreas (1)" in output


@pytest.mark.django_db
def test_films_are_fetched_told_of_and_imported_as_drafts(bucket, tmp_path):
    series = idc.chosen(recipes()["lidc-cxr"], 2)
    paths = stocked(bucket, series, tmp_path)
    output = fetch("lidc-cxr", "--count=2", "--yes")
    assert "License: CC BY 3.0. 2 series" in output
    assert "Armato" in output
    assert Dataset.objects.get().attribution.startswith("Armato")
    assert {case.status for case in Case.objects.all()} == {"draft"}
    assert sum(case.images.count() for case in Case.objects.all()) == len(paths)
    again = fetch("lidc-cxr", "--count=2", "--yes")
    assert table_row(again, "unchanged") == Case.objects.count()
    assert set(bucket.asked.values()) == {1}


@pytest.mark.django_db
def test_what_a_server_refuses_is_told_and_the_rest_goes_in(bucket, tmp_path):
    series = idc.chosen(recipes()["lidc-cxr"], 3)
    paths = stocked(bucket, series, tmp_path)
    bucket.faults[paths[0]] = ["403"]
    with pytest.raises(CommandError, match="1 files are missing: fetch again"):
        fetch("lidc-cxr", "--count=3", "--yes")
    assert bucket.asked[paths[0]] == 1
    before = sum(case.images.count() for case in Case.objects.all())
    assert before == len(paths) - 1
    fetch("lidc-cxr", "--count=3", "--yes")
    assert sum(case.images.count() for case in Case.objects.all()) == len(paths)


def test_nothing_is_fetched_where_nobody_can_be_asked(bucket):
    with pytest.raises(CommandError, match="--yes"):
        fetch("lidc-cxr", "--count=1")
    with pytest.raises(CommandError, match="There is no recipe other; there are lidc-ct"):
        fetch("other")
    assert not bucket.asked


def test_a_bucket_that_lists_another_number_than_the_index_is_told(bucket, tmp_path):
    (series,) = idc.chosen(recipes()["lidc-cxr"], 1)
    with new_client() as client, pytest.raises(FetchProblem, match="lists 0 files"):
        idc.files_of(client, series, bucket.address)
    stocked(bucket, [series], tmp_path)
    with new_client() as client:
        assert len(idc.files_of(client, series, bucket.address)) == series.instances


def test_without_the_index_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "idc_index_data", None)
    with pytest.raises(FetchProblem, match="make install-data"):
        idc.chosen(recipes()["lidc-cxr"], 1)


# Downloads


@pytest.fixture
def remote(bucket):
    content = np.random.default_rng(1).bytes(1 << 20)
    bucket.objects["/b/a.dcm"] = content
    md5 = hashlib.md5(content).hexdigest()
    return Remote(f"{bucket.address}/b/a.dcm", Path("a.dcm"), len(content), md5)


def fetched(remote, folder):
    with new_client() as client:
        return download([remote], folder, client=client, jobs=2)


@pytest.mark.parametrize("faults", [[], ["cut"], ["cut", "cut"], ["500", "cut"], ["other"]])
def test_a_file_is_whole_in_the_end_whatever_happens_on_the_way(bucket, remote, tmp_path, faults):
    bucket.faults["/b/a.dcm"] = list(faults)
    assert fetched(remote, tmp_path) == []
    assert (tmp_path / "a.dcm").read_bytes() == bucket.objects["/b/a.dcm"]
    assert len(bucket.ranges) == faults.count("cut")
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".part"] == []


def test_a_download_that_was_killed_goes_on_where_it_was(bucket, remote, tmp_path):
    (tmp_path / "a.dcm.part").write_bytes(bucket.objects["/b/a.dcm"][:1000])
    assert fetched(remote, tmp_path) == []
    assert bucket.ranges == ["bytes=1000-"]
    assert (tmp_path / "a.dcm").read_bytes() == bucket.objects["/b/a.dcm"]


@pytest.mark.parametrize(
    ("faults", "sentence", "tries"),
    [
        (["403"], "is refused (status 403)", 1),
        (["404"], "is refused (status 404)", 1),
        (["503"] * 9, "the server says 503", 5),
        (["other"] * 9, "its checksum is another", 5),
    ],
)
def test_a_file_that_cannot_be_had_is_told_and_nothing_of_it_is_used(
    bucket, remote, tmp_path, faults, sentence, tries
):
    bucket.faults["/b/a.dcm"] = list(faults)
    (problem,) = fetched(remote, tmp_path)
    assert sentence in problem
    assert bucket.asked["/b/a.dcm"] == tries
    assert not (tmp_path / "a.dcm").exists()


def test_a_file_of_another_size_than_was_listed_is_told(bucket, remote, tmp_path):
    bucket.objects["/b/a.dcm"] += b"more"
    (problem,) = fetched(remote, tmp_path)
    assert "bytes, not 1,048,576" in problem


def test_a_full_disk_ends_it_with_a_sentence(remote, tmp_path):
    (tmp_path / "a.dcm.part").symlink_to("/dev/full")
    with pytest.raises(FetchProblem, match="is full: free some room"):
        fetched(remote, tmp_path)


def test_nothing_lies_outside_the_folder(bucket, remote, tmp_path):
    outside = Remote(remote.url, Path("../out.dcm"), remote.size)
    (problem,) = fetched(outside, tmp_path / "in")
    assert "outside the folder" in problem


# Archives


@pytest.mark.django_db
def test_archives_of_a_recipe_are_unpacked_and_imported(bucket, tmp_path):
    (tmp_path / "source").mkdir()
    source = formats.openi(tmp_path / "source")
    for name, pattern in (("NLMCXR_reports.tgz", "*.xml"), ("NLMCXR_png.tgz", "*.png")):
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as archive:
            for file in source.glob(pattern):
                archive.add(file, f"set/{file.name}")
        bucket.objects[f"/{name}"] = content.getvalue()
    output = fetch("openi", "--yes")
    assert "CC BY-NC-ND 4.0" in output
    assert Case.objects.get().images.count() == 2
    assert table_row(fetch("openi", "--yes"), "unchanged") == 1


def tar_of(*files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for file in files:
            archive.add(file, f"images/{file.name}")
    return content.getvalue()


@pytest.mark.django_db
def test_the_tables_of_a_recipe_come_with_as_many_archives_as_are_wanted(bucket, tmp_path):
    recipe = recipes()["nih"]
    rows = [
        "a.png,Nodule,0,1,58,F,PA,1024,1024,0.2,0.2",
        "b.png,No Finding,0,2,60,M,PA,1024,1024,0.2,0.2",
    ]
    nih(tmp_path, rows, ["a.png,Nodule,100,200,50,60,,,"])
    write_png(tmp_path / "b.png")
    for name in ("Data_Entry_2017_v2020.csv", "BBox_List_2017.csv"):
        bucket.objects[f"/{name}"] = (tmp_path / name).read_bytes()
    for address, name in zip(recipe.files, ("a.png", "b.png"), strict=False):
        bucket.objects[f"/{address.rpartition('/')[2]}"] = tar_of(tmp_path / name)
    said = fetch("nih", "--yes", "--count=1")
    assert "1 of 12 archives" in said
    case = Case.objects.get()
    assert (case.source_key, case.findings.get().label) == ("a.png", "nodule_mass")
    assert fetch("nih", "--yes", "--count=2")
    assert Case.objects.count() == 2
    assert max(bucket.asked.values()) == 1


def test_what_leads_out_of_an_archive_is_left_out(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("../out.png", "/abs.png", "run.sh", "in/a.png"):
            archive.writestr(name, b"x")
    unpack(tmp_path / "a.zip", tmp_path / "to")
    found = [file.name for file in tmp_path.rglob("*") if file.is_file()]
    assert sorted(found) == ["a.png", "a.zip", "a.zip.unpacked"]


def test_a_damaged_archive_is_fetched_again(tmp_path):
    (tmp_path / "a.tgz").write_bytes(b"\x1f\x8bdamaged")
    with pytest.raises(FetchProblem, match="is damaged"):
        unpack(tmp_path / "a.tgz", tmp_path)
    assert not (tmp_path / "a.tgz").exists()


def marked(path, *, flag=None, method=None):
    """A ZIP of one member, called encrypted, or packed in a way of this number."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", b"x" * 100)
    content = bytearray(path.read_bytes())
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(magic) + at
        content[start] = flag or content[start]
        content[start + 2] = method or content[start + 2]
    path.write_bytes(bytes(content))
    return path


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [({"flag": 1}, "is locked with a password"), ({"method": 97}, "in a way that is not known")],
)
def test_an_archive_that_cannot_be_unpacked_says_why_and_stays(tmp_path, marks, sentence):
    path = marked(tmp_path / "a.zip", **marks)
    with pytest.raises(FetchProblem, match=sentence):
        unpack(path, tmp_path / "to")
    assert path.exists()


def test_an_archive_that_unpacks_to_more_than_it_should_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 250)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.png", b"x" * 100)
    with pytest.raises(FetchProblem, match="unpacks to more than"):
        unpack(tmp_path / "a.zip", tmp_path / "to")
    assert len(list((tmp_path / "to").glob("*.png"))) == 2


def test_an_archive_that_the_disk_has_no_room_for_is_told_before_it_is_full(tmp_path, monkeypatch):
    (tmp_path / "to").mkdir()
    path = marked(tmp_path / "a.zip")
    monkeypatch.setattr(archives, "ROOM_KEPT", 1 << 60)
    with pytest.raises(FetchProblem, match="There is no room left in"):
        unpack(path, tmp_path / "to")


@pytest.mark.django_db
def test_a_folder_of_other_files_holds_no_images(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"x" * 200)
    with pytest.raises(CommandError, match="holds no DICOM images"):
        run("dicom", tmp_path)
