"""The CT that films are made from: brought once by `manage.py bring_ct`, prepared, in the data
folder.

`about.json` is written last, with the size and checksum of every file, so that what is half there
or damaged is told from what is whole. Web processes ask here too: nothing of the simulator is
imported before it is needed.
"""

from __future__ import annotations

import json
import shutil
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from ml.simulate.base import Base

ABOUT, DAMAGED = "about.json", "damaged"
NEEDED_BYTES = 700_000_000
"""Free room that bringing a CT asks for; what is kept takes half a gigabyte."""
CHUNK = 1 << 22
MISSING_SENTENCE = "No CT is here to make films from."
DAMAGED_SENTENCE = "The CT that films are made from is damaged."


class CtProblem(ValueError):
    """No film can be made; a sentence says why."""


@dataclass(frozen=True)
class Opened:
    """A CT ready for projection."""

    base: Base
    mark: str
    """What tells it from others."""
    source: str
    """What the library says of where it comes from; empty for the CT of the demo set."""


def folder() -> Path:
    return Path(settings.DATA_DIR) / "films" / "ct"


def bring(ct: Path, labels: Path | None = None) -> None:
    """Prepare a CT and keep it in place of the one that was there, all of it or nothing.

    Raises:
        NoVolume: the CT is missing or cannot be used.
        OSError: it cannot be written; the one that was there stays.
    """
    kept = folder()
    free = shutil.disk_usage(_existing(kept)).free
    if free < NEEDED_BYTES:
        raise OSError(f"{free // 1_000_000} MB are free, {NEEDED_BYTES // 1_000_000} MB are needed")
    from ml.simulate.base import prepare
    from ml.simulate.sources import mark_of, read

    hu, spacing, organs = read(ct, labels)
    fresh, old = kept.with_name("ct.new"), kept.with_name("ct.old")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        prepare(hu, spacing, organs).save(fresh)
        about = {
            "mark": mark_of(hu),
            "source": "" if ct.suffix == ".whl" else ct.name,
            "files": {file.name: _sum_of(file) for file in sorted(fresh.iterdir())},
        }
        (fresh / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(old, ignore_errors=True)
        if kept.exists():
            kept.rename(old)
        fresh.rename(kept)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def problem() -> str:
    """Why no film can be made, in a sentence; empty where a CT is there. Reads no volume."""
    try:
        about = _about()
    except FileNotFoundError:
        return MISSING_SENTENCE
    except (OSError, ValueError):
        return DAMAGED_SENTENCE
    for name, (size, _) in about["files"].items():
        file = folder() / name
        if not file.is_file() or file.stat().st_size != size:
            return DAMAGED_SENTENCE
    return DAMAGED_SENTENCE if (folder() / DAMAGED).exists() else ""


def is_of_demo() -> bool:
    """Whether it is the CT that the demo films were made from."""
    try:
        return not _about()["source"]
    except (OSError, ValueError):
        return False


def opened() -> Opened:
    """The CT, every byte of it looked at.

    Raises:
        CtProblem: it is missing or damaged; the latter is noted, so that pages say so.
    """
    if said := problem():
        raise CtProblem(said)
    from ml.simulate.base import opened as base_in

    about = _about()
    if any(_sum_of(folder() / name) != kept for name, kept in about["files"].items()):
        (folder() / DAMAGED).touch()
        raise CtProblem(DAMAGED_SENTENCE)
    return Opened(base_in(folder()), about["mark"], about["source"])


def _about() -> dict[str, Any]:
    """Raises ValueError for what this module did not write."""
    found = json.loads((folder() / ABOUT).read_text(encoding="utf-8"))
    if not isinstance(found, dict) or {"mark", "source", "files"} - set(found):
        raise ValueError("no description of a CT")
    return found


def _sum_of(file: Path) -> list[int]:
    """Size and CRC-32."""
    crc = 0
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            crc = zlib.crc32(chunk, crc)
    return [file.stat().st_size, crc]


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(one for one in (path, *path.parents) if one.exists())
