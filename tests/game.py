"""The whole game as a new user starts it: `manage.py play` with its own data folder."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil
import redis
from django.core import signing
from django.utils.crypto import salted_hmac

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120
PASSWORD = re.compile(r"^\s+(trainee|instructor|curator)\s+(\S+)$")
READY = re.compile(r"RadGame is ready: (\S+)/ ")
AUTH_SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
SESSION_SALT = "django.contrib.sessions.SessionStore"
NOT_INHERITED = (
    *("REDIS_URL", "CELERY_BROKER_URL", "DATABASE_URL"),
    *("SECRET_KEY", "ENVIRONMENT", "DEBUG", "ALLOWED_HOSTS"),
)


def _migrated() -> Path:
    """The SQLite file of an empty library, made once by one of the processes of this run."""
    from tests.environment import SHARED  # which benches that import this module do without

    made, file = SHARED / "migrated", "radgame.sqlite3"
    with (SHARED / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            folder = Path(tempfile.mkdtemp(prefix="migrating-", dir=SHARED))
            inherited = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
                cwd=ROOT,
                env={**inherited, "DATA_DIR": str(folder)},
                check=True,
            )
            folder.rename(made)
    return made / file


def migrated(folder: Path) -> Path:
    """A data folder with an empty library of its own, in SQLite."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_migrated(), folder)
    return folder


@dataclass
class Game:
    """A running game: its address, what it printed, and its database."""

    process: subprocess.Popen[str]
    data_dir: Path
    database_url: str
    address: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    broker: str = ""
    """Another broker than its Redis."""

    def enroll(self, role: str = "trainee") -> str:
        """The name of somebody who has done nothing yet: a copy of who the game has made."""
        name = f"{role}-{uuid.uuid4().hex[:8]}"
        with self.database() as connection:
            every = connection.execute("SELECT * FROM accounts_user WHERE 1 = 0").description
            same = ", ".join(column[0] for column in every if column[0] not in ("id", "username"))
            connection.execute(
                f"INSERT INTO accounts_user (username, {same}) "
                f"SELECT '{name}', {same} FROM accounts_user WHERE username = '{role}'"
            )
            connection.commit()
        self.passwords[name] = self.passwords[role]
        return name

    def session_of(self, username: str) -> str:
        """The key of a session of that account, as its log-in by the form leaves one behind.

        A password of a whole game takes a third of a second of a processor to check.
        """
        secret = (self.data_dir / "secret_key").read_text().strip()
        query = "SELECT id, password FROM accounts_user WHERE username = ?"
        [[number, password]] = self.rows(query, username)
        proof = salted_hmac(AUTH_SALT, password, secret=secret, algorithm="sha256").hexdigest()
        kept = {
            "_auth_user_id": str(number),
            "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
            "_auth_user_hash": proof,
        }
        key, now = uuid.uuid4().hex, datetime.now(UTC)
        row = (key, signing.dumps(kept, secret, SESSION_SALT), f"{now + timedelta(days=14)}")
        written = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES "
        seen = "UPDATE accounts_user SET last_login = ? WHERE id = ?"
        with self.database() as connection:
            for statement, values in ((f"{written} (?, ?, ?)", row), (seen, (f"{now}", number))):
                connection.execute(self._marked(statement), values)
            connection.commit()
        return key

    def _marked(self, query: str) -> str:
        return query.replace("?", "%s") if self.database_url else query

    @contextmanager
    def database(self) -> Iterator[Any]:
        """A connection of its own, beside the game."""
        if self.database_url:
            import psycopg

            opened: Any = psycopg.connect(self.database_url)
        else:
            opened = sqlite3.connect(self.data_dir / "radgame.sqlite3", timeout=20)
        with closing(opened):
            yield opened

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the game's database; `?` stands for a value."""
        with self.database() as connection:
            return connection.execute(self._marked(query), values).fetchall()

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

    def line(self, pattern: str, patience: float = 60) -> re.Match[str]:
        """The first line that it printed, or prints soon, that has the pattern."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for line in list(self.lines):
                if found := re.search(pattern, line):
                    return found
            time.sleep(0.05)
        raise AssertionError(f"No line has {pattern!r}: {self.lines}")

    def processes(self, word: str) -> list[psutil.Process]:
        """Its children that have this word on their command line."""
        children = psutil.Process(self.process.pid).children()
        found = []
        for child in children:
            with suppress(psutil.NoSuchProcess):  # it has ended, and nobody has taken note yet
                found += [child] * (word in child.cmdline())
        return found

    def redis(self) -> redis.Redis:
        """A client of its embedded Redis."""
        titles = [
            " ".join(child.cmdline()) for child in psutil.Process(self.process.pid).children()
        ]
        [socket_path] = re.findall(r"unixsocket:(\S+)", "\n".join(titles))
        return redis.Redis(unix_socket_path=socket_path)

    def children(self) -> dict[str, int]:
        """Process ids of the web server and the worker's main process."""
        return {
            name: child.pid
            for child in psutil.Process(self.process.pid).children()
            for name, words in (("web", ["web"]), ("celery", ["-m", "celery"]))
            if all(word in child.cmdline() for word in words)
        }

    def wait_until_at_rest(self, patience: float = 1200, quiet: float = 3) -> None:
        """Until a first start's own work is done: the class to look at is played and scored.

        It begins when the address has been told already, a moment later, and is begun again a
        moment after it died: at rest is what was so for a while.
        """
        deadline = time.monotonic() + patience
        last_seen = time.monotonic()
        while time.monotonic() < last_seen + quiet:
            if self.processes("load_demo") or self.processes("make_demo_class"):
                last_seen = time.monotonic()
            assert last_seen < deadline, "the work of the first start does not end"
            time.sleep(quiet / 15)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    *arguments: str,
    data_dir: Path | None = None,
    database_url: str | None = None,
    whole_demo: bool = True,
    **environment: str,
) -> Iterator[Game]:
    """A game of its own for as long as the block runs, on whichever database the tests use.

    Its database is made for it, unless `database_url` names one.

    With all demo cases from its beginning, unless `whole_demo` is false or there are to be none.
    """
    if whole_demo and "--no-demo" not in arguments:
        arguments += ("--whole-demo",)
    folder = data_dir or Path(tempfile.mkdtemp(prefix="radgame-play-"))
    database = database_of_its_own() if database_url is None else nullcontext(database_url)
    with database as url:
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
            wait_until_ready(game)
            yield game
        finally:
            process.terminate()
            process.wait(30)
            if data_dir is None:
                shutil.rmtree(folder, ignore_errors=True)


def made_database(copied_from: str = "") -> str:
    """Empty for SQLite; on PostgreSQL the address of a database made there.

    It is a copy of the one at that address, with which nobody may be connected, or empty.
    """
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        return ""
    import psycopg

    name = f"radgame_{uuid.uuid4().hex[:12]}"
    template = urlsplit(copied_from).path.removeprefix("/") or "template1"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def drop_database(url: str) -> None:
    """Nothing for SQLite."""
    if not url:
        return
    import psycopg

    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def database_of_its_own(copied_from: str = "") -> Iterator[str]:
    """As `made_database`, and dropped after it."""
    url = made_database(copied_from)
    yield url
    drop_database(url)


def wait_until_ready(game: Game) -> None:
    """Read what the game prints until it tells its address; what comes later is kept as well."""
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
