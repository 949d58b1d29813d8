"""What a web process does beside its requests: it stands in for a periodic process that is gone."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.template.loader import get_template
from django.template.utils import get_app_template_dirs
from django.urls import get_resolver

from ml import findings
from radgame.periodic import PATIENCE, run_due
from radgame.reserve import hold_open

logger = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005
"""That a thread may compute while another wants to go on. With Python's own 5 ms who writes to
SQLite waited so long after each statement, and all other writers with it.
"""
POOL_SECONDS = 10
"""That a thread waits for a connection, before its request is told to come again."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application of the server's start and end."""
    await receive()
    sys.setswitchinterval(SWITCH_SECONDS)
    share_connections()
    held = hold_open()
    ending = threading.Event()
    settling = asyncio.to_thread(settle_memory, ending)
    beside = [asyncio.create_task(_watch()), asyncio.create_task(settling)]
    await send({"type": "lifespan.startup.complete"})
    await receive()
    ending.set()
    for task in beside:
        task.cancel()
    if held:
        held.close()
    await send({"type": "lifespan.shutdown.complete"})


def share_connections() -> None:
    """Let the threads of this process take their database connections from one pool.

    PostgreSQL only: it has not many to give. Workers have few threads, and each keeps its own.
    """
    database = settings.DATABASES["default"]
    if settings.DATABASE_POOL and database["ENGINE"] == "django.db.backends.postgresql":
        pool = {"min_size": 1, "max_size": settings.DATABASE_POOL, "timeout": POOL_SECONDS}
        database["OPTIONS"]["pool"] = pool


def settle_memory(ending: threading.Event) -> None:
    """Load what pages load late, and let the garbage collector pass over what is there by then.

    A process that is told to end leaves the rest, since it waits for its threads.

    Else the first learner of each page waits for its template, the first whose feedback reads a
    report for the words of its language, and after every so many new objects somebody while the
    collector looks through all of it, some 75 ms.
    """
    with _going_on("The addresses of pages"):
        get_resolver().url_patterns  # noqa: B018  # imports every view
    for name in _own_templates():
        if ending.is_set():
            return
        with _going_on(name):
            get_template(name)
    with _going_on("The words of reports"):
        findings.extract("No effusion.")
    gc.collect()
    gc.freeze()


def _own_templates() -> Iterator[str]:
    own = settings.BASE_DIR
    folders = [folder.resolve() for folder in get_app_template_dirs("templates")]
    for folder in [own / "templates", *(one for one in folders if one.parents[1] == own)]:
        for path in folder.rglob("*.html"):
            yield path.relative_to(folder).as_posix()


@contextmanager
def _going_on(what: str) -> Iterator[None]:
    """What cannot be loaded costs the page that needs it, and is told; the process serves."""
    try:
        yield
    except Exception:
        logger.exception("%s could not be loaded ahead.", what)


async def _watch() -> None:
    # In a thread of its own, so that no page waits behind a sweep.
    run = database_sync_to_async(run_due, thread_sensitive=False)
    while True:
        await asyncio.sleep(settings.SWEEP_SECONDS * PATIENCE)
        try:
            done = await run(PATIENCE)
        except Exception as error:  # the database is away: every request says so as well
            logger.warning("The periodic jobs could not be looked after: %s", error)
        else:
            if done:
                logger.warning("No periodic process did %s: done here.", ", ".join(done))
