"""PadChest-GR: grounded radiology reports, two readers' boxes on one frontal radiograph a study.

Castro et al., "PadChest-GR", arXiv:2411.05085. Also reads lists with the same keys and more,
such as the localize files of the published RadGame.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cases.imaging import Source
from cases.importers.base import (
    DatasetInfo,
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    ImportedRegion,
    ImportedReport,
    Importer,
    Item,
    Problem,
    SourceProblem,
    age_of,
    checked_box,
    cleaned,
    sex_of,
    text_of,
)
from cases.importers.folders import ImageFolders, UnsafeName
from ml import taxonomy

NAME_PATTERNS = ("grounded_reports_*.json", "localize_*.json")
LABEL_TABLE = Path(__file__).parent / "padchest_labels.csv"
READERS = (("boxes", "1"), ("extra_boxes", "2"))
SIDES = ("bilateral", "left", "right")


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="padchest-gr",
        title="PadChest-GR",
        version=_report_file(path).stem.rpartition("_")[2],
        licence="BIMCV research use agreement",
        attribution="BIMCV, University of Alicante and Microsoft Research: PadChest-GR "
        "(Castro et al., 2024)",
        url="https://bimcv.cipf.es/bimcv-projects/padchest-gr/",
        access="registered",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """Cases and problems of a grounded-reports file, or of a folder that holds one.

    Raises:
        SourceProblem: no such file, or it is not a JSON list.
    """
    file = _report_file(path)
    records = _records(file)
    patients = _patients(file.parent / "master_table.csv")
    images = ImageFolders(folders)
    seen: set[str] = set()
    for number, record in enumerate(records, start=1):
        where = f"{file.name}, entry {number}"
        name = text_of(record, "ImageID") if isinstance(record, dict) else ""
        if not name:
            yield Problem(
                where, "The entry is not an object with an ImageID; it was skipped.", "case"
            )
        elif name in seen:
            yield Problem(
                f"{where} ({name})", "The image occurs a second time; it was skipped.", "case"
            )
        else:
            seen.add(name)
            yield from _case(record, name, images, patients.get(name, {}))


def _report_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = [file for pattern in NAME_PATTERNS for file in sorted(path.glob(pattern))]
    if not found:
        raise SourceProblem(f"{path} holds no {' or '.join(NAME_PATTERNS)}: name the file itself.")
    return found[-1] if found[-1].match(NAME_PATTERNS[0]) else found[0]


def _records(file: Path) -> list[Any]:
    try:
        records = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SourceProblem(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SourceProblem(f"{file.name} is not readable JSON: {error}.") from None
    if not isinstance(records, list):
        raise SourceProblem(f"{file.name} is not a JSON list of studies.")
    return records


def _patients(table: Path) -> dict[str, dict[str, str]]:
    """ImageID → one row of the master table; empty when the table is not there."""
    if not table.exists():
        return {}
    with table.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        return {row.get("ImageID") or "": row for row in csv.DictReader(stream)}


def _case(
    record: dict[str, Any], name: str, images: ImageFolders, patient: dict[str, str]
) -> Iterator[Item]:
    try:
        path = images.find(name)
    except UnsafeName as error:
        yield Problem(name, f"The image's name {error}; the case was skipped.", "case")
        return
    if path is None:
        yield Problem(name, "Its image is not in the images folder; the case was skipped.", "case")
        return
    statements = record.get("findings")
    if statements is None:
        statements = []
    if not isinstance(statements, list):
        yield Problem(name, "Its findings are not a list; the case was skipped.", "case")
        return
    problems: list[Problem] = []
    findings: list[ImportedFinding] = []
    kept: list[dict[str, Any]] = []
    for number, statement in enumerate(statements, start=1):
        where = f"{name}, finding {number}"
        if isinstance(statement, dict):
            kept.append(statement)
            findings += _findings(statement, where, problems)
        else:
            problems.append(Problem(where, "The finding is not an object; it was left out."))
    yield from problems
    yield ImportedCase(
        key=name,
        images=(ImportedImage(name, Source((path,))),),
        findings=tuple(findings),
        reports=_reports(kept),
        age=age_of(patient.get("PatientAge") or patient.get("PatientAge_DICOM")),
        sex=sex_of(patient.get("PatientSex_DICOM")),
    )


def _findings(
    statement: dict[str, Any], where: str, problems: list[Problem]
) -> list[ImportedFinding]:
    """One finding a label of the sentence, all with the sentence's boxes."""
    if statement.get("abnormal") is False:
        return []
    names = _words(statement.get("labels"))
    slugs: dict[str, list[str]] = {}
    for name in names:
        slug = label_slug(name)
        if slug is None:
            problems.append(
                Problem(where, f"The label “{name}” is not in the taxonomy; it was left out.")
            )
        elif slug:
            slugs.setdefault(slug, []).append(name)
    if not slugs:
        return []
    regions = _regions(statement, where, problems)
    places = [_place(word) for word in _words(statement.get("locations"))]
    return [
        ImportedFinding(
            label=slug,
            source_label=", ".join(own)[:200],
            side=_side(places),
            location=", ".join(dict.fromkeys(places))[:200],
            significance=_significance(own),
            progression=", ".join(_words(statement.get("progression")))[:20],
            sentence=text_of(statement, "sentence_en") or text_of(statement, "sentence_es"),
            regions=regions,
        )
        for slug, own in slugs.items()
    ]


def _regions(
    statement: dict[str, Any], where: str, problems: list[Problem]
) -> tuple[ImportedRegion, ...]:
    """The first reader's boxes, and the second's as alternates of them.

    Where only the second reader drew, the boxes are the finding's own.
    """
    found: list[ImportedRegion] = []
    for key, reader in READERS:
        has_first = bool(found)
        boxes = statement.get(key) or []
        for number, value in enumerate(boxes if isinstance(boxes, list) else [boxes], start=1):
            try:
                box = checked_box(value)
            except ValueError as error:
                problems.append(Problem(where, f"Box {number} of {key} {error}; it was left out."))
                continue
            found.append(ImportedRegion(box, reader=reader, alternate=reader == "2" and has_first))
    return tuple(found)


def _reports(statements: list[dict[str, Any]]) -> tuple[ImportedReport, ...]:
    """The sentences of a study, negative ones too, as one text a language."""
    reports = []
    for language in ("en", "es"):
        sentences = [text_of(statement, f"sentence_{language}") for statement in statements]
        text = " ".join(_closed(sentence) for sentence in sentences if sentence)
        if text:
            reports.append(ImportedReport(language=language, findings=text))
    return tuple(reports)


def _closed(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def _words(value: Any) -> list[str]:
    """A text or a list of texts, as a list; anything else is left out."""
    values = value if isinstance(value, list) else [value]
    return [cleaned(word) for word in values if isinstance(word, str) and word.strip()]


def _place(word: str) -> str:
    return word.removeprefix("loc ").strip()


def _side(places: list[str]) -> str:
    words = {word for place in places for word in place.lower().split()}
    if {"left", "right"} <= words:
        return "bilateral"
    return next((side for side in SIDES if side in words), "")


@cache
def _table() -> dict[str, tuple[str, str]]:
    """Label names (case folded) → slug and significance, either may be empty."""
    known = {name: (slug, "") for name, slug in taxonomy.names_of("radgame_padchest").items()}
    with LABEL_TABLE.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            known[row["label"].casefold()] = (row["slug"], row["significance"])
    return known


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def label_slug(name: str) -> str | None:
    """The taxonomy's slug of a PadChest label; empty when it is no finding, None when unknown."""
    found = _table().get(_folded(name))
    return found[0] if found else None


def _significance(names: list[str]) -> str:
    """The weightiest significance the label table gives; empty leaves the label's default."""
    given = {_table()[_folded(name)][1] for name in names}
    return next((one for one in taxonomy.SIGNIFICANCES if one in given), "")


IMPORTER = Importer(name="padchest-gr", describe=describe, read=read)
