"""What the log says: one line an event, with the ids of its request and attempt, and nobody's name.

Two forms, chosen by `LOG_FORMAT`: plain lines for a person, JSON lines for a collector. What is
bound by `structlog.contextvars` (`request`, `attempt`, `task`) is in every line of either.
"""

from __future__ import annotations

import copy
import logging
import re
import time
import traceback
from typing import Any

import structlog

QUIET_SECONDS = 60
CHECKS = ("ready", "well")
DETAILS = re.compile(r"^(DETAIL|CONTEXT):.*$", re.MULTILINE)
"""Lines in which PostgreSQL quotes the row that it refused."""
FIELDS = ("method", "page", "status", "ms")
"""What an answered request adds to its JSON line (`radgame.watch`)."""


class OneTraceback(logging.Formatter):
    """The same error's traceback once a minute; the lines between say only what happened.

    So that a trouble that meets every request does not fill the disk.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.told: dict[tuple[object, ...], float] = {}

    def format(self, record: logging.LogRecord) -> str:
        record = _without_address(record)
        if record.exc_info and record.exc_info[0] is not None and self._was_told(record):
            kind, error, _ = record.exc_info
            record = copy.copy(record)
            sentence = f"{record.getMessage()} ({kind.__name__}: {without_rows(str(error))})"
            record.msg = sentence.replace("\n", " ")
            record.args, record.exc_info, record.exc_text = None, None, None
        return super().format(record)

    def formatException(self, ei: Any) -> str:
        return without_rows("".join(traceback.format_exception(*ei))).rstrip("\n")

    def _was_told(self, record: logging.LogRecord) -> bool:
        """Whether the same was written whole within the last minute; notes it where not."""
        kind, error, _ = record.exc_info or (None, None, None)
        key = (record.name, kind, str(error)[:200])
        now = time.monotonic()
        if now - self.told.get(key, -QUIET_SECONDS) < QUIET_SECONDS:
            return True
        if len(self.told) > 1000:
            self.told.clear()
        self.told[key] = now
        return False


class PlainLines(OneTraceback):
    """A line of text, with the bound ids at its end."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        bound = structlog.contextvars.get_contextvars()
        ids = " ".join(f"{name}={value}" for name, value in sorted(bound.items()))
        return super().formatMessage(record) + (f" [{ids}]" if ids else "")


class JsonLines(OneTraceback, structlog.stdlib.ProcessorFormatter):
    """A JSON object a line: ``time``, ``level``, ``logger``, ``event``, the bound ids, and
    ``exception`` with its traceback where there is one.
    """

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(allow=FIELDS),
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(
                    lambda exc_info: self.formatException(exc_info)
                ),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )


class ChecksLeftOut(logging.Filter):
    """Leaves out that a health check was answered by 503: who asked knows, every few seconds."""

    def filter(self, record: logging.LogRecord) -> bool:
        return page_of(getattr(record, "request", None)) not in CHECKS


def without_rows(text: str) -> str:
    """An error's text without what PostgreSQL quotes of a row: a name, an address."""
    return DETAILS.sub(r"\1: left out", text)


def page_of(request: Any) -> str:
    """The name of the page that was asked for; an address may hold a token, or anything."""
    match = getattr(request, "resolver_match", None)
    return match.view_name if match and match.view_name else "no page"


def _without_address(record: logging.LogRecord) -> logging.LogRecord:
    """The record with the page's name where Django wrote the address that was asked for."""
    request = getattr(record, "request", None)
    path = getattr(request, "path", None)
    if not path or not isinstance(record.args, tuple):
        return record
    record = copy.copy(record)
    escaped = path.encode("unicode_escape").decode("ascii")  # as Django writes it
    named = (path, escaped)
    record.args = tuple(page_of(request) if arg in named else arg for arg in record.args or ())
    return record
