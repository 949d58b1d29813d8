"""Our own packs: cases of another installation, signed by it (`cases.packing` writes them)."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from cases.imaging import Source, Window
from cases.imaging.packed import Packed, PackedLayers
from cases.imaging.zipped import DAMAGED
from cases.importers.base import (
    DatasetInfo,
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    ImportedRegion,
    ImportedReport,
    Importer,
    Item,
    Problem,
    SourceProblem,
    age_of,
    cleaned,
    each_of,
    sex_of,
    text_of,
)
from cases.importers.shapes import region_of
from cases.models import Case, Dataset, Image
from cases.packing import FORMAT, MANIFEST, SIGNATURE, VERSION
from cases.patients import is_pseudonym
from cases.signing import BadSignature, check

MOST_MEMBERS = 500_000
LARGEST_TABLE = 512 << 20
"""Bytes of the manifest; of ten thousand cases it has some twenty million."""
LARGEST_MEMBER = 64 << 20
MOST_TIMES_SMALLER = 200
"""What nothing in a pack can be compressed by."""
TEXTS = ("source_label", "side", "location", "severity", "progression", "significance")
Entry = dict[str, Any]


def describe(path: Path) -> DatasetInfo:
    said = _manifest(path).get("dataset")
    said = said if isinstance(said, dict) else {}
    access = text_of(said, "access")
    if not text_of(said, "slug"):
        raise SourceProblem(f"{path.name} does not name its data set.")
    return DatasetInfo(
        slug=text_of(said, "slug")[:50],
        title=text_of(said, "title")[:200],
        version=text_of(said, "version")[:50],
        licence=text_of(said, "licence")[:200],
        attribution=text_of(said, "attribution"),
        url=text_of(said, "url")[:200],
        access=access if access in Dataset.Access.values else "private",
        simulated=said.get("simulated") is True,
    )


def read(path: Path, folders: tuple[Path, ...]) -> Iterator[Item]:
    """The cases of a pack, with the reasons that held them where they come from.

    Raises:
        SourceProblem: it is no pack, not whole, not signed by a key that is trusted, or not safe.
    """
    cases = _manifest(path).get("cases")
    if not isinstance(cases, list):
        raise SourceProblem(f"{path.name} has no list of cases.")
    seen: set[str] = set()
    for number, entry in enumerate(cases, start=1):
        key = text_of(entry, "key") if isinstance(entry, dict) else ""
        where = key or f"{MANIFEST}, case {number}"
        if not key or key in seen:
            said = "The key occurs a second time" if key else "It is not an object with a key"
            yield Problem(where, f"{said}; the case was skipped.", "case")
            continue
        seen.add(key)
        yield from each_of(where, partial(_case, path, key, entry))


def _manifest(path: Path) -> Entry:
    """The manifest, once it is known who signed it.

    Raises:
        SourceProblem: see `read`.
    """
    if path.is_dir():
        raise SourceProblem(f"{path} is a folder: name the pack itself.")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path.name)
            content, signed = (_member(archive, name) for name in (MANIFEST, SIGNATURE))
        check(content, json.loads(signed))
        manifest = json.loads(content)
    except KeyError as error:
        raise SourceProblem(f"{path.name} is no pack: {str(error).strip(chr(39))}.") from None
    except BadSignature as error:
        raise SourceProblem(f"{path.name}: {error}") from None
    except (OSError, ValueError, RecursionError, *DAMAGED) as error:
        raise SourceProblem(f"{path.name} is no pack, or damaged ({error}).") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise SourceProblem(f"{path.name} is no pack of this game.")
    if manifest.get("version") != VERSION:
        raise SourceProblem(
            f"{path.name} is a pack of version {manifest.get('version')!r:.20}, and this release "
            f"reads {VERSION}: use a newer release, or export it again."
        )
    return manifest


def _check_members(archive: zipfile.ZipFile, name: str) -> None:
    """That nothing in the archive leads out of it or unfolds to more than can be.

    Raises:
        SourceProblem: something does.
    """
    members = archive.infolist()
    if len(members) > MOST_MEMBERS or len({one.filename for one in members}) < len(members):
        raise SourceProblem(f"{name} holds too many files, or two of one name.")
    for member in members:
        pure = PurePosixPath(member.filename)
        if pure.is_absolute() or ".." in pure.parts or "\\" in member.orig_filename:
            raise SourceProblem(f"{name} holds “{member.filename[:80]}”, which leads out of it.")
        is_table = member.filename in (MANIFEST, SIGNATURE)
        most = LARGEST_TABLE if is_table else LARGEST_MEMBER
        unfolds = member.file_size > MOST_TIMES_SMALLER * (member.compress_size + 1024)
        if member.flag_bits & 1 or member.file_size > most or unfolds:
            raise SourceProblem(
                f"{name} holds “{member.filename[:80]}”, which is encrypted or far too large."
            )


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as stream:
        return stream.read(LARGEST_TABLE)


def _case(path: Path, key: str, entry: Entry) -> Iterator[Item]:
    try:
        images = tuple(_image(path, one) for one in _objects(entry, "images"))
    except (KeyError, TypeError, ValueError) as error:
        yield Problem(key, f"An image of it is not described ({error}); it was skipped.", "case")
        return
    reasons = [str(reason).partition(": ") for reason in entry.get("review_reasons") or ()]
    problems = [Problem(where, said or where) for where, _, said in reasons]
    yield ImportedCase(
        key=key,
        images=images,
        findings=tuple(_finding(one, key, problems) for one in _objects(entry, "findings")),
        reports=tuple(
            ImportedReport(*(text_of(one, name) for name in ("language", "findings", "impression")))
            for one in _objects(entry, "reports")
        ),
        age=age_of(entry.get("age")),
        sex=sex_of(entry.get("sex")),
        indication=text_of(entry, "indication"),
        comparison=text_of(entry, "comparison"),
        unmapped=tuple(
            ImportedFinding(
                label="",
                source_label=text_of(one, "label"),
                sentence=text_of(one, "sentence"),
                regions=_regions(one, key, problems),
            )
            for one in _objects(entry, "unmapped")
        ),
        knows_findings=entry.get("knows_findings") is not False,
        before=tuple(
            ImportedFinding(
                label=text_of(one, "label"),
                side=text_of(one, "side"),
                size_mm=_real(one.get("size_mm")),
                sentence=text_of(one, "sentence"),
                progression=text_of(one, "change"),
                regions=_regions(one, key, problems),
            )
            for one in _objects(entry, "before")
        ),
        offered=offered if (offered := text_of(entry, "split")) in Case.Split.values else "",
        patient=patient if is_pseudonym(patient := text_of(entry, "patient")) else "",
        explanation=text_of(entry, "explanation"),
        behind=PackedLayers(path, tuple(_objects(entry, "behind"))),
        is_held=entry.get("status") == Case.Status.REVIEW,
        problems=tuple(problems),
    )


def _objects(entry: Entry, name: str) -> list[Entry]:
    values = entry.get(name)
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _finding(entry: Entry, key: str, problems: list[Problem]) -> ImportedFinding:
    texts = {name: text_of(entry, name) for name in TEXTS}
    return ImportedFinding(
        label=text_of(entry, "label"),
        sentence=text_of(entry, "sentence"),
        position=text_of(entry, "position"),
        size_mm=_real(entry.get("size_mm")),
        conspicuity=_real(entry.get("conspicuity")),
        regions=_regions(entry, key, problems),
        **texts,
    )


def _regions(entry: Entry, key: str, problems: list[Problem]) -> tuple[ImportedRegion, ...]:
    found = []
    for one in _objects(entry, "regions"):
        shape, points = one.get("shape"), one.get("points") or []
        place: dict[str, Any] = {"box": one.get("box")}
        if shape == "polygon":
            place = {"polygon": points}
        elif shape == "point" and points:
            place = {"point": points[-1], "path": points}
        try:
            region = region_of(
                place,
                image=_whole(one.get("image")),
                frame=_whole(one.get("frame")),
                reader=text_of(one, "reader"),
                alternate=one.get("alternate") is True,
            )
        except (TypeError, ValueError) as error:
            problems.append(Problem(key, f"A region of it {error}; it was left out."))
        else:
            found.append(region)
    return tuple(found)


def _image(path: Path, entry: Entry) -> ImportedImage:
    """Raises KeyError, TypeError or ValueError: something of it is missing or cannot be."""
    files = _objects(entry, "files")
    order = tuple(_whole(one) for one in entry["frame_order"])
    if not files or sorted(order) != list(range(len(files))):
        raise ValueError("its frames are not all there")
    spacing = tuple(_real(entry.get(name)) for name in ("row_spacing", "column_spacing"))
    center, width, aspect, offset = (
        _number(entry[name])
        for name in ("window_center", "window_width", "pixel_aspect", "value_offset")
    )
    sizes = [_whole(entry[name]) for name in ("source_width", "source_height", "max_value")]
    if width <= 0 or not 0.001 < aspect < 1000 or min(sizes) < 1 or sizes[2] > 65535:
        raise ValueError("a number of it cannot be")
    orientation, view = text_of(entry, "orientation"), text_of(entry, "view")
    if orientation and (len(orientation) != 2 or not set(orientation) <= set("LRAPHF")):
        raise ValueError("its orientation is none")
    packed = Packed(
        archive=path,
        members=tuple(text_of(one, "name") for one in files),
        digests=tuple(text_of(one, "sha256") for one in files),
        sha256=text_of(entry, "source_sha256")[:64],
        recipe=text_of(entry, "recipe")[:100],
        source_width=sizes[0],
        source_height=sizes[1],
        max_value=sizes[2],
        window=Window(center, width),
        spacing_mm=(spacing[0], spacing[1]) if spacing[0] and spacing[1] else None,
        pixel_aspect=aspect,
        orientation=orientation,
        value_scale=_real(entry.get("value_scale")),
        value_offset=offset,
        frame_order=order,
    )
    return ImportedImage(
        cleaned(text_of(entry, "name"))[:300],
        Source((), view=view if view in Image.View.values else "", packed=packed),
        "prior" if entry.get("study") == "prior" else "current",
        text_of(entry, "study_label")[:60],
    )


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r:.40} is no number")
    return float(value)


def _real(value: Any) -> float | None:
    return None if value is None else _number(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise ValueError(f"names {value!r:.40}, which is not a whole number from 0 up")
    return value


IMPORTER = Importer(name="pack", describe=describe, read=read)
