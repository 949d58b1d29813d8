"""Reading settings from the environment, and the one secret kept on disk."""

from __future__ import annotations

import os
import secrets
from importlib.util import find_spec
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


def text(name: str, default: str) -> str:
    """The variable's value; an empty one counts as not set."""
    return os.environ.get(name) or default


def choice(name: str, default: str, *others: str) -> str:
    """One of a few words, the first of which is the default."""
    value = text(name, default)
    if value not in (default, *others):
        allowed = " or ".join(repr(word) for word in (default, *others))
        raise ImproperlyConfigured(f"{name} is {value!r}; use {allowed}.")
    return value


def make_folder(path: Path, name: str) -> None:
    """The folder, made where it is missing; a sentence when it cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {path} ({name}) cannot be made: {error.strerror}."
        ) from None


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; use 'true' or 'false'.")


def number(name: str, default: int, least: int = 0) -> int:
    """A whole number that is not below `least`."""
    value = os.environ.get(name)
    try:
        found = int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number.") from None
    if found < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number from {least} on.")
    return found


def database(default: str) -> dj_database_url.DBConfig:
    """The database of ``DATABASE_URL``."""
    try:
        return dj_database_url.parse(text("DATABASE_URL", default), conn_max_age=0)
    except (ValueError, KeyError):  # it may hold a password: it is not repeated
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read; use postgresql://user:password@host/name or sqlite:///path."
        ) from None


def words(name: str, default: str) -> list[str]:
    """A comma-separated list; spaces and empty entries are dropped."""
    value = os.environ.get(name, default)
    return [word.strip() for word in value.split(",") if word.strip()]


def kept_secret(path: Path) -> str:
    """The secret in `path`, made on first use and readable by its owner alone."""
    try:
        return _read(path)
    except FileNotFoundError:
        # Written whole beside its place, then linked: of two processes that
        # start at once one wins and both read the same secret.
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return _read(path)


def _read(path: Path) -> str:
    secret = path.read_text().strip()
    if len(secret) < 32:
        raise ImproperlyConfigured(f"{path} is damaged: delete it, and everyone logs in again.")
    return secret


def need_package(module: str, why: str) -> None:
    """A sentence when a package of `requirements/production.txt` is needed and not installed."""
    if find_spec(module) is None:
        raise ImproperlyConfigured(
            f"{why} needs packages that are not installed: run `make install-production`."
        )


def celery_url(url: str) -> str:
    """Celery's spelling of a Redis socket address (Redis and Channels say ``unix://``)."""
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix://") else url
