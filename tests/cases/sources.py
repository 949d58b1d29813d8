"""Sources of every format, small, as the tests change them; and how they are read."""

from __future__ import annotations

import json

from cases.importers import ImportedCase, Problem, importer_named
from cases.importers.completeness import judged
from tests.cases.files import write_png

BOX_HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n"
ENTRY_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]\n"
)


def read(name, path, *folders):
    importer = importer_named(name)
    items = list(importer.read(path, folders or importer.folders(path)))
    cases = {item.key: whole(item) for item in items if isinstance(item, ImportedCase)}
    problems = [item for item in items if isinstance(item, Problem) and item.kind != "removed"]
    return cases, [*problems, *(one for case in cases.values() for one in case.problems)]


def whole(case):
    """The case as it is stored when every file of it is one frame."""
    return judged(case, [range(len(image.source.paths)) for image in case.images])


def sentence(**fields):
    return {
        "sentence_en": "Nodule in the right upper lobe.",
        "sentence_es": "Nódulo en el lóbulo superior derecho.",
        "abnormal": True,
        "boxes": [[0.1, 0.2, 0.3, 0.4]],
        "extra_boxes": [],
        "labels": ["nodule"],
        "locations": ["right upper lobe"],
        "progression": None,
        **fields,
    }


def study(*findings, name="a.png"):
    return {"StudyID": "s1", "ImageID": name, "findings": list(findings)}


def simulated_case(**fields):
    return {
        "key": "case-1",
        "age": 60,
        "sex": "F",
        "indication": "Cough.",
        "images": [{"file": "a.png", "view": "PA", "pixel_spacing_mm": 0.2}],
        "findings": [
            {
                "label": "nodule_mass",
                "side": "left",
                "zone": "upper",
                "size_mm": 12.5,
                "severity": "mild",
                "conspicuity": 3.2,
                "sentence": "A nodule.",
                "regions": [{"image": 0, "box": [0.1, 0.1, 0.2, 0.2]}],
            }
        ],
        "report": {"findings": "A nodule.", "impression": "Nodule.", "language": "en"},
        **fields,
    }


def simulated(folder, *cases):
    document = {"dataset": {"slug": "demo", "title": "Demo"}, "cases": cases}
    (folder / "cases.json").write_text(json.dumps(document))
    write_png(folder / "a.png")
    return folder


def nih(folder, entries=None, boxes=None):
    """The two tables beside one image; None leaves a table out."""
    for name, header, rows in (
        ("Data_Entry_2017_v2020.csv", ENTRY_HEADER, entries),
        ("BBox_List_2017.csv", BOX_HEADER, boxes),
    ):
        if rows is not None:
            (folder / name).write_text(header + "".join(f"{row}\n" for row in rows))
    write_png(folder / "a.png")
    return folder


def padchest(folder, *studies):
    """A list of studies beside one image."""
    (folder / "grounded_reports_20240819.json").write_text(json.dumps(studies))
    write_png(folder / "a.png")
    return folder


def findings_with(**fields):
    """The findings of `simulated_case`, one of them changed."""
    return [{**simulated_case()["findings"][0], **fields}]
