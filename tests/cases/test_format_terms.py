"""What each importer says of its data set: its name, its terms and where it comes from."""

from __future__ import annotations

import json
from dataclasses import astuple

import pytest

from cases.importers import SourceProblem, importer_named, importers
from tests.cases import formats
from tests.cases.files import write_png

pytestmark = pytest.mark.pure

STANFORD = "Stanford University Dataset Research Use Agreement"
PHYSIONET = "PhysioNet Credentialed Health Data License 1.5.0"
AIMI = "https://stanfordaimi.azurewebsites.net/datasets"
NLM = "National Library of Medicine, National Institutes of Health, Bethesda, MD, USA, and"
JAEGER = "(Jaeger et al., Quant Imaging Med Surg 2014;4(6):475-477)"
TUBERCULOSIS = (
    "https://lhncbc.nlm.nih.gov/LHC-downloads/downloads.html#tuberculosis-image-data-sets"
)
TERMS = {
    "chestx-det": (
        *("chestx-det", "ChestX-Det", "2021"),
        "Annotations Apache-2.0; images of NIH ChestX-ray14, open with attribution",
        "Deepwise AI Lab: ChestX-Det (Lian et al., 2021); images NIH Clinical Center",
        "https://github.com/Deepwise-AILab/ChestX-Det-Dataset",
        "open",
    ),
    "chexlocalize": (
        *("chexlocalize", "CheXlocalize", "1", STANFORD),
        "Stanford AIMI: CheXlocalize (Saporta et al., 2022); images of CheXpert",
        f"{AIMI}/23c56a0d-15de-405b-87c8-99c30138950c",
        "registered",
    ),
    "chexpert-plus": (
        *("chexpert-plus", "CheXpert Plus", "240401", STANFORD),
        "Stanford AIMI: CheXpert Plus (Chambon et al., 2024)",
        f"{AIMI}/5158c524-d3ab-4e02-96e9-6ee9efc110a1",
        "registered",
    ),
    "mimic-cxr": (
        *("mimic-cxr", "MIMIC-CXR", "2.0.0", PHYSIONET),
        "MIT Laboratory for Computational Physiology: MIMIC-CXR (Johnson et al., 2019)",
        "https://physionet.org/content/mimic-cxr-jpg/2.1.0/",
        "credentialed",
    ),
    "ms-cxr": (
        *("ms-cxr", "MS-CXR", "1.1.0", PHYSIONET),
        "Microsoft Research: MS-CXR (Boecking et al., 2022); images of MIMIC-CXR",
        "https://physionet.org/content/ms-cxr/1.1.0/",
        "credentialed",
    ),
    "nih": (
        *("nih-chestxray14", "NIH ChestX-ray14", "2017", "Open, with attribution"),
        "NIH Clinical Center; Wang et al., ChestX-ray8, CVPR 2017",
        "https://nihcc.app.box.com/v/ChestXray-NIHCC",
        "open",
    ),
    "object-cxr": (
        *("object-cxr", "Object-CXR", "2020", "CC BY-NC 4.0"),
        "JF Healthcare: Object-CXR, MIDL 2020 challenge",
        "https://web.archive.org/web/2020/https://jfhealthcare.github.io/object-CXR/",
        "registered",
    ),
    "openi": (
        *("openi", "Open-I Indiana University chest X-rays", "2013", "CC BY-NC-ND 4.0"),
        "Indiana University and National Library of Medicine: Open-I (Demner-Fushman et al., 2016)",
        "https://openi.nlm.nih.gov/",
        "open",
    ),
    "radgame": (
        *("radgame", "RadGame", "", "Terms of PadChest-GR (BIMCV) and ReXGradient-160K"),
        "RadGame; films of PadChest-GR (Castro et al., 2024) and ReXGradient-160K "
        "(Zhang et al., 2025)",
        "",
        "credentialed",
    ),
    "rexgradient": (
        *("rexgradient-160k", "ReXGradient-160K", "1"),
        "Non-commercial, by agreement on Hugging Face",
        "Rajpurkar Lab and Gradient Health: ReXGradient-160K (Zhang et al., 2025)",
        "https://huggingface.co/datasets/rajpurkarlab/ReXGradient-160K",
        "credentialed",
    ),
    "rsna": (
        *("rsna-pneumonia", "RSNA Pneumonia Detection Challenge", "2018, stage 2"),
        "Terms of the RSNA Pneumonia Detection Challenge",
        "RSNA and STR; images of NIH ChestX-ray14 (Shih et al., 2019)",
        "https://www.rsna.org/rsnai/ai-image-challenge/rsna-pneumonia-detection-challenge-2018",
        "registered",
    ),
    "siim": (
        *("siim-acr-pneumothorax", "SIIM-ACR Pneumothorax Segmentation", "2019"),
        "Terms of the SIIM-ACR Pneumothorax Challenge",
        "SIIM and ACR; images of NIH ChestX-ray14",
        "https://www.kaggle.com/c/siim-acr-pneumothorax-segmentation",
        "registered",
    ),
    "vindr": (
        *("vindr-cxr", "VinDr-CXR", "1.0.0", PHYSIONET),
        "VinBigData: VinDr-CXR (Nguyen et al., Scientific Data 2022)",
        "https://physionet.org/content/vindr-cxr/1.0.0/",
        "credentialed",
    ),
}
"""Of sets whose terms are always the same: slug, title, version, license, attribution, address,
access."""
OF_THEIR_FILES = {"padchest-gr", "montgomery", "simulated", "dicom", "coco", "cvat", "label-studio"}
OF_ITS_PACK = {"pack"}


def described(name, path):
    *said, is_simulated = astuple(importer_named(name).describe(path))
    assert is_simulated is (name == "simulated")
    return tuple(said)


def test_the_terms_of_every_format_are_looked_at_here():
    assert {*TERMS} | OF_THEIR_FILES | OF_ITS_PACK == {*importers()}


@pytest.mark.parametrize("name", TERMS)
def test_a_set_is_named_with_its_terms_and_where_it_comes_from(name, tmp_path):
    assert described(name, tmp_path) == TERMS[name]


def test_padchest_has_the_version_of_its_file(tmp_path):
    (tmp_path / "grounded_reports_20240819.json").write_text("[]")
    assert described("padchest-gr", tmp_path) == (
        *("padchest-gr", "PadChest-GR", "20240819", "BIMCV research use agreement"),
        "BIMCV, University of Alicante and Microsoft Research: PadChest-GR (Castro et al., 2024)",
        "https://bimcv.cipf.es/bimcv-projects/padchest-gr/",
        "registered",
    )


@pytest.mark.parametrize(
    ("film", "place", "whose"),
    [
        (
            "MCUCXR_0001_0.png",
            "Montgomery",
            "the Department of Health and Human Services of Montgomery County, Maryland",
        ),
        (
            "chncxr_0001_0.PNG",
            "Shenzhen",
            "Shenzhen No. 3 People's Hospital, Guangdong Medical College, Shenzhen, China",
        ),
    ],
)
def test_the_films_tell_which_of_two_sets_it_is(tmp_path, film, place, whose):
    write_png(tmp_path / film.lower()).rename(tmp_path / film.replace("PNG", "png"))
    assert described("montgomery", tmp_path) == (
        place.lower(),
        f"{place}: chest films for tuberculosis",
        "",
        "For research and teaching, with attribution",
        f"{NLM} {whose} {JAEGER}",
        TUBERCULOSIS,
        "open",
    )


def test_a_document_may_name_its_set_within_what_is_kept(tmp_path):
    said = {
        "slug": "s" * 60,
        "title": "t" * 210,
        "version": "v" * 60,
        "licence": "l" * 210,
        "attribution": "Somebody",
        "url": "u" * 210,
        "access": "credentialed",
    }
    kept = ("s" * 50, "t" * 200, "v" * 50, "l" * 200, "Somebody", "u" * 200)
    document = tmp_path / "cases.json"
    document.write_text(json.dumps({"dataset": said}))
    assert described("simulated", tmp_path) == (*kept, "open")
    document.write_text(json.dumps({"dataset": ["no object"]}))
    nothing = ("simulated", "Simulated radiographs", "", "", "", "", "open")
    assert described("simulated", tmp_path) == nothing
    (tmp_path / "dataset.json").write_text(json.dumps(said))
    assert described("dicom", tmp_path) == (*kept[:2], "", *kept[3:], "credentialed")
    formats.coco(
        tmp_path,
        info={
            **{key: said[key] for key in ("slug", "version", "url")},
            "description": said["title"],
            "contributor": "Somebody",
        },
        licenses=[{"name": said["licence"]}, {"name": "another"}],
    )
    assert described("coco", tmp_path / "instances.json") == (*kept, "private")


@pytest.mark.parametrize("said", [None, [], {"access": "anybody"}])
def test_own_studies_are_private_and_called_by_a_digest(tmp_path, said):
    folder = tmp_path / "Doe John"
    folder.mkdir()
    if said is not None:
        (folder / "dataset.json").write_text(json.dumps(said))
    slug, title, *others = described("dicom", folder)
    digest = slug.removeprefix("dicom-")
    assert len(digest) == 12 and int(digest, 16)
    assert title == f"Own studies ({digest[:4]})"
    assert others == ["", "", "", "", "private"]
    archive = tmp_path / "Doe John.zip"
    archive.touch()
    assert described("dicom", archive)[0] == slug, "whatever an archive is packed as"


@pytest.mark.parametrize("access", ["open", "registered", "credentialed", "private"])
def test_own_studies_may_be_for_whom_their_document_says(tmp_path, access):
    (tmp_path / "dataset.json").write_text(json.dumps({"access": access}))
    assert described("dicom", tmp_path)[-1] == access


@pytest.mark.parametrize("more", [{}, {"info": 3, "licenses": [3]}, {"licenses": {"name": "x"}}])
def test_projects_are_called_by_their_files_and_private(tmp_path, more):
    folder = tmp_path / "Ärzte 7"
    folder.mkdir()
    formats.coco(folder, **more)
    (folder / "instances.json").rename(folder / "Thé Set_1.json")
    title = "Films annotated in COCO"
    assert described("coco", folder) == ("coco-th--set-1", title, "", "", "", "", "private")
    formats.cvat(folder)
    title = "Films annotated in CVAT"
    assert described("cvat", folder) == ("cvat--rzte-7", title, "", "", "", "", "private")
    title = "Films annotated in Label Studio"
    assert described("label-studio", folder / "Thé Set_1.json") == (
        *("label-studio-th--set-1", title, "", "", "", "", "private"),
    )
    long = folder / f"{'x' * 60}.json"
    (folder / "Thé Set_1.json").rename(long)
    assert described("coco", folder)[0] == "coco-" + "x" * 45
    assert described("label-studio", folder)[0] == "label-studio-" + "x" * 37


def test_a_long_folder_name_is_cut_for_cvat(tmp_path):
    folder = tmp_path / ("y" * 60)
    folder.mkdir()
    assert described("cvat", formats.cvat(folder))[0] == "cvat-" + "y" * 45


def test_three_of_four_documents_are_named(tmp_path):
    for name in "abcd":
        (tmp_path / f"{name}.json").touch()
    with pytest.raises(SourceProblem) as problem:
        importer_named("coco").describe(tmp_path)
    assert str(problem.value) == (
        f"{tmp_path} holds a.json and b.json and c.json: name the one that is meant."
    )
