"""`python -m bench load [--learners 50 200 1000] [--web 1 2]`: many simulated learners at once.

Starts the game on this machine for each number of web processes, on SQLite or, with `--database
postgresql://…`, in a database made for it there and dropped again; lets learners play both games
for a while, each with time to think and a WebSocket open during a case; and prints a table in
Markdown: submissions a second (each with its pages, two drafts and its feedback), times, errors,
sockets, and what the processes took of the processors and of memory. The learners run on the same
machine; what they took of it is printed too.

`--against FILE.toml` lets as many visitors ask another server that runs on this machine, by its URL
map, in the same run:

    name = "another server"
    address = "http://127.0.0.1:5000"
    [[step]]
    name = "submit"
    method = "POST"
    path = "/api/submit/{count}"
    json = {user = "u{learner}"}
    status = [200]
    think = true
    submission = true

Learners, seconds and processes are bounded, and only this machine is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import time
import tomllib
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench import steps
from bench.learner import Learner, Line, Tally, Visitor, own_line
from tests.game import Game, started

MOST_LEARNERS, MOST_SECONDS, MOST_WEB = 2000, 900, 8
MOST_IN_STEP, CASES_IN_STEP = 200, 4
HERE = ("127.0.0.1", "localhost", "::1")
MEGABYTE = 1e6
SHOWN = ("case page", "draft", "submit", "result", "submit to feedback")
ENROLL = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from datetime import timedelta
from accounts.models import User
same = User.objects.get(username="trainee").password
users = User.objects.bulk_create(
    User(username=f"load-{{n}}", password=same) for n in range({count})
)
store, sessions = SessionStore(), []
for user in users:
    data = {{SESSION_KEY: str(user.pk), HASH_SESSION_KEY: user.get_session_auth_hash(),
            BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend"}}
    sessions.append(Session(session_key=store._get_new_session_key(),
                            session_data=store.encode(data),
                            expire_date=timezone.now() + timedelta(days=1)))
Session.objects.bulk_create(sessions)
print(json.dumps([one.session_key for one in sessions]))
"""


@dataclass(frozen=True)
class Run:
    """What one run came to."""

    name: str
    learners: int
    web: int
    seconds: float
    tally: Tally
    used: dict[str, float]
    """Processor seconds by part; that of the learners is `learners`."""
    memory: dict[str, float]
    """Proportional memory in MB by part, at the end."""


def main() -> int:
    given = _arguments()
    _let_many_files_be_open()
    if given.database:
        os.environ["DATABASE_URL"] = given.database
    runs: list[Run] = []
    for web in given.web:
        with started("--web", str(web)) as game:
            game.wait_until_at_rest()
            if given.by_step:
                print(by_step(game, given.by_step), flush=True)
                continue
            for learners in given.learners:
                runs.append(of_game(game, learners, web, given))
                print(line_of(runs[-1]), flush=True)
    if given.against:
        for learners in given.learners:
            runs.append(of_other(tomllib.loads(given.against.read_text()), learners, given))
    if not runs:
        return 0
    print(
        f"\n{len(psutil.Process().cpu_affinity())} processors, think time {given.think:g} s, "
        f"{given.seconds:g} s each, {'PostgreSQL' if given.database else 'SQLite'}, "
        f"films {'fetched' if given.films else 'not fetched'}\n"
    )
    print(table_of(runs))
    return int(any(run.tally.errors for run in runs))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench load", description=__doc__.split("\n")[0])
    parser.add_argument("--learners", type=int, nargs="+", default=[50, 200, 1000])
    parser.add_argument("--web", type=int, nargs="+", default=[1])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=3, help="seconds, on average")
    parser.add_argument("--database", default="", help="a PostgreSQL server; else SQLite")
    parser.add_argument("--films", action="store_true", help="fetch each case's films too")
    parser.add_argument(
        "--by-step",
        type=int,
        default=0,
        metavar="LEARNERS",
        help="instead: what each kind of request takes of the processors (bench.steps)",
    )
    parser.add_argument("--against", type=Path, help="another server's URL map (TOML)")
    given = parser.parse_args()
    for name, most in (("learners", MOST_LEARNERS), ("web", MOST_WEB)):
        if not all(1 <= one <= most for one in getattr(given, name)):
            parser.error(f"--{name}: from 1 to {most}")
    if not 0 <= given.by_step <= MOST_IN_STEP:
        parser.error(f"--by-step: at most {MOST_IN_STEP}")
    if not (0 < given.seconds <= MOST_SECONDS and 0 < given.think <= 60):
        parser.error(f"--seconds: at most {MOST_SECONDS}; --think: at most 60")
    return given


def _let_many_files_be_open() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MOST_LEARNERS
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def enrolled(game: Game, count: int) -> list[str]:
    """Keys of sessions of so many new learners."""
    code = ENROLL.format(count=count).replace("load-", f"load-{time.time_ns()}-")
    sessions: list[str] = json.loads(game.manage("shell", "-v", "0", "-c", code).splitlines()[-1])
    return sessions


def by_step(game: Game, learners: int) -> str:
    """The table of `bench.steps`."""
    sessions = enrolled(game, learners)

    def read() -> dict[str, float]:
        return processor_seconds(parts_of(game))

    done = asyncio.run(steps.played(game.address, sessions, CASES_IN_STEP, read))
    return done.table(learners * CASES_IN_STEP)


def of_game(game: Game, learners: int, web: int, given: argparse.Namespace) -> Run:
    sessions = enrolled(game, learners)
    parts = parts_of(game)
    before = processor_seconds(parts)

    def learner(line: Line, number: int) -> Learner:
        return Learner(line, sessions[number], given.think, number, given.films)

    tally, seconds, own = asyncio.run(_played(game.address, learners, given.seconds, learner))
    parts = parts_of(game)
    after = processor_seconds(parts)
    used = {part: after[part] - before.get(part, 0) for part in after} | {"learners": own}
    memory = {part: sum(_memory(one) for one in ones) for part, ones in parts.items()}
    return Run("RadGame", learners, web, seconds, tally, used, memory)


def of_other(url_map: dict[str, Any], learners: int, given: argparse.Namespace) -> Run:
    """The same number of visitors at another server. Raises ValueError for one elsewhere."""
    if urlsplit(url_map["address"]).hostname not in HERE:
        raise ValueError(f"{url_map['address']} is not this machine: nobody else is put under load")

    def visitor(line: Line, number: int) -> Visitor:
        return Visitor(line, url_map["step"], given.think, number)

    address = url_map["address"].rstrip("/")
    tally, seconds, own = asyncio.run(_played(address, learners, given.seconds, visitor))
    return Run(url_map["name"], learners, 0, seconds, tally, {"learners": own}, {})


async def _played(
    address: str, count: int, seconds: float, person: Any
) -> tuple[Tally, float, float]:
    """Tally, seconds, and the processor seconds of the learners themselves."""
    tally, used, begun = Tally(), time.process_time(), time.monotonic()
    async with AsyncExitStack() as open_lines, asyncio.TaskGroup() as group:
        for number in range(count):
            transport = await open_lines.enter_async_context(own_line())
            line = Line(transport, address, tally)
            group.create_task(person(line, number).play_until(begun + seconds))
    return tally, time.monotonic() - begun, time.process_time() - used


def parts_of(game: Game) -> dict[str, list[psutil.Process]]:
    """The game's processes by what they do."""
    parts: dict[str, list[psutil.Process]] = {}
    for child in psutil.Process(game.process.pid).children():
        words = child.cmdline()
        name = next((part for part in ("web", "celery", "periodic") if part in words), "other")
        if name == "other" and any("redis" in word for word in words):
            name = "redis"
        parts.setdefault(name, []).extend([child, *child.children(recursive=True)])
    if game.database_url:
        parts["database"] = backends_of(urlsplit(game.database_url).path.removeprefix("/"))
    return parts


def backends_of(database: str) -> list[psutil.Process]:
    """PostgreSQL's processes for connections to it, where it runs on this machine."""
    found = []
    for process in psutil.process_iter():
        with _gone_is_nothing():
            title = " ".join(process.cmdline()).split()
            if title[:1] == ["postgres:"] and database in title:
                found.append(process)
    return found


def processor_seconds(parts: dict[str, list[psutil.Process]]) -> dict[str, float]:
    return {part: sum(_seconds(one) for one in ones) for part, ones in parts.items()}


def _seconds(process: psutil.Process) -> float:
    with _gone_is_nothing():
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def _memory(process: psutil.Process) -> float:
    with _gone_is_nothing():
        return float(process.memory_full_info().pss) / MEGABYTE
    return 0.0


@contextmanager
def _gone_is_nothing() -> Iterator[None]:
    try:
        yield
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # it is gone, or somebody else's
        return


def percentile(values: list[float], share: float) -> float:
    """Nearest rank; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def line_of(run: Run) -> str:
    rate = run.tally.submissions / run.seconds
    return f"{run.name}: {run.learners} learners, {rate:.1f} submissions/s, {_errors(run)}"


def _errors(run: Run) -> str:
    found = run.tally.errors
    return ", ".join(f"{count} × {what}" for what, count in sorted(found.items())) or "no error"


def table_of(runs: list[Run]) -> str:
    """Two tables in Markdown: how many and how long; what it took."""
    names = list(dict.fromkeys([*SHOWN, *(name for run in runs for name in run.tally.times)]))
    rows = [
        "| server | learners | web | submissions/s | "
        + " | ".join(f"{name} p50 / p95 / p99 ms" for name in names)
        + " | most sockets | errors |",
        "| --- |" + " ---: |" * (len(names) + 4) + " --- |",
    ]
    for run in runs:
        times = [_times(run.tally.times.get(name, [])) for name in names]
        cells = [
            run.name,
            run.learners,
            run.web or "",
            f"{run.tally.submissions / run.seconds:.1f}",
        ]
        cells += [*times, run.tally.most_sockets, _errors(run)]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    parts = list(dict.fromkeys(part for run in runs for part in run.used))
    rows += [
        "",
        "| server | learners | web | "
        + " | ".join(f"{part}: processor ms a submission, MB" for part in parts)
        + " |",
        "| --- |" + " ---: |" * (len(parts) + 2),
    ]
    for run in runs:
        share = 1000 / max(1, run.tally.submissions)
        used = [
            f"{run.used[part] * share:.1f}, {run.memory.get(part, 0):.0f}"
            if part in run.used
            else ""
            for part in parts
        ]
        rows.append(
            "| " + " | ".join(map(str, [run.name, run.learners, run.web or "", *used])) + " |"
        )
    return "\n".join(rows)


def _times(values: list[float]) -> str:
    if not values:
        return ""
    shares = (statistics.median(values), percentile(values, 0.95), percentile(values, 0.99))
    return " / ".join(f"{1000 * one:.0f}" for one in shares)
