"""Real servers on loopback: a chat server that does as it is told, and a hub of models."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Act = Callable[[BaseHTTPRequestHandler], None]

PATIENT = 60.0
"""Seconds a client waits for what does come, however busy the machine is."""
IMPATIENT = 1.0
"""Seconds it waits where nothing will come."""


def answer(text: str | dict[str, Any]) -> Act:
    """A whole answer."""
    content = text if isinstance(text, str) else json.dumps(text)
    return raw(json.dumps({"choices": [{"message": {"content": content}}]}).encode())


def raw(body: bytes, length: int | None = None) -> Act:
    """Those bytes with status 200; a larger `length` promises more than comes."""

    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(length or len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return act


def status(code: int, words: str = "", **headers: str) -> Act:
    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(words)))
        handler.end_headers()
        handler.wfile.write(words.encode())

    return act


def close(handler: BaseHTTPRequestHandler) -> None:
    """Hang up without a word."""
    handler.close_connection = True
    handler.connection.close()


class Dripping:
    """A letter now and then, with that status; `done` when it came to an end, far too late."""

    LETTERS = 1200

    def __init__(self, code: int = 200) -> None:
        self.code = code
        self.done = False

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(self.code)
        handler.end_headers()
        for _ in range(self.LETTERS):
            if handler.server.over.wait(0.05):  # type: ignore[attr-defined]
                return
            handler.wfile.write(b" ")
            handler.wfile.flush()
        self.done = True


class Crowd:
    """Holds whoever asks until `allowed` have come together, and counts the most there were."""

    LINGER = 0.1
    """Seconds in which one too many may come."""

    def __init__(self, allowed: int, then: Act) -> None:
        self.allowed, self.then = allowed, then
        self.now = self.most = 0
        self.changed = threading.Condition()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        with self.changed:
            self.now += 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most >= self.allowed, PATIENT / 2)
            self.changed.wait_for(lambda: self.most > self.allowed, self.LINGER)
            self.now -= 1
        self.then(handler)


def hang(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing until the server ends."""
    handler.server.over.wait()  # type: ignore[attr-defined]


def stream(*pieces: str, done: bool = True, then_hang: bool = False) -> Act:
    """Pieces of an answer as events; without `done` the connection is closed after them."""

    def act(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for piece in pieces:
            event = json.dumps({"choices": [{"delta": {"content": piece}}]})
            handler.wfile.write(f"data: {event}\n\n".encode())
            handler.wfile.flush()
        if then_hang:
            hang(handler)
        if done:
            handler.wfile.write(b"data: [DONE]\n\n")
        handler.close_connection = True

    return act


@dataclass
class Chat:
    """A running chat server: what it will do, one act a request (the last one again and again)."""

    url: str = ""
    acts: list[Act] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The bodies it was sent."""

    def will(self, *acts: Act) -> None:
        self.acts = list(acts)
        self.asked.clear()


@contextmanager
def chat_server() -> Iterator[Chat]:
    chat = Chat()
    one_by_one = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with one_by_one:
                chat.asked.append(body)
                act = chat.acts.pop(0) if len(chat.acts) > 1 else chat.acts[0]
            act(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with served(Handler) as address:
        chat.url = f"{address}/v1"
        yield chat


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server that answers by `handler` while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    server.over = threading.Event()  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
