"""Importers: one file a format, each a generator over its source that yields cases and problems."""

from __future__ import annotations

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
    importer_named,
    importers,
)

__all__ = [
    "DatasetInfo",
    "ImportedCase",
    "ImportedFinding",
    "ImportedImage",
    "ImportedRegion",
    "ImportedReport",
    "Importer",
    "Item",
    "Problem",
    "SourceProblem",
    "importer_named",
    "importers",
]
