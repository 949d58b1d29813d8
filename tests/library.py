"""Games that begin with everything in them: copies of what one game left, made once by each run.

Importing the demo set and playing the class to look at take a minute of a processor's time.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tests.game import Game, database_of_its_own, started

PATIENCE = 600
"""Seconds, for the class to look at: it is made behind everything else."""


@dataclass(frozen=True)
class Left:
    """What the first game of this run left behind when it was stopped."""

    folder: Path
    database_url: str
    passwords: dict[str, str]
    lines: tuple[str, ...]
    """All that it printed."""


@cache
def first_game() -> Left:
    """The whole demo set, imported by `manage.py play` itself, its accounts and its class."""
    kept = ExitStack()
    atexit.register(kept.close)
    folder = Path(kept.enter_context(_folder("radgame-first-")))
    url = kept.enter_context(database_of_its_own())
    with started(data_dir=folder, database_url=url) as game:
        game.line("“Simulated class” is there", PATIENCE)
    return Left(folder, url, dict(game.passwords), tuple(game.lines))


@contextmanager
def furnished(**environment: str) -> Iterator[Game]:
    """A game of its own that begins with all demo cases, the three accounts and the class."""
    first = first_game()
    copied_from = urlsplit(first.database_url).path.removeprefix("/")
    with _folder("radgame-play-") as folder, database_of_its_own(copied_from) as url:
        # Films are never changed in place: theirs may be the same files.
        shutil.copytree(first.folder / "media", Path(folder, "media"), copy_function=_link)
        for file in first.folder.iterdir():
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
