"""CheXpert Plus: reports in sections with the films of CheXpert (Chambon et al., arXiv:2405.19538).

Studies are told by patient and study folder: accession numbers repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cases.importers.base import (
    DatasetInfo,
    ImportedReport,
    Importer,
    Item,
    Problem,
    age_of,
    cleaned,
    sex_of,
)
from cases.importers.columns import Record, records, table_of
from cases.importers.films import Film, View, cases_of, view_of
from cases.importers.folders import ImageFolders
from cases.importers.sections import sections_of

NEEDED = ("path_to_image", "frontal_lateral", "section_findings", "section_impression")
HISTORY = ("section_clinical_history", "section_history", "section_indication")


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="chexpert-plus",
        title="CheXpert Plus",
        version="240401",
        licence="Stanford University Dataset Research Use Agreement",
        attribution="Stanford AIMI: CheXpert Plus (Chambon et al., 2024)",
        url="https://stanfordaimi.azurewebsites.net/datasets/5158c524-d3ab-4e02-96e9-6ee9efc110a1",
        access="registered",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each study; the table is read twice, so that memory holds no report but one."""
    table = table_of(path, "df_chexpert_plus*.csv", "*chexpert*plus*.csv")
    studies: dict[str, list[tuple[str, str]]] = {}
    for row in records(table, NEEDED, breaks=True):
        if isinstance(row, Problem):
            yield row
            continue
        study, name = _named(row)
        views = studies.setdefault(study, [])
        if name not in (one for one, _ in views):
            views.append((name, _view(row)))
    yield from cases_of(_films(table, studies), ImageFolders(folders), {}, usual_view="")


def _named(row: Record) -> tuple[str, str]:
    """Patient and study folder, and the image in them."""
    parts = PurePosixPath(row["path_to_image"]).parts[-3:]
    return "/".join(parts[:-1]) or row["path_to_image"], "/".join(parts)


def _view(row: Record) -> str:
    return view_of(row["ap_pa"]) or view_of(row["frontal_lateral"])


def _films(table: Path, studies: dict[str, list[tuple[str, str]]]) -> Iterator[Film]:
    for row in records(table, NEEDED, breaks=True):
        if isinstance(row, Problem):
            continue
        key, _ = _named(row)
        views = studies.pop(key, None)
        if views is None:
            continue  # the study's first row told all
        findings, impression = row["section_findings"], row["section_impression"]
        if not findings and not impression:
            said = sections_of(row["report"])
            findings, impression = said.get("findings", ""), said.get("impression", "")
        texts = cleaned(findings), cleaned(impression)
        yield Film(
            key,
            [View(name, view=view) for name, view in sorted(views, key=_is_lateral)],
            age=age_of(row["age"]),
            sex=sex_of(row["sex"]),
            indication=next((row[name] for name in HISTORY if row[name]), ""),
            comparison=row["section_comparison"],
            reports=(ImportedReport("en", *texts),) if any(texts) else (),
            knows_findings=False,
            patient=key.partition("/")[0],
            split=row["split"],
        )


def _is_lateral(view: tuple[str, str]) -> bool:
    return view[1] == "LATERAL"


IMPORTER = Importer(name="chexpert-plus", describe=describe, read=read)
