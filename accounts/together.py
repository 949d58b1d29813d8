"""Writes of several threads in one transaction, where the database takes one transaction at a time.

Each commit of SQLite waits for the disk, and the next writer for it. So what threads of one process
want to write at the same moment is written by one of them, and acknowledged to each once that is
on the disk (docs/decisions/069). Elsewhere a write is a transaction of its own.
"""

from __future__ import annotations

import contextvars
import threading
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

MOST = 32
"""Writes in one transaction."""

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class _Write:
    """One thread's write, and what came of it."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does = does
        self.context = contextvars.copy_context()
        self.is_taken = False
        """Whether some thread has begun with it, or given it up."""
        self.is_done = False
        """Whether it is committed, or was refused; else it is still to be tried."""
        self.answer: Any = None
        self.refusal: BaseException | None = None
        self.hooks: list[Any] = []
        """What it left to be done after the commit, by its own thread."""

    def try_in(self, here: BaseDatabaseWrapper, *, alone: bool) -> None:
        """Do it in the transaction that is open; unless it is `alone` there, no other sees it fail.

        Raises what it raises where it is alone, and of any what the database says: the whole
        transaction may be gone, and nothing of it is done.
        """
        before = len(here.run_on_commit)
        try:
            with nullcontext() if alone else transaction.atomic():
                self.answer = self.context.run(self.does)
        except Exception as refusal:
            if alone or isinstance(refusal, DatabaseError):
                raise
            self.refusal = refusal
        self.hooks = here.run_on_commit[before:]
        del here.run_on_commit[before:]

    def refused(self, why: BaseException) -> None:
        self.is_done, self.refusal = True, why

    def given(self) -> Any:
        """For its own thread: the answer, or what was raised, or both by trying alone."""
        if not self.is_done:
            with transaction.atomic():
                return self.does()
        if self.refusal is not None:
            raise self.refusal
        for _, hook, is_robust in self.hooks:
            transaction.on_commit(hook, robust=is_robust)  # there is none to wait for: now
        return self.answer


_waiting: deque[_Write] = deque()
_leading = threading.Lock()


def together(write: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """`transaction.atomic` for what many do at once, each for themselves.

    Another thread may do it, with its own connection: it must not depend on anything of a thread.
    Inside a transaction it is part of that.
    """

    @wraps(write)
    def written(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        here = connections[DEFAULT_DB_ALIAS]
        if here.vendor != "sqlite" or here.in_atomic_block:
            with transaction.atomic():
                return write(*args, **kwargs)
        own = _Write(partial(write, *args, **kwargs))
        _waiting.append(own)
        with _leading:
            while not own.is_taken:  # who leads may have many before its own
                _lead(here)
        answer: Answer = own.given()
        return answer

    return written


def _lead(here: BaseDatabaseWrapper) -> None:
    """Write what waits in this process, and what comes while the turn is waited for."""
    taken: list[_Write] = []
    try:
        with transaction.atomic():
            alone = len(_waiting) == 1
            while _waiting and len(taken) < (1 if alone else MOST):
                taken.append(_next())
                taken[-1].try_in(here, alone=alone)
    except Exception as why:
        if len(taken) == 1:
            taken[0].refused(why)
        while not taken and _waiting:  # the turn did not come: nobody waits for it again
            _next().refused(why)
    else:
        for one in taken:
            one.is_done = True


def _next() -> _Write:
    """The one that has waited longest, waiting no more; only for who leads."""
    found = _waiting.popleft()
    found.is_taken = True
    return found
