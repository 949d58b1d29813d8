"""Unpacking a ZIP of DICOM where nothing of it can lead outside, or fill the disk."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath

from cases.imaging.zipped import DAMAGED
from cases.importers.base import Problem, SourceProblem

MOST_FILES = 100_000
MOST_BYTES = 64 << 30
MOST_RATIO = 200
"""Times its packed size that a member may take; DICOM packs to a twentieth, black to less."""
SMALL = 1 << 20
"""Bytes up to which the ratio of a member says nothing."""
BLOCK = 1 << 20
LONGEST_NAME = 200
"""Bytes; a UID with its suffix has up to seventy."""


class Unpacked:
    """The members of an archive in a folder.

    Without one given it is a folder that goes when the process ends, and not sooner: what was read
    from it is decoded later. `most` is what all may take unpacked, bytes.
    """

    def __init__(
        self, archive: Path, folder: Path | None = None, *, most: int = MOST_BYTES
    ) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="radgame-studies-"))
        self._most = most
        self._gone = partial(shutil.rmtree, self.folder, ignore_errors=True)
        if folder:
            folder.mkdir(parents=True)
        else:
            atexit.register(self._gone)
        self.refused: list[tuple[int, str, str]] = []
        """Number from 0, name and why of each member that was left out."""
        self.names: dict[Path, str] = {}
        """What each unpacked file is called in the archive, with its folders."""
        try:
            self._unpack(archive)
        except DAMAGED as error:
            self._gone()
            raise SourceProblem(
                f"{archive.name} is not a readable ZIP ({error}): pack it again."
            ) from None
        except UnicodeDecodeError:
            self._gone()
            raise SourceProblem(
                f"{archive.name} says that its names are UTF-8, and they are not: pack it again."
            ) from None
        except OSError as error:
            self._gone()
            raise SourceProblem(
                f"{archive.name} could not be unpacked: {error.strerror or error}."
            ) from None
        except SourceProblem:
            self._gone()
            raise

    @property
    def problems(self) -> list[Problem]:
        """What was left out, in words that hold no member's name: it may be a person's."""
        return [
            Problem(f"file {number + 1} of the archive", why) for number, _, why in self.refused
        ]

    def _unpack(self, archive: Path) -> None:
        with zipfile.ZipFile(archive) as opened:
            members = [one for one in opened.infolist() if not one.filename.endswith("/")]
            if len(members) > MOST_FILES:
                raise SourceProblem(
                    f"{archive.name} holds {len(members):,} files, {MOST_FILES:,} at most are "
                    "taken: import it in parts."
                )
            whole = sum(member.file_size for member in members)
            free = shutil.disk_usage(self.folder).free
            if whole > min(self._most, free):
                raise SourceProblem(
                    f"{archive.name} takes {whole / 1e9:,.1f} GB unpacked, and "
                    f"{min(self._most, free) / 1e9:,.1f} GB are left for it: unpack it elsewhere, "
                    "and import it in parts."
                )
            for number, member in enumerate(members):
                if why := _refusal(member):
                    self._refuse(number, member, why)
                    continue
                self._write(opened, member, number)

    def _refuse(self, number: int, member: zipfile.ZipInfo, why: str) -> None:
        self.refused.append((number, member.filename, f"{why}; it was left out."))

    def _write(self, opened: zipfile.ZipFile, member: zipfile.ZipInfo, number: int) -> None:
        """Under a number of its own, and its own name as far as a file may have it."""
        target = self.folder / f"{number:06d}" / stored_name(member.filename)
        target.parent.mkdir()
        left = member.file_size
        try:
            with opened.open(member) as packed, target.open("wb") as stream:
                while block := packed.read(BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise zipfile.BadZipFile("it is larger than it says")
                    stream.write(block)
        except DAMAGED as error:
            target.unlink(missing_ok=True)
            self._refuse(number, member, f"It cannot be unpacked ({_told(error)})")
        except OSError as error:
            if error.errno is not None:  # the disk's; that of bz2 for damage has none
                raise
            target.unlink(missing_ok=True)
            self._refuse(number, member, "It cannot be unpacked (it is damaged)")
        else:
            self.names[target] = member.filename


def stored_name(name: str) -> str:
    """The last part of a path as a file here may be called: its end, where it is long."""
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = "".join(letter if letter.isprintable() else "_" for letter in last)
    return plain.encode("utf-8", "replace")[-LONGEST_NAME:].decode("utf-8", "ignore") or "file"


def _told(error: Exception) -> str:
    """What went wrong, without the member's name, which some messages hold."""
    if isinstance(error, NotImplementedError):
        return "it is packed in a way that is not known here"
    return "it is locked" if isinstance(error, RuntimeError) else "it is damaged"


def _refusal(member: zipfile.ZipInfo) -> str:
    """Why a member is not unpacked; empty when it is."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if not path.parts:
        return "It has no name"
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "Its path leads out of the archive"
    if (member.external_attr >> 16) & 0o170000 == 0o120000:
        return "It is a link"
    if member.flag_bits & 1:
        return "It is encrypted: unpack it with its password, and import the folder"
    if member.file_size > SMALL and member.file_size > MOST_RATIO * max(1, member.compress_size):
        return "It unpacks to more than any image does"
    return ""
