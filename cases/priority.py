"""How a process stands back behind those that learners wait for."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

logger = logging.getLogger(__name__)

AUTOGROUP = Path("/proc/self/autogroup")
TRIES = 20
PAUSE = 0.15
"""Seconds between two tries: of all who are not root Linux takes one such change in 0.1 s."""


def stand_back(nice: int) -> None:
    """Lower the priority of this process by `nice` (0 to 19).

    Linux weighs a niceness within a session only, where it groups processes by session
    (sched(7), "The autogroup feature"): the group of a process that leads one stands back, too,
    as far as the process does. Where that is refused (a container may), the process works on.

    Raises:
        OSError: the machine forbids the niceness itself.
    """
    reached = os.nice(nice)
    if nice and os.getsid(0) == os.getpid() and AUTOGROUP.exists():
        _take_group_along(reached)


def _take_group_along(nice: int) -> None:
    for _ in range(TRIES):
        try:
            AUTOGROUP.write_text(str(nice))
        except BlockingIOError:  # somebody else's group was changed just now
            time.sleep(PAUSE)
        except OSError as error:
            logger.info("The session of this process does not stand back: %s", error)
            return
        else:
            return
    logger.info("The session of this process does not stand back: others are changed all the time.")
