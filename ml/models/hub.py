"""Download files of a model hub; each is checked against what the hub says of it.

Addresses, log-in, tries and errors are those of `huggingface_hub`. Only where the bytes lie until
they are whole is ours: since its version 2 the library begins a file anew in each process, and a
file here has gigabytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from ml.models.installed import CHUNK, digest

TIMEOUT = 30
"""Seconds to wait for what the hub says of a model."""
PARTS = ".cache"
"""Folder of what has arrived of files that are not whole yet."""


def download(repository: str, patterns: Sequence[str], target: Path, mirror: str = "") -> str:
    """Bring the files that fit a pattern into `target`, whole ones first looked for there.

    Returns the hub's commit. Raises what `huggingface_hub` does, OSError of the disk, and
    ValueError for a file that is not what the hub describes.
    """
    from huggingface_hub import HfApi

    hub = HfApi(endpoint=mirror or None)
    info = hub.model_info(repository, files_metadata=True, timeout=TIMEOUT)
    for file in info.siblings or ():
        if any(fnmatch(file.rfilename, pattern) for pattern in patterns):
            path = target / file.rfilename
            if not path.resolve().is_relative_to(target.resolve()):
                raise ValueError(f"its file {file.rfilename!r} leads outside the model's folder")
            if not _is_whole(path, file):
                _bring(hub.endpoint, repository, str(info.sha), file, target)
    return str(info.sha)


def _bring(endpoint: str, repository: str, commit: str, file: Any, target: Path) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    # Named by content: what arrived of another version is never gone on with.
    part = target / PARTS / f"{_identity(file) or commit}-{Path(file.rfilename).name}.part"
    part.parent.mkdir(parents=True, exist_ok=True)
    goes_on = part.is_file() and _identity(file) and part.stat().st_size <= (file.size or 0)
    with part.open("ab" if goes_on else "wb") as stream:
        http_get(
            hf_hub_url(repository, file.rfilename, revision=commit, endpoint=endpoint),
            stream,
            resume_size=stream.tell(),
            headers=build_hf_headers(),
            expected_size=file.size,
        )
    if _identity(file) and not _is_whole(part, file):
        part.unlink()
        raise ValueError(f"{file.rfilename} is not what the hub describes")
    path = target / file.rfilename
    path.parent.mkdir(parents=True, exist_ok=True)
    part.replace(path)


def _identity(file: Any) -> str:
    """The digest of a file's content that the hub gives; empty where it gives none.

    It becomes part of a file name here, so nothing else passes for one.
    """
    found = str(file.lfs.sha256 if file.lfs else file.blob_id or "")
    return found if found.isalnum() else ""


def _is_whole(path: Path, file: Any) -> bool:
    """Whether this is the file that the hub describes, byte for byte."""
    if not path.is_file() or file.size != path.stat().st_size:
        return False
    return _identity(file) == (digest(path) if file.lfs else _blob_id(path))


def _blob_id(path: Path) -> str:
    """What git calls the content of a file."""
    found = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            found.update(block)
    return found.hexdigest()
