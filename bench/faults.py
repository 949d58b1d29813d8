"""The fault drill: what becomes of acknowledged work when things are killed, cut, filled or wiped.

`python -m bench faults` starts the game, as `manage.py play` does, on three stacks: SQLite with the
Redis it brings, PostgreSQL with Redis, PostgreSQL with RabbitMQ as broker. Simulated learners play
by HTTP and WebSocket as the page does while one fault after the other is made; then the database is
looked into. Nothing acknowledged may be lost, changed or scored twice, nor wait for its score 60 s
later, nor have failed.

`--stack NAME` and `--fault NAME` take some of them, `--learners` and `--seconds` make it longer. A
stack whose server is not on this machine is left out, and said so. The sweep comes after 5 s rather
than 20. A clock that is set back is simulated, by rows with times in the future. It ends with 1
when anything is lost, doubled or left waiting.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from bench.fault_kinds import FAULTS, POSTGRES, RABBIT, VHOST, Fault, full_disk, rabbit
from bench.fault_learners import PATIENCE, Acknowledged, Crowd, Learner
from tests.game import Game, logged_in, started

BEFORE = 3.0
"""Seconds of undisturbed play before a fault."""
TMPFS = "size=700m"
STACKS = ("sqlite", "postgres", "rabbit")


@dataclass
class Row:
    """What came of one fault."""

    stack: str
    fault: str
    submissions: int
    p95: float
    """Seconds from acknowledged to told."""
    slowest: float
    troubles: int
    lost: int
    """Acknowledged, and not there or not as it was sent."""
    doubled: int
    waiting: int
    """Not scored `PATIENCE` seconds after the last submission."""
    problems: list[str]

    @property
    def is_well(self) -> bool:
        return not (self.lost or self.doubled or self.waiting or self.problems)


def drill(game: Game, stack: str, fault: Fault, clients: list[httpx.Client], seconds: float) -> Row:
    """Let the learners play, make the fault, wait, and look into the database."""
    crowd = Crowd(game, how=fault.learners_do)
    learners = [Learner(crowd, client, seed) for seed, client in enumerate(clients)]
    for learner in learners:
        learner.start()
    time.sleep(BEFORE)
    began = time.monotonic()
    fault.make(crowd)
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    crowd.over.set()
    for learner in learners:
        learner.join(3 * PATIENCE)
    problems = [learner.problem for learner in learners if learner.problem]
    problems += ["a learner hangs" for learner in learners if learner.is_alive()]
    waiting = wait_until_scored(game)
    lost, doubled = audit(game, crowd.acknowledged)
    told = sorted(one.told for one in crowd.acknowledged if one.told is not None)
    return Row(
        stack,
        fault.name,
        len(crowd.acknowledged),
        told[int(0.95 * (len(told) - 1))] if told else float("nan"),
        told[-1] if told else float("nan"),
        crowd.troubles,
        lost,
        doubled,
        waiting,
        problems,
    )


def wait_until_scored(game: Game) -> int:
    """How many submissions still wait when `PATIENCE` is over."""
    query = "SELECT count(*) FROM attempts_attempt WHERE state IN ('submitted', 'failed')"
    deadline = time.monotonic() + PATIENCE
    while (waiting := int(game.one(query))) and time.monotonic() < deadline:
        time.sleep(0.5)
    return waiting


def audit(game: Game, acknowledged: list[Acknowledged]) -> tuple[int, int]:
    """How many acknowledged submissions are lost or changed, and how many are there twice."""
    lost = doubled = 0
    for one in acknowledged:
        key: Any = one.submission if game.database_url else one.submission.hex
        rows = game.rows("SELECT id, answer FROM attempts_attempt WHERE submission = ?", key)
        answers = [json.loads(row[1]) if isinstance(row[1], str) else row[1] for row in rows]
        marks = [mark["box"] for answer in answers for mark in answer.get("marks", [])]
        lost += marks != [one.box]
        results = sum(
            game.one("SELECT count(*) FROM attempts_result WHERE attempt_id = ?", row[0])
            for row in rows
        )
        doubled += len(rows) > 1 or results > 1
    return lost, doubled


@contextmanager
def stack_of(name: str) -> Iterator[Game]:
    """The game on one of the stacks, for as long as the block runs."""
    with ExitStack() as until:
        environment = (
            {"CELERY_BROKER_URL": until.enter_context(_vhost())} if name == "rabbit" else {}
        )
        before = os.environ.get("DATABASE_URL")
        until.callback(_set, "DATABASE_URL", before)
        _set("DATABASE_URL", None if name == "sqlite" else POSTGRES)
        folder = until.enter_context(_disk_of_its_own() if name == "sqlite" else _folder())
        game = until.enter_context(started(data_dir=folder, **environment))
        game.broker = environment.get("CELERY_BROKER_URL", "")
        yield game


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@contextmanager
def _vhost() -> Iterator[str]:
    rabbit("add_vhost", VHOST)
    try:
        rabbit("set_permissions", "--vhost", VHOST, "guest", ".*", ".*", ".*")
        yield f"{RABBIT}/{VHOST}"
    finally:
        rabbit("delete_vhost", VHOST)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="radgame-drill-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk_of_its_own() -> Iterator[Path]:
    """A small file system in memory, where that may be mounted, so that it can be full."""
    with _folder() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", TMPFS, "radgame-drill", str(folder)]
        mounted = subprocess.run(mount, capture_output=True).returncode == 0
        try:
            yield folder
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", str(folder)], check=False)


def why_not(stack: str, fault: Fault, game: Game | None = None) -> str:
    """Why a fault is left out on a stack, in a few words; empty when it is not."""
    if stack not in fault.stacks:
        return "not on this stack"
    if fault.make is full_disk and game and not os.path.ismount(game.data_dir):
        return "nothing may be mounted here"
    return ""


def missing(stack: str) -> str:
    """What this machine lacks for a stack; empty when it has all."""
    if stack == "sqlite":
        return ""
    try:
        import psycopg

        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except Exception as error:  # not installed, or not there
        return f"no PostgreSQL at DRILL_POSTGRES ({type(error).__name__})"
    if stack == "rabbit":
        try:
            rabbit("list_vhosts")
        except (OSError, subprocess.SubprocessError):
            return "rabbitmqctl reaches no RabbitMQ"
    return ""


def run(
    stack: str, faults: list[Fault], *, learners: int, seconds: float, say: Callable[[str], None]
) -> list[Row]:
    """All faults on one stack, one after the other."""
    rows = []
    with stack_of(stack) as game:
        clients = [logged_in(game, game.enroll()) for _ in range(learners)]
        for fault in faults:
            if reason := why_not(stack, fault, game):
                if reason != "not on this stack":
                    say(f"{stack}: {fault.name} is left out: {reason}")
                continue
            rows.append(drill(game, stack, fault, clients, seconds))
            say(f"{stack}: {fault.name}: {'well' if rows[-1].is_well else rows[-1]}")
    return rows


def show(rows: list[Row]) -> int:
    """Print the table; 1 when anything was lost, doubled or left waiting."""
    table = Table(title="Fault drill", title_justify="left")
    columns = ("submitted", "p95 s", "slowest s", "troubles", "lost", "doubled", "waiting")
    for name in ("stack", "fault"):
        table.add_column(name)
    for name in columns:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.stack,
            row.fault,
            *(str(row.submissions), f"{row.p95:.1f}", f"{row.slowest:.1f}", str(row.troubles)),
            *(str(row.lost), str(row.doubled), str(row.waiting)),
        )
    console = Console(width=120)
    console.print(table)
    total = sum(row.submissions for row in rows)
    console.print(
        f"{total} acknowledged submissions, {sum(not row.is_well for row in rows)} faults not well"
    )
    for row in rows:
        for problem in row.problems:
            console.print(f"{row.stack}, {row.fault}: {problem}")
    return int(not rows or not all(row.is_well for row in rows))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.faults", description=__doc__)
    parser.add_argument("--stack", choices=STACKS, action="append")
    parser.add_argument("--fault", choices=[fault.name for fault in FAULTS], action="append")
    parser.add_argument("--learners", type=int, default=8)
    parser.add_argument(
        "--seconds", type=float, default=12.0, help="of play after each fault began"
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and what was started is ended
    faults = [fault for fault in FAULTS if not asked.fault or fault.name in asked.fault]
    rows: list[Row] = []
    for stack in asked.stack or STACKS:
        if lack := missing(stack):
            print(f"{stack} is left out: {lack}")
            continue
        rows += run(stack, faults, learners=asked.learners, seconds=asked.seconds, say=print)
    return show(rows)


if __name__ == "__main__":
    sys.exit(main())
