"""Finding the image files that a table names, inside the folders given and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath


class UnsafeName(ValueError):
    """A name in a table that points outside the images folder."""


class ImageFolders:
    """All files below some folders, by name.

    A table's name is only ever looked up here, never joined to a path, so that it
    cannot lead outside. ``x.png`` is also found as ``x.dcm`` (any suffix).
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self._by_name: dict[str, Path] = {}
        self._by_stem: dict[str, Path] = {}
        for folder in folders:
            for place, inner, names in os.walk(folder):
                inner.sort()
                for name in sorted(names):
                    path = Path(place, name)
                    self._by_name.setdefault(name, path)
                    self._by_name.setdefault(path.relative_to(folder).as_posix(), path)
                    if path.suffix.lower() not in (".csv", ".json", ".txt", ".md", ".gz"):
                        self._by_stem.setdefault(path.stem, path)

    def find(self, name: str) -> Path | None:
        """The file of this name, or None when it is not here.

        Raises:
            UnsafeName: an absolute name, or one with ``..``, a backslash or a NUL.
        """
        pure = PurePosixPath(name)
        if not name or pure.is_absolute() or ".." in pure.parts or "\\" in name or "\0" in name:
            raise UnsafeName("names a file outside the images folder")
        return (
            self._by_name.get(pure.as_posix())
            or self._by_name.get(pure.name)
            or self._by_stem.get(pure.stem)
        )
