"""Unpacking what was fetched, without trusting it."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from cases.fetching.download import FetchProblem

KEPT = (".png", ".jpg", ".jpeg", ".dcm", ".xml", ".csv", ".txt", ".json")
MOST_FILES = 200_000
LARGEST = 200 << 20
"""Bytes of one unpacked file."""
MOST_BYTES = 256 << 30
"""Of all files of an archive together; the largest set of a recipe has some fifty billion."""
ROOM_KEPT = 1 << 30
"""Bytes of the disk that are left free."""
DONE = ".unpacked"


def unpack(archive: Path, folder: Path) -> None:
    """The tables and images of a ZIP or tar archive below a folder; what is there is left.

    Raises:
        FetchProblem: it is damaged, locked, packed in an unknown way, or holds more than a data set
            or the disk does.
    """
    mark = folder / f"{archive.name}{DONE}"
    if mark.exists():
        return
    whole = 0
    try:
        for number, (name, size, stream) in enumerate(_members(archive), start=1):
            if number > MOST_FILES or size > LARGEST:
                raise FetchProblem(f"{archive.name} holds more than a data set has: {name}.")
            whole += size
            if whole > MOST_BYTES:
                raise FetchProblem(
                    f"{archive.name} unpacks to more than {MOST_BYTES / 1e9:,.0f} GB: it is not "
                    "what its recipe says."
                )
            target = folder / PurePosixPath(name)
            if target.is_file() and target.stat().st_size == size:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            if size > shutil.disk_usage(target.parent).free - ROOM_KEPT:
                raise FetchProblem(
                    f"There is no room left in {folder} to unpack {archive.name}: free some, and "
                    "fetch again; what is there stays."
                )
            partial = target.with_name(f"{target.name}.part")
            with partial.open("wb") as out:
                shutil.copyfileobj(stream, out)
            partial.replace(target)
    except NotImplementedError:
        raise FetchProblem(
            f"{archive.name} is packed in a way that is not known here: unpack it into {folder} by "
            "hand, and import the folder."
        ) from None
    except RuntimeError:  # how `zipfile` says that a member is encrypted
        raise FetchProblem(
            f"{archive.name} is locked with a password: unpack it into {folder} by hand, and "
            "import the folder."
        ) from None
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        archive.unlink()
        raise FetchProblem(f"{archive.name} is damaged ({error}): fetch again.") from None
    mark.touch()


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                if _is_kept(member.filename):
                    with opened.open(member) as stream:
                        yield member.filename, member.file_size, stream
        return
    with tarfile.open(archive) as packed:
        for entry in packed:
            content = packed.extractfile(entry) if entry.isfile() else None
            if content is not None and _is_kept(entry.name):
                yield entry.name, entry.size, content


def _is_kept(name: str) -> bool:
    pure = PurePosixPath(name)
    is_inside = not pure.is_absolute() and ".." not in pure.parts and "\\" not in name
    return is_inside and pure.suffix.lower() in KEPT
