"""Connections that stay open between two requests."""

from __future__ import annotations

import asyncio
import http.client
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn

from radgame.server import IDLE_SECONDS, ImpatientProtocol, options
from tests.game import free_port

pytestmark = pytest.mark.pure
IDLE = 1


async def answer(scope, receive, send):
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self):
        self.connection.request("GET", "/")
        return self.connection.getresponse().read()


def served(with_client):
    """What comes of it, beside a server whose connections end after `IDLE` seconds."""

    async def both():
        port = free_port()
        config = uvicorn.Config(
            answer,
            port=port,
            http=ImpatientProtocol,
            timeout_keep_alive=IDLE,
            log_level="error",
            lifespan="off",
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        with ThreadPoolExecutor() as pool:
            try:
                return await with_client(Client(port), pool)
            finally:
                server.should_exit = True
                await running

    return asyncio.run(both())


def test_a_request_that_came_while_the_loop_was_busy_is_answered_not_cut_off():
    async def busy(client, pool):
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(pool, client.ask) == b"ok"
        asked = loop.create_future()

        def arrives():
            asked.set_result(pool.submit(client.ask))
            time.sleep(0.3)

        # Two timers come due at the same turn of the loop: in the first the request arrives, the
        # second is the end of the idle connection.
        loop.call_later(IDLE / 2, arrives)
        loop.call_soon(time.sleep, IDLE + 0.2)
        return await asyncio.wrap_future(await asked)

    assert served(busy) == b"ok"


def test_a_connection_that_nobody_uses_is_closed():
    async def idle(client, pool):
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(pool, client.ask) == b"ok"
        begun = time.monotonic()
        rest = await loop.run_in_executor(pool, client.connection.sock.recv, 1)
        return rest, time.monotonic() - begun

    rest, seconds = served(idle)
    assert rest == b""
    assert IDLE / 2 < seconds < 5 * IDLE


def test_it_stays_open_while_most_learners_think():
    assert options()["timeout_keep_alive"] == IDLE_SECONDS >= 10
