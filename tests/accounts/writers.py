"""Writers of a game's SQLite in a process of their own, for `test_together`: `writers.py WHAT`.

`race`: threads write rows for ever, each printed once it is acknowledged. `count`: so many rows
named by how many there are. `share`: see there.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import django

THREADS, COUNTED = 8, 60


def race() -> None:
    from accounts.together import together
    from radgame.models import Heartbeat

    @together
    def write(name):
        return Heartbeat.objects.create(name=name).name

    def write_on(thread):
        for number in range(100_000):
            os.write(1, f"{write(f'{thread} {number}')}\n".encode())

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write_on, range(THREADS)))


def count() -> None:
    from django.db import transaction

    from radgame.models import Heartbeat

    for _ in range(COUNTED):
        with transaction.atomic():
            Heartbeat.objects.create(name=f"number {Heartbeat.objects.count()}")


def share() -> None:
    """While another connection writes, threads want to: each of them one row, of which one is
    refused by a rule, and one more row after their commit.
    """
    from django.conf import settings
    from django.db import transaction

    from accounts import together
    from radgame.models import Heartbeat
    from radgame.sqlite.base import DatabaseWrapper

    together.MOST = int(sys.argv[2])
    commits, after, commit = [], {}, DatabaseWrapper._commit

    def counted(self):
        commits.append(threading.get_ident())
        return commit(self)

    DatabaseWrapper._commit = counted

    @together.together
    def write(number):
        own = threading.get_ident()
        Heartbeat.objects.create(name=f"row {number}")
        transaction.on_commit(lambda: after.setdefault(number, threading.get_ident()))
        if number == 3:
            raise ValueError("no third row")
        return number, own

    def write_on(number):
        try:
            answer, _ = write(number)
        except ValueError as refusal:
            return str(refusal)
        return [answer, after[number] == threading.get_ident()]

    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(write_on, number) for number in range(THREADS)]
        while len(together._waiting) < THREADS:
            time.sleep(0.001)
        other.execute("COMMIT")
        told = [one.result() for one in answers]
    rows = sorted(Heartbeat.objects.filter(name__startswith="row").values_list("name", flat=True))
    print(json.dumps({"told": told, "commits": len(commits), "rows": rows}))


if __name__ == "__main__":
    django.setup()
    {"race": race, "count": count, "share": share}[sys.argv[1]]()
