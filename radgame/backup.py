"""One file that holds an installation: database, media and secret key, and what proves it whole.

A backup is a tar file: `media/…`, the database (`radgame.snapshot`), `secret_key`, and last
`manifest.json` with the digest of each, so that one that was cut off has none. It is taken while
the game runs: media come first, which are never changed under their name; what the database, a
little later, names beyond them is added, and where one of those is gone by then the database is
taken once more.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from cases.models import Image
from cases.renditions import file_names
from radgame import snapshot

FORMAT = 1
PIECE = 1 << 20
TRIES = 5
"""Times that the database is taken while images are replaced."""
MEDIA, KEY, MANIFEST = "media/", "secret_key", "manifest.json"


class BackupProblem(RuntimeError):
    """Why there is no backup, or nothing was restored; the message is for whoever asked."""


@dataclass
class Manifest:
    """What a backup holds."""

    format: int
    made_at: str
    """When the database was taken: UTC, ISO 8601."""
    database: str
    """`sqlite` or `postgresql`."""
    has_media: bool
    migrations: list[str] = field(default_factory=list)
    """Those that were applied, as ``app.name``."""
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of each member, by its name."""


def make(target: Path, *, with_media: bool = True) -> Manifest:
    """Write a backup to `target`, a new file that its owner alone may read.

    Raises:
        BackupProblem: it cannot be written, or something of it cannot be read.
    """
    if target.exists():
        raise BackupProblem(f"{target} is there already.")
    draft = target.with_name(f"{target.name}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            try:
                manifest = _write(stream, with_media, target.parent)
                stream.flush()
                os.fsync(stream.fileno())
                draft.rename(target)
            finally:
                draft.unlink(missing_ok=True)
    except FileExistsError:
        raise BackupProblem(f"{draft} is there: a backup is under way, or broke off.") from None
    except OSError as error:
        raise BackupProblem(f"{target} cannot be written: {error.strerror or error}.") from None
    except snapshot.SnapshotProblem as problem:
        raise BackupProblem(str(problem)) from None
    return manifest


def _write(stream: IO[bytes], with_media: bool, beside: Path) -> Manifest:
    manifest = Manifest(FORMAT, "", connection.vendor, with_media)
    with (
        tarfile.open(fileobj=stream, mode="w") as archive,
        tempfile.TemporaryDirectory(prefix=".radgame-", dir=beside) as folder,
    ):
        if with_media:
            for name in _stored():
                _add_media(archive, manifest, name)
        database = Path(folder) / snapshot.file_name()
        _take_database(database, archive, manifest)
        with database.open("rb") as content:
            _add(archive, manifest, database.name, content, database.stat().st_size)
        _add_bytes(archive, manifest, KEY, settings.SECRET_KEY.encode())
        _add_bytes(archive, manifest, MANIFEST, json.dumps(asdict(manifest)).encode())
    return manifest


def _take_database(path: Path, archive: tarfile.TarFile, manifest: Manifest) -> None:
    """Write the database to `path`, with all files that it names in the archive."""
    lacking: list[str] = []
    for _ in range(TRIES):
        path.unlink(missing_ok=True)
        manifest.made_at = datetime.now(UTC).isoformat(timespec="seconds")
        with snapshot.taken(path) as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            manifest.migrations = sorted(f"{app}.{name}" for app, name in cursor.fetchall())
            named = _named(cursor) if manifest.has_media else []
        new = [name for name in named if MEDIA + name not in manifest.digests]
        lacking = [name for name in new if not _add_media(archive, manifest, name)]
        if not lacking:
            return
    raise BackupProblem(
        f"{len(lacking)} files of images are not in the media storage ({lacking[0]}, …): import "
        "their data sets again, which makes them anew; or an import replaces them just now."
    )


def _named(cursor: Any) -> list[str]:
    """The files in the media storage that a database names."""
    cursor.execute("SELECT rendition, frame_order, thumbnail FROM cases_image")
    rows = cursor.fetchall()
    images = (Image(rendition=r, frame_order=json.loads(f), thumbnail=t) for r, f, t in rows)
    named = [name for image in images for name in file_names(image)]
    cursor.execute("SELECT file FROM cases_layer")
    return [*named, *(name for (name,) in cursor.fetchall())]


def _stored(folder: str = "") -> Iterator[str]:
    """The names of all files in the media storage."""
    with suppress(FileNotFoundError):  # no file has been stored yet
        folders, names = default_storage.listdir(folder)
        for name in sorted(names):
            yield f"{folder}{name}"
        for inner in sorted(folders):
            yield from _stored(f"{folder}{inner}/")


def _add_media(archive: tarfile.TarFile, manifest: Manifest, name: str) -> bool:
    """Add a file of the media storage; False when it is not there (any more)."""
    try:
        with default_storage.open(name) as stream:
            content = stream.read()
    except FileNotFoundError:
        return False
    _add_bytes(archive, manifest, MEDIA + name, content)
    return True


def _add_bytes(archive: tarfile.TarFile, manifest: Manifest, name: str, content: bytes) -> None:
    _add(archive, manifest, name, io.BytesIO(content), len(content))


def _add(
    archive: tarfile.TarFile, manifest: Manifest, name: str, content: IO[bytes], size: int
) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    member.mtime = int(datetime.now(UTC).timestamp())
    manifest.digests[name] = _digest(content)
    content.seek(0)
    archive.addfile(member, content)


def _digest(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := stream.read(PIECE):
        digest.update(piece)
    return digest.hexdigest()


def check(source: Path) -> Manifest:
    """What a backup holds, each of its members read and found as it was written.

    Raises:
        BackupProblem: it is no backup, not whole, or of a later version's making.
    """
    found: dict[str, str] = {}
    manifest = None
    try:
        for name, stream in _members(source):
            if name == MANIFEST:
                manifest = Manifest(**json.load(stream))
            else:
                found[name] = _digest(stream)
    except (OSError, tarfile.TarError, ValueError, TypeError) as error:
        raise BackupProblem(f"{source} cannot be read as a backup: {error}") from None
    if manifest is None:
        raise BackupProblem(f"{source} is not whole: it has no {MANIFEST} at its end.")
    if manifest.format != FORMAT:
        raise BackupProblem(f"{source} is of another form ({manifest.format}).")
    wrong = sorted(set(found.items()) ^ set(manifest.digests.items()))
    if wrong:
        raise BackupProblem(f"{source} is damaged: {wrong[0][0]} is not as it was written.")
    return manifest


def _members(source: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(source, mode="r:") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if stream is None:
                raise tarfile.TarError(f"{member.name} is no file")
            yield member.name, stream


def restore(source: Path) -> list[str]:
    """Put what a backup holds into an empty database and the media storage.

    Files that are there already and the same are left, so that one that broke off can be done
    again; the database comes last, whole or not at all. An older schema is brought up to date.
    Returns what is left to do, in sentences.

    Raises:
        BackupProblem: it does not fit this installation, or cannot be read or written.
    """
    manifest = check(source)
    _must_fit(manifest)
    try:
        with tempfile.TemporaryDirectory(prefix=".radgame-", dir=settings.DATA_DIR) as folder:
            key = b""
            database = Path(folder) / snapshot.file_name()
            for name, stream in _members(source):
                if name.startswith(MEDIA):
                    _put_back(name.removeprefix(MEDIA), stream.read())
                elif name == KEY:
                    key = stream.read()
                elif name == database.name:
                    _copy(stream, database)
            snapshot.put_back(database)
    except OSError as error:
        raise BackupProblem(f"Nothing more can be written: {error.strerror or error}.") from None
    except snapshot.SnapshotProblem as problem:
        raise BackupProblem(str(problem)) from None
    call_command("migrate", verbosity=0, interactive=False)
    return [*_keep_key(key), *([] if manifest.has_media else [NO_MEDIA])]


NO_MEDIA = "The backup holds no media: restore the bucket or folder of the images by its own means."


def _must_fit(manifest: Manifest) -> None:
    if manifest.database != connection.vendor:
        raise BackupProblem(
            f"The backup is of {manifest.database}, and DATABASE_URL names {connection.vendor}."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if later := sorted(set(manifest.migrations) - known):
        raise BackupProblem(
            f"The backup was made by a later version of RadGame ({later[0]}): install that one."
        )


def _put_back(name: str, content: bytes) -> None:
    """Store a file under its own name; the same one that is there already is left."""
    if default_storage.exists(name):
        with default_storage.open(name) as stream:
            if stream.read() == content:
                return
        raise BackupProblem(f"The media storage holds another file called {name}.")
    default_storage.save(name, ContentFile(content))


def _copy(stream: IO[bytes], target: Path) -> None:
    with target.open("wb") as copy:
        while piece := stream.read(PIECE):
            copy.write(piece)


def _keep_key(key: bytes) -> list[str]:
    """Keep the backup's key where the environment names none; what is left to do."""
    if key.decode() == settings.SECRET_KEY:
        return []
    if os.environ.get("SECRET_KEY"):
        return [
            "SECRET_KEY is another than the backup's, so everybody has to log in again. "
            f"To take that one: tar -xOf BACKUP {KEY}"
        ]
    place = settings.DATA_DIR / KEY
    draft = place.with_name(f"{KEY}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(key)
    draft.replace(place)
    return []
