"""ReXGradient-160K: reports with all films of their study (Zhang et al., arXiv:2505.00228).

The published RadGame's ``radgame_report.json`` has the same keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from cases.importers.base import (
    DatasetInfo,
    ImportedReport,
    Importer,
    Item,
    Problem,
    age_of,
    sex_of,
    text_of,
)
from cases.importers.columns import tables_of
from cases.importers.films import Film, View, cases_of, view_of
from cases.importers.folders import ImageFolders
from cases.importers.tables import json_entries

TABLES = ("*metadata*.json", "radgame_report*.json", "*.json")


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="rexgradient-160k",
        title="ReXGradient-160K",
        version="1",
        licence="Non-commercial, by agreement on Hugging Face",
        attribution="Rajpurkar Lab and Gradient Health: ReXGradient-160K (Zhang et al., 2025)",
        url="https://huggingface.co/datasets/rajpurkarlab/ReXGradient-160K",
        access="credentialed",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """The studies of the file or files; its findings are in words only, none is for Localize."""
    problems: list[Problem] = []
    films = _films(tables_of(path, *TABLES), problems)
    yield from cases_of(films, ImageFolders(folders), {}, usual_view="")
    yield from problems


def _films(tables: list[Path], problems: list[Problem]) -> Iterator[Film]:
    seen: set[str] = set()
    for table in tables:
        split = next((one for one in ("train", "valid", "test") if one in table.stem.lower()), "")
        for number, (name, entry) in enumerate(json_entries(table), start=1):
            where = f"{table.name}, entry {number}"
            if not isinstance(entry, dict):
                problems.append(Problem(where, "It is not an object; it was skipped.", "case"))
                continue
            key = name or text_of(entry, "id") or text_of(entry, "StudyInstanceUid")
            names = _names(entry)
            if not key or not names:
                problems.append(Problem(where, "It names no study with images; skipped.", "case"))
            elif key in seen:
                said = f"The study {key} occurs a second time; it was skipped."
                problems.append(Problem(where, said, "case"))
            else:
                seen.add(key)
                yield _film(key, names, entry, split)


def _names(entry: Mapping[str, Any]) -> list[str]:
    """The paths of its images, without what leads up from the table."""
    paths = entry.get("ImagePath")
    paths = paths if isinstance(paths, list) else [paths]
    found = [_below(path) for path in paths if isinstance(path, str) and path.strip()]
    return list(dict.fromkeys(found))


def _below(path: str) -> str:
    parts = list(PurePosixPath(path).parts)
    while parts and parts[0] in ("..", "."):
        del parts[0]
    return str(PurePosixPath(*parts)) if parts else ""


def _film(key: str, names: list[str], entry: dict[str, Any], split: str) -> Film:
    views = entry.get("ImageViewPosition")
    views = views if isinstance(views, list) else [views]
    words = [one if isinstance(one, str) else "" for one in views]
    words += [""] * (len(names) - len(words))
    findings, impression = text_of(entry, "Findings"), text_of(entry, "Impression")
    return Film(
        key,
        [View(name, view=view_of(word)) for name, word in zip(names, words, strict=False)],
        age=age_of(entry.get("PatientAge")),
        sex=sex_of(entry.get("PatientSex")),
        indication=text_of(entry, "Indication"),
        comparison=text_of(entry, "Comparison"),
        reports=(ImportedReport("en", findings, impression),) if findings or impression else (),
        knows_findings=False,
        patient=text_of(entry, "PatientID"),
        split=split,
    )


IMPORTER = Importer(name="rexgradient", describe=describe, read=read)
