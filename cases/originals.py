"""The DICOM files that cases came from, byte by byte; kept only where `KEEP_ORIGINALS` asks for it.

They say who the patient is. They lie beside the media, named by the digest of their bytes, where no
page reads; an entry in the history of each case tells which are its own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from accounts.models import User
from cases import history
from cases.imaging import is_dicom
from cases.importers.base import ImportedImage, Problem
from cases.models import Case, CaseChange

SUFFIX = ".dcm"


def folder() -> Path:
    """Where they lie; there is none before the first is kept."""
    found: Path = settings.DATA_DIR / "originals"
    return found


def path_of(digest: str) -> Path:
    return folder() / digest[:2] / f"{digest}{SUFFIX}"


def keep(case: Case, images: Iterable[ImportedImage], by: User | None) -> Iterator[Problem]:
    """Keep the DICOM files of a stored case's images, with an entry of what is new of them.

    What cannot be kept is told; the case is in the library all the same.
    """
    paths = dict.fromkeys(path for image in images for path in image.source.paths)
    try:
        _note(case, [_kept(path) for path in paths if is_dicom(path)], by)
    except OSError as error:
        why = error.strerror or str(error)
        said = f"Its original files could not all be kept ({why}): import it again to keep them."
        yield Problem(case.source_key, said)


def _note(case: Case, kept: Iterable[str], by: User | None) -> None:
    entries = CaseChange.objects.filter(case=case, what=CaseChange.What.ORIGINALS)
    noted = filter(None, entries.values_list("said", flat=True))
    known = {one for said in noted for one in said["files"]}
    new = [one for one in dict.fromkeys(kept) if one not in known]
    if new:
        files = f"{len(new):,} file{'s' if len(new) > 1 else ''}"
        why = f"{files} with all that the headers say, as this server's setting asks"
        history.note(case, CaseChange.What.ORIGINALS, by=by, why=why, said={"files": new})


def _kept(source: Path) -> str:
    """Copy a file there, once and whole; the digest of its bytes, by which it is called."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=folder(), suffix=".part")  # readable by its owner alone
    part = Path(name)
    try:
        with source.open("rb") as stream, os.fdopen(handle, "wb") as target:
            while block := stream.read(1 << 20):
                digest.update(block)
                target.write(block)
            target.flush()
            os.fsync(target.fileno())
        there = path_of(digest.hexdigest())
        there.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(there)
    finally:
        part.unlink(missing_ok=True)
    return digest.hexdigest()
