"""A simulated learner for `bench.load`: plays a case over HTTP and a WebSocket as the page would.

Asks over a bare transport, without a client's cookies and redirects: what the learner costs here is
taken from the same processors as the game.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import ssl
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

CASE_DATA = re.compile(rb'<script id="case-data" type="application/json">(.*?)</script>', re.DOTALL)
TEXT = "The heart is not enlarged. The lungs are clear. No pleural effusion or pneumothorax."
PATIENCE_SECONDS = 60
SETTLED = ("scored", "failed")


class Wrong(Exception):
    """An answer that no page would be content with."""


@dataclass
class Tally:
    """What all learners together have seen; times in seconds."""

    times: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    submissions: int = 0
    sockets: int = 0
    """Open now."""
    most_sockets: int = 0

    def note(self, name: str, seconds: float) -> None:
        self.times.setdefault(name, []).append(seconds)

    def fail(self, what: str) -> None:
        self.errors[what] = self.errors.get(what, 0) + 1


@cache
def _nothing_encrypted() -> ssl.SSLContext:
    """Made once: a transport that makes its own reads certificates."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def own_line() -> httpx.AsyncHTTPTransport:
    """A transport for one learner: of many connections in one, each request looks at all."""
    limits = httpx.Limits(max_connections=2, max_keepalive_connections=1)
    return httpx.AsyncHTTPTransport(verify=_nothing_encrypted(), limits=limits)


class Line:
    """Requests of one learner, each timed under a name."""

    def __init__(self, transport: httpx.AsyncHTTPTransport, address: str, tally: Tally) -> None:
        self.transport, self.address, self.tally = transport, address, tally
        self.headers: dict[str, str] = {}

    async def ask(
        self, name: str, method: str, path: str, body: Any = None, expect: tuple[int, ...] = (200,)
    ) -> httpx.Response:
        """The answer, read whole. Raises Wrong for another status than is expected."""
        begun = time.perf_counter()
        request = httpx.Request(
            method,
            self.address + path,
            headers={"Accept-Encoding": "gzip", **self.headers},
            json=body,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write"), PATIENCE_SECONDS)},
        )
        response = await self.transport.handle_async_request(request)
        response.request = request
        await response.aread()
        await response.aclose()
        self.tally.note(name, time.perf_counter() - begun)
        if response.status_code not in expect:
            raise Wrong(f"{name}: status {response.status_code}")
        return response


class Learner:
    """Plays one case after the other, with time to think between what they do."""

    def __init__(self, line: Line, session: str, think: float, seed: int, films: bool) -> None:
        self.line, self.session, self.think, self.films = line, session, think, films
        self.rng = random.Random(seed)
        self.line.headers = {"Cookie": f"sessionid={session}"}

    async def play_until(self, end: float) -> None:
        """Cases of both games in turn until the monotonic clock says `end`; errors are counted."""
        await asyncio.sleep(self.rng.uniform(0, self.think))
        number = self.rng.randrange(2)
        while time.monotonic() < end:
            try:
                await self.play_one(("localize", "report")[number % 2])
            except Wrong as wrong:
                self.line.tally.fail(str(wrong))
            except (OSError, httpx.TransportError, websockets.WebSocketException) as error:
                self.line.tally.fail(type(error).__name__)
            number += 1
            await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(min(4 * self.think, self.rng.expovariate(1 / self.think)))

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        """Around each thing that is done of a case (`bench.steps` waits in it)."""
        yield

    async def play_one(self, kind: str) -> None:
        """One case from the choice of it to its feedback. Raises Wrong for what no page takes."""
        async with self._step("next case"):
            led = await self.line.ask("next case", "GET", f"/next/{kind}/", expect=(302, 200))
        if led.status_code == 200:
            raise Wrong(f"no case of {kind} is left")
        async with self._step("case page"):
            response = await self.line.ask("case page", "GET", led.headers["location"])
        found = CASE_DATA.search(response.content)
        if found is None:
            raise Wrong("case page: no data")
        page = json.loads(found[1])
        self._take_token(response, page)
        if self.films:
            for image in page["images"]:
                await self.line.ask("film", "GET", image["url"])
        version = page["draft"]["version"]
        async with self._socket(page["urls"]["socket"]) as socket:
            for _ in range(2):
                await self._pause()
                body = {"version": version, **self._answer(kind, page)}
                async with self._step("draft"):
                    saved = await self.line.ask("draft", "PUT", page["urls"]["draft"], body)
                version = saved.json()["version"]
            await self._pause()
            await self._submit(socket, page, {"version": version, **self._answer(kind, page)})

    def _take_token(self, response: httpx.Response, page: dict[str, Any]) -> None:
        cookie = re.search(r"csrftoken=([^;]+)", response.headers.get("set-cookie", ""))
        if cookie:
            self.line.headers["Cookie"] = f"sessionid={self.session}; csrftoken={cookie[1]}"
        self.line.headers["X-CSRFToken"] = page["csrf"]

    def _answer(self, kind: str, page: dict[str, Any]) -> dict[str, Any]:
        if kind == "report":
            return {"text": TEXT, "language": "en"}
        x, y = self.rng.uniform(0.1, 0.8), self.rng.uniform(0.1, 0.8)
        mark = {
            "id": "m1",
            "label": "nodule_mass",
            "image": page["images"][0]["id"],
            "frame": 0,
            "box": [x, y, x + 0.1, y + 0.1],
            "confidence": 3,
        }
        return {"marks": [mark], "ticked": [], "normal": False}

    @asynccontextmanager
    async def _socket(self, path: str) -> AsyncIterator[ClientConnection]:
        """Open while the case is looked at, which is more than a page asks for."""
        address = self.line.address
        headers = {"Cookie": self.line.headers["Cookie"]}
        url = address.replace("http", "ws", 1) + path
        tally = self.line.tally
        async with self._step("socket opened"):
            socket = await connect(
                url,
                additional_headers=headers,
                origin=address,  # type: ignore[arg-type]
                open_timeout=PATIENCE_SECONDS,
                ping_interval=None,
                compression=None,
            )
        tally.sockets += 1
        tally.most_sockets = max(tally.most_sockets, tally.sockets)
        try:
            yield socket
        finally:
            tally.sockets -= 1
            async with self._step("socket closed"):
                await socket.close()

    async def _submit(
        self, socket: ClientConnection, page: dict[str, Any], answer: dict[str, Any]
    ) -> None:
        begun = time.perf_counter()
        body = {"submission": str(uuid.uuid4()), "elapsed_ms": 5000, **answer}
        async with self._step("submit, until it is scored"):
            await self.line.ask("submit", "POST", page["urls"]["submit"], body, expect=(202,))
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    state = ""
                    while state not in SETTLED:
                        state = json.loads(await socket.recv())["state"]
            except TimeoutError:
                raise Wrong(f"no score within {PATIENCE_SECONDS} s") from None
        if state == "failed":
            raise Wrong("scoring failed")
        async with self._step("result"):
            await self.line.ask("result", "GET", page["urls"]["result"])
        self.line.tally.note("submit to feedback", time.perf_counter() - begun)
        self.line.tally.submissions += 1


class Visitor:
    """Asks another server for what its URL map says, one step after the other."""

    def __init__(self, line: Line, steps: list[dict[str, Any]], think: float, number: int) -> None:
        self.line, self.steps, self.think, self.number = line, steps, think, number
        self.rng = random.Random(number)

    async def play_until(self, end: float) -> None:
        count = 0
        await asyncio.sleep(self.rng.uniform(0, self.think))
        while time.monotonic() < end:
            count += 1
            try:
                for step in self.steps:
                    await self._take(step, count)
            except Wrong as wrong:
                self.line.tally.fail(str(wrong))
            except (OSError, httpx.TransportError) as error:
                self.line.tally.fail(type(error).__name__)

    async def _take(self, step: dict[str, Any], count: int) -> None:
        if step.get("think", True):
            await asyncio.sleep(min(4 * self.think, self.rng.expovariate(1 / self.think)))
        expect = tuple(step.get("status", (200,)))
        path, body = (_filled(step.get(part), self.number, count) for part in ("path", "json"))
        method = step.get("method", "GET")
        await self.line.ask(step["name"], method, str(path), body, expect)
        if step.get("submission"):
            self.line.tally.submissions += 1


def _filled(value: Any, learner: int, count: int) -> Any:
    """`{learner}` and `{count}` in every string of a JSON value replaced by numbers."""
    if isinstance(value, str):
        return value.replace("{learner}", str(learner)).replace("{count}", str(count))
    if isinstance(value, list):
        return [_filled(one, learner, count) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, learner, count) for key, one in value.items()}
    return value
