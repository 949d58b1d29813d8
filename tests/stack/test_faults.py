"""The fault drill in short (`python -m bench faults` is all of it), and that it would notice."""

from __future__ import annotations

import json
import sqlite3
import uuid
from contextlib import closing
from types import SimpleNamespace

import pytest

from bench import faults
from tests.game import Game, logged_in

pytestmark = pytest.mark.stack
LEARNERS, SECONDS = 2, 4.0
IN_SHORT = (
    "worker's pool killed",
    "queue wiped, worker and periodic still",
    "every submission sent three times",
    "replies lost, then sent again",
    "a second window on every draft",
)
KEY = uuid.uuid4()
BOX = [0.1, 0.1, 0.3, 0.3]


def fault_called(name: str) -> faults.Fault:
    return next(fault for fault in faults.FAULTS if fault.name == name)


def test_there_are_no_fewer_than_the_faults_that_were_reviewed():
    names = [fault.name for fault in faults.FAULTS]
    assert len(names) == len(set(names)) >= 21


@pytest.mark.parametrize("name", IN_SHORT)
def test_nothing_acknowledged_is_lost_doubled_or_left_waiting(game: Game, name: str):
    stack = "postgres" if game.database_url else "sqlite"
    clients = [logged_in(game, game.enroll()) for _ in range(LEARNERS)]
    row = faults.drill(game, stack, fault_called(name), clients, SECONDS)
    assert row.submissions > 0
    assert row.is_well, row


@pytest.mark.any_database  # always on PostgreSQL
def test_the_game_is_played_with_rabbitmq_as_its_broker():
    if lack := faults.missing("rabbit"):
        pytest.skip(lack)
    told: list[str] = []
    some = [fault_called("none"), fault_called("RabbitMQ's connections closed")]
    rows = faults.run("rabbit", some, learners=LEARNERS, seconds=SECONDS, say=told.append)
    assert [row.fault for row in rows] == [fault.name for fault in some]
    assert all(row.is_well and row.submissions for row in rows), rows


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("stored", "lost", "doubled"),
    [
        ([(BOX, 1)], 0, 0),
        ([], 1, 0),
        ([([0.1, 0.1, 0.3, 0.4], 1)], 1, 0),
        ([(BOX, 2)], 0, 1),
        ([(BOX, 1), (BOX, 1)], 1, 1),
    ],
    ids=["well", "not there", "another answer", "scored twice", "there twice"],
)
def test_the_audit_notices(stored, lost, doubled):
    game = stored_as(stored)
    acknowledged = [faults.Acknowledged(KEY, BOX, 0.0, 1.0)]
    assert faults.audit(game, acknowledged) == (lost, doubled)


def stored_as(stored) -> Game:
    """A database with these boxes and numbers of results for one submission."""
    opened = sqlite3.connect(":memory:")
    opened.execute("CREATE TABLE attempts_attempt (id INTEGER, submission TEXT, answer TEXT)")
    opened.execute("CREATE TABLE attempts_result (attempt_id INTEGER)")
    for number, (box, results) in enumerate(stored):
        answer = json.dumps({"marks": [{"box": box}]})
        row = (number, KEY.hex, answer)
        opened.execute("INSERT INTO attempts_attempt VALUES (?, ?, ?)", row)
        opened.executemany("INSERT INTO attempts_result VALUES (?)", [(number,)] * results)

    def rows(query, *values):
        with closing(opened.execute(query, values)) as cursor:
            return cursor.fetchall()

    return SimpleNamespace(database_url="", rows=rows, one=lambda *asked: rows(*asked)[0][0])  # type: ignore[return-value]


@pytest.mark.parametrize("bad", ["lost", "doubled", "waiting", "problems"])
def test_a_drill_that_is_not_well_ends_with_1(bad, capsys):
    good = faults.Row("sqlite", "none", 10, 0.1, 0.2, 0, 0, 0, 0, [])
    ill = faults.Row(**{**vars(good), bad: ["it broke"] if bad == "problems" else 1})
    assert faults.show([good]) == 0
    assert faults.show([good, ill]) == 1
    assert faults.show([]) == 1
