"""Child processes kept alive: a child that dies is started again, all are stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

GRACE_SECONDS = 15
QUICK_DEATH_SECONDS = 5
GIVE_UP_AFTER = 5


@dataclass
class Child:
    """One supervised command."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    quiet: bool = False
    """Whether what it prints is thrown away."""
    ends: bool = False
    """Whether it has work that comes to an end: with exit code 0 it is done, not dead."""

    def start(self) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which stops
        # the children in order.
        self.process = subprocess.Popen(
            self.command,
            start_new_session=True,
            stdout=subprocess.DEVNULL if self.quiet else None,
        )
        self.started = time.monotonic()

    def has_died(self) -> bool:
        code = self.process.poll() if self.process else None
        return code is not None and not (self.ends and code == 0)


class ChildKeepsDying(RuntimeError):
    """A child ended several times in a row right after its start, or before its work was done."""


def restart_the_dead(children: list[Child], say: Callable[[str], None]) -> None:
    """Start every dead child again; ChildKeepsDying when one never stays up."""
    for child in children:
        if child.process is None or not child.has_died():
            continue
        # What should have come to its end has got nowhere, however long it tried.
        quick = child.ends or time.monotonic() - child.started < QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if quick else 0
        if child.quick_deaths >= GIVE_UP_AFTER:
            raise ChildKeepsDying(
                f"{child.name} ended {GIVE_UP_AFTER} times too early "
                f"(exit code {child.process.returncode}); see its messages above."
            )
        say(f"{child.name} ended (exit code {child.process.returncode}); starting it again.")
        # What it left running (a worker's pool) would work beside the new one.
        _signal(child.process, signal.SIGKILL, whole_group=True)
        child.start()


def stop(children: list[Child]) -> None:
    """Ask every child to end, wait for them together, and kill what does not end."""
    started = [child.process for child in children if child.process]
    alive = [process for process in started if process.poll() is None]
    for process in alive:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for process in alive:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL, whole_group=True)
            process.wait()


def _signal(
    process: subprocess.Popen[bytes], number: signal.Signals, whole_group: bool = False
) -> None:
    try:
        if whole_group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    except ProcessLookupError:
        pass
