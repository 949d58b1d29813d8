"""The one-command start: everything RadGame needs, on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from accounts.services import create_first_accounts
from feedback.opinions import models_wanted
from learning.endless import ct
from radgame.celery import app as celery
from radgame.embedded import EmbeddedRedisProblem, embedded_redis
from radgame.environment import celery_url, number
from radgame.supervisor import Child, ChildKeepsDying, restart_the_dead, stop

NEEDED_BYTES = 50_000_000
"""For database and logs, beside the demo cases that are still to be loaded."""

MOST_WEB = 64
"""Web processes of one machine."""


class Command(BaseCommand):
    help = "Start RadGame on this machine: web, worker, periodic work, Redis; Ctrl-C stops all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=number("PORT", 8000))
        parser.add_argument(
            "--web",
            type=_processes,
            default=1,
            metavar="N",
            help="web processes: one a processor core",
        )
        demo = parser.add_mutually_exclusive_group()
        demo.add_argument("--no-demo", action="store_true", help="do not load the demo cases")
        demo.add_argument(
            "--whole-demo",
            action="store_true",
            help="load all demo cases before the game is ready, not the first dozen",
        )

    def handle(
        self, *, host: str, port: int, web: int, no_demo: bool, whole_demo: bool, **options: object
    ) -> None:
        for stopping in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stopping, _interrupt)
        self.check_machine(host, port)
        with contextlib.ExitStack() as stack:
            try:
                kept_alive = stack.enter_context(self.redis())
                demo_is_whole = self.prepare(load_demo=not no_demo, whole=whole_demo)
                children = [_web(host, port, web), _worker(), _periodic()]
                if models_wanted():
                    children.append(_models_worker())
                if not ct.problem():
                    children.append(_films_worker())
                loading = [] if demo_is_whole else [_demo_loader()]
                if not no_demo:
                    loading.append(_demo_class())
                stack.callback(_stop_undisturbed, [*loading, *children])
                kept_alive += children
                self.start(children, kept_alive, f"http://{_shown(host)}:{port}/")
                for child in loading:
                    child.start()
                while True:
                    time.sleep(0.5)
                    restart_the_dead(kept_alive, self.say)
                    loading = self.still_loading(loading)
            except KeyboardInterrupt:
                self.say("Stopping.")
            except (EmbeddedRedisProblem, ChildKeepsDying) as problem:
                raise CommandError(str(problem)) from None

    def check_machine(self, host: str, port: int) -> None:
        """Say in one sentence what would otherwise fail later and less clearly."""
        if not (settings.BASE_DIR / "static" / "dist" / "manifest.json").exists():
            raise CommandError("The front end is not built yet: run `make build` (needs npm).")
        if not os.access(settings.DATA_DIR, os.W_OK):
            raise CommandError(f"The data folder {settings.DATA_DIR} cannot be written to.")
        _check_room(NEEDED_BYTES, "")
        with socket.socket(_family(host)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise CommandError(
                    f"Port {port} on {host} cannot be used ({error.strerror}): "
                    "stop what listens there, or choose another with --port."
                ) from None

    @contextlib.contextmanager
    def redis(self) -> Iterator[list[Child]]:
        """The Redis of REDIS_URL, or an embedded one that every child is told of.

        Yields what has to be kept alive of it.
        """
        if os.environ.get("REDIS_URL"):
            yield []
            return
        with embedded_redis() as (url, child):
            os.environ["REDIS_URL"] = url
            if not os.environ.get("CELERY_BROKER_URL"):
                celery.conf.broker_url = celery_url(url)  # for what loading the demo queues
            yield [child]

    def prepare(self, *, load_demo: bool, whole: bool) -> bool:
        """Database, accounts, first cases; whether no demo case is left to load."""
        call_command("migrate", verbosity=0, interactive=False)
        made = create_first_accounts()
        demo_is_whole = not load_demo or self.load_demo(whole=whole)
        connections.close_all()
        if made:
            self.say("Accounts (the passwords are shown this once):")
            for username, password in made.items():
                self.say(f"  {username:<11} {password}")
        return demo_is_whole

    def load_demo(self, *, whole: bool) -> bool:
        """Load the first dozen of the demo cases, or all; whether none is left."""
        from cases import demo_set
        from cases.management.commands.load_demo import progress_on

        try:
            lacking = demo_set.missing()
            now = (*lacking.first, *lacking.rest) if whole else lacking.first
            if lacking:
                wanted = NEEDED_BYTES + demo_set.room_for((*lacking.first, *lacking.rest))
                _check_room(wanted, " for all demo cases; --no-demo starts without them")
            loaded = 0
            if now:
                self.say(f"Loading {len(now)} demo cases …")
                started = time.monotonic()
                there = lacking.total - len(lacking.first) - len(lacking.rest)
                loaded = demo_set.load(now, progress_on(self.stdout, there, there + len(now)))
                self.say(f"{loaded} simulated cases loaded in {time.monotonic() - started:.0f} s.")
        except demo_set.DemoProblem as problem:
            raise CommandError(f"The demo cases could not be loaded: {problem}") from None
        if lacking.rest and not whole:
            self.say(f"{len(lacking.rest)} more are loaded while the game runs.")
        if whole and loaded == len(now):
            demo_set.retire(lacking.outdated)
        return whole or not (lacking.rest or lacking.outdated)

    def still_loading(self, loading: list[Child]) -> list[Child]:
        """The same, started again if it died; nothing when it is done or has to be given up."""
        try:
            restart_the_dead(loading, self.say)
        except ChildKeepsDying as problem:
            self.say(f"{problem} The next start goes on.")
            return []
        return loading

    def start(self, children: list[Child], kept_alive: list[Child], address: str) -> None:
        for child in children:
            child.start()
        while not _answers(address):
            restart_the_dead(kept_alive, self.say)
            time.sleep(0.05)
        if _is_for_others(address) and not os.environ.get("ALLOWED_HOSTS"):
            self.say("Other machines are refused until ALLOWED_HOSTS names this one.")
        self.say(f"RadGame is ready: {address}  (Ctrl-C stops it)")

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _check_room(wanted: int, why: str) -> None:
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < wanted:
        raise CommandError(
            f"The disk of {settings.DATA_DIR} is full: {free // 1_000_000} MB are free, "
            f"{wanted // 1_000_000} MB are needed{why}."
        )


def _web(host: str, port: int, count: int) -> Child:
    """All processes take their connections from one socket."""
    server = [sys.executable, str(settings.BASE_DIR / "manage.py"), "web", "--grace", "3"]
    where = ["--host", host, "--port", str(port), "--workers", str(count)]
    return Child("The web server", [*server, *where])


def _processes(word: str) -> int:
    count = int(word) if word.isdecimal() else 0
    if not 1 <= count <= MOST_WEB:
        raise argparse.ArgumentTypeError(f"{word!r} is no number from 1 to {MOST_WEB}")
    return count


def _worker() -> Child:
    server = [sys.executable, "-m", "celery", "-A", "radgame", "--quiet", "worker"]
    options = ["--loglevel", "WARNING", "--concurrency", "2", "--without-gossip"]
    return Child("The worker", server + options + ["--without-mingle"])


def _periodic() -> Child:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "periodic"]
    return Child("The periodic process", command)


def _demo_loader() -> Child:
    """For the demo cases that are not loaded yet; behind what learners wait for."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "load_demo", "--nice", "5"]
    return Child("Loading the demo cases", command, ends=True)


def _demo_class() -> Child:
    """For a class of simulated learners, so that the instructor has something to look at."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "make_demo_class"]
    size = ["--learners", "12", "--attempts", "24", "--once", "--after-demo", "--nice", "5"]
    return Child("Making the class to look at", [*command, *size], ends=True)


def _models_worker() -> Child:
    """For the queue of models: threads, which share what a process has loaded."""
    server = [sys.executable, "-m", "celery", "-A", "radgame", "--quiet", "worker"]
    queue = ["--queues", "models", "--pool", "threads", "--hostname", "models@%h"]
    options = ["--loglevel", "WARNING", "--concurrency", str(settings.LLM_CONCURRENCY)]
    quiet = ["--without-gossip", "--without-mingle"]
    return Child("The worker for models", [*server, *queue, *options, *quiet])


def _films_worker() -> Child:
    """For the queue of films made for learners: one at a time, behind everything else."""
    server = [sys.executable, "-m", "celery", "-A", "radgame", "--quiet", "worker"]
    queue = ["--queues", "films", "--pool", "solo", "--hostname", "films@%h"]
    options = ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    return Child("The worker for films", [*server, *queue, *options])


def _stop_undisturbed(children: list[Child]) -> None:
    """Stop the children; a second Ctrl-C does not leave some of them behind."""
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, signal.SIG_IGN)
    stop(children)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address + "healthz", timeout=2).close()  # noqa: S310  # its own
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_for_others(address: str) -> bool:
    """Whether the game listens beyond this machine."""
    return "localhost:" in address


def _shown(host: str) -> str:
    return "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104  # only looked for


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
