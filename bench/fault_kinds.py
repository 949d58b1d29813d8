"""The faults of the drill: each is given the crowd while it plays, and may take a while."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR

import psutil

from bench.fault_learners import Crowd

LASTS = 8.0
"""Seconds of a fault that lasts."""
RABBIT = os.environ.get("DRILL_RABBIT", "amqp://guest:guest@127.0.0.1:5672")
POSTGRES = os.environ.get("DRILL_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
VHOST = "radgame-drill"


def _nothing(crowd: Crowd) -> None:
    """For comparison."""


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _children(crowd: Crowd, *words: str) -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process(crowd.game.process.pid).children()
        if all(any(word in part for part in child.cmdline()) for word in words)
    ]


def _end(number: signal.Signals, *words: str) -> Callable[[Crowd], None]:
    def fault(crowd: Crowd) -> None:
        for child in _children(crowd, *words):
            child.send_signal(number)

    return fault


def _kill_family(*words: str) -> Callable[[Crowd], None]:
    def fault(crowd: Crowd) -> None:
        for child in _children(crowd, *words):
            for one in reversed(_family(child)):
                with suppress(psutil.NoSuchProcess):
                    one.kill()

    return fault


def _kill_pool(crowd: Crowd) -> None:
    for worker in _children(crowd, "celery"):
        for one in worker.children(recursive=True):
            one.kill()


def _stand_still(*words: str) -> Callable[[Crowd], None]:
    def fault(crowd: Crowd) -> None:
        processes = [one for child in _children(crowd, *words) for one in _family(child)]
        for one in processes:
            one.suspend()
        time.sleep(LASTS)
        for one in processes:
            with suppress(psutil.NoSuchProcess):
                one.resume()

    return fault


def _wipe_redis(crowd: Crowd) -> None:
    with crowd.game.redis() as client:
        client.flushall()


def _wipe_behind_a_stopped_worker(crowd: Crowd) -> None:
    """What is queued is lost for certain; and nobody sweeps for a while."""
    still = [*_children(crowd, "celery"), *_children(crowd, "manage.py", "periodic")]
    processes = [one for child in still for one in _family(child)]
    for one in processes:
        one.suspend()
    time.sleep(LASTS / 2)
    _wipe_redis(crowd)
    if crowd.game.broker:
        _purge_rabbit(crowd)
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.resume()


def _cut_sockets(crowd: Crowd) -> None:
    end = time.monotonic() + LASTS
    while time.monotonic() < end:
        with crowd.lock:
            cut, crowd.sockets[:] = [*crowd.sockets], []
        for socket in cut:
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(SHUT_RDWR)
        time.sleep(0.1)


def _clock_set_back(crowd: Crowd) -> None:
    """As the database is after it: what was done just now was done in the future."""
    ahead = "now() + interval '1 hour'" if crowd.game.database_url else "datetime('now', '+1 hour')"
    with crowd.game.database() as connection:
        connection.execute(f"UPDATE radgame_heartbeat SET begun_at = {ahead}")
        connection.execute(
            f"UPDATE attempts_attempt SET queued_at = {ahead} WHERE state = 'submitted'"
        )
        connection.commit()


def _all_at_once(crowd: Crowd) -> None:
    for child in psutil.Process(crowd.game.process.pid).children():
        for one in reversed(_family(child)):
            with suppress(psutil.NoSuchProcess):
                one.kill()


def full_disk(crowd: Crowd) -> None:
    filler = crowd.game.data_dir / "filler"
    with suppress(OSError), filler.open("wb") as stream:
        while True:
            stream.write(bytes(1 << 20))
            stream.flush()
    time.sleep(LASTS)
    filler.unlink()


def _end_backends(crowd: Crowd) -> None:
    import psycopg

    end = time.monotonic() + LASTS
    name = crowd.game.database_url.rpartition("/")[2]
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        while time.monotonic() < end:
            connection.execute(query, [name])
            time.sleep(0.5)


def rabbit(*arguments: str) -> None:
    command = ["rabbitmqctl", "--quiet", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def _close_rabbit(crowd: Crowd) -> None:
    rabbit("close_all_connections", "--vhost", VHOST, "drill")


def _purge_rabbit(crowd: Crowd) -> None:
    with suppress(subprocess.CalledProcessError):
        rabbit("purge_queue", "celery", "--vhost", VHOST)


@dataclass(frozen=True)
class Fault:
    name: str
    make: Callable[[Crowd], None] = _nothing
    learners_do: str = ""
    stacks: tuple[str, ...] = ("sqlite", "postgres", "rabbit")


WEB, WORKER, PERIODIC = ("manage.py", "web"), ("celery",), ("manage.py", "periodic")
FAULTS = (
    Fault("none"),
    Fault("worker killed", _kill_family(*WORKER)),
    Fault("worker's pool killed", _kill_pool),
    Fault("worker told to end", _end(signal.SIGTERM, *WORKER)),
    Fault("worker stands still", _stand_still(*WORKER)),
    Fault("periodic process killed", _kill_family(*PERIODIC)),
    Fault("periodic process stands still", _stand_still(*PERIODIC)),
    Fault("web killed", _kill_family(*WEB)),
    Fault("web told to end", _end(signal.SIGTERM, *WEB)),
    Fault("web stands still", _stand_still(*WEB)),
    Fault("Redis killed", _kill_family("redis")),
    Fault("Redis wiped", _wipe_redis),
    Fault("Redis stands still", _stand_still("redis")),
    Fault("queue wiped, worker and periodic still", _wipe_behind_a_stopped_worker),
    Fault("all processes killed at once", _all_at_once),
    Fault("sockets cut", _cut_sockets),
    Fault("clock set back (simulated)", _clock_set_back),
    Fault("every submission sent three times", learners_do="duplicates"),
    Fault("replies lost, then sent again", learners_do="lost replies"),
    Fault("a second window on every draft", learners_do="two windows"),
    Fault("disk full", full_disk, stacks=("sqlite",)),
    Fault("PostgreSQL's backends ended", _end_backends, stacks=("postgres", "rabbit")),
    Fault("RabbitMQ's connections closed", _close_rabbit, stacks=("rabbit",)),
    Fault("RabbitMQ's queue purged", _purge_rabbit, stacks=("rabbit",)),
)
STACKS = ("sqlite", "postgres", "rabbit")
