"""A database of an earlier release is brought up to date, with everything in it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure  # of the test database; it has SQLite files of its own

ROOT = Path(__file__).resolve().parents[2]
RELEASES = sorted(Path(__file__).parent.glob("*.sql"))
TABLES = (
    *("accounts_user", "cases_case", "cases_finding", "cases_region", "cases_referencereport"),
    *("attempts_series", "attempts_attempt", "attempts_result", "attempts_outcome"),
    *("feedback_explanation", "feedback_explanationrating", "feedback_secondopinion"),
    *("localize_flag", "report_contest", "report_macro"),
)
OPEN_EVERYTHING = """
import json
from django.test import Client
from accounts.models import User
from attempts.models import Attempt
from attempts.games import game_of
from django.urls import reverse

client = Client(headers={"host": "localhost"})
client.force_login(User.objects.get(username="learner"))
attempts = Attempt.objects.order_by("pk")
pages = [reverse(game_of(a.kind).attempt_url_name, args=[a.public_id]) for a in attempts]
pages += ["/home/", "/progress/"]
print(json.dumps({page: client.get(page).status_code for page in pages}))
"""


def counts_in(database: Path) -> dict[str, int]:
    with sqlite3.connect(database) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in TABLES
        }


def scores_in(database: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(database) as connection:
        return connection.execute(
            "SELECT id, scorer, scorer_version, score, data FROM attempts_result ORDER BY id"
        ).fetchall()


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def release(request, tmp_path):
    database = tmp_path / "radgame.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.executescript(request.param.read_text())
    return database


def manage(database: Path, *arguments: str) -> str:
    variables = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    variables["DATA_DIR"] = str(database.parent)
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_is_a_release_to_upgrade_from():
    assert RELEASES


def test_nothing_is_lost_and_no_score_changes(release):
    counts, scores = counts_in(release), scores_in(release)
    assert all(counts.values()), "a table without a row would show nothing"
    manage(release, "migrate", "--verbosity", "0")
    manage(release, "migrate", "--check")
    assert (counts_in(release), scores_in(release)) == (counts, scores)


def test_every_image_gets_an_address_of_its_own(release):
    manage(release, "migrate", "--verbosity", "0")
    with sqlite3.connect(release) as connection:
        tokens = [token for (token,) in connection.execute("SELECT token FROM cases_image")]
    assert len(tokens) > 1
    assert all(tokens) and len(set(tokens)) == len(tokens)


def test_every_attempt_opens_afterwards(release):
    manage(release, "migrate", "--verbosity", "0")
    answers = json.loads(
        manage(release, "shell", "--no-imports", "-c", OPEN_EVERYTHING).splitlines()[-1]
    )
    assert len(answers) > 6 and set(answers.values()) == {200}, answers


def columns_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of every table of the game's own, by the table's name."""
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%!_%' ESCAPE '!'"
    ).fetchall()
    return {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for (table,) in tables
        if not table.startswith("sqlite_")
    }


def test_the_release_before_reads_and_writes_what_it_knows(release):
    """While an upgrade is rolled out, or rolled back, its code runs on the new schema: it reads
    all of its columns and writes rows that name no others.
    """
    with sqlite3.connect(release) as connection:
        before = columns_of(connection)
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in before}
    manage(release, "migrate", "--verbosity", "0")
    with sqlite3.connect(release) as connection:
        after = columns_of(connection)
        gone = {
            f"{table}.{column}"
            for table, columns in before.items()
            for column in columns
            if column not in after.get(table, [])
        }
        assert gone == set(), "expand first; contract in the release after"
        for table in TABLES:
            names = ", ".join(before[table])
            marks = ", ".join("?" * len(before[table]))
            connection.execute(f"DELETE FROM {table}")
            connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows[table])
