"""SIIM-ACR Pneumothorax Segmentation Challenge 2019: masks as relative run lengths."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cases.importers.base import DatasetInfo, Importer, Item, Problem
from cases.importers.columns import records, table_of
from cases.importers.films import Films, Mark, cases_of
from cases.importers.folders import ImageFolders
from cases.importers.masks import from_relative_runs, outlines
from cases.importers.vocabulary import vocabulary

NEEDED = ("imageid", "encodedpixels")
LABEL = "Pneumothorax"
NONE = "-1"
SIDE = 1024
"""Pixels of both sides of the challenge's films."""


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="siim-acr-pneumothorax",
        title="SIIM-ACR Pneumothorax Segmentation",
        version="2019",
        licence="Terms of the SIIM-ACR Pneumothorax Challenge",
        attribution="SIIM and ACR; images of NIH ChestX-ray14",
        url="https://www.kaggle.com/c/siim-acr-pneumothorax-segmentation",
        access="registered",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """Films of the table; one without a mask shows no pneumothorax and may show anything else."""
    films = Films()
    for row in records(table_of(path, "*rle*.csv"), NEEDED):
        if isinstance(row, Problem):
            yield row
            continue
        film = films.of(row["imageid"])
        film.split = "train"
        film.views[0].size = (SIDE, SIDE)
        runs = row["encodedpixels"]
        if runs == NONE:
            continue
        try:
            parts = outlines(from_relative_runs(runs, SIDE, SIDE))
        except ValueError as error:
            film.problems.append(Problem(row.where, f"Its mask {error}; it was left out."))
            continue
        if not parts:
            film.problems.append(Problem(row.where, "Its mask is empty; it was left out."))
        film.views[0].marks += [Mark(LABEL, row.where, corners) for corners in parts]
    for film in films.values():
        film.knows_findings = bool(film.views[0].marks)
    yield from cases_of(films.values(), ImageFolders(folders), vocabulary("siim"))


IMPORTER = Importer(name="siim", describe=describe, read=read)
