"""The door alone, around an application that does as it is told: places, waiting, bodies."""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from radgame import door

pytestmark = pytest.mark.pure


def through(one: door.Door, scope=None, accept=b"application/json", body=b"{}"):
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/localize/attempts/1/submit",
        "headers": [(b"accept", accept)],
        **(scope or {}),
    }
    told = []
    parts = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return parts.pop() if parts else await asyncio.sleep(3600)

    async def send(message):
        told.append(message)

    async def run():
        await one(scope, receive, send)
        return told[0]["status"], told[-1]["body"]

    return run()


def slow_application(seconds: float):
    inside, most = [], []

    async def application(scope, receive, send):
        assert (await receive())["body"] == b"{}"
        inside.append(1)
        most.append(len(inside))
        await asyncio.sleep(seconds)
        inside.pop()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    application.most = most
    return application


def test_no_more_are_inside_than_there_are_places():
    application = slow_application(0.01)
    one = door.Door(application, places=3)

    async def all_at_once():
        return await asyncio.gather(*(through(one) for _ in range(20)))

    answers = asyncio.run(all_at_once())
    assert set(answers) == {(200, b"done")}
    assert max(application.most) == 3


def test_who_waits_too_long_for_a_place_is_told_in_json_to_come_again(monkeypatch):
    monkeypatch.setattr(door, "WAIT_SECONDS", 0.05)
    one = door.Door(slow_application(0.5), places=1)

    async def two():
        return await asyncio.gather(through(one), through(one))

    [first, second] = asyncio.run(two())
    assert first == (200, b"done")
    assert second[0] == 503 and b'{"error": "' in second[1]


def test_those_who_log_in_leave_places_to_others():
    """Hashing passwords takes every processor it gets."""
    application = slow_application(0.05)
    one = door.Door(application, places=4)
    form = {"path": "/account/login/"}

    async def storm():
        logging_in = [asyncio.create_task(through(one, form)) for _ in range(30)]
        await asyncio.sleep(0.01)
        begun = time.monotonic()
        await through(one)
        waited = time.monotonic() - begun
        await asyncio.gather(*logging_in)
        return waited

    hashing = min(os.cpu_count() or 1, 3)
    assert asyncio.run(storm()) < 0.2
    assert max(application.most) <= hashing + 1


def test_bodies_are_bounded_all_together(monkeypatch):
    monkeypatch.setattr(door, "MAX_BODIES", 1000)
    one = door.Door(slow_application(0.1), places=1)

    async def two():
        first = asyncio.create_task(through(one, body=b"{}"))
        await asyncio.sleep(0.01)
        return await through(one, body=b"x" * 1001), await first

    [large, small] = asyncio.run(two())
    assert (large[0], small[0]) == (503, 200)
    assert one.held == 0
