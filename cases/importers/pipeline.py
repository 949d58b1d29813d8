"""Decoding the images of many cases in processes of their own, in order and with bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection as connections
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess

from cases.importers.base import ImportedCase, Item, Problem, Skipped
from cases.importers.child import bare_environment, serve
from cases.importers.wire import (
    Failure,
    KnownImage,
    Prepared,
    Unreadable,
    receive_answer,
    send_task,
)
from cases.sandbox import hide

AHEAD = 2
"""Cases decoded ahead of the one that is stored, for each process."""
GIGABYTE = 1 << 30
HARMFUL = "answered what no decoder does ({}): its file may be made to do harm"
NURSERY = "cases.importers.nursery"
TELLING = 60.0
"""Seconds that a process may take to be told a task, or to tell an answer that it has begun."""

Known = Callable[[ImportedCase], Sequence[KnownImage | None]]
"""What is stored of a case's images by position; None where an image must be made."""
Outcome = Problem | tuple[ImportedCase, tuple[Prepared, ...]]


@dataclass(frozen=True)
class Limits:
    """What the images of one case may take."""

    seconds: float = 600
    memory: int = 8 * GIGABYTE
    """Bytes of a process; 0 for no limit."""


def usable_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepared_cases(
    items: Iterable[Item], known: Known, *, jobs: int, limits: Limits | None = None
) -> Iterator[Outcome]:
    """Each case with its images, in the order of `items`; one with a bad image is `Skipped`.

    Closing the generator ends all processes.
    """
    with _Pool(max(1, jobs), limits or Limits()) as pool:
        waiting: deque[Problem | _Ticket] = deque()
        for item in items:
            waiting.append(item if isinstance(item, Problem) else pool.submit(item, known))
            if len(waiting) > AHEAD * jobs:
                yield pool.outcome(waiting.popleft())
        while waiting:
            yield pool.outcome(waiting.popleft())


@dataclass(eq=False)
class _Ticket:
    """A case on its way through a process."""

    case: ImportedCase
    known: Sequence[KnownImage | None]
    outcome: Outcome | None = None

    def skip(self, sentence: str) -> None:
        self.outcome = Skipped(self.case.key, f"{sentence} The case was skipped.", "case")


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    line: socket.socket
    ticket: _Ticket | None = None
    deadline: float = 0.0
    """By the monotonic clock, while it has a ticket."""


@dataclass
class _Pool:
    """Processes that decode; one that dies or hangs costs its case only, and is replaced."""

    jobs: int
    limits: Limits
    _workers: list[_Worker] = field(default_factory=list)
    _queue: deque[_Ticket] = field(default_factory=deque)

    def __enter__(self) -> _Pool:
        hide()  # from its own processes, which are of the same user
        return self

    def __exit__(self, *_: object) -> None:
        for worker in [*self._workers]:
            self._end(worker)

    def submit(self, case: ImportedCase, known: Known) -> _Ticket:
        ticket = _Ticket(case, ())
        try:
            ticket.known = [*known(case), *[None] * len(case.images)][: len(case.images)]
        except Exception as error:  # a database that is locked or away
            ticket.skip(f"What is stored of it could not be read ({error}).")
        else:
            self._queue.append(ticket)
            self._wait(at_most=0.0)  # a process that is done gets the next case at once
            self._hand_out()
        return ticket

    def outcome(self, ticket: Problem | _Ticket) -> Outcome:
        """What became of a case; waits for it."""
        if isinstance(ticket, Problem):
            return ticket
        self._hand_out()
        while ticket.outcome is None:
            self._wait()
            self._hand_out()
        return ticket.outcome

    def _hand_out(self) -> None:
        """Give what is queued to processes that have nothing to do, started where they lack."""
        while self._queue:
            worker = next((one for one in self._workers if one.ticket is None), None)
            if worker is None and len(self._workers) >= self.jobs:
                return
            ticket = self._queue.popleft()
            try:
                worker = worker or self._started()
                self._give(worker, ticket)
            except (BrokenPipeError, ConnectionResetError):  # it ended with nothing to do
                self._queue.appendleft(ticket)
                if worker:
                    self._end(worker)
            except Exception as error:  # no process can be started, or be told of the case
                ticket.skip(f"It could not be given to a process ({error}).")
                if worker:
                    self._end(worker)

    def _started(self) -> _Worker:
        ours, theirs = socket.socketpair()
        process = _context().Process(target=serve, args=(theirs, self.limits.memory), daemon=True)
        with bare_environment():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _give(self, worker: _Worker, ticket: _Ticket) -> None:
        images = ticket.case.images
        task = tuple(zip((image.source for image in images), ticket.known, strict=True))
        worker.line.settimeout(TELLING)
        send_task(worker.line, task)
        worker.ticket = ticket
        worker.deadline = time.monotonic() + self.limits.seconds

    def _wait(self, at_most: float | None = None) -> None:
        """Until a process has answered or ended, or its time is up; seconds."""
        busy = {worker.line: worker for worker in self._workers if worker.ticket}
        first = min((worker.deadline for worker in busy.values()), default=0.0)
        patience = max(0.0, first - time.monotonic())
        ready = connections.wait([*busy], patience if at_most is None else at_most)
        for line in ready:
            self._take(busy.pop(line))  # type: ignore[arg-type]
        for line, worker in busy.items():
            # One may have answered in time while the answer of another was read.
            if worker.deadline <= time.monotonic() and not connections.wait([line], 0):
                self._end(worker, f"took longer than {self.limits.seconds:g} s: raise --timeout")

    def _take(self, worker: _Worker) -> None:
        """An answer, or the news that its process ended."""
        ticket = worker.ticket
        assert ticket is not None
        try:
            answer = receive_answer(worker.line, ticket.known, seconds=TELLING)
        except (EOFError, ConnectionError):  # it ended before or amid its answer
            worker.process.join(1)
            self._end(worker, _how_it_ended(worker.process.exitcode))
            return
        except Unreadable as error:
            self._end(worker, HARMFUL.format(error))
            return
        except TimeoutError:
            self._end(worker, HARMFUL.format("its answer has no end"))
            return
        except MemoryError:
            self._end(worker, "made images that are too large for this process to hold")
            return
        worker.ticket = None
        if isinstance(answer, Failure):
            ticket.skip(answer.sentence)
        else:
            ticket.outcome = ticket.case, answer

    def _end(self, worker: _Worker, because: str = "") -> None:
        """End a process and forget it; what it had to do is skipped, with the reason."""
        self._workers.remove(worker)
        if worker.ticket and because:
            names = ", ".join(image.name for image in worker.ticket.case.images)
            worker.ticket.skip(f"Decoding {names[:200]} {because}.")
        worker.process.kill()
        worker.process.join()
        worker.line.close()


def _how_it_ended(code: int | None) -> str:
    if code == -signal.SIGKILL:
        return (
            "killed its process, as when memory runs out: make the image smaller or use fewer "
            "--jobs"
        )
    return f"crashed the decoder ({code}): export the image again, as PNG or uncompressed"


def _context() -> SpawnContext | ForkServerContext:
    """Processes that share nothing of this one, above all no connection to the database.

    They are forked from a server that has the decoders loaded; where there is none, each
    starts anew.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([NURSERY])
    return context
