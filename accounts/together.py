"""Writes of several threads in one transaction, where the database takes one transaction at a time.

Each commit of SQLite waits for the disk, and the next writer for it. So what threads of one process
want to write at the same moment is written by one of them, and acknowledged to each once that is
on the disk (docs/decisions/069). Elsewhere a write is a transaction of its own.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connections, transaction

MOST = 32
"""Writes in one transaction."""
LOOK_SECONDS = 1
"""After that who waits looks by itself whether anybody leads."""
UNDONE = "The transaction was undone before it was on the disk."

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class _Write:
    """One thread's write, and what came of it."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does = does
        self.context = contextvars.copy_context()
        self.came = time.monotonic()
        self.called = threading.Event()
        """Set once it is over, or to lead."""
        self.is_over = False
        """Whether nobody else does anything about it any more."""
        self.is_done = False
        """Whether it is committed, or was refused; else it is still to be tried."""
        self.answer: Any = None
        self.refusal: BaseException | None = None
        self.hooks: list[Any] = []
        """What it left to be done after the commit, by its own thread."""

    def try_in(self, here: Any, *, alone: bool) -> None:
        """Do it in the transaction that is open; unless it is `alone` there, no other sees it fail.

        Raises what it raises where it is alone, and of any what the database says: the whole
        transaction may be gone, and nothing of it is done.
        """
        before = len(here.run_on_commit)
        try:
            with nullcontext() if alone else _whole(here):
                self.answer = self.context.run(self.does)
        except BaseException as refusal:
            if alone or isinstance(refusal, DatabaseError):
                raise
            self.refusal = refusal
        self.hooks = here.run_on_commit[before:]
        del here.run_on_commit[before:]

    def refused(self, why: BaseException) -> None:
        self.is_done, self.refusal = True, why

    def given(self, here: Any) -> Any:
        """For its own thread: the answer, or what was raised, or both by trying alone."""
        if not self.is_done:
            with _whole(here):
                return self.does()
        if self.refusal is not None:
            raise self.refusal
        for _, hook, is_robust in self.hooks:
            transaction.on_commit(hook, robust=is_robust)  # there is none to wait for: now
        return self.answer


_waiting: deque[_Write] = deque()
"""Who has waited longest is first."""
_leading = threading.Lock()


def together(write: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """`transaction.atomic` for what many do at once, each for themselves.

    Another thread may do it, with its own connection: it must not depend on anything of a thread.
    Inside a transaction it is part of that. What it returned is written, else it raises.
    """

    @wraps(write)
    def written(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        here = connections[DEFAULT_DB_ALIAS]
        if here.vendor != "sqlite" or here.in_atomic_block:
            with _whole(here):
                return write(*args, **kwargs)
        own = _Write(partial(write, *args, **kwargs))
        _waiting.append(own)
        while not own.is_over:
            if _leading.acquire(blocking=False):
                try:
                    while not own.is_over:  # who leads may have many before its own
                        _lead(here)
                finally:
                    _leading.release()
                    _call_next()
            else:  # who leads calls: at once when it is done, whoever leads next
                own.called.wait(LOOK_SECONDS)
                own.called.clear()
        answer: Answer = own.given(here)
        return answer

    return written


def _lead(here: Any) -> None:
    """Write what waits in this process, and what comes while the turn is waited for."""
    taken: list[_Write] = []
    try:
        with _whole(here, since=_waiting[0].came):
            alone = len(_waiting) == 1
            while _waiting and len(taken) < (1 if alone else MOST):
                taken.append(_waiting.popleft())
                taken[-1].try_in(here, alone=alone)
    except Exception as why:
        if not taken:  # the turn did not come; who came later has time left
            taken.append(_waiting.popleft())
        if len(taken) == 1:
            taken[0].refused(why)
    else:
        for one in taken:
            one.is_done = True
    finally:
        for one in taken:
            one.is_over = True
            one.called.set()


def _call_next() -> None:
    """Let the one that has waited longest lead, if nobody does already."""
    with suppress(IndexError):
        _waiting[0].called.set()


@contextmanager
def _whole(here: Any, since: float | None = None) -> Iterator[None]:
    """A transaction, or a part of one, that ends as it should or raises: Django gives one up
    without a word after an error that somebody caught, and SQLite may undo one by itself.

    `since` is when the waiting for its turn began, where that was before.
    """
    here.waits_since = since
    try:
        with transaction.atomic():
            here.waits_since = None
            yield
            if here.needs_rollback or not getattr(here.connection, "in_transaction", True):
                raise OperationalError(UNDONE)
    finally:
        here.waits_since = None
