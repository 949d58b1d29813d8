"""MIMIC-CXR and MIMIC-CXR-JPG: studies with free-text reports and labels mined from them.

Johnson et al., Scientific Data 2019 and arXiv:1901.07042. Files lie as
``files/p10/p10000032/s50414267/DICOM_ID.jpg`` beside ``files/p10/p10000032/s50414267.txt``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cases.importers.base import (
    DatasetInfo,
    ImportedReport,
    Importer,
    Item,
    Problem,
    cleaned,
)
from cases.importers.columns import records, table_of
from cases.importers.films import Film, Mark, View, cases_of, view_of
from cases.importers.folders import ImageFolders
from cases.importers.sections import sections_of
from cases.importers.tables import files_like
from cases.importers.vocabulary import vocabulary

METADATA = "*mimic-cxr*metadata*.csv"
NEEDED = ("dicom_id", "subject_id", "study_id", "viewposition")
LONGEST = 1 << 20
"""Bytes of a report; real ones have some thousand."""
POSITIVE, UNCERTAIN = 1.0, -1.0
Labels = tuple[tuple[str, ...], bool]
"""What is there, and whether all that is said is certain."""


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="mimic-cxr",
        title="MIMIC-CXR",
        version="2.0.0",
        licence="PhysioNet Credentialed Health Data License 1.5.0",
        attribution="MIT Laboratory for Computational Physiology: MIMIC-CXR (Johnson et al., 2019)",
        url="https://physionet.org/content/mimic-cxr-jpg/2.1.0/",
        access="credentialed",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each study of the metadata table.

    Its labels are known where the table of CheXpert labels is there and is certain of them all.
    """
    metadata = table_of(path, METADATA)
    studies: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in records(metadata, NEEDED):
        if isinstance(row, Problem):
            yield row
            continue
        study = (_number(row["subject_id"]), _number(row["study_id"]))
        studies.setdefault(study, []).append((row["dicom_id"], view_of(row["viewposition"])))
    labels, splits = _labels(metadata.parent), _splits(metadata.parent)
    images = ImageFolders(folders)
    films = (
        _film(subject, study, views, images, labels.get(study), splits.get(study, ""))
        for (subject, study), views in studies.items()
    )
    yield from cases_of(films, images, vocabulary("chexpert"), usual_view="")


def _number(cell: str) -> str:
    """An identifier without the ``.0`` that spreadsheets give it."""
    return cell.removesuffix(".0")


def _labels(folder: Path) -> Mapping[str, Labels]:
    found: dict[str, Labels] = {}
    for table in files_like(folder, "*mimic-cxr*chexpert*.csv"):
        for row in records(table, ("study_id",)):
            if isinstance(row, Problem):
                continue
            values = {
                name: _value(cell)
                for name, cell in row.cells.items()
                if name not in ("study_id", "subject_id")
            }
            positive = tuple(name for name, value in values.items() if value == POSITIVE)
            is_certain = bool(positive) and UNCERTAIN not in values.values()
            found[_number(row["study_id"])] = (positive, is_certain)
    return found


def _value(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _splits(folder: Path) -> Mapping[str, str]:
    return {
        _number(row["study_id"]): row["split"]
        for table in files_like(folder, "*mimic-cxr*split*.csv")
        for row in records(table, ("study_id", "split"))
        if not isinstance(row, Problem)
    }


def _film(
    subject: str,
    study: str,
    views: list[tuple[str, str]],
    images: ImageFolders,
    labels: Labels | None,
    split: str,
) -> Film:
    """Frontal views first; films that lie in the study's folder, in whatever format."""
    ordered = sorted(views, key=lambda view: view[1] == "LATERAL")
    positive, is_certain = labels or ((), False)
    film = Film(
        f"p{subject}/s{study}",
        [View(f"s{study}/{name}.jpg", view=view) for name, view in ordered],
        knows_findings=is_certain,
        patient=subject,
        split=split,
    )
    film.views[0].marks = [Mark(name, "chexpert labels") for name in positive]
    report = images.find(f"p{subject}/s{study}.txt")
    if report is not None:
        with report.open("rb") as stream:
            said = sections_of(cleaned(stream.read(LONGEST).decode("utf-8", "replace")))
        film.indication, film.comparison = said.get("indication", ""), said.get("comparison", "")
        texts = said.get("findings", ""), said.get("impression", "")
        film.reports = (ImportedReport("en", *texts),) if any(texts) else ()
    return film


IMPORTER = Importer(name="mimic-cxr", describe=describe, read=read)
