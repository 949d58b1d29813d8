"""Label Studio: the JSON that the annotation tool exports, each annotator a reader."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cases.importers.base import DatasetInfo, Importer, Item, Point, Problem, text_of
from cases.importers.columns import table_of
from cases.importers.films import Film, Films, Mark, cases_of
from cases.importers.folders import ImageFolders, NameProblem
from cases.importers.shapes import ellipse
from cases.importers.tables import json_entries
from cases.importers.vocabulary import own_words

WHOLE = 100.0
"""Places are percents of the image."""
KINDS = ("rectanglelabels", "polygonlabels", "keypointlabels", "ellipselabels", "choices")
UPLOADED = re.compile(r"^[0-9a-f]{8}-")
"""What the tool puts before the name of an uploaded file."""


def describe(path: Path) -> DatasetInfo:
    stem = table_of(path, "*.json").stem.lower()
    slug = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in stem)
    return DatasetInfo(
        slug=f"label-studio-{slug}".strip("-")[:50],
        title="Films annotated in Label Studio",
        access="private",
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """A case for each task that somebody answered; tasks that nobody answered are told."""
    table = table_of(path, "*.json")
    images = ImageFolders(folders)
    films = Films()
    open_tasks = 0
    for number, (_, task) in enumerate(json_entries(table), start=1):
        where = f"{table.name}, task {number}"
        name = _name(task, images)
        if not name:
            yield Problem(where, "It is not an object that names an image; skipped.", "case")
            continue
        if name in films:
            yield Problem(f"{where} ({name})", "The image occurs a second time; skipped.", "case")
            continue
        given = task.get("annotations") or task.get("completions") or []
        if not isinstance(given, list):
            said = "Its annotations are not a list; skipped."
            yield Problem(f"{where} ({name})", said, "case")
            continue
        answers = [one for one in given if isinstance(one, dict) and not one.get("was_cancelled")]
        if not answers:
            open_tasks += 1
            continue
        film = films.of(name)
        film.views[0].size = (WHOLE, WHOLE)
        for answer in answers:
            _read_answer(film, answer, where)
    if open_tasks:
        said = f"{open_tasks:,} tasks have no annotation yet and were skipped."
        yield Problem(table.name, said, "case", open_tasks)
    yield from cases_of(films.values(), images, own_words(), look_for_text=True)


def _name(task: Any, images: ImageFolders) -> str:
    """The image that a task's data names, as it is called here."""
    data = task.get("data") if isinstance(task, dict) else None
    values = data.values() if isinstance(data, dict) else ()
    address = next((one for one in values if isinstance(one, str) and "." in one), "")
    parts = urlsplit(address)
    local = parse_qs(parts.query).get("d", [""])[0]
    path = PurePosixPath(local or unquote(parts.path))
    full = str(path).lstrip("/")
    for name in (full, path.name, UPLOADED.sub("", path.name)):
        try:
            if name and images.find(name):
                return name
        except NameProblem:
            return name
    return path.name


def _read_answer(film: Film, answer: dict[str, Any], where: str) -> None:
    who = answer.get("completed_by")
    who = who.get("id") if isinstance(who, dict) else who
    reader = str(who if who is not None else "")[:50]
    if reader:
        film.readers.add(reader)
    results = answer.get("result")
    for number, result in enumerate(results if isinstance(results, list) else (), start=1):
        at = f"{where}, result {number}"
        kind = text_of(result, "type") if isinstance(result, dict) else ""
        if kind == "relation":
            continue
        value = result.get("value") if isinstance(result, dict) else None
        if kind not in KINDS or not isinstance(value, dict):
            film.problems.append(Problem(at, f"“{kind}” is no shape of the game; it was left out."))
            continue
        labels = value.get(kind)
        try:
            corners = _corners(kind, value)
        except (KeyError, OverflowError, TypeError, ValueError):
            film.problems.append(Problem(at, "Its place is not made of numbers; it was left out."))
            corners = ()
        for label in labels if isinstance(labels, list) else ():
            film.views[0].marks.append(Mark(str(label), at, corners, reader))


def _corners(kind: str, value: dict[str, Any]) -> tuple[Point, ...]:
    if kind == "choices":
        return ()
    if kind == "polygonlabels":
        corners = tuple((float(x), float(y)) for x, y in value["points"])
        if len(corners) < 3:
            raise ValueError
        return corners
    x, y = float(value["x"]), float(value["y"])
    if kind == "keypointlabels":
        return ((x, y),)
    turn = float(value.get("rotation") or 0)
    if kind == "ellipselabels":
        half_x, half_y = float(value["radiusX"]), float(value["radiusY"])
        return ellipse(x - half_x, y - half_y, x + half_x, y + half_y)
    width, height = float(value["width"]), float(value["height"])
    if turn % 360 == 0:
        return ((x, y), (x + width, y + height))
    return _turned(x, y, width, height, math.radians(turn))


def _turned(x: float, y: float, width: float, height: float, turn: float) -> tuple[Point, ...]:
    """The corners of a box turned about its left upper one, clockwise."""
    cos, sin = math.cos(turn), math.sin(turn)
    ends = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    return tuple((x + dx * cos - dy * sin, y + dx * sin + dy * cos) for dx, dy in ends)


IMPORTER = Importer(name="label-studio", describe=describe, read=read)
