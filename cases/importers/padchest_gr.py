"""PadChest-GR: grounded radiology reports, two readers' boxes on one frontal radiograph a study.

Castro et al., "PadChest-GR", arXiv:2411.05085. Also reads lists with the same keys and more,
such as the localize files of the published RadGame.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache, partial
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
    contradicted,
    each_of,
    sex_of,
    text_of,
    twice,
)
from cases.importers.folders import ImageFolders, NameProblem
from cases.importers.tables import json_of, only_file, open_table
from ml import taxonomy

NAME_PATTERNS = ("grounded_reports_*.json", "localize_*.json")
LABEL_TABLE = Path(__file__).parent / "padchest_labels.csv"
PATIENT_TABLE = "master_table.csv"
PATIENT_COLUMNS = ("patientage", "patientage_dicom", "patientsex_dicom", "patientid")
READERS = (("boxes", "1"), ("extra_boxes", "2"))
LANGUAGES = ("en", "es")
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
    patients, problems = _patients(only_file(file.parent, PATIENT_TABLE))
    yield from problems
    images = ImageFolders(folders)
    yield from images.problems()
    doubted = contradicted((_name(record), record) for record in records)
    seen: set[str] = set()
    for number, record in enumerate(records, start=1):
        where = f"{file.name}, entry {number}"
        name = _name(record)
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
            patient = patients.get(name, {})
            doubts = [twice(name)] if name in doubted else []
            yield from each_of(name, partial(_case, record, name, images, patient, doubts))


def _name(record: Any) -> str:
    return text_of(record, "ImageID") if isinstance(record, dict) else ""


def _report_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = only_file(path, *NAME_PATTERNS)
    if not found:
        raise SourceProblem(f"{path} holds no {' or '.join(NAME_PATTERNS)}: name the file itself.")
    return found


def _records(file: Path) -> list[Any]:
    records = json_of(file)
    if not isinstance(records, list):
        raise SourceProblem(f"{file.name} is not a JSON list of studies.")
    return records


def _patients(path: Path | None) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """ImageID → age and sex columns of the master table; empty when it is not there."""
    if path is None:
        return {}, []
    try:
        table = open_table(path, "ImageID")
    except SourceProblem as problem:
        return {}, [Problem(path.name, f"Age and sex are not known: {problem}")]
    patients, problems = {}, []
    for row in table.rows(breaks=True):
        if row.is_broken or len(row.cells) > len(table.header):
            said = "The row's quotes or cells are broken; its age and sex are not known."
            problems.append(Problem(f"{path.name}, line {row.line}", said))
            continue
        cells = dict(zip(table.header, row.cells, strict=False))
        patients[row.cells[0]] = {name: cells.get(name, "") for name in PATIENT_COLUMNS}
    return patients, problems


def _case(
    record: dict[str, Any],
    name: str,
    images: ImageFolders,
    patient: dict[str, str],
    problems: list[Problem],
) -> Iterator[Item]:
    try:
        path = images.find(name)
    except NameProblem as error:
        yield Problem(name, f"The image's name {error}; the case was skipped.", "case")
        return
    if path is None:
        yield Problem(name, "Its image is not in the images folder; the case was skipped.", "case")
        return
    statements = _statements(record, name, problems)
    findings = [
        finding
        for number, statement in statements
        for finding in _findings(statement, f"{name}, finding {number}", problems)
    ]
    abnormal = any(statement.get("abnormal") is True for _, statement in statements)
    if abnormal and not findings:
        problems.append(Problem(name, "It is called abnormal, and no finding came of it."))
    yield ImportedCase(
        key=name,
        images=(ImportedImage(name, Source((path,), usual_view="FRONTAL")),),
        findings=tuple(findings),
        reports=_reports([statement for _, statement in statements], name, problems),
        age=age_of(patient.get("patientage") or patient.get("patientage_dicom")),
        sex=sex_of(patient.get("patientsex_dicom")),
        patient=patient.get("patientid", ""),
        problems=tuple(problems),
    )


def _statements(
    record: dict[str, Any], name: str, problems: list[Problem]
) -> list[tuple[int, dict[str, Any]]]:
    """A study's statements that can be read, with their numbers from 1."""
    values = record.get("findings")
    if not isinstance(values, list):
        problems.append(Problem(name, "It has no list of findings."))
        return []
    kept = []
    for number, value in enumerate(values, start=1):
        if isinstance(value, dict):
            kept.append((number, value))
        else:
            where = f"{name}, finding {number}"
            problems.append(Problem(where, "The finding is not an object; it was left out."))
    return kept


def _findings(
    statement: dict[str, Any], where: str, problems: list[Problem]
) -> list[ImportedFinding]:
    """One finding a label of the sentence, all with the sentence's boxes."""
    regions = _regions(statement, where, problems)
    if not _is_positive(statement, where, bool(regions), problems):
        return []
    slugs = _slugs(statement, where, problems)
    places = [_place(word) for word in _words(statement.get("locations"))]
    return [
        ImportedFinding(
            label=slug,
            source_label=", ".join(own)[:200],
            side=_side(places),
            location=", ".join(dict.fromkeys(places))[:200],
            significance=_significance(own) if slug else "",
            progression=", ".join(_words(statement.get("progression")))[:20],
            sentence=text_of(statement, "sentence_en") or text_of(statement, "sentence_es"),
            regions=regions,
        )
        for slug, own in slugs
    ]


def _is_positive(
    statement: dict[str, Any], where: str, has_boxes: bool, problems: list[Problem]
) -> bool:
    """Whether a statement is of something found; what contradicts itself becomes a problem."""
    abnormal = statement.get("abnormal")
    if abnormal is False:
        if has_boxes:
            problems.append(Problem(where, "It is called not abnormal and has boxes; left out."))
        return False
    if abnormal is not None and abnormal is not True:
        problems.append(Problem(where, "Its “abnormal” is neither true nor false."))
    return True


def _slugs(
    statement: dict[str, Any], where: str, problems: list[Problem]
) -> list[tuple[str, list[str]]]:
    """The taxonomy's labels of a statement with its own names of them; an empty slug is unknown."""
    found: dict[str, list[str]] = {}
    unknown: list[str] = []
    values = statement.get("labels")
    names = values if isinstance(values, list) else [values]
    if not names:
        problems.append(Problem(where, "The finding names no label; it was left out."))
    for name in names:
        slug = label_slug(name) if isinstance(name, str) else None
        if slug:
            found.setdefault(slug, []).append(cleaned(str(name)))
        elif slug is None and isinstance(name, str) and cleaned(name):
            unknown.append(_shown(name))
        elif slug is None:
            said = f"The label “{_shown(name)}” is not in the taxonomy; it was left out."
            problems.append(Problem(where, said))
    return [*found.items(), *(("", [name]) for name in unknown)]


def _shown(value: Any) -> str:
    return cleaned(value if isinstance(value, str) else "" if value is None else str(value))[:80]


def _regions(
    statement: dict[str, Any], where: str, problems: list[Problem]
) -> tuple[ImportedRegion, ...]:
    """The first reader's boxes, and the second's as alternates of them.

    Where only the second reader drew, the boxes are the finding's own.
    """
    found: list[ImportedRegion] = []
    for key, reader in READERS:
        has_first = bool(found)
        boxes = statement.get(key)
        boxes = [] if boxes is None else boxes if isinstance(boxes, list) else [boxes]
        for number, value in enumerate(boxes, start=1):
            try:
                box = checked_box(value)
            except ValueError as error:
                problems.append(Problem(where, f"Box {number} of {key} {error}; it was left out."))
                continue
            found.append(ImportedRegion(box, reader=reader, alternate=reader == "2" and has_first))
    return tuple(found)


def _reports(
    statements: list[dict[str, Any]], name: str, problems: list[Problem]
) -> tuple[ImportedReport, ...]:
    """The sentences of a study, negative ones too, as one text a language."""
    reports = []
    for language in LANGUAGES:
        key = f"sentence_{language}"
        if any(not isinstance(statement.get(key), str | None) for statement in statements):
            problems.append(Problem(name, f"A sentence of its report in “{language}” is no text."))
        sentences = [text_of(statement, key) for statement in statements]
        if not any(sentences):
            continue
        if not all(sentences):
            said = f"Its report in “{language}” lacks the sentence of a finding."
            problems.append(Problem(name, said))
        text = " ".join(_closed(sentence) for sentence in sentences if sentence)
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
