"""Django's SQLite with another way to wait for the one place to write (docs/decisions/069).

SQLite's own waiting sleeps for longer and longer, up to 100 ms, so that who has waited long looks
seldom and whoever has just come takes the turn. Here all look again after 1 to 3 ms.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db.backends.sqlite3 import base

PATIENCE_SECONDS = 20
"""After that SQLite's own sentence is raised: “database is locked”."""
SHORTEST, LONGEST = 0.001, 0.003
"""Seconds between two looks."""
OWN_WAITING = "PRAGMA busy_timeout = {}"
PRIMARY = 0xFF
"""Of an error's code the part that says what kind it is."""
Done = TypeVar("Done")


class Cursor(base.SQLiteCursorWrapper):
    """Asks again while another connection writes, unless it is in the middle of a transaction.

    A statement outside of one has done nothing yet when it is refused.
    """

    since: float | None = None
    """When the waiting began, where that was before the statement."""

    def execute(self, query: str, params: Any = None) -> Any:
        ask = super().execute
        return self._when_free(lambda: ask(query, params))

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        if self.connection.in_transaction:
            return super().executemany(query, param_list)
        for params in param_list:  # each is a transaction of its own
            self.execute(query, params)
        return self

    def _when_free(self, ask: Callable[[], Done]) -> Done:
        since = self.since
        while True:
            try:
                return ask()
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or self.connection.in_transaction:
                    raise
                since = since or time.monotonic()
                if time.monotonic() > since + PATIENCE_SECONDS:
                    raise
            time.sleep(random.uniform(SHORTEST, LONGEST))  # noqa: S311  # nothing secret


class DatabaseWrapper(base.DatabaseWrapper):
    """Connections that leave waiting to `Cursor`, once they are set up."""

    waits_since: float | None = None
    """Of whoever waits for the next transaction, if not since it is asked for."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        made = super().get_new_connection(conn_params)
        made.execute(OWN_WAITING.format(0))
        return made

    def create_cursor(self, name: str | None = None) -> Any:
        made = self.connection.cursor(factory=Cursor)
        made.since = self.waits_since
        return made


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & PRIMARY == sqlite3.SQLITE_BUSY
