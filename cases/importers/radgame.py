"""The published RadGame's own two files: ``localize_*.json`` and ``radgame_report*.json``.

The first has PadChest-GR's keys, the second those of ReXGradient-160K; terms are those of either.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from cases.importers import padchest_gr, rexgradient
from cases.importers.base import DatasetInfo, Importer, Item
from cases.importers.columns import tables_of

LOCALIZE, REPORT = "localize*.json", "radgame_report*.json"


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="radgame",
        title="RadGame",
        licence="Terms of PadChest-GR (BIMCV) and ReXGradient-160K",
        attribution="RadGame; films of PadChest-GR (Castro et al., 2024) and ReXGradient-160K "
        "(Zhang et al., 2025)",
        access="credentialed",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """The cases of a file, or of both files of a folder.

    Raises:
        SourceProblem: neither is there, or one cannot be read.
    """
    files = [path] if path.is_file() else _both(path)
    for file in files:
        kind = padchest_gr if fnmatch(file.name.lower(), LOCALIZE) else rexgradient
        yield from kind.read(file, folders)


def _both(folder: Path) -> list[Path]:
    names = {file.name: file for file in tables_of(folder, "*.json")}
    kept = [
        file
        for name, file in names.items()
        if any(fnmatch(name.lower(), pattern) for pattern in (LOCALIZE, REPORT))
    ]
    return kept or tables_of(folder, LOCALIZE, REPORT)


IMPORTER = Importer(name="radgame", describe=describe, read=read)
