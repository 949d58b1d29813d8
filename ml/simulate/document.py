"""The document of what lies behind a film, beside the set: `behind/KEY.json.gz`, and its pictures.

It holds outlines with their names, and names the pictures of layers and of the CT; and the SHA-256
of the film that it belongs to.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ml.simulate import contours
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import SimulatedCase
from ml.simulate.layers import layers_of
from ml.simulate.person_ct import SPACING_MM, person_ct
from ml.simulate.projector import View
from ml.simulate.standing import view_of

FOLDER = "behind"
Layers = Literal["none", "findings", "all"]
"""What can be taken off a film: nothing, its findings, or bones, heart and markings, too."""
CONTOUR_SIZE = 750
"""Of the picture that outlines are drawn on: its long side has half as many pixels."""


@dataclass(frozen=True)
class Wanted:
    """What a document shall hold beside outlines."""

    layers: Layers = "none"
    ct: bool = False
    """Whether the person's CT shall be there, too."""

    def lacks_layers(self, document: dict[str, Any]) -> bool:
        if self.layers == "none":
            return False
        kinds = [one["kind"] for one in document.get("layers", ())]
        return "layers" not in document or (self.layers == "all" and "markings" not in kinds)

    def lacks_ct(self, document: dict[str, Any]) -> bool:
        return self.ct and "ct" not in document


def path_of(folder: Path, key: str) -> Path:
    return folder / FOLDER / f"{key}.json.gz"


def read(folder: Path, key: str) -> dict[str, Any]:
    """A case's document; empty where there is none or it is damaged."""
    try:
        document = json.loads(gzip.decompress(path_of(folder, key).read_bytes()))
    except (OSError, ValueError, EOFError):
        return {}
    return document if isinstance(document, dict) else {}


def film_mark(folder: Path, file: str) -> str:
    """The SHA-256 of a film of the set."""
    return hashlib.sha256((folder / file).read_bytes()).hexdigest()


def is_current(document: dict[str, Any], mark: str) -> bool:
    """Whether a document has the outlines of this version for that film."""
    return document.get("film") == mark and document.get("version") == contours.VERSION


def outlined(anatomy: Anatomy, view: View, mark: str, document: dict[str, Any]) -> dict[str, Any]:
    """A document with the outlines of what a frontal film shows; what else it has of it stays."""
    if is_current(document, mark):
        return document
    kept: dict[str, Any] = {}
    if document.get("film") == mark:
        kept = {name: document[name] for name in ("layers", "ct") if name in document}
    small = view_of(anatomy, view.body, view.kind, CONTOUR_SIZE)
    return {"film": mark, **contours.anatomy_of(anatomy, small), **kept}


def add_pictures(
    anatomy: Anatomy,
    case: SimulatedCase,
    names: tuple[str, ...],
    folder: Path,
    wanted: Wanted,
    document: dict[str, Any],
) -> None:
    """Write what a document lacks of the wanted layers and the CT, and name it there.

    `names` are the recipes of the findings.
    """
    if wanted.lacks_layers(document):
        document["layers"] = _layers(anatomy, case, names, folder, wanted, document)
    if wanted.lacks_ct(document):
        assert case.sitting is not None
        volume = person_ct(anatomy, case.sitting, SPACING_MM)
        file = f"{case.key}-ct.webp"
        _write_whole(folder / FOLDER / file, volume.encoded())
        document["ct"] = {**volume.described(), "file": file}


def _layers(
    anatomy: Anatomy,
    case: SimulatedCase,
    names: tuple[str, ...],
    folder: Path,
    wanted: Wanted,
    document: dict[str, Any],
) -> list[dict[str, Any]]:
    """Write the pictures of the layers that are not there; what a document says of all."""
    assert case.sitting is not None
    said = list(document.get("layers", ()))
    there = {one["kind"] for one in said}
    for one in layers_of(anatomy, case.sitting, names, peeled=wanted.layers == "all"):
        if one.kind in there:
            continue
        file = f"{case.key}-{len(said)}.webp"
        _write_whole(folder / FOLDER / file, one.encoded())
        entry = {"kind": one.kind, "label": one.label, "side": one.side}
        said.append({**entry, "box": list(one.box), "scale": one.scale, "file": file})
    return said


def write(folder: Path, key: str, document: dict[str, Any]) -> None:
    _write_whole(path_of(folder, key), contours.packed(document))


def write_new(
    anatomy: Anatomy,
    case: SimulatedCase,
    names: tuple[str, ...],
    folder: Path,
    mark: str,
    wanted: Wanted,
) -> None:
    """Write the document of a case that has just been made, whose film is that of `mark`.

    Raises:
        OSError: it cannot be written; pictures that no document names may be left.
    """
    assert case.sitting is not None
    document = outlined(anatomy, case.sitting.view, mark, {})
    add_pictures(anatomy, case, names, folder, wanted, document)
    write(folder, case.key, document)


def _write_whole(path: Path, content: bytes) -> None:
    """All of a file, or the one that was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.replace(path)
