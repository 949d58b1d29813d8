"""Simulated cases: ``cases.json`` with exact truth, beside its images (docs/datasets.md)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
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

FILE = "cases.json"
Images = tuple[ImportedImage, ...]
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
    seen: set[str] = set()
    for number, record in enumerate(cases, start=1):
        key = cleaned(str(record.get("key") or "")) if isinstance(record, dict) else ""
        where = key or f"{FILE}, case {number}"
        if not key:
            yield Problem(where, "The entry is not an object with a key; it was skipped.", "case")
            continue
        if key in seen:
            yield Problem(where, "The key occurs a second time; the case was skipped.", "case")
            continue
        seen.add(key)
        problems: list[Problem] = []
        try:
            case = _case(record, key, images, problems)
        except CaseProblem as error:
            yield Problem(where, str(error), "case")
            continue
        yield from problems
        yield case


def _file(path: Path) -> Path:
    return path / FILE if path.is_dir() else path


def _document(path: Path) -> dict[str, Any]:
    file = _file(path)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceProblem(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise SourceProblem(f"{file.name} is not readable JSON: {error}.") from None
    if not isinstance(document, dict):
        raise SourceProblem(f"{file.name} is not a JSON object.")
    return document


def _objects(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    values = record.get(key)
    return [value for value in values if isinstance(value, dict)] if type(values) is list else []


def _case(
    record: dict[str, Any], key: str, images: ImageFolders, problems: list[Problem]
) -> ImportedCase:
    shown = tuple(_image(entry, images) for entry in _objects(record, "images"))
    if not shown:
        raise CaseProblem("The case has no image; it was skipped.")
    return ImportedCase(
        key=key,
        images=shown,
        findings=tuple(_findings(record, key, shown, problems)),
        reports=_reports(record),
        age=age_of(record.get("age")),
        sex=sex_of(record.get("sex")),
        indication=text_of(record, "indication"),
        comparison=text_of(record, "comparison"),
    )


def _image(entry: dict[str, Any], images: ImageFolders) -> ImportedImage:
    stack = entry.get("stack")
    stack = stack if isinstance(stack, dict) else {}
    frames = stack.get("frames") or stack.get("files") or entry.get("frames")
    names = frames if isinstance(frames, list) else [entry.get("file")]
    view = text_of(entry, "view").upper()
    offset = stack.get("hu_offset", entry.get("hu_offset"))
    return ImportedImage(
        name=str(entry.get("file") or names[0])[:300],
        source=Source(
            paths=tuple(_path(name, images) for name in names),
            view=view if view in VIEWS else "CT" if stack else "",
            spacing_mm=_spacing(entry.get("pixel_spacing_mm")),
            value_offset=_number(offset),
        ),
        study="prior" if entry.get("study") == "prior" else "current",
        study_label=text_of(entry, "study_label")[:60],
    )


def _path(name: Any, images: ImageFolders) -> Path:
    try:
        path = images.find(name) if isinstance(name, str) else None
    except UnsafeName as error:
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
    record: dict[str, Any], key: str, images: Images, problems: list[Problem]
) -> Iterator[ImportedFinding]:
    for number, entry in enumerate(_objects(record, "findings"), start=1):
        where = f"{key}, finding {number}"
        label = text_of(entry, "label")
        if label not in taxonomy.labels():
            problems.append(
                Problem(where, f"The label “{label}” is not in the taxonomy; it was left out.")
            )
            continue
        significance = text_of(entry, "significance")
        yield ImportedFinding(
            label=label,
            source_label=label,
            side=text_of(entry, "side")[:10],
            location=(text_of(entry, "zone") or text_of(entry, "location"))[:200],
            size_mm=_number(entry.get("size_mm")),
            severity=str(entry.get("severity") or "")[:20],
            significance=significance if significance in taxonomy.SIGNIFICANCES else "",
            sentence=text_of(entry, "sentence"),
            conspicuity=_number(entry.get("conspicuity")),
            regions=tuple(_regions(entry, where, images, problems)),
        )


def _regions(
    entry: dict[str, Any], where: str, images: Images, problems: list[Problem]
) -> Iterator[ImportedRegion]:
    for number, region in enumerate(_objects(entry, "regions"), start=1):
        try:
            box = checked_box(region.get("box"))
            image, frame = _place(region, images)
        except ValueError as error:
            problems.append(Problem(where, f"Region {number} {error}; it was left out."))
            continue
        yield ImportedRegion(box, image=image, frame=frame, reader="simulator")


def _place(region: dict[str, Any], images: Images) -> tuple[int, int]:
    """Image and frame of a region; ValueError when the case has no such one."""
    image, frame = (int(_number(region.get(name)) or 0) for name in ("image", "frame"))
    if not 0 <= image < len(images):
        raise ValueError(f"lies on image {image}, which the case has not")
    if not 0 <= frame < len(images[image].source.paths):
        raise ValueError(f"lies on frame {frame}, which the image has not")
    return image, frame


def _reports(record: dict[str, Any]) -> tuple[ImportedReport, ...]:
    """One report, or a list of one a language."""
    report = record.get("report")
    entries = report if isinstance(report, list) else [report]
    return tuple(
        ImportedReport(
            language=text_of(entry, "language")[:5] or "en",
            findings=text_of(entry, "findings"),
            impression=text_of(entry, "impression"),
        )
        for entry in entries
        if isinstance(entry, dict)
    )


IMPORTER = Importer(name="simulated", describe=describe, read=read)
