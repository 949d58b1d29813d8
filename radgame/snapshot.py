"""The database as a file of one moment, taken while the game runs; and back into an empty one."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections, transaction

WHERE = (
    *("dbname", "user", "host", "port", "service", "passfile", "target_session_attrs"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl"),
)
"""What PostgreSQL's own programs are told of the connection, the password aside."""


class SnapshotProblem(RuntimeError):
    """The database could not be written to a file, or read from one; the message says why."""


def file_name() -> str:
    """What the file of this kind of database is called in a backup."""
    return "database.sqlite3" if connection.vendor == "sqlite" else "database.dump"


@contextmanager
def taken(path: Path) -> Iterator[Any]:
    """Write the database to `path`; in the block, a cursor that reads just what was written.

    Raises:
        SnapshotProblem: the database's own programs are missing, or fail.
    """
    with _of_sqlite(path) if connection.vendor == "sqlite" else _of_postgresql(path) as cursor:
        yield cursor


@contextmanager
def _of_sqlite(path: Path) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    with closing(sqlite3.connect(path)) as copy:
        yield copy.cursor()


@contextmanager
def _of_postgresql(path: Path) -> Iterator[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
        _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={path}")
        yield cursor


def put_back(path: Path) -> None:
    """Make the database what `path` holds; it has to be empty.

    Raises:
        SnapshotProblem: it is not, or the database's own programs are missing, or fail.
    """
    if connection.introspection.table_names():
        raise SnapshotProblem(
            "The database holds something already, and nothing is overwritten: name an empty one "
            "in DATABASE_URL, or an empty folder in DATA_DIR."
        )
    if connection.vendor == "sqlite":
        _put_back_sqlite(path)
    else:
        options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _run("pg_restore", *options, str(path))


def _put_back_sqlite(path: Path) -> None:
    place = Path(connection.settings_dict["NAME"])
    connections.close_all()
    draft = place.with_name(f"{place.name}.part")
    shutil.copyfile(path, draft)
    with draft.open("rb+") as stream:
        os.fsync(stream.fileno())
    for beside in ("-wal", "-shm"):  # of the empty database
        place.with_name(place.name + beside).unlink(missing_ok=True)
    draft.replace(place)


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on the database of `DATABASE_URL`."""
    import psycopg

    given = connection.get_connection_params()
    where = psycopg.conninfo.make_conninfo(**{k: v for k, v in given.items() if k in WHERE})
    password = given.get("password")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    command = [program, "--no-password", f"--dbname={where}", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    except FileNotFoundError:
        raise SnapshotProblem(
            f"{program} is not installed: it comes with PostgreSQL's client (postgresql-client), "
            "of the server's version or a later one."
        ) from None
    if done.returncode != 0:
        raise SnapshotProblem(f"{program} failed: {done.stderr.strip()}")
