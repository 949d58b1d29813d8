"""CVAT for images 1.1: the XML that the annotation tool exports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from cases.importers.base import (
    DatasetInfo,
    Importer,
    Item,
    Point,
    Problem,
    SourceProblem,
    cleaned,
)
from cases.importers.columns import table_of
from cases.importers.films import Film, Mark, cases_of
from cases.importers.films import Films as FilmsByName
from cases.importers.folders import ImageFolders
from cases.importers.masks import from_rows, outlines
from cases.importers.shapes import ellipse
from cases.importers.vocabulary import own_words

SHAPES = ("box", "polygon", "polyline", "points", "ellipse", "mask", "tag")
OTHERS = ("skeleton", "cuboid")
ROOT = "annotations"


def describe(path: Path) -> DatasetInfo:
    stem = table_of(path, "annotations.xml", "*.xml").absolute().parent.name.lower()
    slug = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem)
    return DatasetInfo(
        slug=f"cvat-{slug}".strip("-")[:50], title="Films annotated in CVAT", access="private"
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each image; one without annotations is normal. The file is read as a stream."""
    table = table_of(path, "annotations.xml", "*.xml")
    films = FilmsByName()
    problems: list[Problem] = []
    try:
        for number, element in enumerate(_images(table), start=1):
            where = f"{table.name}, image {number}"
            name = cleaned(element.get("name", ""))
            if not name:
                problems.append(Problem(where, "It has no name; it was skipped.", "case"))
            elif name in films:
                said = f"The image {name} occurs a second time; it was skipped."
                problems.append(Problem(where, said, "case"))
            else:
                _read_image(films.of(name), element, where)
    except (ParseError, DefusedXmlException, OSError) as error:
        raise SourceProblem(f"{table.name} is no readable XML: {error}.") from None
    yield from problems
    yield from cases_of(films.values(), ImageFolders(folders), own_words(), look_for_text=True)


def _images(table: Path) -> Iterator[Element]:
    is_first = True
    for event, element in SafeTree.iterparse(table, events=("start", "end")):
        if is_first and element.tag != ROOT:
            raise SourceProblem(f"{table.name} begins with “{element.tag}”: it is no CVAT export.")
        is_first = False
        if event == "end" and element.tag == "image":
            yield element
            element.clear()


def _read_image(film: Film, element: Element, where: str) -> None:
    try:
        size = (float(element.get("width", "")), float(element.get("height", "")))
    except ValueError:
        size = (0.0, 0.0)
    if min(size) > 0:
        film.views[0].size = size
    film.split = cleaned(element.get("subset", ""))
    for number, shape in enumerate(element, start=1):
        at = f"{where}, shape {number}"
        label = cleaned(shape.get("label", ""))
        if shape.tag in OTHERS:
            said = f"“{label}” is a {shape.tag}, which the library has not; it was left out."
            film.problems.append(Problem(at, said))
        if shape.tag not in SHAPES:
            continue
        try:
            parts = _parts(shape)
        except (OverflowError, ValueError):
            said = f"The {shape.tag} of “{label}” is not made of numbers; it was left out."
            film.problems.append(Problem(at, said))
            parts = [()]
        is_way = shape.tag in ("points", "polyline")
        film.views[0].marks += [Mark(label, at, corners, is_way=is_way) for corners in parts]


def _parts(shape: Element) -> list[tuple[Point, ...]]:
    """The corners of a shape, of a mask those of its parts; one without any of a tag.

    Raises:
        ValueError, OverflowError: what should be numbers is not, or has no end.
    """
    if shape.tag == "tag":
        return [()]
    if shape.tag == "box":
        x0, y0, x1, y1 = _numbers(shape, "xtl", "ytl", "xbr", "ybr")
        return [((x0, y0), (x1, y1))]
    if shape.tag == "ellipse":
        x, y, half_x, half_y = _numbers(shape, "cx", "cy", "rx", "ry")
        return [ellipse(x - half_x, y - half_y, x + half_x, y + half_y)]
    if shape.tag == "mask":
        return _mask(shape)
    pairs = [pair.split(",") for pair in shape.get("points", "").split(";")]
    corners = tuple((float(x), float(y)) for x, y in pairs)
    if shape.tag == "points":  # each is a tip of its own
        return [(corner,) for corner in corners]
    if shape.tag == "polygon" and len(corners) < 3:
        raise ValueError
    return [corners]


def _mask(shape: Element) -> list[tuple[Point, ...]]:
    left, top, width, height = (
        int(one) for one in _numbers(shape, "left", "top", "width", "height")
    )
    if min(width, height) < 1:
        raise ValueError
    runs = [int(part) for part in shape.get("rle", "").split(",")]
    parts = outlines(from_rows(runs, height, width))
    return [tuple((x + left, y + top) for x, y in part) for part in parts]


def _numbers(shape: Element, *names: str) -> list[float]:
    return [float(shape.get(name, "")) for name in names]


IMPORTER = Importer(name="cvat", describe=describe, read=read)
