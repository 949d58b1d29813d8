"""The WebSocket of an attempt: who may have one, how many, and until when."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.layers import channel_layers
from django.test import Client

from attempts import scoring, services, sockets
from radgame.asgi import application
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = (b"origin", b"http://localhost")


@pytest.fixture
def client(trainee):
    made = Client()
    made.force_login(trainee)
    return made


@pytest.fixture
def attempt(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )


@pytest.fixture(autouse=True)
def layers_of_this_loop():
    """Every test has an event loop of its own, and a layer lives in one."""
    channel_layers.backends = {}
    yield
    channel_layers.backends = {}


def socket_to(path, client=None):
    headers = [ORIGIN, (b"host", b"localhost")]
    if client:
        cookies = "; ".join(f"{name}={one.value}" for name, one in client.cookies.items())
        headers.append((b"cookie", cookies.encode()))
    return Socket(
        application,
        {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
        },
    )


class Socket(ApplicationCommunicator):
    """The browser's end."""

    async def connect(self):
        """Whether it was accepted, and else the number it was refused with."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout=30)
        return answer["type"] == "websocket.accept", answer.get("code")

    async def told(self):
        return json.loads((await self.receive_output(timeout=30))["text"])

    async def disconnect(self):
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=30)


def address_of(attempt):
    return f"/ws/attempts/{attempt.public_id}/"


async def opened(attempt, client):
    socket = socket_to(address_of(attempt), client)
    connected, why = await socket.connect()
    assert connected, why
    assert await socket.told() == {"state": attempt.state}
    return socket


async def closed(socket):
    message = await socket.receive_output(timeout=30)
    assert message["type"] == "websocket.close"
    return message["code"]


@pytest.mark.parametrize("path", ["/ws/", "/", "/ws/attempts/7/", "/ws/../admin/"])
def test_an_address_that_is_not_there_is_refused_quietly(path, caplog):
    async def knock():
        return await socket_to(path).connect()

    assert asyncio.run(knock()) == (False, 4404)
    assert not caplog.text


@pytest.mark.parametrize(
    "frame",
    [
        {"text": "no JSON"},
        {"text": "{}"},
        {"text": "[" * 100_000},
        {"bytes": b"\x00\xff"},
    ],
)
def test_whatever_a_page_sends_closes_quietly(attempt, client, frame, caplog):
    async def talk():
        socket = await opened(attempt, client)
        await socket.send_input({"type": "websocket.receive", **frame})
        return await closed(socket)

    assert asyncio.run(talk()) == sockets.NOT_A_WORD
    assert not caplog.text


def test_of_one_learner_so_many_are_open_and_no_more(attempt, client, monkeypatch):
    monkeypatch.setattr(sockets, "MOST_OF_LEARNER", 2)

    async def crowd():
        first, _ = [await opened(attempt, client) for _ in range(2)]
        refused = await socket_to(address_of(attempt), client).connect()
        await first.disconnect()
        again = await opened(attempt, client)
        return refused, again

    refused, _ = asyncio.run(crowd())
    assert refused == (False, sockets.TOO_MANY)
    sockets.of_learner.clear()


def test_a_page_that_goes_away_amid_the_handshake_leaves_no_place_taken(attempt, client):
    scope = socket_to(address_of(attempt), client).scope

    async def connecting():
        return {"type": "websocket.connect"}

    async def gone(message):
        raise OSError("the client is gone")

    async def leave():
        with pytest.raises(OSError, match="gone"):
            await application(scope, connecting, gone)

    asyncio.run(leave())
    assert not sockets.of_learner


def test_logging_out_closes_them_and_leaves_those_of_another_log_in(attempt, client, trainee):
    elsewhere = Client()
    elsewhere.force_login(trainee)

    async def leave():
        here, there = await opened(attempt, client), await opened(attempt, elsewhere)
        await asyncio.to_thread(client.post, "/account/logout/")
        code = await closed(here)
        await asyncio.to_thread(scoring.tell, attempt)
        told = await there.told()
        await there.disconnect()
        return code, told

    assert asyncio.run(leave()) == (sockets.LOGGED_OUT, {"state": "draft"})


def test_after_a_new_password_nothing_is_told_to_those_of_before(attempt, client, trainee):
    async def change():
        socket = await opened(attempt, client)
        await asyncio.to_thread(change_password)
        await asyncio.to_thread(scoring.tell, attempt)
        return await closed(socket)

    def change_password():
        trainee.set_password("another long password")
        trainee.save()

    assert asyncio.run(change()) == sockets.LOGGED_OUT


def test_a_stranger_gets_none(attempt):
    stranger = Client()
    stranger.force_login(factories.UserFactory())

    async def knock(client):
        return await socket_to(address_of(attempt), client).connect()

    assert asyncio.run(knock(stranger)) == (False, sockets.NO_SUCH)
    assert asyncio.run(knock(None)) == (False, sockets.NO_SUCH)
