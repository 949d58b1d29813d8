"""The web server by itself, for installations that run each part as a service."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.core.management.base import BaseCommand, CommandError, CommandParser

from radgame.server import GRACE_SECONDS, serve


class Command(BaseCommand):
    requires_system_checks: list[str] = []
    help = "Serve the pages: uvicorn with RadGame's limits; SIGTERM ends what is under way first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="processes")
        parser.add_argument("--grace", type=int, default=GRACE_SECONDS, help="seconds to end in")

    def handle(self, *, host: str, port: int, workers: int, grace: int, **options: object) -> None:
        if not 0 < port < 1 << 16:
            raise CommandError(f"{port} is no port: use a number from 1 to 65535.")
        if workers < 1:
            raise CommandError("--workers must be at least 1.")
        with figures_of_all() if workers > 1 else nullcontext():
            serve(host=host, port=port, workers=workers, timeout_graceful_shutdown=grace)


@contextmanager
def figures_of_all() -> Iterator[None]:
    """Let the processes of this server count together, whichever of them is asked for figures."""
    with tempfile.TemporaryDirectory(prefix="radgame-metrics-") as folder:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        yield
