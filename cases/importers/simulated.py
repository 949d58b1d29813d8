"""Simulated cases: ``cases.json`` with exact truth, beside its images (docs/datasets.md)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
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
    cleaned,
    contradicted,
    each_of,
    sex_of,
    text_of,
    twice,
)
from cases.importers.folders import ImageFolders, NameProblem
from cases.importers.shapes import region_of
from cases.importers.tables import json_of, only_file

FILE = "cases.json"
REPORT_FIELDS = ("language", "findings", "impression")
STUDIES = ("current", "prior")
VIEWS = {"PA", "AP", "LATERAL", "FRONTAL", "CT", "OTHER"}


class CaseProblem(ValueError):
    """Why one case cannot be imported; a sentence."""


def describe(path: Path) -> DatasetInfo:
    info = _document(path).get("dataset")
    info = info if isinstance(info, dict) else {}
    return DatasetInfo(
        slug=text_of(info, "slug")[:50] or "simulated",
        title=text_of(info, "title")[:200] or "Simulated radiographs",
        version=str(info.get("version") or "")[:50],
        licence=text_of(info, "licence")[:200],
        attribution=text_of(info, "attribution"),
        url=text_of(info, "url")[:200],
        access="open",
        simulated=True,
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """Cases and problems of ``cases.json``.

    Raises:
        SourceProblem: no such file, or it is not an object with a list of cases.
    """
    cases = _document(path).get("cases")
    if not isinstance(cases, list):
        raise SourceProblem(f"{_file(path).name} has no list “cases”.")
    images = ImageFolders(folders)
    yield from images.problems()
    doubted = contradicted((_key(record), record) for record in cases)
    seen: set[str] = set()
    for number, record in enumerate(cases, start=1):
        key = _key(record)
        where = key or f"{FILE}, case {number}"
        if not key:
            yield Problem(where, "The entry is not an object with a key; it was skipped.", "case")
            continue
        if key in seen:
            yield Problem(where, "The key occurs a second time; the case was skipped.", "case")
            continue
        seen.add(key)
        doubts = [twice(key)] if key in doubted else []
        yield from each_of(where, partial(_read_case, record, key, images, doubts))


def _key(record: Any) -> str:
    return cleaned(str(record.get("key") or "")) if isinstance(record, dict) else ""


def _read_case(
    record: dict[str, Any], key: str, images: ImageFolders, problems: list[Problem]
) -> Iterator[Item]:
    try:
        case = _case(record, key, images, problems)
    except CaseProblem as error:
        yield Problem(key, str(error), "case")
    else:
        yield replace(case, problems=tuple(problems))


def _file(path: Path) -> Path:
    return (only_file(path, FILE) or path / FILE) if path.is_dir() else path


def _document(path: Path) -> dict[str, Any]:
    document = json_of(_file(path))
    if not isinstance(document, dict):
        raise SourceProblem(f"{_file(path).name} is not a JSON object.")
    return document


def _objects(
    record: dict[str, Any], key: str, where: str, problems: list[Problem]
) -> list[tuple[int, dict[str, Any]]]:
    """The objects of a list with their numbers from 1; anything else in it is a problem."""
    values = record.get(key)
    if not isinstance(values, list):
        problems.append(Problem(where, f"Its “{key}” are not a list."))
        return []
    found = []
    for number, value in enumerate(values, start=1):
        if isinstance(value, dict):
            found.append((number, value))
        else:
            said = f"Entry {number} of “{key}” is not an object; it was left out."
            problems.append(Problem(where, said))
    return found


def _case(
    record: dict[str, Any], key: str, images: ImageFolders, problems: list[Problem]
) -> ImportedCase:
    entries = record.get("images")
    if not isinstance(entries, list) or not entries:
        raise CaseProblem("The case has no image; it was skipped.")
    if not all(isinstance(entry, dict) for entry in entries):
        # The others may not move up: regions count them.
        raise CaseProblem("An entry of “images” is not an object; the case was skipped.")
    return ImportedCase(
        key=key,
        images=tuple(
            _image(entry, images, f"{key}, image {number}", problems)
            for number, entry in enumerate(entries, start=1)
        ),
        findings=tuple(_findings(record, key, problems)),
        reports=_reports(record, key, problems),
        age=age_of(record.get("age")),
        sex=sex_of(record.get("sex")),
        indication=text_of(record, "indication"),
        comparison=text_of(record, "comparison"),
        before=_before(record, key, problems),
        behind=_behind(key, images),
    )


def _image(
    entry: dict[str, Any], images: ImageFolders, where: str, problems: list[Problem]
) -> ImportedImage:
    stack = entry.get("stack")
    stack = stack if isinstance(stack, dict) else {}
    frames = stack.get("frames") or stack.get("files") or entry.get("frames")
    names = frames if isinstance(frames, list) else [entry.get("file")]
    view = text_of(entry, "view").upper()
    offset = stack.get("hu_offset", entry.get("hu_offset"))
    if offset is not None and _number(offset) is None:
        problems.append(Problem(where, f"Its hu_offset {offset!r:.40} is no number; left out."))
    study = entry.get("study", STUDIES[0])
    if study not in STUDIES:
        said = f"Its study {study!r:.40} is neither {' nor '.join(STUDIES)}; taken as current."
        problems.append(Problem(where, said))
    return ImportedImage(
        name=str(entry.get("file") or names[0])[:300],
        source=Source(
            paths=tuple(_path(name, images) for name in names),
            view=view if view in VIEWS else "CT" if stack else "",
            spacing_mm=_spacing(entry.get("pixel_spacing_mm")),
            value_offset=_number(offset),
        ),
        study="prior" if study == "prior" else "current",
        study_label=text_of(entry, "study_label")[:60],
    )


def _before(
    record: dict[str, Any], key: str, problems: list[Problem]
) -> tuple[ImportedFinding, ...]:
    """What the earlier film shows of findings whose change is told, and where a first one from
    before it has these.
    """
    earlier = record.get("earlier")
    if not isinstance(earlier, dict) or earlier.get("findings") is None:
        return ()
    told = [one for one in _findings(earlier, f"{key}, earlier film", problems) if one.progression]
    first = earlier.get("first")
    if isinstance(first, dict) and first.get("findings") is not None:
        for one in _findings(first, f"{key}, first film", problems):
            same = (n for n, it in enumerate(told) if (it.label, it.side) == (one.label, one.side))
            number = next(same, None)
            if number is not None:
                regions = (*told[number].regions, *one.regions)
                told[number] = replace(told[number], regions=regions)
    return tuple(told)


def _behind(key: str, images: ImageFolders) -> Path | None:
    """The file of what lies behind a case's film; most sets have none."""
    try:
        return images.find(f"behind/{key}.json.gz")
    except NameProblem:
        return None


def _path(name: Any, images: ImageFolders) -> Path:
    try:
        path = images.find(name) if isinstance(name, str) else None
    except NameProblem as error:
        raise CaseProblem(f"An image's name {error}; the case was skipped.") from None
    if path is None:
        raise CaseProblem(f"Its image {name} is not here; the case was skipped.")
    return path


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _spacing(value: Any) -> tuple[float, float] | None:
    """One number for square pixels, or rows and columns; mm."""
    values = value if isinstance(value, list) else [value, value]
    numbers = [_number(one) for one in values]
    if len(numbers) != 2 or not all(number and number > 0 for number in numbers):
        return None
    return (numbers[0], numbers[1])  # type: ignore[return-value]


def _findings(
    record: dict[str, Any], key: str, problems: list[Problem]
) -> Iterator[ImportedFinding]:
    for number, entry in _objects(record, "findings", key, problems):
        where = f"{key}, finding {number}"
        label = text_of(entry, "label")
        yield ImportedFinding(
            label=label,
            source_label=label[:200],
            side=text_of(entry, "side")[:10],
            location=(text_of(entry, "zone") or text_of(entry, "location"))[:200],
            size_mm=_number(entry.get("size_mm")),
            severity=str(entry.get("severity") or "")[:20],
            progression=text_of(entry, "progression")[:20],
            significance=str(entry.get("significance") or ""),
            sentence=text_of(entry, "sentence"),
            conspicuity=_number(entry.get("conspicuity")),
            position=text_of(entry, "position"),
            regions=tuple(_regions(entry, where, problems)),
        )


def _regions(
    entry: dict[str, Any], where: str, problems: list[Problem]
) -> Iterator[ImportedRegion]:
    if entry.get("regions") is None:
        return
    for number, region in _objects(entry, "regions", where, problems):
        try:
            image, frame = (_whole(region, name) for name in ("image", "frame"))
            yield region_of(
                region,
                image=image,
                frame=frame,
                reader=text_of(region, "reader")[:50] or "simulator",
                alternate=region.get("alternate") is True,
            )
        except ValueError as error:
            problems.append(Problem(where, f"Region {number} {error}; it was left out."))


def _whole(region: dict[str, Any], name: str) -> int:
    """The image or frame of a region, 0 where it names none.

    Raises:
        ValueError: it is no whole number from 0 up.
    """
    value = region.get(name, 0)
    number = _number(value)
    if number is None or number < 0 or number != int(number):
        raise ValueError(f"names {name} {value!r:.40}, which is not a whole number from 0 up")
    return int(number)


def _reports(
    record: dict[str, Any], key: str, problems: list[Problem]
) -> tuple[ImportedReport, ...]:
    """One report, or a list of one a language; none where the case names none."""
    report = record.get("report")
    if report is None:
        return ()
    entries = {"report": report if isinstance(report, list) else [report]}
    reports = []
    for number, entry in _objects(entries, "report", key, problems):
        if any(not isinstance(entry.get(name), str | None) for name in REPORT_FIELDS):
            said = f"Report {number} holds something that is not text; that was left out."
            problems.append(Problem(key, said))
        language, findings, impression = (text_of(entry, name) for name in REPORT_FIELDS)
        reports.append(ImportedReport(language[:5] or "en", findings, impression))
    return tuple(reports)


IMPORTER = Importer(name="simulated", describe=describe, read=read)
