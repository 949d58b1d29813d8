"""MS-CXR: phrases of reports with boxes on films of MIMIC-CXR (Boecking et al., ECCV 2022)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cases.importers.base import DatasetInfo, Importer, Item, Problem
from cases.importers.columns import records, table_of
from cases.importers.films import Films, Mark, box_of, cases_of
from cases.importers.folders import ImageFolders
from cases.importers.vocabulary import vocabulary

NEEDED = ("dicom_id", "category_name", "label_text", "x", "y", "w", "h", "image_width")
SIZE = ("image_width", "image_height")


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="ms-cxr",
        title="MS-CXR",
        version="1.1.0",
        licence="PhysioNet Credentialed Health Data License 1.5.0",
        attribution="Microsoft Research: MS-CXR (Boecking et al., 2022); images of MIMIC-CXR",
        url="https://physionet.org/content/ms-cxr/1.1.0/",
        access="credentialed",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each film; boxes count in pixels of the size that the table names."""
    films = Films()
    for row in records(table_of(path, "*ms_cxr*.csv", "*.csv"), NEEDED, breaks=True):
        if isinstance(row, Problem):
            yield row
            continue
        film = films.of(row["dicom_id"])
        film.split = film.split or row["split"]
        try:
            box, size = row.numbers("x", "y", "w", "h"), row.numbers(*SIZE)
            if not size or min(size) <= 0:
                raise ValueError
        except ValueError:
            said = f"Box or size of “{row['label_text']}” are no numbers; the box was left out."
            film.problems.append(Problem(row.where, said))
            continue
        film.views[0].size = (size[0], size[1])
        corners = box_of(box, is_extent=True) if box else ()
        mark = Mark(row["category_name"], row.where, corners, sentence=row["label_text"])
        film.views[0].marks.append(mark)
    yield from cases_of(films.values(), ImageFolders(folders), vocabulary(column="ms_cxr"))


IMPORTER = Importer(name="ms-cxr", describe=describe, read=read)
