"""How a process stands back behind those that learners wait for."""

from __future__ import annotations

import os
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")


def stand_back(nice: int) -> None:
    """Lower the priority of this process by `nice` (0 to 19).

    Linux weighs a niceness within a session only, where it groups processes by session
    (sched(7), "The autogroup feature"): the group of a process that leads one stands back, too.

    Raises:
        OSError: the machine forbids it.
    """
    os.nice(nice)
    if nice and os.getsid(0) == os.getpid() and AUTOGROUP.exists():
        AUTOGROUP.write_text(str(nice))
