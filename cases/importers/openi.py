"""Open-I (Indiana University): reports with MeSH codes by hand, and their films.

Demner-Fushman et al., JAMIA 2016. One XML file a study; ``XXXX`` is what de-identification left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from cases.importers.base import (
    DatasetInfo,
    ImportedReport,
    Importer,
    Item,
    Problem,
    SourceProblem,
    cleaned,
)
from cases.importers.films import Film, Mark, View, cases_of
from cases.importers.folders import ImageFolders
from cases.importers.vocabulary import folded, vocabulary

UNCODED = "no indexing"
SIDES = ("left", "right", "bilateral")
LONGEST = 4 << 20
"""Bytes of a study's file; real ones have some ten thousand."""


def describe(path: Path) -> DatasetInfo:
    return DatasetInfo(
        slug="openi",
        title="Open-I Indiana University chest X-rays",
        version="2013",
        licence="CC BY-NC-ND 4.0",
        attribution="Indiana University and National Library of Medicine: Open-I "
        "(Demner-Fushman et al., 2016)",
        url="https://openi.nlm.nih.gov/",
        access="open",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """The studies of a folder's XML files, with all films that they name."""
    files = [path] if path.is_file() else sorted(path.rglob("*.xml"), key=_by_number)
    if not files:
        raise SourceProblem(f"{path} holds no XML files of studies.")
    words, found = vocabulary("openi"), _Found()
    yield from cases_of(_films(files, words, found), ImageFolders(folders), words, usual_view="")
    yield from found.problems


class _Found:
    """What files that are no studies are told of, and the names that were seen."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.seen: set[str] = set()


def _by_number(file: Path) -> tuple[int, str]:
    return (int(file.stem) if file.stem.isdecimal() else 0, file.name)


def _films(files: list[Path], words: Mapping[str, str], found: _Found) -> Iterator[Film]:
    for file in files:
        try:
            if file.stat().st_size > LONGEST:
                raise ValueError("it is far too large")
            root = SafeTree.fromstring(file.read_bytes())
        except (ParseError, DefusedXmlException, OSError, ValueError) as error:
            said = f"It is no readable XML ({cleaned(str(error))[:100]}); the case was skipped."
            found.problems.append(Problem(file.name, said, "case"))
            continue
        film = _film(root, file.name, words)
        if film is None:
            said = "It names no study with an image; the case was skipped."
            found.problems.append(Problem(file.name, said, "case"))
        elif film.key in found.seen:
            said = f"The study {film.key} occurs a second time; the case was skipped."
            found.problems.append(Problem(file.name, said, "case"))
        else:
            found.seen.add(film.key)
            yield film


def _film(root: Element, where: str, words: Mapping[str, str]) -> Film | None:
    uid = root.find("uId")
    names = [image.get("id", "") for image in root.iter("parentImage")]
    key = uid.get("id", "") if uid is not None else ""
    if not key or not any(names):
        return None
    said = {
        part.get("Label", "").casefold(): cleaned("".join(part.itertext()))
        for part in root.iter("AbstractText")
    }
    codes = [cleaned(code.text or "") for code in root.iterfind("MeSH/major")]
    film = Film(key, [View(name) for name in dict.fromkeys(filter(None, names))])
    film.views[0].marks = [_mark(code, where, words) for code in codes if code]
    film.indication, film.comparison = said.get("indication", ""), said.get("comparison", "")
    report = ImportedReport("en", said.get("findings", ""), said.get("impression", ""))
    film.reports = (report,) if report.findings or report.impression else ()
    film.knows_findings = bool(codes) and all(folded(code) != UNCODED for code in codes)
    return film


def _mark(code: str, where: str, words: Mapping[str, str]) -> Mark:
    """A code such as ``Opacity/lung/base/left``, called by the longest of its parts that is known.

    A heading with one of its attributes goes before the heading alone.
    """
    heading, *attributes = [part.strip() for part in code.split("/")]
    pairs = [f"{heading}/{attribute}" for attribute in attributes]
    label = next((pair for pair in pairs if folded(pair) in words), heading)
    sides = {one for one in attributes if one in SIDES}
    side = "bilateral" if len(sides) > 1 else next(iter(sides), "")
    return Mark(label, where, side=side)


IMPORTER = Importer(name="openi", describe=describe, read=read)
