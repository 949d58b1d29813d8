"""The one-command start: everything RadGame needs, on this machine, until Ctrl-C."""

from __future__ import annotations

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
from radgame.celery import app as celery
from radgame.embedded import EmbeddedRedisProblem, embedded_redis
from radgame.environment import celery_url, number
from radgame.supervisor import Child, ChildKeepsDying, restart_the_dead, stop

NEEDED_BYTES = 200_000_000


class Command(BaseCommand):
    help = "Start RadGame on this machine: web, worker and Redis; Ctrl-C stops all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=number("PORT", 8000))
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo cases")

    def handle(self, *, host: str, port: int, no_demo: bool, **options: object) -> None:
        for stopping in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stopping, _interrupt)
        self.check_machine(host, port)
        with contextlib.ExitStack() as stack:
            try:
                kept_alive = stack.enter_context(self.redis())
                self.prepare(load_demo=not no_demo)
                children = [_web(host, port), _worker()]
                if models_wanted():
                    children.append(_models_worker())
                stack.callback(_stop_undisturbed, children)
                kept_alive += children
                self.start(children, kept_alive, f"http://{_shown(host)}:{port}/")
                while True:
                    time.sleep(0.5)
                    restart_the_dead(kept_alive, self.say)
            except KeyboardInterrupt:
                self.say("Stopping.")
            except (EmbeddedRedisProblem, ChildKeepsDying) as problem:
                raise CommandError(str(problem)) from None

    def check_machine(self, host: str, port: int) -> None:
        """Say in one sentence what would otherwise fail later and less clearly."""
        if not (settings.BASE_DIR / "static" / "dist" / "manifest.json").exists():
            raise CommandError("The front end is not built yet: run `make build` (needs Node 20).")
        if not os.access(settings.DATA_DIR, os.W_OK):
            raise CommandError(f"The data folder {settings.DATA_DIR} cannot be written to.")
        free = shutil.disk_usage(settings.DATA_DIR).free
        if free < NEEDED_BYTES:
            raise CommandError(
                f"The disk of {settings.DATA_DIR} is full: {free // 1_000_000} MB are free, "
                f"{NEEDED_BYTES // 1_000_000} MB are needed."
            )
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

    def prepare(self, *, load_demo: bool) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        made = create_first_accounts()
        if load_demo:
            self.load_demo()
        connections.close_all()
        if made:
            self.say("Accounts (the passwords are shown this once):")
            for username, password in made.items():
                self.say(f"  {username:<11} {password}")

    def load_demo(self) -> None:
        from cases.services import demo_is_wanted, load_demo

        if not demo_is_wanted():
            return
        self.say("Loading the demo cases …")
        started = time.monotonic()
        try:
            count = load_demo()
        except ValueError as problem:
            raise CommandError(f"The demo cases could not be loaded: {problem}") from None
        self.say(f"{count} simulated cases loaded in {time.monotonic() - started:.0f} s.")

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


def _web(host: str, port: int) -> Child:
    server = [sys.executable, "-m", "uvicorn", "radgame.asgi:application"]
    options = ["--host", host, "--port", str(port), "--log-level", "warning", "--no-access-log"]
    return Child("The web server", server + options + ["--timeout-graceful-shutdown", "3"])


def _worker() -> Child:
    server = [sys.executable, "-m", "celery", "-A", "radgame", "--quiet", "worker"]
    beat = ["--beat", "--schedule", settings.CELERY_BEAT_SCHEDULE_FILENAME]
    options = ["--loglevel", "WARNING", "--concurrency", "2", "--without-gossip"]
    return Child("The worker", server + beat + options + ["--without-mingle"])


def _models_worker() -> Child:
    """For the queue of models: threads, which share what a process has loaded."""
    server = [sys.executable, "-m", "celery", "-A", "radgame", "--quiet", "worker"]
    queue = ["--queues", "models", "--pool", "threads", "--hostname", "models@%h"]
    options = ["--loglevel", "WARNING", "--concurrency", str(settings.LLM_CONCURRENCY)]
    quiet = ["--without-gossip", "--without-mingle"]
    return Child("The worker for models", [*server, *queue, *options, *quiet])


def _stop_undisturbed(children: list[Child]) -> None:
    """Stop the children; a second Ctrl-C does not leave some of them behind."""
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, signal.SIG_IGN)
    stop(children)


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address + "healthz", timeout=2).close()
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
    return "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
