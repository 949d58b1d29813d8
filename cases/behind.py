"""What lies behind a simulated film: outlines with names, and what is seen without a finding.

The simulator writes it beside its cases (`ml/simulate/behind.py`, docs/datasets.md). It is no
truth, but tells of it: only pages that may tell the truth ask for it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from cases.imaging.packed import PackedLayers
from cases.imaging.prepare import ImageProblem, digest_of
from cases.importers.base import text_of
from cases.importers.child import BLACKED_OUT
from cases.models import Case, Image, Layer, layer_path
from cases.renditions import delete_files
from ml import taxonomy

logger = logging.getLogger(__name__)

LARGEST = 8_000_000
"""Bytes that a document has at most, unpacked, and a picture."""
LARGEST_CT = 3_000_000
MOST_VOXELS = 20_000_000
MOST_LAYERS = 40
MOST = 1e9
"""What no number of a document reaches."""
WEBP = (b"VP8 ", b"VP8L", b"VP8X")
"""How the first part of a WebP picture is called (RFC 9649, 2.4)."""
SUFFIXES = {Layer.Kind.ANATOMY: "json.gz"}
LAYER = ("kind", "label", "side", "box", "scale", "details")
"""What a pack says of a layer beside its file."""
BEAM = {"middle": 2, "corner": 2, "size": 2, "near": 0, "slope": 0}
"""Numbers of how a film sees a CT; 0: one by itself."""


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


def brings(path: Path, film: Sequence[Path], stored: Sequence[tuple[str, Any]]) -> bool:
    """Whether a document is of the film in these files, and has what is not `stored`: pairs of a
    kind and, of outlines, their version.
    """
    try:
        document = document_of(_bytes_of(path))
        has: list[tuple[str, Any]] = []
        if _has(document):
            has.append((Layer.Kind.ANATOMY.value, document.get("version")))
        layers = document.get("layers")
        listed = layers if isinstance(layers, list) else []
        has += [(str(one.get("kind")), None) for one in listed if isinstance(one, dict)]
        has += [(Layer.Kind.CT.value, None)] if isinstance(document.get("ct"), dict) else []
        lacking = Counter(has) - Counter(stored)
        return bool(lacking) and document.get("film") == digest_of(film)
    except (Damaged, OSError, ImageProblem, TypeError):
        return False


def _has(document: dict[str, Any]) -> bool:
    """Whether it has outlines, each of which can be drawn."""
    unit, structures = document.get("unit"), document.get("structures")
    return bool(
        _are_numbers([unit])
        and unit
        and isinstance(structures, list)
        and structures
        and all(map(_is_structure, structures))
    )


def bring(case: Case, source: Path | PackedLayers | None, written: list[str]) -> None:
    """Make a case's layers those of its source, in the transaction of its import.

    A document that is damaged, or was made for another film, counts as none: the case stands
    without, as it does where the disk is full. What was made here stays where the source has
    nothing of the kind. The names of new files are added to `written`, for whoever has to take
    them back.
    """
    image = case.images.first()
    if image is None:
        return
    pieces = list(_pieces(source, image)) if source else []
    kinds = {one.values["kind"] for one in pieces}
    stored = [one for one in image.layers.all() if not one.made_here or one.kind in kinds]
    if [layer.sha256 for layer in stored] == [one.values["sha256"] for one in pieces] and all(
        default_storage.exists(str(layer.file.name)) for layer in stored
    ):
        return
    gone = [str(layer.file.name) for layer in stored]
    image.layers.filter(pk__in=[layer.pk for layer in stored]).delete()
    transaction.on_commit(partial(delete_files, gone))
    for one in pieces:
        try:
            _keep(image, one, written)
        except OSError:
            logger.warning("What lies behind a film could not be kept.", exc_info=True)
            delete_files([written.pop()])
            break  # the case stands without; the next import brings it


def keep_ct(
    image: Image, described: dict[str, Any], content: bytes, beside: Path | None = None
) -> bool:
    """Keep the CT of an image that this installation made; False where there is one already.

    Of the document `beside` is kept what the image has nothing of: outlines, what can be taken off.

    Raises:
        ValueError: it is none, or too large.
        OSError: it cannot be written; nothing of it is kept.
    """
    piece = _ct_piece(described, content)
    if piece is None:
        raise ValueError("It is no CT that can be kept.")
    written: list[str] = []
    try:
        with transaction.atomic():
            locked = Image.objects.select_for_update().get(pk=image.pk)
            if locked.recipe == BLACKED_OUT:
                raise ValueError("Something of the film was blacked out.")
            there = set(locked.layers.values_list("kind", flat=True))
            if Layer.Kind.CT in there:
                return False
            more = _pieces(beside, locked) if beside else ()
            for one in (*more, piece):
                if one.values["kind"] not in there:
                    _keep(locked, one, written, made_here=True)
    except BaseException:
        delete_files(written)
        raise
    return True


def _keep(image: Image, piece: Piece, written: list[str], *, made_here: bool = False) -> None:
    last = image.layers.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    layer = Layer(image=image, position=position, made_here=made_here, **piece.values)
    suffix = SUFFIXES.get(Layer.Kind(layer.kind), "webp")
    name = layer_path(layer, f"{layer.public_id}.{suffix}")
    written.append(name)
    layer.file.name = default_storage.save(name, ContentFile(piece.content))
    layer.save()


def _pieces(source: Path | PackedLayers, image: Image) -> Iterator[Piece]:
    if image.recipe == BLACKED_OUT:
        return
    if isinstance(source, PackedLayers):
        yield from _packed(source)
        return
    try:
        document = document_of(_bytes_of(source))
    except (Damaged, OSError):
        return
    if document.get("film") != image.source_sha256:
        return
    if _has(document):
        yield _outlines(document)
    read = partial(_beside, source.parent)
    layers = document.get("layers")
    for said in (layers if isinstance(layers, list) else [])[:MOST_LAYERS]:
        one = _picture(said, read) if isinstance(said, dict) else None
        if one:
            yield one
    volume = document.get("ct")
    content = read(volume) if isinstance(volume, dict) else None
    one = _ct_piece(volume, content) if isinstance(volume, dict) and content else None
    if one:
        yield one


def _packed(source: PackedLayers) -> Iterator[Piece]:
    """The layers of a pack that are what they should be."""

    def read(said: dict[str, Any]) -> bytes | None:
        try:
            return source.content(str(said.get("name")), str(said.get("sha256")), LARGEST)
        except OSError:
            return None

    for said in source.said[:MOST_LAYERS]:
        one: Piece | None = None
        if said.get("kind") == Layer.Kind.ANATOMY:
            try:
                document = document_of(read(said) or b"")
            except Damaged:
                continue
            one = _outlines(document) if _has(document) else None
        elif said.get("kind") == Layer.Kind.CT:
            details, content = said.get("details"), read(said)
            one = _ct_piece(details, content) if isinstance(details, dict) and content else None
        else:
            one = _picture(said, read)
        if one:
            yield one


def _outlines(document: dict[str, Any]) -> Piece:
    version = _version_of(document)
    outlines = {"version": version, **{name: document[name] for name in ("unit", "structures")}}
    text = json.dumps(outlines, separators=(",", ":")).encode()
    values = {"kind": Layer.Kind.ANATOMY, "details": {"version": version}}
    return _piece(values, gzip.compress(text, 9, mtime=0))


def _picture(said: dict[str, Any], read: Callable[[dict[str, Any]], bytes | None]) -> Piece | None:
    """A picture that a source names; None where it cannot be one."""
    kind, label, side = (text_of(said, name) for name in ("kind", "label", "side"))
    box, scale = said.get("box"), said.get("scale")
    numbers = [*box, scale] if isinstance(box, list) and len(box) == 4 else []
    if not numbers or not _are_numbers(numbers):
        return None
    x0, y0, x1, y1 = numbers[:4]
    fits = 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 and kind in Layer.Kind.values
    known = kind != Layer.Kind.FINDING or label in taxonomy.labels()
    if not fits or not known or kind in (Layer.Kind.ANATOMY, Layer.Kind.CT):
        return None
    content = read(said)
    if content is None or not _is_webp(content):
        return None
    values = {"kind": kind, "label": label[:40], "side": side[:10], "box": box, "scale": scale}
    return _piece(values, content)


def _ct_piece(said: dict[str, Any], content: bytes) -> Piece | None:
    """A person's CT; None where what is said of it, or the picture, cannot be one's."""
    shape, beam, spots = said.get("shape"), said.get("beam"), said.get("spots")
    if not (isinstance(shape, list) and isinstance(beam, dict) and isinstance(spots, list)):
        return None
    sizes = [*shape, said.get("across")]
    whole = all(isinstance(n, int) and not isinstance(n, bool) and 0 < n < 4096 for n in sizes)
    if not whole or len(shape) != 3 or math.prod(shape) > MOST_VOXELS:
        return None
    lists = [said.get("corner"), *(beam.get(name) for name, count in BEAM.items() if count)]
    lengths = [3, *(count for count in BEAM.values() if count)]
    sizes_mm: list[Any] = [said.get("spacing"), said.get("deep")]
    single = [*sizes_mm, beam.get("near"), beam.get("slope")]
    table = said.get("table")
    pairs = table if isinstance(table, list) and 1 < len(table) <= 16 else [None]
    good = all(
        isinstance(one, list) and len(one) == count and _are_numbers(one)
        for one, count in zip([*lists, *pairs], lengths + [2] * len(pairs), strict=True)
    )
    if not good or not _are_numbers(single) or min(sizes_mm) <= 0:
        return None
    near, far = (said["corner"][1] + share * shape[1] * sizes_mm[0] for share in (0, 1))
    narrow = [beam["near"] + beam["slope"] * depth for depth in (near, far)]
    if min(*narrow, *beam["size"]) <= 0:
        return None  # points of the film would be no lines through the body
    known = [spot for spot in spots[:MOST_LAYERS] if _is_spot(spot)]
    if len(known) < len(spots) or not _is_webp(content) or len(content) > LARGEST_CT:
        return None
    names = ("shape", "corner", "spacing", "deep", "across", "table")
    details = {"version": _version_of(said), **{name: said.get(name) for name in names}}
    details["beam"] = {name: beam[name] for name in BEAM}
    details["spots"] = [
        {
            **{name: text_of(spot, name) for name in ("label", "side")},
            "at": spot["at"],
            "depth": spot["depth"],
        }
        for spot in known
    ]
    return _piece({"kind": Layer.Kind.CT, "details": details}, content)


def _is_spot(spot: Any) -> bool:
    """Whether it says where a finding of the taxonomy lies in the person."""
    if not isinstance(spot, dict) or text_of(spot, "label") not in taxonomy.labels():
        return False
    lists = ((spot.get("at"), 3), (spot.get("depth"), 2))
    return isinstance(spot.get("side"), str) and all(
        isinstance(one, list) and len(one) == count and _are_numbers(one) for one, count in lists
    )


def _are_numbers(values: list[Any]) -> bool:
    return all(
        isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < MOST for n in values
    )


def _version_of(said: dict[str, Any]) -> int | None:
    version = said.get("version")
    return version if isinstance(version, int) and _are_numbers([version]) else None


def _is_structure(said: Any) -> bool:
    """Whether it is a structure with a name and closed lines, or one line that is open."""
    if not isinstance(said, dict) or not all(
        isinstance(said.get(n), str) for n in ("name", "group")
    ):
        return False
    rings, depth = said.get("rings", []), said.get("depth", 0)
    lines = [*rings, said.get("line", [])] if isinstance(rings, list) else [None]
    return _are_numbers([depth]) and all(
        isinstance(line, list) and len(line) % 2 == 0 and _are_numbers(line) for line in lines
    )


def _is_webp(content: bytes) -> bool:
    """Whether bytes are a WebP picture by their outermost header; only browsers decode them."""
    form = (content[:4], content[8:12]) == (b"RIFF", b"WEBP") and content[12:16] in WEBP
    return form and int.from_bytes(content[4:8], "little") + 8 == len(content) <= LARGEST


def _beside(folder: Path, said: dict[str, Any]) -> bytes | None:
    """A file that a document names, beside it."""
    name = str(said.get("file") or "")
    if not name or Path(name).name != name:
        return None
    try:
        return _bytes_of(folder / name)
    except OSError:
        return None


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
