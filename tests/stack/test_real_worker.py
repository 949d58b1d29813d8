"""The whole game with a real Redis and a real Celery worker process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing

import httpx
import psutil
import pytest
import websockets

from tests.game import Game, logged_in

pytestmark = pytest.mark.stack
SCORED_WITHIN = 60


class Play:
    """One trainee at one case, by HTTP as the page does it."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.client = logged_in(game)
        page = self.client.get("/next/localize/").text
        data = re.search(r'<script id="case-data"[^>]*>(.*?)</script>', page, re.DOTALL)
        assert data is not None
        self.data = json.loads(data[1])

    def submit(self, submission: str | None = None) -> httpx.Response:
        body = {
            "submission": submission or str(uuid.uuid4()),
            "elapsed_ms": 4000,
            "marks": [],
            "ticked": [],
            "normal": True,
        }
        headers = {"X-CSRFToken": self.data["csrf"], "Referer": self.game.address}
        return self.client.post(self.data["urls"]["submit"], json=body, headers=headers)

    def state(self) -> str:
        return str(self.client.get(self.data["urls"]["status"]).json()["state"])

    def wait_until_scored(self) -> None:
        deadline = time.monotonic() + SCORED_WITHIN
        while self.state() != "scored":
            assert time.monotonic() < deadline, self.game.lines[-5:]
            time.sleep(0.2)

    async def told(self) -> list[str]:
        """The states that the WebSocket tells, from before submitting until scored."""
        address = self.game.address.replace("http", "ws") + self.data["urls"]["socket"]
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        states = []
        async with websockets.connect(
            address, additional_headers={"Cookie": cookies, "Origin": self.game.address}
        ) as socket:
            states.append(json.loads(await socket.recv())["state"])
            await asyncio.to_thread(self.submit)
            while states[-1] != "scored":
                message = await asyncio.wait_for(socket.recv(), SCORED_WITHIN)
                states.append(json.loads(message)["state"])
        return states


@pytest.fixture
def play(game: Game) -> Play:
    return Play(game)


@pytest.fixture
def worker(game: Game) -> psutil.Process:
    """The worker's main process once it has scored: one that still starts dies of any signal."""
    before = Play(game)
    assert before.submit().status_code == 202
    before.wait_until_scored()
    return psutil.Process(game.children()["celery"])


def test_it_works(game: Game, play: Play):
    assert play.submit().status_code == 202
    play.wait_until_scored()
    panel = play.client.get(play.data["urls"]["result"])
    assert panel.status_code == 200
    assert "Feedback" in panel.text


def test_the_page_is_told_over_the_websocket(play: Play):
    assert asyncio.run(play.told()) == ["draft", "scored"]


def test_a_stranger_is_refused_at_the_websocket(game: Game, play: Play):
    async def listen() -> None:
        address = game.address.replace("http", "ws") + play.data["urls"]["socket"]
        async with websockets.connect(address, additional_headers={"Origin": game.address}):
            pass

    with pytest.raises(websockets.InvalidStatus):
        asyncio.run(listen())


def test_the_same_submission_sent_twice_is_scored_once(game: Game, play: Play):
    key = str(uuid.uuid4())
    assert [play.submit(key).status_code for _ in range(2)] == [202, 202]
    play.wait_until_scored()
    query = (
        "SELECT count(*) FROM attempts_result r JOIN attempts_attempt a ON a.id = r.attempt_id "
        "WHERE a.submission = ?"
    )
    stored = uuid.UUID(key) if game.database_url else uuid.UUID(key).hex
    assert game.one(query, stored) == 1


def suspend(game: Game, processes: list[psutil.Process]) -> None:
    """Stop them where they hold no lock of the database: what is imported is written in between."""
    for _ in range(100):
        for process in processes:
            process.suspend()
        if game.database_url or is_writable(game):
            return
        for process in processes:
            process.resume()
        time.sleep(0.3)
    raise AssertionError("whenever they were stopped the database was locked")


def is_writable(game: Game) -> bool:
    with closing(sqlite3.connect(game.data_dir / "radgame.sqlite3", timeout=0.5)) as opened:
        try:
            opened.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        opened.rollback()
    return True


def test_a_worker_killed_while_scoring_loses_nothing(
    game: Game, worker: psutil.Process, play: Play
):
    pool = worker.children()
    assert pool
    # Stopped, the pool takes the task and never ends it; then everything dies at once.
    suspend(game, pool)
    assert play.submit().status_code == 202
    assert play.state() == "submitted"
    os.killpg(worker.pid, signal.SIGKILL)
    play.wait_until_scored()
    assert game.children()["celery"] != worker.pid


def test_a_worker_told_to_stop_ends_what_it_has_begun(
    game: Game, worker: psutil.Process, play: Play
):
    pool = worker.children()
    suspend(game, pool)
    assert play.submit().status_code == 202
    worker.terminate()
    for process in pool:
        process.resume()
    game.line(r"The worker ended \(exit code 0\); starting it again\.")
    play.wait_until_scored()
    query = "SELECT tries FROM attempts_attempt WHERE public_id = ?"
    stored = uuid.UUID(play.data["attempt"])
    assert game.one(query, stored if game.database_url else stored.hex) == 1


def test_a_redis_killed_loses_nothing(game: Game, play: Play):
    [redis] = [
        child
        for child in psutil.Process(game.process.pid).children()
        if "redis" in child.cmdline()[0]
    ]
    redis.kill()
    assert play.submit().status_code == 202
    play.wait_until_scored()


@pytest.fixture
def no_periodic(game: Game) -> Iterator[None]:
    """The periodic process stands still, which nobody can see from outside."""
    [process] = game.processes("periodic")
    process.suspend()
    yield
    process.resume()


def submit_into_a_queue_that_is_lost(game: Game, worker: psutil.Process, play: Play) -> None:
    """As when Redis is started anew before the worker came to it."""
    family = [worker, *worker.children()]
    suspend(game, family)
    assert play.submit().status_code == 202
    with game.redis() as redis:
        redis.flushall()
    for process in family:
        process.resume()


def test_a_periodic_process_killed_is_started_again(game: Game):
    [process] = game.processes("periodic")
    process.kill()
    game.line(r"The periodic process ended \(exit code -9\); starting it again\.")
    assert game.processes("periodic") != [process]


def test_what_the_queue_lost_is_scored_though_only_the_page_asks(
    game: Game, worker: psutil.Process, play: Play, no_periodic: None
):
    submit_into_a_queue_that_is_lost(game, worker, play)
    play.wait_until_scored()


def test_what_the_queue_lost_is_scored_though_nobody_asks(
    game: Game, worker: psutil.Process, play: Play, no_periodic: None
):
    """The web process sees that nobody sweeps."""
    submit_into_a_queue_that_is_lost(game, worker, play)
    query = "SELECT state FROM attempts_attempt WHERE public_id = ?"
    stored = uuid.UUID(play.data["attempt"])
    deadline = time.monotonic() + SCORED_WITHIN
    while game.one(query, stored if game.database_url else stored.hex) != "scored":
        assert time.monotonic() < deadline, game.lines[-5:]
        time.sleep(0.5)


def test_a_web_server_killed_is_started_again(game: Game, play: Play):
    server = game.children()["web"]
    os.kill(server, signal.SIGKILL)
    deadline = time.monotonic() + SCORED_WITHIN
    while True:
        try:
            assert httpx.get(f"{game.address}/healthz").json() == {"status": "ok"}
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert game.children()["web"] != server
    assert play.state() == "draft"
