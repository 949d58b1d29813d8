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
        return self.process is not None and self.process.poll() is not None


class ChildKeepsDying(RuntimeError):
    """A child ended several times in a row right after its start."""


def restart_the_dead(children: list[Child], say: Callable[[str], None]) -> None:
    """Start every dead child again; ChildKeepsDying when one never stays up."""
    for child in children:
        if not child.has_died():
            continue
        lived = time.monotonic() - child.started
        child.quick_deaths = child.quick_deaths + 1 if lived < QUICK_DEATH_SECONDS else 0
        if child.quick_deaths >= GIVE_UP_AFTER:
            raise ChildKeepsDying(
                f"{child.name} ended {GIVE_UP_AFTER} times right after its start "
                f"(exit code {child.process.returncode}); see its messages above."
            )
        say(f"{child.name} ended (exit code {child.process.returncode}); starting it again.")
        # What it left running (a worker's pool and beat) would work beside the new one.
        _signal(child, signal.SIGKILL, whole_group=True)
        child.start()


def stop(children: list[Child]) -> None:
    """Ask every child to end, wait for them together, and kill what does not end."""
    alive = [child for child in children if child.process and child.process.poll() is None]
    for child in alive:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for child in alive:
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL, whole_group=True)
            child.process.wait()


def _signal(child: Child, number: signal.Signals, whole_group: bool = False) -> None:
    try:
        if whole_group:
            os.killpg(child.process.pid, number)
        else:
            child.process.send_signal(number)
    except ProcessLookupError:
        pass
