"""Room on the disk of SQLite's data that is given up when the disk is full.

So that people can still log in and save for a while, when somebody else has filled it. One
connection is held open as well: opening the first one in WAL mode takes room of its own.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from pathlib import Path

from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

RESERVE_BYTES = 20_000_000
PLENTY_BYTES = 200_000_000
"""Free room beyond which the reserve is made (again)."""
FULL = ("disk is full", "disk I/O error", "unable to open database")


def path() -> Path:
    return settings.DATA_DIR / "reserve"


def is_scarce() -> bool:
    """Whether the disk of the data folder is all but full."""
    return shutil.disk_usage(settings.DATA_DIR).free < RESERVE_BYTES


def keep() -> None:
    """Make the reserve where there is none and room for it; SQLite alone needs one here."""
    wanted = connection.vendor == "sqlite" and not path().exists()
    if wanted and shutil.disk_usage(settings.DATA_DIR).free > PLENTY_BYTES:
        path().write_bytes(bytes(RESERVE_BYTES))


def give_up(error: BaseException) -> None:
    """Free the reserve if it was for want of room that the database did not do something."""
    if any(words in str(error) for words in FULL) and path().exists():
        path().unlink(missing_ok=True)
        logger.error("The disk of %s is full: the reserve was given up.", settings.DATA_DIR)


def hold_open() -> sqlite3.Connection | None:
    """A connection that keeps SQLite's shared files there; None on another database."""
    if connection.vendor != "sqlite":
        return None
    held = sqlite3.connect(settings.DATABASES["default"]["NAME"], check_same_thread=False)
    held.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return held
