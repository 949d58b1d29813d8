"""Bring a model into its folder: from the hub (or a mirror of it), or from another folder.

A download that was cut off goes on where it stopped when asked again. A manifest is
written last, so a folder with one had all its files.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ml.models.archive import unpack
from ml.models.hub import download
from ml.models.installed import Manifest, listed, problem_of
from ml.models.packages import require_packages
from ml.models.problems import ModelProblem
from ml.models.registry import TOKENIZER_FILES, Model, Source

SPARE = 500_000_000
"""Bytes to leave free on the disk."""
DISK_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
    | {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EFBIG, errno.ENAMETOOLONG}
)


def from_hub(
    model: Model, folder: Path, *, mirror: str = "", say: Callable[[str], None] = print
) -> Manifest:
    """Download, unpack, check. ModelProblem says in a sentence what stopped it.

    A token is read from where `huggingface_hub` looks for it (``HF_TOKEN``, or a log-in).
    """
    require_packages()
    with _writing(folder):
        _check_room(folder, model.gigabytes * (2 if model.archive else 1))
        folder.mkdir(parents=True, exist_ok=True)
        versions = [_download(model, source, folder, mirror, say) for source in model.sources]
        _unpack_archive(model, folder)
        if model.name.startswith("radgraph"):
            _fetch_encoder(model, folder, mirror, say)
        return _finish(model, folder, source=mirror or "hub", version=versions[0])


def from_folder(model: Model, source: Path, folder: Path) -> Manifest:
    """Copy what another folder has (such as one brought on a disk), check.

    The folder has the model's own layout, or holds the archive that the hub has.
    """
    if not source.is_dir():
        raise ModelProblem(f"{source} is not a folder.")
    if folder.resolve().is_relative_to(source.resolve()):
        raise ModelProblem(f"{source} holds the model's own folder: choose another.")
    size = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    with _writing(folder):
        _check_room(folder, size / 1e9)
        try:
            shutil.copytree(
                source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".cache", ".git")
            )
        except (shutil.Error, OSError) as error:
            raise ModelProblem(f"{source} could not be copied to {folder}: {error}.") from None
        _unpack_archive(model, folder)
        return _finish(model, folder, source="folder", version="")


def _unpack_archive(model: Model, folder: Path) -> None:
    if model.archive and (folder / model.archive).is_file():
        unpack(folder / model.archive, folder / model.unpack_to)
        (folder / model.archive).unlink()


def _check_room(folder: Path, gigabytes: float) -> None:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < gigabytes * 1e9 + SPARE:
        raise ModelProblem(
            f"The disk of {place} has {free / 1e9:.1f} GB free; {gigabytes + SPARE / 1e9:.1f} GB "
            "are needed."
        )


def _download(
    model: Model, source: Source, folder: Path, mirror: str, say: Callable[[str], None]
) -> str:
    """Bring one source's files; the hub's commit."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    say(f"Downloading {', '.join(source.files)} of {source.repository} …")
    try:
        return download(source.repository, source.files, folder / source.folder, mirror)
    except GatedRepoError:
        raise ModelProblem(how_to_accept(model, source)) from None
    except RepositoryNotFoundError:
        gate = f" {how_to_accept(model, source)}" if model.gated else ""
        raise ModelProblem(f"The hub has no {source.repository} for this account.{gate}") from None
    except Exception as error:
        # The library's errors and those of its network code have no base of their own, and
        # changed with its releases: whatever they are, only a disk that fails is another matter.
        if isinstance(error, OSError) and error.errno in DISK_ERRORS:
            raise
        raise ModelProblem(
            f"{source.repository} could not be downloaded ({_reason(error)}). What has arrived is "
            "kept: run the command again to go on, or bring the files with --from FOLDER."
        ) from None


def _reason(error: Exception) -> str:
    deepest: BaseException = error
    while deepest.__cause__ is not None:
        deepest = deepest.__cause__
    first = (str(deepest) or type(deepest).__name__).strip().splitlines()[0]
    return first if len(first) <= 160 else f"{first[:160]}…"


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """ModelProblem for a folder that cannot be written."""
    try:
        yield
    except OSError as error:
        raise ModelProblem(
            f"{error.filename or folder} cannot be written: {error.strerror or error}."
        ) from None


def how_to_accept(model: Model, source: Source) -> str:
    """What to do about a model that is given only to who accepted its terms."""
    return (
        f"{model.title} is given only to who accepted its terms: log in to the hub, open "
        f"https://huggingface.co/{source.repository}, accept the terms ({model.terms}), make a "
        "token that may read, put it into HF_TOKEN and run the command again."
    )


def _fetch_encoder(model: Model, folder: Path, mirror: str, say: Callable[[str], None]) -> None:
    """RadGraph's encoder: tokenizer and configuration of what its own configuration names."""
    from ml.radgraph.loading import ENCODER, encoder_name

    try:
        name = encoder_name(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelProblem(f"The configuration of {model.title} cannot be read: {error}.") from None
    kind = folder / model.unpack_to / name
    if not kind.is_dir() and not (folder / ENCODER / "config.json").is_file():
        _download(model, Source(name, TOKENIZER_FILES, ENCODER), folder, mirror, say)


def _finish(model: Model, folder: Path, *, source: str, version: str) -> Manifest:
    files = listed(folder)
    digests = hashlib.sha256("".join(file.sha256 for file in files).encode()).hexdigest()
    manifest = Manifest(model.name, source, version or digests[:12], files)
    missing = [name for name in model.needed if not (folder / name).exists()]
    if missing:
        raise ModelProblem(f"{model.title} is not complete: {', '.join(missing)} is missing.")
    manifest.write(folder)
    if problem := problem_of(model, folder):
        raise ModelProblem(problem)
    return manifest
