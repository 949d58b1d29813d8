"""A small source of every format that carries annotations or reports, made by the tests.

Each function writes its tables beside one or two images into a folder. The film is 100 pixels
wide and 80 high, where its data set does not name a size of its own.
"""

from __future__ import annotations

import json
from dataclasses import astuple

import numpy as np

from tests.cases.files import write_png

FILM = np.tile(np.linspace(0, 4095, 100).astype(np.uint16), (80, 1))


def films(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_png(folder / name, FILM)
    return folder


def csv(folder, name, *rows):
    (folder / name).write_text("".join(f"{row}\n" for row in rows))
    return folder


def document(folder, name, value):
    (folder / name).write_text(json.dumps(value))
    return folder


VINDR_HEADER = "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max"


def vindr(folder, *rows):
    rows = rows or (
        "a,Nodule/Mass,8,R1,10,10,30,30",
        "a,Nodule/Mass,8,R2,12,10,32,30",
        "a,Nodule/Mass,8,R3,60,40,80,60",
        "a,Cardiomegaly,3,R3,10,40,90,70",
    )
    return csv(films(folder, "a.png"), "train.csv", VINDR_HEADER, *rows)


def rsna(folder, *rows):
    rows = rows or ("a,256,512,128,64,1", "b,,,,,0", "c,,,,,0")
    csv(folder, "stage_2_train_labels.csv", "patientId,x,y,width,height,Target", *rows)
    classes = ("a,Lung Opacity", "b,Normal", "c,No Lung Opacity / Not Normal")
    csv(folder, "stage_2_detailed_class_info.csv", "patientId,class", *classes)
    return films(folder, "a.png", "b.png", "c.png")


def siim(folder, *rows):
    """A square of 10 × 10 pixels from column 100, row 200."""
    runs = " ".join([f"{100 * 1024 + 200} 10", *["1014 10"] * 9])
    rows = rows or (f"a,{runs}", "b,-1")
    csv(folder, "train-rle.csv", "ImageId, EncodedPixels", *rows)
    return films(folder, "a.png", "b.png")


def chestx_det(folder, **fields):
    entry = {
        "file_name": "a.png",
        "syms": ["Nodule", "Effusion"],
        "boxes": [[102, 102, 205, 205], [512, 512, 1024, 1024]],
        "polygons": [[[102, 102], [205, 102], [205, 205]], []],
        **fields,
    }
    empty = {"file_name": "b.png", "syms": [], "boxes": [], "polygons": []}
    return document(films(folder, "a.png", "b.png"), "ChestX_Det_train.json", [entry, empty])


def ms_cxr(folder, *rows):
    rows = rows or ('Pneumonia,"opacity, left base",p/a.jpg,10,20,30,40,200,160,a,val',)
    header = "category_name,label_text,path,x,y,w,h,image_width,image_height,dicom_id,split"
    return csv(films(folder, "a.png"), "MS_CXR_Local_Alignment_v1.1.0.csv", header, *rows)


def chexlocalize(folder, **fields):
    outline = [[[10, 10], [50, 10], [50, 40]]]
    entry = {"img_size": [80, 100], "Airspace Opacity": outline, **fields}
    name = "patient1_study1_view1_frontal"
    document(folder, "gt_annotations_val.json", {name: entry})
    return films(folder, "patient1/study1/view1_frontal.png")


def object_cxr(folder, *rows):
    rows = rows or ("a.png,0 10 10 30 30;1 40 40 60 60;2 1 1 9 1 9 9", "b.png,")
    return csv(films(folder, "a.png", "b.png"), "train.csv", "image_name,annotation", *rows)


OPENI = """<eCitation><uId id="CXR1"/><MedlineCitation><Article><Abstract>
<AbstractText Label="COMPARISON"/><AbstractText Label="INDICATION">Cough.</AbstractText>
<AbstractText Label="FINDINGS">Opacity at the left base.</AbstractText>
<AbstractText Label="IMPRESSION">Pneumonia.</AbstractText></Abstract></Article></MedlineCitation>
<MeSH>{codes}</MeSH><parentImage id="CXR1_IM-1"/><parentImage id="CXR1_IM-2"/></eCitation>"""


def openi(folder, *codes):
    codes = codes or ("Opacity/lung/base/left", "Lung/hypoinflation")
    text = OPENI.format(codes="".join(f"<major>{code}</major>" for code in codes))
    (folder / "1.xml").write_text(text)
    return films(folder, "CXR1_IM-1.png", "CXR1_IM-2.png")


def rexgradient(folder, **fields):
    entry = {
        "PatientSex": "F",
        "PatientAge": "054Y",
        "Indication": "Cough.",
        "Comparison": "None.",
        "Findings": "Clear lungs.",
        "Impression": "Normal.",
        "ImagePath": ["../deid_png/s1/a.png", "../deid_png/s1/b.png"],
        "ImageViewPosition": ["PA", "LATERAL"],
        **fields,
    }
    document(folder, "train_metadata.json", {"pX_aY_sZ": entry})
    return films(folder, "deid_png/s1/a.png", "deid_png/s1/b.png")


MIMIC_REPORT = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___F with cough

 FINDINGS:  The lungs are
 clear.

 HEART: normal.

 IMPRESSION: No acute process.
"""


def mimic_cxr(folder, labels="1.0,,-1.0", report=MIMIC_REPORT):
    metadata = "dicom_id,subject_id,study_id,ViewPosition"
    rows = ("b,10000032,50414267,LATERAL", "a,10000032,50414267,PA")
    csv(folder, "mimic-cxr-2.0.0-metadata.csv", metadata, *rows)
    split = "dicom_id,study_id,subject_id,split", "a,50414267,10000032,validate"
    csv(folder, "mimic-cxr-2.0.0-split.csv", *split)
    header = "subject_id,study_id,Atelectasis,Cardiomegaly,Edema"
    csv(folder, "mimic-cxr-2.0.0-chexpert.csv", header, f"10000032,50414267.0,{labels}")
    study = "files/p10/p10000032/s50414267"
    films(folder, f"{study}/a.png", f"{study}/b.png")
    (folder / f"{study}.txt").write_text(report)
    return folder


def chexpert_plus(folder, *rows):
    header = (
        "path_to_image,frontal_lateral,ap_pa,report,section_findings,section_impression,"
        "section_history,section_comparison,age,sex,split"
    )
    rows = rows or (
        "train/patient1/study1/view2_lateral.jpg,Lateral,,,,Clear.,Cough.,None.,93,Male,train",
        "train/patient1/study1/view1_frontal.jpg,Frontal,AP,,,Clear.,Cough.,None.,93,Male,train",
    )
    csv(folder, "df_chexpert_plus_240401.csv", header, *rows)
    study = "patient1/study1"
    return films(folder, f"{study}/view1_frontal.png", f"{study}/view2_lateral.png")


def coco(folder, *annotations, **fields):
    annotations = annotations or (
        {"image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40]},
        {
            "image_id": 1,
            "category_id": 2,
            "bbox": [0, 0, 50, 40],
            "segmentation": [[0, 0, 50, 0, 50, 40]],
        },
    )
    value = {
        "images": [{"id": 1, "file_name": "a.png", "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "Nodule/Mass"}, {"id": 2, "name": "fibrotic_band"}],
        "annotations": [*annotations],
        **fields,
    }
    return document(films(folder, "a.png"), "instances.json", value)


CVAT = """<?xml version="1.0"?><annotations><version>1.1</version>
<image id="0" name="a.png" width="100" height="80" subset="train">{shapes}</image></annotations>"""
CVAT_BOX = '<box label="Nodule" xtl="10" ytl="20" xbr="40" ybr="60"/>'


def cvat(folder, shapes=CVAT_BOX):
    (folder / "annotations.xml").write_text(CVAT.format(shapes=shapes))
    return films(folder, "a.png")


def label_studio(folder, *results):
    value = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0}
    results = results or (
        {"type": "rectanglelabels", "value": {**value, "rectanglelabels": ["Nodule"]}},
    )
    annotations = [
        {"completed_by": 1, "result": [*results]},
        {"completed_by": {"id": 2}, "result": [*results]},
        {"completed_by": 3, "was_cancelled": True, "result": []},
    ]
    task = {"data": {"image": "/data/upload/1/0123abcd-a.png"}, "annotations": annotations}
    return document(films(folder, "a.png"), "project.json", [task, {"data": {"image": "b.png"}}])


MADE = {
    "vindr": vindr,
    "rsna": rsna,
    "siim": siim,
    "chestx-det": chestx_det,
    "ms-cxr": ms_cxr,
    "chexlocalize": chexlocalize,
    "object-cxr": object_cxr,
    "openi": openi,
    "rexgradient": rexgradient,
    "radgame": rexgradient,
    "mimic-cxr": mimic_cxr,
    "chexpert-plus": chexpert_plus,
    "coco": coco,
    "cvat": cvat,
    "label-studio": label_studio,
}
"""Format → its source."""


LINE = ("part", 1)
"""Kind and count of a problem with a part of a case."""


def told(problems):
    """All that is said of each problem."""
    return [astuple(problem) for problem in problems]


def places(case):
    """Label of each finding, with the shapes and boxes of its regions."""
    return [
        (
            finding.label,
            [(one.shape, tuple(round(s, 3) for s in one.box)) for one in finding.regions],
        )
        for finding in case.findings
    ]
