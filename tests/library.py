"""Games that begin with everything in them: copies of what one game left, made once by each run.

Importing the demo set and playing the class to look at take a minute of a processor's time.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from tests.environment import FIRST_GAME, SHARED
from tests.game import Game, database_of_its_own, drop_database, made_database, started

PATIENCE = 600
"""Seconds, for the class to look at: it is made behind everything else."""


@dataclass(frozen=True)
class Left:
    """What the first game of this run left behind when it was stopped."""

    folder: str
    database_url: str
    passwords: dict[str, str]
    lines: list[str]
    """All that it printed."""


@cache
def first_game() -> Left:
    """The whole demo set, imported by `manage.py play` itself, its accounts and its class.

    The processes of one run of the tests have one in common, whichever needs it first.
    """
    with (SHARED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not FIRST_GAME.exists():
            FIRST_GAME.write_text(json.dumps(asdict(_played(SHARED / "first"))))
    return Left(**json.loads(FIRST_GAME.read_text()))


def _played(folder: Path) -> Left:
    shutil.rmtree(folder, ignore_errors=True)  # of one that did not start
    folder.mkdir()
    url = made_database()
    try:
        with started(data_dir=folder, database_url=url) as game:
            game.line("“Simulated class” is there", PATIENCE)
    except BaseException:
        drop_database(url)
        raise
    return Left(str(folder), url, game.passwords, game.lines)


def forget() -> None:
    """Drop the first game's database; its folder is cleared away with the others of this run."""
    drop_database(first_game().database_url)


@contextmanager
def furnished(**environment: str) -> Iterator[Game]:
    """A game of its own that begins with all demo cases, the three accounts and the class."""
    first = first_game()
    with _folder("radgame-play-") as folder, database_of_its_own(first.database_url) as url:
        # Films are never changed in place: theirs may be the same files.
        shutil.copytree(Path(first.folder, "media"), Path(folder, "media"), copy_function=_link)
        for file in Path(first.folder).iterdir():
            if file.is_file():
                shutil.copy2(file, folder)
        with started(data_dir=Path(folder), database_url=url, **environment) as game:
            game.passwords |= first.passwords
            yield game


def _folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # of a file system that has no links
        shutil.copy2(source, target)
