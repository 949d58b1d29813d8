"""Requests in threads that stay (`radgame.handler`)."""

from __future__ import annotations

import asyncio
import io
import threading
import warnings

import pytest
from django.http import FileResponse, HttpResponse
from django.urls import get_script_prefix

from classroom.streaming import streamed
from radgame.handler import SteadyHandler

pytestmark = pytest.mark.pure


def asked(handler, count=1, path="/healthz", root_path=""):
    """The messages of each of `count` answers, one request after the other."""

    async def one():
        answer = []
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
        scope["root_path"] = root_path

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            answer.append(message)

        await handler(scope, receive, send)
        return answer

    async def all_of_them():
        return [await one() for _ in range(count)]

    return asyncio.run(all_of_them())


def test_requests_find_the_thread_of_those_before(monkeypatch):
    handler, threads = SteadyHandler(1), []

    def respond(request):
        threads.append(threading.get_ident())
        return HttpResponse("well")

    monkeypatch.setattr(handler, "get_response", respond)
    answers = asked(handler, count=3)
    assert [answer[-1]["body"] for answer in answers] == [b"well"] * 3
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


def test_a_streamed_answer_is_made_while_it_is_sent_and_closed_at_its_end(monkeypatch):
    handler, made, closed = SteadyHandler(1), [], []

    def pieces():
        for piece in ("a", "b"):
            made.append(threading.get_ident())
            yield piece

    def respond(request):
        response = streamed(pieces(), "text/csv", "all.csv")
        monkeypatch.setattr(response, "close", lambda: closed.append(len(made)))
        return response

    monkeypatch.setattr(handler, "get_response", respond)
    [answer] = asked(handler)
    assert b"".join(message.get("body", b"") for message in answer) == b"ab"
    assert len(set(made)) == 1, "what a piece leaves open in the database the next one finds"
    assert closed == [2]


def test_a_file_of_the_front_end_comes_without_a_warning_on_the_terminal(monkeypatch):
    handler = SteadyHandler(1)
    monkeypatch.setattr(handler, "get_response", lambda request: FileResponse(io.BytesIO(b"css")))
    with warnings.catch_warnings(record=True) as told:
        [answer] = asked(handler)
    assert b"".join(message.get("body", b"") for message in answer) == b"css"
    assert not told


def test_an_address_that_is_no_text_is_refused_without_an_error(monkeypatch):
    handler = SteadyHandler(1)
    monkeypatch.setattr(handler, "create_request", lambda *given: (None, HttpResponse(status=400)))
    [answer] = asked(handler)
    assert answer[0]["status"] == 400


def test_addresses_begin_with_where_the_server_says_that_the_game_is(monkeypatch):
    handler = SteadyHandler(1)
    monkeypatch.setattr(handler, "get_response", lambda request: HttpResponse(get_script_prefix()))
    [answer] = asked(handler, path="/game/healthz", root_path="/game")
    assert answer[-1]["body"] == b"/game/"
    [answer] = asked(handler)
    assert answer[-1]["body"] == b"/"
