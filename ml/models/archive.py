"""Unpack a model's archive, so that nothing in it is written outside its folder.

Python's own filters for this (``tarfile.data_filter``) are missing in releases that are in use,
such as 3.11.2, and refuse less: here only files and folders are made, by name and content.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from ml.models.problems import ModelProblem


def unpack(archive: Path, target: Path) -> None:
    """Make the folders and files of a tar (compressed or not) in `target`.

    All of it is looked at before anything is written. A link becomes a copy of the file of the
    archive that it names. ModelProblem for an archive that is damaged, that leads outside
    `target`, or that holds what is neither file nor folder.
    """
    try:
        with tarfile.open(archive) as tar:
            members = tar.getmembers()
            for member in members:
                _check(tar, member, target)
            for member in members:
                _make(tar, member, target / member.name)
    except _Refused as reason:
        raise ModelProblem(f"{archive.name} was not unpacked: {reason}") from None
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise ModelProblem(f"{archive.name} cannot be unpacked: {error}.") from None


class _Refused(Exception):
    """What is wrong with an entry, as the second half of a sentence."""


def _check(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    if not (target / member.name).resolve().is_relative_to(target.resolve()):
        raise _Refused(f"its entry {member.name!r} leads outside the model's folder.")
    if member.islnk() or member.issym():
        try:
            found = tar.extractfile(member)
        except (KeyError, RecursionError):
            found = None
        if found is None:
            raise _Refused(
                f"its link {member.name!r} leads to {member.linkname!r}, which is no file of it."
            )
    elif not (member.isfile() or member.isdir()):
        raise _Refused(f"its entry {member.name!r} is neither file nor folder.")


def _make(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """One entry; owner and permissions of the archive are not taken over."""
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None  # checked before
    with content, path.open("wb") as file:
        shutil.copyfileobj(content, file)
