"""`python -m bench.inside PAGE …`: processor time and queries of pages, asked inside one process.

Settings come from the environment, as for the game itself. The whole ASGI application answers, the
door, middleware and threads included; what is left out is the server's reading of HTTP. Prints
JSON: a row a page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import django

WARM = 3
"""Answers that are not counted: templates are compiled and connections opened in them."""


SLOW: list[float] = []
"""PostgreSQL only: statements that take longer (ms) are explained."""


@dataclass(frozen=True)
class Page:
    """What one page took; times in milliseconds."""

    name: str
    status: int
    size: int
    """Bytes of the answer."""
    queries: int
    processor: float
    """Median of this process' processor time, in the database none."""
    wall: float
    worst: float
    """The longest by the clock."""


class Reader:
    """Somebody who is logged in and reads pages of the ASGI application."""

    def __init__(self, username: str) -> None:
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        from accounts.models import User

        user = User.objects.get(username=username)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        host = next(iter(settings.ALLOWED_HOSTS)).encode()
        cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}".encode()
        self.headers = [(b"host", host), (b"cookie", cookie), (b"x-forwarded-proto", b"https")]

    async def read(self, address: str) -> tuple[int, int]:
        """Status and number of bytes of an answer."""
        from radgame.asgi import application

        parts = urlsplit(address)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": self.headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        coming = [{"type": "http.request", "body": b"", "more_body": False}]
        status = size = 0

        async def receive() -> dict[str, Any]:
            if coming:
                return coming.pop()
            await asyncio.Event().wait()
            raise AssertionError("never")

        async def send(message: Any) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))

        await application(scope, receive, send)
        return status, size


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements of whatever connection is used meanwhile, of any thread; with a number of
    milliseconds in `SLOW`, how the database goes about longer ones is written to stderr.
    """
    from django.db.backends import utils

    statements: list[str] = []
    wrapper: Any = utils.CursorWrapper
    whole = wrapper._execute_with_wrappers

    def counting(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(str(sql))
        begun = time.perf_counter()
        answer = whole(self, sql, *args, **kwargs)
        if (
            SLOW
            and (time.perf_counter() - begun) * 1000 > SLOW[0]
            and str(sql).startswith("SELECT")
        ):
            _tell_plan(str(sql), args[0] if args else None)
        return answer

    wrapper._execute_with_wrappers = counting
    try:
        yield statements
    finally:
        wrapper._execute_with_wrappers = whole


def _tell_plan(sql: str, params: Any) -> None:
    from django.db import connection

    with connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", params)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    print(f"\n{sql}\n{plan}", file=sys.stderr)


async def measure(reader: Reader, name: str, address: str, times: int) -> Page:
    status = size = 0
    for _ in range(WARM):
        status, size = await reader.read(address)
    with counted() as statements:
        await reader.read(address)
    processor, wall = [], []
    for _ in range(times):
        begun, used = time.perf_counter(), time.process_time()
        await reader.read(address)
        processor.append((time.process_time() - used) * 1000)
        wall.append((time.perf_counter() - begun) * 1000)
    return Page(
        name,
        status,
        size,
        len(statements),
        statistics.median(processor),
        statistics.median(wall),
        max(wall),
    )


async def measure_all(pages: dict[str, tuple[str, str]], times: int) -> list[Page]:
    """Name → (username, address): each measured in turn."""
    readers: dict[str, Reader] = {}
    rows = []
    from asgiref.sync import sync_to_async

    for name, (username, address) in pages.items():
        if username not in readers:
            readers[username] = await sync_to_async(Reader)(username)
        rows.append(await measure(readers[username], name, address, times))
    return rows


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.inside")
    parser.add_argument("pages", nargs="+", metavar="NAME|USER|ADDRESS")
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--plans", type=float, default=0, metavar="MS")
    given = parser.parse_args(arguments)
    SLOW.extend([given.plans] if given.plans else [])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")
    django.setup()
    from radgame.lifespan import share_connections

    share_connections()
    split = [page.split("|", 2) for page in given.pages]
    pages = {name: (user, address) for name, user, address in split}
    rows = asyncio.run(measure_all(pages, given.times))
    json.dump([asdict(row) for row in rows], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
