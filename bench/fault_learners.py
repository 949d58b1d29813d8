"""Simulated learners of the fault drill: they play by HTTP and WebSocket, as the page does."""

from __future__ import annotations

import json
import random
import re
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.game import Game

THINKS = (0.5, 1.5)
POLLS = 1.0
PATIENCE = 60.0
"""Seconds after the last submission until nothing may wait any more."""


@dataclass(frozen=True)
class Acknowledged:
    """A submission that the server called taken."""

    submission: uuid.UUID
    box: list[float]
    at: float
    told: float | None
    """Seconds until the learner knew the score; None: it had not come when the learner went."""


@dataclass
class Crowd:
    """What the learners of one fault did and met."""

    game: Game
    how: str = ""
    """Something that the learners themselves do: `duplicates`, `lost replies` or `two windows`."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    troubles: int = 0
    """Answers 5xx and 429, and connections that broke."""
    sockets: list[Any] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Learner(threading.Thread):
    """Plays one case after the other, and tries again whatever fails, as the page does."""

    def __init__(self, crowd: Crowd, client: httpx.Client, seed: int) -> None:
        super().__init__(daemon=True)
        self.crowd, self.client, self.chance = crowd, client, random.Random(seed)
        self.problem = ""

    def run(self) -> None:
        try:
            while not self.crowd.over.is_set():
                self.play()
                self.crowd.over.wait(self.chance.uniform(*THINKS))
        except Exception as error:  # whatever it is, the table has to say it
            self.problem = f"{type(error).__name__}: {error}"

    def ask(self, method: str, url: str, **what: Any) -> httpx.Response:
        """The answer, once it is neither 5xx nor 429; what breaks is asked again."""
        deadline = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                answer = self.client.request(method, url, **what)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            with self.crowd.lock:
                self.crowd.troubles += 1
            time.sleep(0.5)
        raise TimeoutError(f"{url} did not answer for {2 * PATIENCE:.0f} s")

    def play(self) -> None:
        data = self.open()
        writer, box = str(uuid.uuid4()), self.box()
        body = {
            "version": data["draft"]["version"],
            "writer": writer,
            "marks": [self.mark(data, box)],
            "ticked": [],
            "normal": False,
        }
        self.save(data, body)
        body["version"] += 1
        sent = body | {"submission": str(uuid.uuid4()), "elapsed_ms": 3000}
        if self.crowd.how == "lost replies":
            self.send_and_hang_up(data, sent)
        times = 3 if self.crowd.how == "duplicates" else 1
        answers = [self.ask("POST", data["urls"]["submit"], json=sent, headers=self.token(data))]
        answers += [
            self.ask("POST", data["urls"]["submit"], json=sent, headers=self.token(data))
            for _ in range(times - 1)
        ]
        if answers[0].status_code != 202:
            raise RuntimeError(f"{answers[0].status_code}: {answers[0].text[:100]}")
        at = time.monotonic()
        told = self.wait_until_told(data)
        key = uuid.UUID(sent["submission"])
        with self.crowd.lock:
            seconds = time.monotonic() - at if told else None
            self.crowd.acknowledged.append(Acknowledged(key, box, at, seconds))

    def open(self) -> dict[str, Any]:
        page = self.ask("GET", "/next/localize/").text
        found = re.search(r'<script id="case-data"[^>]*>(.*?)</script>', page, re.DOTALL)
        if found is None:
            raise RuntimeError("a page without a case")
        return dict(json.loads(found[1]))

    def token(self, data: dict[str, Any]) -> dict[str, str]:
        return {
            "X-CSRFToken": data["csrf"],
            "Referer": self.crowd.game.address,
            "Accept": "application/json",
        }

    def box(self) -> list[float]:
        x, y = (round(self.chance.uniform(0.05, 0.7), 3) for _ in range(2))
        return [x, y, round(x + 0.2, 3), round(y + 0.2, 3)]

    def mark(self, data: dict[str, Any], box: list[float]) -> dict[str, Any]:
        image = data["images"][0]["id"]
        return {"id": "m0", "label": "nodule_mass", "image": image, "frame": 0, "box": box}

    def save(self, data: dict[str, Any], body: dict[str, Any]) -> None:
        """Keep a draft; with two windows the other one is a version behind and is refused."""
        url, headers = data["urls"]["draft"], self.token(data)
        answer = self.ask("PUT", url, json=body, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"draft {answer.status_code}: {answer.text[:100]}")
        if self.crowd.how == "two windows":
            other = body | {"writer": str(uuid.uuid4()), "marks": []}
            refused = self.ask("PUT", url, json=other, headers=headers).status_code
            if refused != 409:
                raise RuntimeError(f"a window that was behind saved: {refused}")

    def send_and_hang_up(self, data: dict[str, Any], sent: dict[str, Any]) -> None:
        with suppress(httpx.TransportError):
            self.client.post(
                data["urls"]["submit"],
                json=sent,
                headers=self.token(data),
                timeout=httpx.Timeout(10, read=0.001),
            )

    def wait_until_told(self, data: dict[str, Any]) -> bool:
        """By the WebSocket while it lasts, else by asking; False when it takes too long."""
        deadline = time.monotonic() + PATIENCE
        with suppress(WebSocketException, OSError), self.socket(data) as socket:
            with self.crowd.lock:
                self.crowd.sockets.append(socket)
            while time.monotonic() < deadline:
                if json.loads(socket.recv(timeout=5))["state"] in ("scored", "failed"):
                    return True
        while time.monotonic() < deadline:
            state = self.ask("GET", data["urls"]["status"]).json()["state"]
            if state in ("scored", "failed"):
                return True
            time.sleep(POLLS)
        return False

    def socket(self, data: dict[str, Any]) -> Any:
        address = self.crowd.game.address
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        return connect(
            address.replace("http", "ws", 1) + data["urls"]["socket"],
            additional_headers={"Cookie": cookies, "Origin": address},
            open_timeout=5,
        )
