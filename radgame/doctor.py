"""What is wrong with this installation, and what to do: `manage.py doctor`.

Looks from where the command runs, with the same variables: a web server on another machine may see
another disk. Writes nothing but one small file into the media storage, which it deletes again.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts import oidc
from accounts.models import User
from attempts import clock
from cases.models import Case, Image
from cases.renditions import has_all_files
from feedback.opinions import models_wanted
from radgame import health
from radgame.celery import app as celery

CLOCK_SECONDS = 5
ROOM_BYTES = 1_000_000_000
TRYING_SECONDS = 20
OPEN_TO_DECODERS = {
    "network": "open connections",
    "parent": "read the memory of the import",
    "processes": "read what other processes of this user were started with",
    "signals": "end other processes of this user",
    "owner": "have the kernel end other processes of this user",
    "files": "change files of this user",
}
"""What `cases.sandbox` prints, in words."""
SAMPLE = 50
"""Images whose files are looked for."""
ADVICE = {
    "redis": "Start it, or set REDIS_URL to the one that runs.",
    "broker": "Start it, or set CELERY_BROKER_URL (REDIS_URL where that is not set).",
    "periodic": "Start one: manage.py periodic. Web processes stand in for it meanwhile.",
    "worker": "Start one: celery -A radgame worker. It needs the same DATABASE_URL and broker.",
    "scoring": "Look at the worker's log: it is away, too slow, or meets an error.",
    "disk": "Free some room, or move DATA_DIR to a larger disk.",
}


@dataclass(frozen=True)
class Finding:
    """What is said of one thing that was looked at."""

    about: str
    is_well: bool
    sentence: str
    advice: str = ""
    """What to do, where it is not well."""


def examine() -> Iterator[Finding]:
    """Everything in turn; what needs the database is left out where it is away or empty."""
    yield _python()
    yield from _settings()
    yield _data_folder()
    yield _front_end()
    yield _storage()
    yield _decoding()
    database = _database()
    yield database
    if database.is_well:
        schema = _schema()
        yield schema
        yield _clock()
        if schema.is_well:
            yield from map(_part, health.parts()[1:])
            yield _accounts()
            yield _images()
    yield from _models_worker()
    yield from _mail()
    yield from _identity_provider()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    well = sys.version_info >= (3, 11)
    return Finding("python", well, f"Python {version}.", "RadGame needs Python 3.11 or later.")


def _settings() -> Iterator[Finding]:
    """What Django finds, with its checks for production where this is one."""
    found = checks.run_checks(include_deployment_checks=settings.PRODUCTION)
    told = [one for one in found if one.level >= checks.WARNING and not one.is_silenced()]
    for one in told:
        yield Finding("settings", False, f"{one.msg} ({one.id})", one.hint or "")
    if not told:
        yield Finding("settings", True, f"Well, for ENVIRONMENT={settings.ENVIRONMENT}.")
    if settings.PRODUCTION and settings.HTTPS and not settings.BEHIND_PROXY:
        yield Finding(
            "proxy",
            False,
            "HTTPS is on, but nothing is believed of a proxy: forms are refused and everybody "
            "has the proxy's address.",
            "Set BEHIND_PROXY=true, and TRUSTED_PROXIES where it is on another machine.",
        )


def _data_folder() -> Finding:
    folder = settings.DATA_DIR
    if not os.access(folder, os.W_OK | os.X_OK):
        advice = "Give it to the user that the processes run as, or set DATA_DIR."
        return Finding("data folder", False, f"{folder} cannot be written to.", advice)
    free = shutil.disk_usage(folder).free
    sentence = f"{folder} has {free / 1e9:.1f} GB of free room."
    return Finding("data folder", free > ROOM_BYTES, sentence, "Free some room; 1 GB is little.")


def _front_end() -> Finding:
    if settings.PRODUCTION:
        collected = (settings.STATIC_ROOT / "staticfiles.json").exists()
        sentence = "Static files are collected." if collected else "No static files are collected."
        return Finding("front end", collected, sentence, "Run manage.py collectstatic --noinput.")
    built = (settings.BASE_DIR / "static" / "dist" / "manifest.json").exists()
    sentence = "The front end is built." if built else "The front end is not built."
    return Finding("front end", built, sentence, "Run make build.")


def _storage() -> Finding:
    """Write, read and delete a file where the images are."""
    content = uuid.uuid4().bytes
    where = f"MEDIA_STORAGE={settings.MEDIA_STORAGE}"
    try:
        name = default_storage.save(f"doctor/{uuid.uuid4().hex}", ContentFile(content))
        try:
            with default_storage.open(name) as stream:
                same = stream.read() == content
        finally:
            default_storage.delete(name)
    except Exception as error:  # each kind of storage has errors of its own
        advice = "Check MEDIA_ROOT and who owns it, or the S3 variables and credentials."
        return Finding("media", False, f"The media storage ({where}) fails: {error}", advice)
    return Finding("media", same, f"The media storage ({where}) keeps files.", "It changes them.")


def _decoding() -> Finding:
    """What processes that decode strangers' files can still do; tried in one."""
    command = [sys.executable, "-m", "cases.sandbox"]
    advice = "Allow seccomp(2) and Landlock, or import where nothing else is of this user or near."
    if sys.platform != "linux":
        sentence = "What decodes files of others is only bounded in time and memory on this system."
        return Finding("decoding", True, sentence)
    try:
        tried = subprocess.run(
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=TRYING_SECONDS
        )
    except subprocess.TimeoutExpired:
        sentence = f"What decodes files of others could not be tried in {TRYING_SECONDS} s."
        return Finding("decoding", False, sentence, "Try again when the machine has less to do.")
    words = tried.stdout.split()
    if not tried.returncode and not words:
        sentence = (
            "What decodes files of others reaches no network and process and changes no file."
        )
        return Finding("decoding", True, sentence)
    found = [OPEN_TO_DECODERS[word] for word in words if word in OPEN_TO_DECODERS]
    could = ", ".join(found) or "do more than it should: trying it failed"
    return Finding("decoding", False, f"What decodes files of others could {could}.", advice)


def _database() -> Finding:
    part = health.answers()
    if not part.is_well:
        advice = "Start it, or set DATABASE_URL right (name, password, host, port)."
        return Finding("database", False, part.word, advice)
    version = ".".join(map(str, connection.get_database_version()))
    return Finding("database", True, f"{connection.display_name} {version} answers.")


def _schema() -> Finding:
    """Whether the database is of this code's version."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    known = set(executor.loader.disk_migrations)
    newer = [key for key in executor.loader.applied_migrations if key not in known]
    own = {app for app, _ in known}
    if missing:
        sentence = f"{len(missing)} migrations have not been applied."
        return Finding("schema", False, sentence, "Run manage.py migrate.")
    if ahead := sorted(f"{app}.{name}" for app, name in newer if app in own):
        sentence = f"The database is of a later version ({', '.join(ahead)})."
        advice = "This code still runs on it; bring it to the same version soon."
        return Finding("schema", True, sentence, advice)
    return Finding("schema", True, "The database is of this version.")


def _clock() -> Finding:
    off = abs((timezone.now() - clock.now()).total_seconds())
    sentence = f"This machine's clock and the database's are {off:.1f} s apart."
    return Finding("clock", off < CLOCK_SECONDS, sentence, "Keep all machines on NTP.")


def _part(part: health.Part) -> Finding:
    return Finding(part.name, part.is_well, part.word or "Well.", ADVICE[part.name])


def _accounts() -> Finding:
    has_any = User.objects.filter(is_active=True).exists()
    sentence = "There are accounts." if has_any else "There is no account: nobody can log in."
    return Finding("accounts", has_any, sentence, "Run manage.py createsuperuser.")


def _images() -> Finding:
    """Whether the newest published images have their files."""
    published = Image.objects.filter(case__status=Case.Status.PUBLISHED)
    sample = list(published.order_by("-pk")[:SAMPLE])
    without = sum(not has_all_files(image) for image in sample)
    if without:
        advice = "Restore the media, or import the data set again, which makes them anew."
        sentence = f"{without} of the {len(sample)} newest published images lack files."
        return Finding("images", False, sentence, advice)
    sentence = f"The {len(sample)} newest published images have their files."
    return Finding("images", True, sentence if sample else "No case is published yet.")


def _models_worker() -> Iterator[Finding]:
    """Whether a worker takes the queue of models, where models are set up."""
    if not models_wanted():
        return
    try:
        queues: dict[str, Any] = celery.control.inspect(timeout=2).active_queues() or {}
    except Exception:  # the broker is away, which is told already
        return
    taken = any(queue["name"] == "models" for each in queues.values() for queue in each)
    yield Finding(
        "models",
        taken,
        "A worker takes the models' queue." if taken else "No worker takes the models' queue.",
        "Start one: celery -A radgame worker --queues models --pool threads (docs/models.md).",
    )


def _mail() -> Iterator[Finding]:
    if not settings.EMAIL_HOST:
        return
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        address = (settings.EMAIL_HOST, settings.EMAIL_PORT)
        socket.create_connection(address, timeout=settings.EMAIL_TIMEOUT).close()
    except OSError as error:
        advice = "Check EMAIL_HOST, EMAIL_PORT and the way through the firewall."
        yield Finding("mail", False, f"The mail server {where} does not answer: {error}", advice)
    else:
        yield Finding("mail", True, f"The mail server {where} answers.")


def _identity_provider() -> Iterator[Finding]:
    """Whether the school's log-in is set up whole and answers as itself."""
    about = "identity provider"
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    missing = [name for name in names if not getattr(settings, name)]
    beside = settings.OIDC_DOMAINS or settings.OIDC_ROLE_CLAIM
    if len(missing) == len(names) and not beside:
        return
    if missing:
        sentence = f"It is set up by half, so nobody logs in by it: {', '.join(missing)} missing."
        yield Finding(about, False, sentence, "Set all three, or none of OIDC_….")
        return
    grants = settings.OIDC_INSTRUCTORS or settings.OIDC_CURATORS
    if bool(settings.OIDC_ROLE_CLAIM) != bool(grants):
        sentence = (
            "Nobody gets a role from it: a claim is named without its values, or the reverse."
        )
        advice = "Set OIDC_ROLE_CLAIM together with OIDC_INSTRUCTORS or OIDC_CURATORS."
        yield Finding(about, False, sentence, advice)
    if settings.PRODUCTION and not settings.OIDC_ISSUER.startswith("https://"):
        sentence = "OIDC_ISSUER is not https: whoever is on the way can log in as anybody."
        yield Finding(about, False, sentence, "Use the provider's https address.")
    try:
        oidc.discovered()
    except oidc.Failed as error:
        advice = "Check OIDC_ISSUER: with /.well-known/openid-configuration it is a page of JSON."
        yield Finding(about, False, f"{settings.OIDC_ISSUER}: {error}", advice)
    else:
        yield Finding(about, True, f"{settings.OIDC_ISSUER} answers.")
