"""What the columns of a table of facts stand for: by their headings, and by what stands in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

KEYS = {
    "study": ("studyinstanceuid", "study instance uid", "study uid", "study"),
    "accession": (
        *("accessionnumber", "accession number", "accession", "accession no", "accession nr"),
        *("acc number", "acc no", "acc"),
    ),
    "patient": (
        *("patientid", "patient id", "patient", "patient number", "mrn", "pat id", "pid"),
        *("patienten-id", "patientennummer", "id paciente"),
    ),
    "file": (
        *("file", "filename", "file name", "image", "image name", "image id", "dateiname"),
        *("datei", "archivo", "fichier"),
    ),
}
"""Columns by which a row is told from others, the surest first."""
FACTS = {
    "findings": (
        *("findings", "labels", "diagnosis", "diagnoses", "label", "finding"),
        *("diagnose", "diagnosen", "diagnóstico", "diagnostic"),
    ),
    "report": (
        *("report", "report text", "findings text", "radiology report"),
        *("befund", "befundtext", "informe", "compte rendu"),
    ),
    "impression": ("impression", "conclusion", "beurteilung", "conclusión"),
    "language": ("language", "sprache", "idioma", "langue"),
    "age": ("age", "patient age", "age (years)", "alter", "edad", "âge"),
    "sex": ("sex", "gender", "patient sex", "geschlecht", "sexo", "sexe"),
    "indication": (
        *("indication", "history", "clinical history", "clinical information", "question"),
        *("indikation", "fragestellung", "indicación"),
    ),
    "series": ("series", "series number", "serie", "seriennummer"),
}
NAMES = {
    "study": "Study instance UID",
    "accession": "Accession number",
    "patient": "Patient number",
    "file": "File name",
    "findings": "Diagnosis (findings)",
    "report": "Report: findings",
    "impression": "Report: impression",
    "language": "Language of the report",
    "age": "Age",
    "sex": "Sex",
    "indication": "Indication",
    "series": "Series, by number",
}
"""How a person is told of them, in the order in which they are offered."""
ROLES = (*KEYS, *FACTS)
SURE = 0.5
"""The part of a column's cells from which on they are taken for the names of studies or files."""

Columns = Mapping[str, int]
"""What columns stand for: the role, and the column counted from 0."""


def by_headings(header: Sequence[str], *, loosely: bool = False) -> dict[str, int]:
    """The columns that are called as they are known; `loosely` takes signs between words too."""
    found: dict[str, int] = {}
    for role, words in {**KEYS, **FACTS}.items():
        for at, name in enumerate(header):
            if (_plain(name) if loosely else name) in words:
                if loosely:
                    found.setdefault(role, at)
                else:
                    found[role] = at
    return found


def guessed(
    header: Sequence[str], rows: int, fitting: Mapping[str, Sequence[int]]
) -> dict[str, int]:
    """What columns stand for, by how many of so many rows name a
    study or file in them, and by headings; no column twice."""
    found: dict[str, int] = {}
    best = max(
        ((key, at) for key in KEYS for at in range(len(header))),
        key=lambda pair: fitting[pair[0]][pair[1]],
        default=None,
    )
    if best and rows and fitting[best[0]][best[1]] >= SURE * rows:
        found[best[0]] = best[1]
    for role, at in by_headings(header, loosely=True).items():
        if at not in found.values() and not (found and role in KEYS):
            found.setdefault(role, at)
    return found


def key_of(key: str, cell: str) -> str:
    """A cell by which a row names its study, in the form in which names are compared."""
    return cell.strip().casefold() if key == "file" else cell.strip()


def _plain(name: str) -> str:
    return re.sub(r"[\s_.:]+", " ", name.casefold()).strip()


def digest(text: str) -> str:
    """A name that stays the same from import to import and does not tell what it stands for."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:24]
