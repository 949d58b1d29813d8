"""Errors to a Sentry server, when there is one to tell: what broke and where, and nobody's data."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from structlog.contextvars import get_contextvars

from radgame.logs import without_rows

OF_PERSONS = ("user", "request", "breadcrumbs", "extra", "server_name")
"""Parts of an event that may name somebody, what they wrote, or the machine."""


def start(dsn: str, environment: str) -> None:
    """Report what is logged as an error from now on, in this process."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=0,
        auto_session_tracking=False,
        before_send=impersonal,
    )


def impersonal(event: Any, hint: object) -> Any:
    """The event without names, addresses, cookies and answers; with the log's ids."""
    for part in OF_PERSONS:
        event.pop(part, None)
    for error in event.get("exception", {}).get("values", ()):
        error["value"] = without_rows(str(error.get("value", "")))
    if "logentry" in event:  # its arguments may be anything
        event["logentry"] = {"message": event["logentry"].get("message", "")}
    event["tags"] = {**event.get("tags", {}), **get_contextvars()}
    return event
