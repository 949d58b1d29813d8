"""The process of all periodic work: one is enough, several do no harm, and web processes stand in
for it (`radgame.periodic`).
"""

from __future__ import annotations

import logging
import signal
import threading

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections, connections

from radgame.periodic import run_due

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Do what is done again and again (sweep, sessions) until it is told to stop."

    def handle(self, **options: object) -> None:
        stopped = threading.Event()
        for stopping in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stopping, lambda number, frame: stopped.set())
        said = ""
        while not stopped.wait(min(1.0, settings.SWEEP_SECONDS / 4)):
            close_old_connections()
            try:
                run_due()
            except Exception as error:  # the database is away: the next round tries again
                if str(error) != said:
                    logger.warning("Periodic work waits: %s", error)
                said = str(error)
            else:
                said = ""
        connections.close_all()
