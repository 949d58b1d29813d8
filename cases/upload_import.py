"""Importing what was uploaded, in a process of its own that a worker started and watches."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.utils.text import slugify

from cases import services
from cases.asking import ask, propose_kept
from cases.importers.annotated import is_pack, terms_of
from cases.importers.asked import answers_of
from cases.importers.base import UNTOLD, DatasetInfo, Problem
from cases.importers.pipeline import Limits
from cases.importers.uploaded import Uploaded
from cases.models import Case, Dataset, Upload
from cases.series import keep_choices, kept_choices
from cases.tally import KINDS, PARTS, REMOVED
from cases.uploading import (
    DISK_IS_FULL,
    FULL,
    MEGABYTE,
    MOST_TRIES,
    SLUG,
    beat,
    complete,
    folder_of,
    path_of,
    stop,
)

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5
MOST_SECONDS = 3000
"""Of one import; with what went in until then another try goes on. Within the broker's patience."""
MOST_LISTED = 1000
"""Files and cases that a result lists by name."""
UNFOLDED = 4
"""Times the largest upload that ZIPs may take unpacked."""


def run(upload: Upload) -> None:
    """Import a claimed upload and keep what became of it; again it doubles nothing.

    Errors that nobody foresaw stop it with a sentence.
    """
    try:
        _import(upload)
    except OperationalError:  # the database is away or busy: the sweep comes back
        raise
    except OSError as error:
        full = error.errno in FULL
        stop(upload, DISK_IS_FULL if full else f"A file failed: {error.strerror}.")
    except Exception as error:
        stop(upload, f"The import met an error ({type(error).__name__}: {error}).")


def _import(upload: Upload) -> None:
    folder = folder_of(upload)
    if not folder.is_dir():
        stop(upload, "Its files are not on this machine: web server and worker share UPLOAD_DIR.")
        return
    unpacked = folder / "unpacked"
    _clear(unpacked)
    files = {path_of(upload, file): file.name for file in upload.files.all()}
    most = UNFOLDED * settings.UPLOAD_MAX_MB * MEGABYTE
    answers = answers_of(upload.answers)
    source = Uploaded(files, unpacked, most, answers)
    info = _dataset_of(upload)
    if answers is None and (questions := source.questions()):
        ask(upload, _with_kept(info, questions))
        _clear(unpacked)
        return
    limits = Limits(settings.UPLOAD_CASE_SECONDS, settings.UPLOAD_MEMORY_MB * MEGABYTE)
    counts: Counter[str] = Counter()
    left: list[tuple[str, str]] = []
    notes: list[tuple[str, str]] = []
    if answers and answers.series:
        notes += keep_choices(services.upsert_dataset(info), answers.series, upload.by)
    keys: list[str] = []
    outcomes = services.import_cases(
        info, source.read(), status=Case.Status.REVIEW, limits=limits, by=upload.by
    )
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            if isinstance(outcome, Problem):
                counts[KINDS[outcome.kind]] += outcome.count
                if outcome.sentence != UNTOLD:  # each such case says so itself
                    is_part = KINDS[outcome.kind] in (PARTS, REMOVED)
                    (notes if is_part else left).append((outcome.where, outcome.sentence))
            else:
                counts[outcome.stored.value] += 1
                keys.append(outcome.key)
            if not beat(upload.pk, len(keys)):
                return  # dropped meanwhile
    if any(os.strerror(errno.ENOSPC) in sentence for _, sentence in left):
        stop(upload, DISK_IS_FULL)  # with its files: another try goes on
        return
    upload.dataset = Dataset.objects.filter(slug=info.slug).first()
    upload.cases_done = len(keys)
    upload.refused = [*upload.refused, *source.named(left)][:MOST_LISTED]
    upload.result = {
        "counts": dict(counts),
        "notes": source.named(notes)[:MOST_LISTED],
        "cases": _public_ids(upload.dataset, keys),
    }
    complete(upload)


def _with_kept(info: DatasetInfo, questions: dict[str, Any]) -> dict[str, Any]:
    """The questions with the series that were chosen of the same studies before."""
    dataset = Dataset.objects.filter(slug=info.slug).first()
    studies = [one["study"] for one in questions["studies"]]
    return propose_kept(questions, dict(kept_choices(dataset, studies)))


def _clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _public_ids(dataset: Dataset | None, keys: list[str]) -> list[str]:
    found = Case.objects.filter(dataset=dataset, source_key__in=keys[:MOST_LISTED])
    return list(found.order_by("pk").values_list("public_id", flat=True))


def _dataset_of(upload: Upload) -> DatasetInfo:
    """The data set of this title; what a person said of one that is there stays."""
    slug = _slug_of(upload.title)
    there = Dataset.objects.filter(slug=slug).first()
    if there:
        names = ("title", "version", "licence", "attribution", "url", "access", "simulated")
        return DatasetInfo(slug, **{name: getattr(there, name) for name in names})
    info = DatasetInfo(slug, upload.title, licence=upload.licence, access="private")
    files = [path_of(upload, file) for file in upload.files.all()[:2]]
    terms = terms_of(files[0]) if len(files) == 1 and is_pack(files[0]) else None
    if terms is None:
        return info
    told = ("version", "licence", "attribution", "url", "simulated")
    return replace(info, **{name: getattr(terms, name) for name in told})


def _slug_of(title: str) -> str:
    """That of the data set of this title, or a free one: two titles may shorten to the same."""
    own = Dataset.objects.filter(slug__startswith=SLUG)
    there = own.filter(title__iexact=title).order_by("pk").first()
    if there:
        return there.slug
    slug = (SLUG + (slugify(title) or "films"))[:50]
    if not own.filter(slug=slug).exists():
        return slug
    return f"{slug[:41]}-{hashlib.sha256(title.encode()).hexdigest()[:8]}"


def run_beside(upload: Upload) -> None:
    """Have a process of its own import it, and show meanwhile that it lives.

    It runs below whatever else the machine does, in a session of its own, which stands back with
    it, and ends with this process, since its input ends then. One that takes too long stops the
    upload with a sentence; one that crashes is left to the sweep, and stops it in the end.
    """
    with subprocess.Popen(  # our own command
        command_of(upload),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        until = time.monotonic() + MOST_SECONDS
        try:
            code = _watched(process, upload, until)
        finally:
            process.kill()
    found = Upload.objects.filter(pk=upload.pk).first()
    if found is None:
        return  # dropped meanwhile
    if code is None:
        stop(found, f"It took longer than {MOST_SECONDS // 60} minutes. Try again: it goes on.")
    elif code and found.tries >= MOST_TRIES:
        stop(found, f"The process that imported it ended early ({code}), several times in a row.")
    elif code:
        logger.warning("The import of upload %s ended early (%s).", upload.public_id, code)


def command_of(upload: Upload) -> list[str]:
    """The words that start its import; an id may begin like an option."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_upload"]
    return [*command, "--", upload.public_id]


def _watched(process: subprocess.Popen[bytes], upload: Upload, until: float) -> int | None:
    """How it ended; None when its time was up, or nobody wants it any more."""
    while time.monotonic() < until:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(BEAT_SECONDS)
        if not beat(upload.pk):
            return 0 if process.poll() is None else process.returncode
    return None
