"""Writes of several threads in one transaction of SQLite, and processes that take turns."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from accounts import together
from accounts.together import UNDONE
from radgame.models import Heartbeat
from tests.accounts.writers import COUNTED, THREADS
from tests.game import NOT_INHERITED, ROOT, migrated

ENOUGH = 300


@pytest.fixture
def folder(tmp_path):
    return migrated(tmp_path / "data").resolve()


def begun(folder, *what):
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    settings = {"DJANGO_SETTINGS_MODULE": "radgame.settings", "DATA_DIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.accounts.writers", *what],
        cwd=ROOT,
        env=inherited | settings,
        stdout=subprocess.PIPE,
        text=True,
    )


def opened(folder):
    return closing(sqlite3.connect(folder / "radgame.sqlite3", timeout=20))


@pytest.mark.pure
def test_what_was_acknowledged_is_there_after_a_kill(folder):
    with begun(folder, "race") as process:
        said = [process.stdout.readline() for _ in range(ENOUGH)]
        process.kill()
        said += process.stdout.readlines()
    names = {line[:-1] for line in said if line.endswith("\n")}
    with opened(folder) as database:
        stored = {name for (name,) in database.execute("SELECT name FROM radgame_heartbeat")}
    assert len(names) >= ENOUGH
    assert names - stored == set()


@pytest.mark.pure
def test_processes_that_write_at_once_take_turns(folder):
    writers = [begun(folder, "count") for _ in range(2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    with opened(folder) as database:
        names = {name for (name,) in database.execute("SELECT name FROM radgame_heartbeat")}
    assert names == {f"number {number}" for number in range(2 * COUNTED)}


@pytest.mark.pure
@pytest.mark.parametrize(("most", "commits"), [(THREADS, 1), (3, 3)])
def test_threads_that_wait_for_the_same_turn_share_a_transaction(folder, most, commits):
    [said] = shared(folder, most, (3, "refuse"))
    assert said.pop("commits") == commits
    assert said == all_but(3, "no")


def shared(folder, most, *odd):
    words = [str(word) for one in odd for word in one]
    with begun(folder, "share", str(most), *words) as process:
        return [json.loads(line) for line in process.stdout]


def all_but(odd, problem):
    """What was told, and is stored, where one of the threads had a problem."""
    others = [number for number in range(THREADS) if number != odd]
    told = [[number, True] for number in others]
    told.insert(odd, problem)
    return {"told": told, "rows": [f"row {number}" for number in others]}


@pytest.mark.pure
def test_whatever_one_does_to_the_transaction_is_told_to_that_one_alone(folder):
    problems = {"end": "no", "undo": "no", "close": UNDONE}
    odd = [(number, does) for does in problems for number in (0, 3, THREADS - 1)]
    every = shared(folder, THREADS, *odd)
    for said in every:
        del said["commits"]
    assert every == [all_but(number, problems[does]) for number, does in odd]


@pytest.mark.pure
def test_who_has_just_come_is_not_refused_with_who_has_waited_long(folder):
    with begun(folder, "patience") as process:
        said = json.loads(process.stdout.read())
    assert said == {"early": "database is locked", "late": "late"}


sqlite = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="elsewhere nobody waits here")


@pytest.fixture
def waits():
    """Begin a write of another thread while this one leads; it has begun to wait then."""

    def begin(*what):
        told = pool.submit(named, *what)
        while not together._waiting:
            time.sleep(0.001)
        return told

    with ThreadPoolExecutor(1) as pool:
        yield begin


@sqlite
@pytest.mark.django_db(transaction=True)
def test_who_is_written_is_told_so_while_another_leads(waits):
    with together._leading:
        told = waits("one")
        together._lead(connection)
        assert told.result(30) == "one"
    assert Heartbeat.objects.get().name == "one"


@sqlite
@pytest.mark.django_db
def test_who_was_not_called_leads_all_the_same(waits, monkeypatch):
    def lead(here):
        own = together._waiting.popleft()
        own.refused(ValueError("led"))
        own.is_over = True

    monkeypatch.setattr(together, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(together, "_lead", lead)
    with together._leading:
        told = waits("one")
    with pytest.raises(ValueError, match="led"):
        told.result(30)


@together.together
def named(name, problem=None):
    made = Heartbeat.objects.create(name=name)
    if problem:
        raise problem
    return made.name


@pytest.mark.django_db(transaction=True)
def test_alone_it_is_a_transaction():
    assert named("one") == "one"
    with pytest.raises(ValueError, match="no"):
        named("two", ValueError("no"))
    with pytest.raises(IntegrityError):
        named("one")
    assert [one.name for one in Heartbeat.objects.all()] == ["one"]


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_it_is_part_of_that():
    with pytest.raises(ValueError, match="all"), transaction.atomic():
        named("one")
        with pytest.raises(DatabaseError):
            named("one")
        assert named("two") == "two"
        raise ValueError("all of it")
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_follows_the_commit_follows_it():
    done = []

    @together.together
    def write():
        Heartbeat.objects.create(name="one")
        transaction.on_commit(lambda: done.append(Heartbeat.objects.count()))
        done.append("inside")

    write()
    assert done == ["inside", 1]


@together.together
def forgiving():
    Heartbeat.objects.create(name="one")
    try:
        Heartbeat.objects.create(name="one")
    except IntegrityError:
        return "done"


@pytest.mark.django_db(transaction=True)
def test_what_was_undone_without_a_word_is_not_called_done():
    with pytest.raises(OperationalError, match=UNDONE):
        forgiving()
    with transaction.atomic():
        with pytest.raises(OperationalError, match=UNDONE):
            forgiving()
        named("two")
    assert Heartbeat.objects.get().name == "two"
