"""A line between a browser and the game that carries only so many bytes a second."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

ABSOLUTE = re.compile(rb"^(\w+) http://[^/ ]+/")
PIECE = 4096


class SlowLine:
    """An HTTP proxy of one server; what comes down all its connections shares one line."""

    def __init__(self, address: str) -> None:
        self.server = (urlsplit(address).hostname, urlsplit(address).port)
        self.bytes_a_second: float = 0
        """0 for as fast as it goes."""
        self._free_at = 0.0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def proxy(self) -> dict[str, str]:
        """For a browser's context; what is on this machine goes over it too."""
        port = self._listener.getsockname()[1]
        return {"server": f"http://127.0.0.1:{port}", "bypass": "<-loopback>"}

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                browser, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(browser,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        with suppress(OSError), browser, socket.create_connection(self.server) as server:
            down = threading.Thread(target=self._down, args=(server, browser), daemon=True)
            first = browser.recv(65536)
            if first.startswith(b"CONNECT "):
                browser.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                server.sendall(ABSOLUTE.sub(rb"\1 /", first))
            down.start()
            while asked := browser.recv(65536):
                server.sendall(ABSOLUTE.sub(rb"\1 /", asked))

    def _down(self, server: socket.socket, browser: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(PIECE):
                self._wait_for(len(piece))
                browser.sendall(piece)
            browser.shutdown(socket.SHUT_WR)

    def _wait_for(self, size: int) -> None:
        if not self.bytes_a_second:
            return
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + size / self.bytes_a_second
            wait = self._free_at - time.monotonic()
        time.sleep(max(0, wait))


@contextmanager
def slow_line(address: str) -> Iterator[SlowLine]:
    line = SlowLine(address)
    try:
        yield line
    finally:
        line.close()
