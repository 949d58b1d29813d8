"""Finding the image files that a table names, inside the folders given and nowhere else."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path, PurePosixPath

from cases.importers.base import Problem

IMAGE_SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".jp2", ".j2k", ".dcm", ".dicom", ".dic", ".ima")
)
"""What may be added to, taken from or changed at a table's name; nothing else of it may."""
PLACES_NAMED = 3

Index = dict[str, list[Path]]


class NameProblem(ValueError):
    """A table's name that is not to be followed; the message ends a sentence on the name."""


class UnsafeName(NameProblem):
    """A name in a table that points outside the images folder."""


class AmbiguousName(NameProblem):
    """A name that several files have: which of them is meant nobody can tell."""


class _Match(Enum):
    """How a name is compared with the end of a path; the strictest first."""

    WHOLE = 1
    ANY_SUFFIX = 2
    ANY_CAPITALS = 3

    def key(self, parts: tuple[str, ...]) -> str:
        if self is _Match.WHOLE:
            return "/".join(parts)
        name = _without_suffix(parts)
        return name.casefold() if self is _Match.ANY_CAPITALS else name


class ImageFolders:
    """All files below some folders, by the end of their path.

    A table's name is only ever looked up here, never joined to a path, so that it
    cannot lead outside. It is matched whole, with the end of a file's path: ``p1/view.png`` is
    the file of that name in a folder ``p1``, however deep, and never another ``view.png``. Only
    where no file has the whole name may its suffix differ (``x.png`` or ``x`` is also found as
    ``x.dcm``), and where none has that, its capitals, unless another name is of the same file.

    A folder that is a link is followed to a place inside the folders; `problems` names the others.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        roots = [folder.absolute() for folder in folders]
        self._insides = [root.resolve() for root in roots]
        self._leading_out: list[Path] = []
        self._files = tuple(dict.fromkeys(path for root in roots for path in self._below(root)))
        self._by_end: dict[tuple[int, _Match], Index] = {}
        self._found: dict[Path, str] = {}
        """Files that were found, by the first name each was found by, in its own letters."""

    def _below(self, root: Path) -> Iterator[Path]:
        """All files below a folder, in order; no link is followed behind a link."""
        start = root.resolve()
        for place, folders, names in os.walk(root, followlinks=True):
            here = Path(place)
            is_behind_link = here.resolve() != start / here.relative_to(root)
            folders[:] = sorted(
                name
                for name in folders
                if not (here / name).is_symlink()
                or (not is_behind_link and self._leads_inside(here / name))
            )
            yield from (here / name for name in sorted(names))

    def _leads_inside(self, link: Path) -> bool:
        target = link.resolve()
        if any(target.is_relative_to(inside) for inside in self._insides):
            return True
        self._leading_out.append(link)
        return False

    def problems(self) -> list[Problem]:
        """A sentence for each folder that is a link out of the folders, and is not followed."""
        said = "It is a link out of the images folders and not followed: name its target too."
        return [Problem(str(link), said) for link in dict.fromkeys(self._leading_out)]

    def find(self, name: str) -> Path | None:
        """The file of this name, or None when it is not here.

        Raises:
            UnsafeName: an absolute name, or one with ``..``, a backslash or a NUL.
            AmbiguousName: several files have the name, or a file two names in other capitals.
        """
        pure = PurePosixPath(name)
        if not name or pure.is_absolute() or ".." in pure.parts or "\\" in name or "\0" in name:
            raise UnsafeName("names a file outside the images folder")
        parts = tuple(_composed(part) for part in pure.parts)
        if not parts:
            return None
        for match in _Match:
            found = _once(self._ending_with(len(parts), match).get(match.key(parts), []))
            if len(found) > 1:
                raise AmbiguousName(f"is that of several files ({_listed(found)})")
            if found:
                return self._only_name_of(found[0], _without_suffix(parts))
        return None

    def _only_name_of(self, path: Path, name: str) -> Path:
        """The file, unless it was found by a name that differs in its capitals: which is meant?"""
        other = self._found.setdefault(path, name)
        both = zip(reversed(name.split("/")), reversed(other.split("/")), strict=False)
        if any(one != another and one.casefold() == another.casefold() for one, another in both):
            raise AmbiguousName(f"differs from another name, “{other}”, in capital letters alone")
        return path

    def _ending_with(self, count: int, match: _Match) -> Index:
        """The files by the last `count` parts of their paths, made when first asked for."""
        index = self._by_end.get((count, match))
        if index is None:
            index = self._by_end[count, match] = {}
            for path in self._files:
                end = tuple(_composed(part) for part in path.parts[-count:])
                index.setdefault(match.key(end), []).append(path)
        return index


def _once(paths: list[Path]) -> list[Path]:
    """Without other ways to the same file."""
    if len(paths) < 2:
        return paths
    return list({path.resolve(): path for path in reversed(paths)}.values())[::-1]


def _composed(text: str) -> str:
    """In composed form: some file systems take letters with accents apart."""
    return unicodedata.normalize("NFC", text)


def _without_suffix(parts: tuple[str, ...]) -> str:
    """The joined parts without the suffix of an image; what else follows a dot belongs to a name.

    A UID such as ``1.2.840.99.1`` keeps all its parts.
    """
    stem, dot, suffix = parts[-1].rpartition(".")
    last = stem if stem and f"{dot}{suffix}".lower() in IMAGE_SUFFIXES else parts[-1]
    return "/".join((*parts[:-1], last))


def _listed(paths: list[Path]) -> str:
    named = " and ".join(str(path) for path in paths[:PLACES_NAMED])
    more = len(paths) - PLACES_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
