"""The load measurement counts what it saw, and asks nobody but this machine."""

from __future__ import annotations

import argparse
import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.learner import Visitor
from bench.load import Run, _played, of_other, percentile, table_of

pytestmark = pytest.mark.pure


class Other(BaseHTTPRequestHandler):
    """A server that takes every second submission."""

    protocol_version = "HTTP/1.1"
    taken = 0

    def do_POST(self) -> None:
        assert self.path == "/take/7", self.path
        assert self.rfile.read(int(self.headers["Content-Length"])) in (b'{"n":"1"}', b'{"n":"2"}')
        Other.taken += 1
        self.send_response(200 if Other.taken % 2 else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def other():
    Other.taken = 0
    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_submissions_times_and_errors_are_counted(other):
    submit = {"name": "submit", "method": "POST", "path": "/take/{learner}"}
    submit |= {"json": {"n": "{count}"}, "submission": True, "think": False}

    class Twice(Visitor):
        async def play_until(self, end):
            for count in (1, 2):
                try:
                    await self._take(self.steps[0], count)
                except Exception as problem:
                    self.line.tally.fail(str(problem))

    def visitor(line, number):
        return Twice(line, [submit], 0.01, 7)

    tally, _, _ = asyncio.run(_played(other, 1, 1, visitor))
    assert (tally.submissions, tally.errors) == (1, {"submit: status 500": 1})
    assert len(tally.times["submit"]) == 2
    run = Run("other", 1, 0, 1.0, tally, {"learners": 0.5}, {})
    assert "| other | 1 |  | 1.0 |" in table_of([run])
    assert "1 × submit: status 500" in table_of([run])


def test_nobody_elsewhere_is_put_under_load():
    url_map = {"name": "far", "address": "http://radgame.example.org", "step": []}
    given = argparse.Namespace(think=1, seconds=1)
    with pytest.raises(ValueError, match="not this machine"):
        of_other(url_map, 1, given)


def test_a_percentile_is_a_value_that_was_seen():
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.95), percentile(values, 0.99)) == (96.0, 100.0)
