"""Writes of several threads in one transaction of SQLite, and processes that take turns."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts.together import together
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
    with begun(folder, "share", str(most)) as process:
        said = json.loads(process.stdout.read())
    assert said["commits"] == commits
    others = [number for number in range(THREADS) if number != 3]
    assert said["rows"] == [f"row {number}" for number in others]
    assert said["told"].pop(3) == "no third row"
    assert said["told"] == [[number, True] for number in others]


@together
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

    @together
    def write():
        Heartbeat.objects.create(name="one")
        transaction.on_commit(lambda: done.append(Heartbeat.objects.count()))
        done.append("inside")

    write()
    assert done == ["inside", 1]
