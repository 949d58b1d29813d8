"""The beginning and end of a web process: what it loads ahead holds up neither."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading

import pytest
from django.template import TemplateSyntaxError
from django.template.loader import get_template

from radgame import lifespan

pytestmark = pytest.mark.pure


@pytest.fixture
def frozen(monkeypatch):
    """How often the garbage collector was told to pass over what is there; it is not told so."""
    told = []
    monkeypatch.setattr(lifespan.gc, "freeze", lambda: told.append(True))
    return told


@pytest.fixture
def loaded(monkeypatch):
    """The templates that are asked for, in place of loading them; names in it raise an error."""
    names, broken = [], set()

    def load(name):
        names.append(name)
        if name in broken:
            raise TemplateSyntaxError("Invalid block tag")

    monkeypatch.setattr(lifespan, "get_template", load)
    return names, broken


def test_the_templates_of_all_rooms_are_loaded_by_the_names_pages_ask_for(frozen, loaded):
    names, _ = loaded
    lifespan.settle_memory(threading.Event())
    assert {"base.html", "localize/case.html", "report/case.html", "learning/home.html"} <= {*names}
    assert not [name for name in names if name.startswith("admin/")]
    assert frozen == [True]
    for name in names:
        get_template(name)


def test_a_template_that_cannot_be_read_costs_itself_alone(frozen, loaded, caplog):
    names, broken = loaded
    broken.add("base.html")
    lifespan.settle_memory(threading.Event())
    assert len(names) > 100 and names[-1] != "base.html"
    assert [line.getMessage() for line in caplog.records if line.levelno == logging.ERROR] == [
        "base.html could not be loaded ahead."
    ]
    assert frozen == [True]


def test_tables_that_cannot_be_read_do_not_stop_a_web_process(frozen, loaded, monkeypatch, caplog):
    def unreadable(text):
        raise OSError("no such table")

    monkeypatch.setattr(lifespan.findings, "extract", unreadable)
    lifespan.settle_memory(threading.Event())
    assert "The words of reports could not be loaded ahead." in caplog.text
    assert frozen == [True]


@pytest.fixture
def own_switching():
    """What the test changes of how threads take turns is changed back."""
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def test_it_serves_and_ends_while_it_is_still_loading(monkeypatch, own_switching):
    loading, goes_on = threading.Event(), threading.Event()
    watched, told = [], []

    def load(ending):
        loading.set()
        goes_on.wait(60)
        told.append(ending.is_set())

    async def watch():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            watched.append("ended")
            raise

    monkeypatch.setattr(lifespan, "settle_memory", load)
    monkeypatch.setattr(lifespan, "_watch", watch)
    monkeypatch.setattr(lifespan, "hold_open", lambda: None)
    monkeypatch.setattr(lifespan, "share_connections", lambda: None)

    async def life():
        coming, sent = asyncio.Queue(), asyncio.Queue()

        async def send(message):
            await sent.put(message["type"])

        whole = asyncio.create_task(lifespan.lifespan({}, coming.get, send))
        await coming.put({"type": "lifespan.startup"})
        assert await sent.get() == "lifespan.startup.complete"
        assert sys.getswitchinterval() == pytest.approx(lifespan.SWITCH_SECONDS)
        assert await asyncio.to_thread(loading.wait, 60)
        await coming.put({"type": "lifespan.shutdown"})
        try:
            assert await asyncio.wait_for(sent.get(), 30) == "lifespan.shutdown.complete"
            await whole
        finally:
            goes_on.set()

    asyncio.run(life())
    assert watched == ["ended"] and told == [True]


def test_what_is_not_loaded_yet_is_left_when_the_process_ends(frozen, loaded, monkeypatch):
    names, _ = loaded
    ending = threading.Event()
    monkeypatch.setattr(lifespan, "_own_templates", lambda: iter(["a.html", "b.html", "c.html"]))
    load = lifespan.get_template

    def load_and_end(name):
        load(name)
        if name == "b.html":
            ending.set()

    monkeypatch.setattr(lifespan, "get_template", load_and_end)
    lifespan.settle_memory(ending)
    assert names == ["a.html", "b.html"] and not frozen
