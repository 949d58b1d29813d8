"""The whole game as a new user starts it: `manage.py play` with its own data folder."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120
PASSWORD = re.compile(r"^\s+(trainee|instructor|curator)\s+(\S+)$")
READY = re.compile(r"RadGame is ready: (\S+)/ ")
NOT_INHERITED = (
    *("REDIS_URL", "CELERY_BROKER_URL", "DATABASE_URL"),
    *("SECRET_KEY", "ENVIRONMENT", "DEBUG", "ALLOWED_HOSTS"),
)


@dataclass
class Game:
    """A running game: its address, what it printed, and its database."""

    process: subprocess.Popen[str]
    data_dir: Path
    database_url: str
    address: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the game's database beside it; `?` stands for a value."""
        if self.database_url:
            import psycopg

            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query.replace("?", "%s"), values).fetchall()
        connection = sqlite3.connect(self.data_dir / "radgame.sqlite3", timeout=20)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def one(self, query: str, *values: Any) -> Any:
        """The only column of the only row."""
        [[value]] = self.rows(query, *values)
        return value

    def manage(self, *arguments: str) -> str:
        """What a management command prints, run beside the game on its data."""
        variables = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
        variables["DATA_DIR"] = str(self.data_dir)
        if self.database_url:
            variables["DATABASE_URL"] = self.database_url
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def children(self) -> dict[str, int]:
        """Process ids of the web server and the worker's main process."""
        return {
            name: child.pid
            for child in psutil.Process(self.process.pid).children()
            for name in ("uvicorn", "celery")
            if child.cmdline()[1:3] == ["-m", name]
        }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(*arguments: str, data_dir: Path | None = None, **environment: str) -> Iterator[Game]:
    """A game of its own for as long as the block runs, on whichever database the tests use."""
    folder = data_dir or Path(tempfile.mkdtemp(prefix="radgame-play-"))
    with _database() as url:
        variables = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
        variables |= {"DATA_DIR": str(folder), "SWEEP_AFTER_SECONDS": "5", **environment}
        if url:
            variables["DATABASE_URL"] = url
        process = subprocess.Popen(
            [sys.executable, "manage.py", "play", "--port", str(free_port()), *arguments],
            cwd=ROOT,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        game = Game(process, folder, url)
        try:
            _wait_until_ready(game)
            yield game
        finally:
            process.terminate()
            process.wait(30)
            if data_dir is None:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database() -> Iterator[str]:
    """Empty for SQLite; on PostgreSQL a database made for this game and dropped after it."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    import psycopg

    name = f"radgame_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    parts = urlsplit(server)
    yield urlunsplit(parts._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _wait_until_ready(game: Game) -> None:
    spoken: Queue[str] = Queue()

    def listen() -> None:
        assert game.process.stdout is not None
        for line in game.process.stdout:
            game.lines.append(line.rstrip("\n"))
            spoken.put(line)

    threading.Thread(target=listen, daemon=True).start()
    while not game.address:
        try:
            line = spoken.get(timeout=START_SECONDS)
        except Empty:
            raise RuntimeError(f"The game did not start: {game.lines}") from None
        if found := PASSWORD.match(line):
            game.passwords[found[1]] = found[2]
        if found := READY.search(line):
            game.address = found[1]
        if game.process.poll() is not None and spoken.empty():
            raise RuntimeError(f"The game ended: {game.lines}")


def logged_in(game: Game, username: str = "trainee") -> httpx.Client:
    """An HTTP client with a session of that account, logged in by the form."""
    client = httpx.Client(base_url=game.address, follow_redirects=True, timeout=30)
    client.get("/account/login/")
    form = {
        "username": username,
        "password": game.passwords[username],
        "csrfmiddlewaretoken": client.cookies["csrftoken"],
    }
    client.post("/account/login/", data=form).raise_for_status()
    return client
