"""How connections wait for SQLite's one place to write."""

from __future__ import annotations

import sqlite3

import pytest
from django.db import OperationalError, connections

from radgame.sqlite import base

pytestmark = pytest.mark.pure


@pytest.fixture
def file(tmp_path):
    return tmp_path / "database"


@pytest.fixture
def own(file, django_db_blocker):
    """A connection of Django's, as settings make it, to a database with one table."""
    made = base.DatabaseWrapper(
        {
            **dict.fromkeys(("USER", "PASSWORD", "HOST", "PORT", "TIME_ZONE"), ""),
            **{"NAME": str(file), "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False},
            **{"AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "TEST": {}},
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
        },
        "own",
    )
    with django_db_blocker.unblock():
        with made.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (number)")
        yield made
        made.close()


@pytest.fixture
def other(file, own):
    """Who writes and does not come to an end by itself."""
    made = sqlite3.connect(file, isolation_level=None)
    made.execute("BEGIN IMMEDIATE")
    yield made
    made.close()


def begin(own):
    own.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    with own.cursor() as cursor:
        cursor.execute("INSERT INTO kept VALUES (1)")
    own.commit()
    own.set_autocommit(True)


def write(own):
    with own.cursor() as cursor:
        cursor.execute("INSERT INTO kept VALUES (1)")


def write_many(own):
    with own.cursor() as cursor:
        cursor.executemany("INSERT INTO kept VALUES (%s)", [(1,), (2,)])


@pytest.mark.parametrize(("wanted", "rows"), [(begin, 1), (write, 1), (write_many, 2)])
def test_who_waits_long_looks_as_often_as_who_has_just_come(own, other, monkeypatch, wanted, rows):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 500:
            other.execute("COMMIT")

    monkeypatch.setattr(base.time, "sleep", sleep)
    wanted(own)
    assert len(slept) == 500
    assert all(0.001 <= seconds <= 0.003 for seconds in slept)
    with own.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM kept").fetchone() == (rows,)


@pytest.mark.parametrize("wanted", [begin, write, write_many])
def test_nobody_waits_for_ever(own, other, monkeypatch, wanted):
    monkeypatch.setattr(base, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(OperationalError, match="database is locked"):
        wanted(own)
    other.execute("COMMIT")
    with own.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_another_problem_is_not_waited_for(own, monkeypatch):
    monkeypatch.setattr(base.time, "sleep", lambda seconds: pytest.fail("waited"))
    with pytest.raises(OperationalError, match="no such table"), own.cursor() as cursor:
        cursor.execute("SELECT * FROM nowhere")


def test_what_was_begun_without_the_turn_is_not_tried_again_in_its_middle(own, other, monkeypatch):
    monkeypatch.setattr(base.time, "sleep", lambda seconds: pytest.fail("waited"))
    with own.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        cursor.execute("SELECT count(*) FROM kept")
        with pytest.raises(OperationalError, match="database is locked"):
            cursor.execute("INSERT INTO kept VALUES (1)")
        cursor.execute("ROLLBACK")


@pytest.mark.skipif("connections['default'].vendor != 'sqlite'", reason="of SQLite's settings")
def test_every_commit_waits_for_the_disk(settings):
    assert isinstance(connections["default"], base.DatabaseWrapper)
    assert "synchronous=FULL" in settings.DATABASES["default"]["OPTIONS"]["init_command"]
