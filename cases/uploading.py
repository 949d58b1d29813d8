"""Uploads of curators: files arrive in pieces, wait, and are imported; each step again is safe.

A piece is written before it is acknowledged; what was acknowledged is asked for no more, after a
cut connection or a reload. Names of files are kept for as long as the files are.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery import signature
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Now

from accounts.models import User
from cases.importers.base import cleaned, told
from cases.importers.studies.archive import stored_name
from cases.models import Upload, UploadFile

logger = logging.getLogger(__name__)

PIECE = 2_000_000
"""Bytes of a piece at most; a body may have half a million more."""
SPARE = 500_000_000
"""Bytes of the disk that an upload leaves to the rest of the game."""
MOST_OPEN = 5
"""Unfinished uploads of one curator."""
MOST_TRIES = 3
SLUG = "own-"
"""How the data sets of uploads begin, so that none of them is that of an importer."""
STALE = timedelta(seconds=60)
"""Without a beat for so long an import has died."""
REQUEUED_AFTER = timedelta(seconds=60)
UNFINISHED_FOR = timedelta(days=2)
UNANSWERED_FOR = timedelta(days=7)
OPEN = (Upload.State.ARRIVING, Upload.State.ASKING)
"""States in which an upload waits for its curator."""
KEPT_FOR = timedelta(days=30)
MEGABYTE = 1_000_000
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{12}")
FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_IS_FULL = "The server's disk is full: free some room, or ask who looks after it."


class Refused(ValueError):
    """What was sent cannot be taken; the message is a sentence."""


class Elsewhere(Exception):
    """A piece does not begin where the file ends; `received` says where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


class Full(OSError):
    """The disk is full; the message is a sentence."""


@dataclass(frozen=True)
class Chosen:
    """A file as the browser names it."""

    name: str
    """With the folders that it was chosen in."""
    size: int
    modified: int
    """In ms since 1970, before it where a file's clock was."""


def read_chosen(sent: Any) -> list[Chosen]:
    """The files of a list that a page sent.

    Raises:
        Refused: it is no such list.
    """
    if not isinstance(sent, list) or not sent:
        raise Refused("No files were chosen.")
    if len(sent) > settings.UPLOAD_MAX_FILES:
        raise Refused(
            f"{len(sent):,} files were chosen, and {settings.UPLOAD_MAX_FILES:,} at most are taken "
            "at once: pack them as one ZIP, or upload them in parts."
        )
    return [_chosen(one) for one in sent]


def _chosen(one: Any) -> Chosen:
    name, size, modified = (
        (one.get("name"), one.get("size"), one.get("modified", 0))
        if isinstance(one, dict)
        else (None, None, None)
    )
    numbers = [value for value in (size, modified) if type(value) is int and abs(value) < 1 << 60]
    if not isinstance(name, str) or len(numbers) != 2 or numbers[0] < 0:
        raise Refused("The list of files cannot be read.")
    return Chosen(name, numbers[0], numbers[1])


def begin(*, by: User, title: str, licence: str, chosen: Sequence[Chosen]) -> Upload:
    """The upload of these files: the unfinished one of the same choice, or a new one.

    Raises:
        Refused: too many, too large, or nothing of it can be taken.
        Full: the disk has no room for them.
    """
    if not title:
        raise Refused("Give the data set a title, such as “Chest films of our clinic”.")
    taken, refused = _sorted_out(chosen)
    if not taken:
        raise Refused(refused[0]["sentence"])
    digest = _digest(title, chosen)
    same = Upload.objects.filter(by=by, digest=digest, state__in=OPEN).first()
    if same:
        return same
    if Upload.objects.filter(by=by, state__in=OPEN).count() >= MOST_OPEN:
        raise Refused(f"{MOST_OPEN} uploads are unfinished: finish one, or drop it.")
    whole = sum(one.size for one in taken)
    most = settings.UPLOAD_MAX_MB * MEGABYTE
    if whole > most:
        raise Refused(
            f"{whole / 1e9:,.1f} GB were chosen, and {most / 1e9:,.1f} GB at most are taken at "
            "once: upload them in parts, or import them on the server."
        )
    _need_room(whole)
    with transaction.atomic():
        upload = Upload.objects.create(
            by=by, title=title, licence=licence, digest=digest, refused=refused
        )
        UploadFile.objects.bulk_create(
            UploadFile(upload=upload, number=number, name=told(one.name), size=one.size)
            for number, one in enumerate(taken, start=1)
        )
    return upload


def _sorted_out(chosen: Iterable[Chosen]) -> tuple[list[Chosen], list[dict[str, str]]]:
    """What is to be sent, and why not the rest."""
    taken, refused = [], []
    for one in chosen:
        why = _refusal(one)
        if why:
            refused.append({"name": told(one.name), "sentence": why})
        else:
            taken.append(one)
    return taken, refused


def _refusal(one: Chosen) -> str:
    parts = one.name.replace("\\", "/").split("/")
    if not parts[-1] or parts[0] == "" or ".." in parts or ":" in parts[0]:
        return "Its path leads out of the folder that was chosen; it was left out."
    if not one.size:
        return "It is empty; it was left out."
    return ""


def _digest(title: str, chosen: Iterable[Chosen]) -> str:
    named = [title, *([one.name, one.size, one.modified] for one in chosen)]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def _need_room(wanted: int) -> None:
    folder = settings.UPLOAD_DIR
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < wanted + SPARE:
        raise Full(DISK_IS_FULL)


def folder_of(upload: Upload) -> Path:
    """Where its files lie; there is none before the first piece and after the import."""
    folder: Path = settings.UPLOAD_DIR / upload.public_id
    return folder


def path_of(upload: Upload, file: UploadFile) -> Path:
    return folder_of(upload) / "files" / f"{file.number:06d}" / stored_name(file.name)


def take(*, upload: Upload, number: int, offset: int, piece: bytes) -> int:
    """Keep a piece of a file that begins at `offset`; how many bytes of the file are here then.

    Raises:
        Refused: the upload takes no more pieces, or there is no such file, or it is longer.
        Elsewhere: the file goes on at another byte.
        Full: the disk is full; nothing is acknowledged.
    """
    if upload.state != Upload.State.ARRIVING:
        raise Refused("This upload is finished: nothing is added to it any more.")
    file = upload.files.filter(number=number).first()
    if file is None:
        raise Refused("The upload has no such file.")
    if offset != file.received:
        raise Elsewhere(file.received)
    end = offset + len(piece)
    if end > file.size or not piece:
        raise Refused("The file is longer than it was when it was chosen: choose it again.")
    _need_room(len(piece))
    _write(path_of(upload, file), offset, piece)
    with transaction.atomic():
        kept = upload.files.filter(number=number, received=offset).update(received=end)
        Upload.objects.filter(pk=upload.pk).update(touched_at=Now())
    if not kept:  # the same piece came twice at once
        raise Elsewhere(upload.files.get(number=number).received)
    return end


def _write(path: Path, offset: int, piece: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
            stream.seek(offset)
            stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        if error.errno in FULL:
            raise Full(DISK_IS_FULL) from None
        raise


def missing(upload: Upload) -> list[UploadFile]:
    """Its files of which something is still to come."""
    return list(upload.files.filter(received__lt=F("size")))


def numbered(upload: Upload, chosen: Iterable[Chosen]) -> list[dict[str, Any]]:
    """For each file of the choice its number and the bytes that are here, or why it is refused."""
    here = dict(upload.files.values_list("number", "received"))
    found: list[dict[str, Any]] = []
    number = 0
    for one in chosen:
        why = _refusal(one)
        if why:
            found.append({"refused": why})
        else:
            number += 1
            found.append({"number": number, "received": here.get(number, 0)})
    return found


def progress(upload: Upload) -> tuple[int, int]:
    """Bytes that are here, and bytes that there are."""
    found = upload.files.aggregate(here=Sum("received"), whole=Sum("size"))
    return found["here"] or 0, found["whole"] or 0


def finish(upload: Upload) -> Upload:
    """Have it imported, once all of it is here; again changes nothing.

    Raises:
        Refused: something is still to come.
    """
    if upload.state != Upload.State.ARRIVING:
        return upload
    left = missing(upload)
    if left:
        raise Refused(f"{len(left):,} files are not wholly here yet: choose them again to go on.")
    queue(upload, Upload.State.ARRIVING)
    return upload


def again(upload: Upload) -> Upload:
    """Import one that stopped once more; others stay as they are.

    Raises:
        Refused: its files are not here any more.
    """
    if upload.state == Upload.State.FAILED:
        if not folder_of(upload).is_dir():
            raise Refused("Its files are not here any more: choose them again.")
        queue(upload, Upload.State.FAILED)
    return upload


def queue(upload: Upload, before: str) -> None:
    """Have it imported by a worker, if it is in the state `before`."""
    waiting = {"state": Upload.State.WAITING, "queued_at": Now(), "tries": 0, "problem": ""}
    with transaction.atomic():
        if Upload.objects.filter(pk=upload.pk, state=before).update(**waiting, finished_at=None):
            transaction.on_commit(lambda: _send(upload.pk))
    upload.refresh_from_db()


def _send(upload_id: int) -> None:
    """Hand an upload to a worker; a broker that is away is left to the sweep."""
    try:
        signature("cases.tasks.import_upload", (upload_id,)).apply_async()
    except Exception:  # any broker's own error: the upload is safe in the database
        logger.warning("Upload %s could not be queued; the sweep will.", upload_id, exc_info=True)


def _dead() -> Q:
    return Q(beat_at__isnull=True) | Q(beat_at__lt=Now() - STALE) | Q(beat_at__gt=Now() + STALE)


def claim(upload_id: int) -> Upload | None:
    """Take an upload to import it; None where somebody has it, or another one is at work.

    One is imported at a time, so that scoring always finds a worker.
    """
    at_work = (Upload.State.WAITING, Upload.State.IMPORTING)
    with transaction.atomic():
        # Locked together: of two workers with two uploads one waits here, and then finds the other.
        list(Upload.objects.select_for_update().filter(state__in=at_work).order_by("pk"))
        importing = Upload.objects.filter(state=Upload.State.IMPORTING)
        if importing.exclude(_dead()).exclude(pk=upload_id).exists():
            return None
        free = Q(state=Upload.State.WAITING) | (Q(state=Upload.State.IMPORTING) & _dead())
        taken = Upload.objects.filter(free, pk=upload_id).update(
            state=Upload.State.IMPORTING, beat_at=Now(), tries=F("tries") + 1
        )
    return Upload.objects.get(pk=upload_id) if taken else None


def beat(upload_id: int, cases_done: int | None = None) -> bool:
    """Show that an import lives; False when it is no longer wanted."""
    values: dict[str, Any] = {"beat_at": Now()}
    if cases_done is not None:
        values["cases_done"] = cases_done
    importing = Upload.objects.filter(pk=upload_id, state=Upload.State.IMPORTING)
    return bool(importing.update(**values))


def complete(upload: Upload) -> None:
    """Keep what `upload` has in memory as the result of its import, and remove its files."""
    upload.state, upload.problem = Upload.State.DONE, ""
    _close(upload, remove=True)


def stop(upload: Upload, sentence: str) -> None:
    """End an import with the reason; its files stay for another try."""
    upload.state, upload.problem = Upload.State.FAILED, cleaned(sentence)
    _close(upload, remove=False)


def _close(upload: Upload, *, remove: bool) -> None:
    values = {name: getattr(upload, name) for name in ("state", "problem", "result", "refused")}
    values |= {"dataset": upload.dataset, "cases_done": upload.cases_done, "finished_at": Now()}
    importing = Upload.objects.filter(pk=upload.pk, state=Upload.State.IMPORTING)
    with transaction.atomic():
        if not importing.update(**values):
            return  # dropped meanwhile
        if remove:
            upload.files.all().delete()
            transaction.on_commit(lambda: remove_files(upload))
    send_next()


def send_next() -> None:
    """Queue the upload that has waited longest."""
    first = Upload.objects.filter(state=Upload.State.WAITING).order_by("pk").first()
    if first and Upload.objects.filter(pk=first.pk, state=Upload.State.WAITING).update(
        queued_at=Now()
    ):
        _send(first.pk)


def remove_files(upload: Upload) -> None:
    shutil.rmtree(folder_of(upload), ignore_errors=True)


def drop(upload: Upload) -> None:
    """Forget an upload with its files; cases that it brought stay."""
    upload.delete()
    remove_files(upload)


def of_desk() -> QuerySet[Upload]:
    """The uploads that the desk lists, the newest first."""
    return Upload.objects.select_related("by", "dataset")


def sweep() -> None:
    """Queue again what a lost queue or a dead worker left behind; forget what nobody finishes."""
    lost = Upload.objects.filter(_dead(), state=Upload.State.IMPORTING)
    for upload in lost.filter(tries__gte=MOST_TRIES):
        stop(upload, "Its import ended before it was done, several times in a row.")
    waiting = Upload.objects.filter(state=Upload.State.WAITING).filter(
        Q(queued_at__lt=Now() - REQUEUED_AFTER) | Q(queued_at__gt=Now() + REQUEUED_AFTER)
    )
    for found in (lost.filter(tries__lt=MOST_TRIES), waiting):
        for upload_id in list(found.order_by("pk").values_list("pk", flat=True)[:1]):
            if found.filter(pk=upload_id).update(queued_at=Now()):
                _send(upload_id)
    _forget()


def _forget() -> None:
    old = Q(state=Upload.State.ARRIVING, touched_at__lt=Now() - UNFINISHED_FOR)
    old |= Q(state=Upload.State.ASKING, touched_at__lt=Now() - UNANSWERED_FOR)
    over = Q(state__in=(Upload.State.DONE, Upload.State.FAILED))
    for upload in Upload.objects.filter(old | (over & Q(finished_at__lt=Now() - KEPT_FOR)))[:20]:
        drop(upload)
    stopped = Upload.objects.filter(
        state=Upload.State.FAILED, finished_at__lt=Now() - UNFINISHED_FOR, files__isnull=False
    )
    for upload in stopped.distinct()[:20]:
        upload.files.all().delete()
        remove_files(upload)
    _remove_orphans()


def _remove_orphans() -> None:
    """Remove folders whose upload has no files any more: a process was killed between the two, or
    a last piece came while it was forgotten. Anything that looks otherwise stays.
    """
    if not settings.UPLOAD_DIR.is_dir():
        return
    found = {path.name: path for path in settings.UPLOAD_DIR.iterdir() if _is_folder_of_one(path)}
    known = UploadFile.objects.filter(upload__public_id__in=found)
    for name in found.keys() - set(known.values_list("upload__public_id", flat=True)):
        shutil.rmtree(found[name], ignore_errors=True)


def _is_folder_of_one(path: Path) -> bool:
    if not PUBLIC_ID.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
        return False
    try:
        return {one.name for one in path.iterdir()} <= {"files", "unpacked"}
    except OSError:  # somebody else removed it just now
        return False
