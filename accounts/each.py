"""Doing something for one after the other, where one that meets an error is to cost no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import OperationalError

logger = logging.getLogger(__name__)

Thing = TypeVar("Thing")


def for_each(things: Iterable[Thing], do: Callable[[Thing], object], what: str) -> int:
    """Do it for each; how many it was done for. `what` names one of them in the log.

    Raises OperationalError: the database is away, for all of them.
    """
    done = 0
    for thing in things:
        try:
            do(thing)
        except OperationalError:
            raise
        except Exception:
            logger.exception("%s %s met an error and was left out.", what, thing)
        else:
            done += 1
    return done
