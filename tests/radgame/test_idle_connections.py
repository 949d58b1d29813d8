"""Connections that stay open between two requests."""

from __future__ import annotations

import asyncio
import http.client
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from uvicorn.server import ServerState

from radgame.server import IDLE_SECONDS, ImpatientProtocol, options
from tests.game import free_port

pytestmark = pytest.mark.pure
IDLE, PATIENCE = 1, 60


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
        async with asyncio.timeout(PATIENCE):
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


def test_nothing_is_amiss_where_who_asked_broke_the_connection_off(caplog):
    async def broken_off(client, pool):
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(pool, client.ask) == b"ok"
        at_once = struct.pack("ii", 1, 0)
        client.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        client.connection.close()  # a reset, as of a browser that is ended
        await asyncio.sleep(IDLE + 0.5)

    served(broken_off)
    assert not caplog.records


HEAD = 1.2


def sent_by_parts(client, pause):
    """A request on a connection that was used before, and what is answered to it, if anything."""
    client.ask()
    line = client.connection.sock
    time.sleep(IDLE / 2)
    line.sendall(b"GET / HTTP/1.1\r\n")
    time.sleep(pause)
    try:
        line.sendall(b"Host: localhost\r\n\r\n")
        return line.recv(4096)
    except ConnectionError:
        return b""


def test_a_slow_head_has_its_time_from_its_first_byte_on_a_connection_that_was_used(monkeypatch):
    monkeypatch.setattr("radgame.server.HEAD_SECONDS", HEAD)

    async def slow(client, pool):
        return await asyncio.get_running_loop().run_in_executor(
            pool, sent_by_parts, client, HEAD - 0.3
        )

    assert served(slow).startswith(b"HTTP/1.1 200 ")


def test_a_head_that_takes_too_long_ends_a_connection_that_was_used(monkeypatch):
    monkeypatch.setattr("radgame.server.HEAD_SECONDS", HEAD)

    async def too_slow(client, pool):
        return await asyncio.get_running_loop().run_in_executor(
            pool, sent_by_parts, client, HEAD + 0.5
        )

    assert served(too_slow) == b""


def test_it_stays_open_while_most_learners_think():
    assert options()["timeout_keep_alive"] == IDLE_SECONDS >= 10


def test_what_several_processes_serve_is_sent_without_waiting_for_what_was_sent_before():
    # As several workers of uvicorn share one: of such a socket asyncio sends only what fills a
    # packet, or when all before it is acknowledged.
    config = uvicorn.Config(answer, port=0, http=ImpatientProtocol, lifespan="off")
    listening = config.bind_socket()
    config.load()
    at_once = []

    def protocol():
        made = ImpatientProtocol(config=config, server_state=ServerState(), app_state={})
        made.connection_made, begun = seen, made.connection_made
        kept.append(begun)
        return made

    kept = []

    def seen(transport):
        kept[-1](transport)
        connection = transport.get_extra_info("socket")
        at_once.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def ask():
        server = await asyncio.get_running_loop().create_server(protocol, sock=listening)
        _, writer = await asyncio.open_connection(*listening.getsockname())
        async with asyncio.timeout(PATIENCE):
            while not at_once:
                await asyncio.sleep(0.01)
        writer.close()
        server.close()

    asyncio.run(ask())
    assert at_once == [1]
