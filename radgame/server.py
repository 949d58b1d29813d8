"""The web server: uvicorn with limits on what comes in before anybody has logged in."""

from __future__ import annotations

import asyncio
import resource
import select
import socket
from typing import Any

import h11
import uvicorn
from django.conf import settings
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20
"""For the head of a request, from its first byte; of the first from the connection's beginning."""
IDLE_SECONDS = 15
"""That a connection stays open after an answer: longer than most think between two steps."""
SOCKET_BYTES = 4096
"""Of one message by WebSocket; pages send none."""
CONNECTIONS = 4000
"""Of one process, WebSockets among them: each is a file that is open."""
FILES = 3 * CONNECTIONS
GRACE_SECONDS = 10


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 that closes connections on which no whole request head arrives in time.

    What it writes is sent at once. Several processes share a socket of uvicorn's, on whose
    connections asyncio leaves Nagle's algorithm on: a body then waited 40 ms for its head to be
    acknowledged.
    """

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _send_at_once(transport.get_extra_info("socket"))
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.trailing_data[0]:  # the next head has begun; else its first byte begins it
            self._watch_head()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is not used, unless a request has come already and a busy loop
        has not read it yet: whoever sent it would get nothing but a broken connection.
        """
        if self.transport.is_closing():  # who asked broke it off: uvicorn leaves the timer on then
            return
        if not _has_come(self.transport.get_extra_info("socket")):
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timer()
        super().connection_lost(exc)

    def _watch_head(self) -> None:
        """Start the clock where the next thing to come is a head; stop it where one has come."""
        if self.conn.their_state is not h11.IDLE or self.transport.is_closing():
            self._forget_timer()
        elif self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def _send_at_once(connection: socket.socket) -> None:
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _has_come(connection: socket.socket) -> bool:
    """Whether there is anything to be read of a connection."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def options(**given: Any) -> dict[str, Any]:
    """uvicorn's options for this installation; those `given` come first."""
    proxies = settings.TRUSTED_PROXIES
    return {
        "app": "radgame.asgi:application",
        "http": ImpatientProtocol,
        "log_config": None,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        # Forwarded addresses are believed of nobody unless the installation names its proxies.
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies,
        "ws_max_size": SOCKET_BYTES,
        "limit_concurrency": CONNECTIONS,
        "timeout_keep_alive": IDLE_SECONDS,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        **given,
    }


def serve(**given: Any) -> None:
    """Serve until told to stop."""
    _let_many_files_be_open()
    uvicorn.run(**options(**given))


def _let_many_files_be_open() -> None:
    """As many as the machine allows and connections may need; 1,024 is common and too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
