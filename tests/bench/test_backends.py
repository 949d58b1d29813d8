"""What the database takes of this machine is counted by the load measurement, too."""

from __future__ import annotations

import pytest
from django.db import connection

from bench.load import backends_of


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite is in its processes")
def test_the_processes_of_connections_are_found():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [own] = cursor.fetchone()
    name = connection.settings_dict["NAME"]
    assert own in {process.pid for process in backends_of(name)}
    assert own not in {process.pid for process in backends_of(f"{name}_of_somebody_else")}
