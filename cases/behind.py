"""What lies behind a simulated film: outlines with names, and what is seen without a finding.

The simulator writes it beside its cases (`ml/simulate/behind.py`, docs/datasets.md). It is no
truth, but tells of it: only pages that may tell the truth ask for it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from cases.imaging.prepare import ImageProblem, digest_of
from cases.importers.child import BLACKED_OUT
from cases.models import Case, Image, Layer, layer_path
from cases.renditions import delete_files
from ml import taxonomy

LARGEST = 8_000_000
"""Bytes that a document has at most, unpacked, and a picture."""
MOST_LAYERS = 40
WEBP = (b"VP8 ", b"VP8L", b"VP8X")
"""How the first part of a WebP picture is called (RFC 9649, 2.4)."""
SUFFIXES = {Layer.Kind.ANATOMY: "json.gz"}


class Damaged(ValueError):
    """A document that cannot be read."""


@dataclass(frozen=True)
class Piece:
    """One layer to be: the fields of its row, and its file."""

    values: dict[str, Any]
    content: bytes


def document_of(content: bytes) -> dict[str, Any]:
    """A gzip file of one JSON object.

    Raises:
        Damaged: it is none, or larger than `LARGEST`.
    """
    try:
        with gzip.open(io.BytesIO(content)) as stream:
            text = stream.read(LARGEST + 1)
        document = json.loads(text) if len(text) <= LARGEST else None
    except (OSError, EOFError, ValueError, zlib.error, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Damaged("It is no gzip file of a JSON object.")
    return document


def is_of(path: Path, film: Sequence[Path]) -> bool:
    """Whether a document can be read, and was made for the film in these files."""
    try:
        return bool(document_of(_bytes_of(path)).get("film") == digest_of(film))
    except (Damaged, OSError, ImageProblem):
        return False


def bring(case: Case, path: Path | None, written: list[str]) -> None:
    """Make a case's layers those of its source, in the transaction of its import.

    A document that is damaged, or was made for another film, counts as none: the case stands
    without. The names of new files are added to `written`, for whoever has to take them back.
    """
    image = case.images.first()
    if image is None:
        return
    pieces = list(_pieces(path, image)) if path else []
    stored = list(image.layers.all())
    if [layer.sha256 for layer in stored] == [one.values["sha256"] for one in pieces] and all(
        default_storage.exists(str(layer.file.name)) for layer in stored
    ):
        return
    gone = [str(layer.file.name) for layer in stored]
    image.layers.all().delete()
    transaction.on_commit(partial(delete_files, gone))
    for position, one in enumerate(pieces):
        layer = Layer(image=image, position=position, **one.values)
        suffix = SUFFIXES.get(Layer.Kind(layer.kind), "webp")
        name = layer_path(layer, f"{layer.public_id}.{suffix}")
        written.append(name)
        layer.file.name = default_storage.save(name, ContentFile(one.content))
        layer.save()


def _pieces(path: Path, image: Image) -> Iterator[Piece]:
    try:
        document = document_of(_bytes_of(path))
    except (Damaged, OSError):
        return
    if document.get("film") != image.source_sha256 or image.recipe == BLACKED_OUT:
        return
    structures = document.get("structures")
    if isinstance(structures, list) and structures:
        outlines = {name: document.get(name) for name in ("version", "unit", "structures")}
        text = json.dumps(outlines, separators=(",", ":")).encode()
        yield _piece({"kind": Layer.Kind.ANATOMY}, gzip.compress(text, 9, mtime=0))
    layers = document.get("layers")
    for said in (layers if isinstance(layers, list) else [])[:MOST_LAYERS]:
        one = _picture(said, path.parent) if isinstance(said, dict) else None
        if one:
            yield one


def _picture(said: dict[str, Any], folder: Path) -> Piece | None:
    """A picture that a document names, beside it; None where it cannot be one."""
    kind, label, side = (str(said.get(name) or "") for name in ("kind", "label", "side"))
    name, box, scale = str(said.get("file") or ""), said.get("box"), said.get("scale")
    numbers = [*box, scale] if isinstance(box, list) and len(box) == 4 else []
    if not numbers or not all(isinstance(n, int | float) and math.isfinite(n) for n in numbers):
        return None
    x0, y0, x1, y1 = numbers[:4]
    fits = 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 and kind in Layer.Kind.values
    known = kind != Layer.Kind.FINDING or label in taxonomy.labels()
    if not fits or not known or kind == Layer.Kind.ANATOMY or Path(name).name != name:
        return None
    try:
        content = _bytes_of(folder / name)
    except OSError:
        return None
    if not _is_webp(content):
        return None
    values = {"kind": kind, "label": label[:40], "side": side[:10], "box": box, "scale": scale}
    return _piece(values, content)


def _is_webp(content: bytes) -> bool:
    """Whether bytes are a WebP picture by their outermost header; only browsers decode them."""
    form = (content[:4], content[8:12]) == (b"RIFF", b"WEBP") and content[12:16] in WEBP
    return form and int.from_bytes(content[4:8], "little") + 8 == len(content) <= LARGEST


def _bytes_of(path: Path) -> bytes:
    """A file up to a byte more than is taken; OSError where it is none."""
    if not path.is_file():
        raise FileNotFoundError(path)
    with path.open("rb") as stream:
        return stream.read(LARGEST + 1)


def _piece(values: dict[str, Any], content: bytes) -> Piece:
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode() + content).hexdigest()
    return Piece({**values, "sha256": digest}, content)


def layers_of(case_id: int) -> list[Layer]:
    """What lies behind a case's images, in order."""
    return list(Layer.objects.filter(image__case_id=case_id).select_related("image"))


def structures_of(layer: Layer) -> dict[str, Any]:
    """The outlines of a layer of the kind *anatomy*; empty where its file is lost or damaged."""
    try:
        with default_storage.open(str(layer.file.name)) as stream:
            return document_of(stream.read())
    except (OSError, Damaged):
        return {}
