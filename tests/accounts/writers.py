"""Writers of a game's SQLite in a process of their own, for `test_together`: `writers.py WHAT`.

`race`: threads write rows for ever, each printed once it is acknowledged. `count`: so many rows
named by how many there are. `share`, `patience`: see there.
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
    """While another connection writes, threads want to: each of them one row, and one more step
    after their commit. One of them does something else after its row. Again for each such thing.
    """
    from django.conf import settings
    from django.db import connection, transaction

    from accounts import together
    from radgame.models import Heartbeat
    from radgame.sqlite.base import DatabaseWrapper

    together.MOST = int(sys.argv[2])
    commits, after, commit = [], {}, DatabaseWrapper._commit

    def counted(self):
        commits.append(threading.get_ident())
        return commit(self)

    DatabaseWrapper._commit = counted

    def refuse():
        raise ValueError("no")

    def end():
        raise SystemExit("no")

    def undo():  # as SQLite does where the disk fails it
        connection.connection.execute("ROLLBACK")
        raise ValueError("no")

    things = {"refuse": refuse, "end": end, "undo": undo, "close": lambda: connection.close()}

    @together.together
    def write(number, does):
        Heartbeat.objects.create(name=f"row {number}")
        transaction.on_commit(lambda: after.setdefault(number, []).append(threading.get_ident()))
        if does:
            things[does]()
        return number

    def write_on(number, does):
        try:
            answer = write(number, does)
        except BaseException as refusal:
            return str(refusal)
        return [answer, after[number] == [threading.get_ident()]]

    def share_with(odd, does):
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(THREADS) as pool:
            answers = []
            for number in range(THREADS):
                answers.append(pool.submit(write_on, number, does if number == odd else ""))
                wait_for(number + 1, answers)
            other.execute("COMMIT")
            return [one.result() for one in answers]

    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    every = Heartbeat.objects.filter(name__startswith="row").order_by("name")
    for odd, does in zip(sys.argv[3::2], sys.argv[4::2], strict=True):
        told, rows = share_with(int(odd), does), list(every.values_list("name", flat=True))
        print(json.dumps({"told": told, "commits": len(commits), "rows": rows}))
        every.delete(), commits.clear(), after.clear()


def wait_for(count, answers) -> None:
    """Until so many wait for their turn, or one has stopped waiting."""
    from accounts import together

    while len(together._waiting) < count and not any(one.done() for one in answers):
        time.sleep(0.001)


def patience() -> None:
    """Somebody's time is up while another, who has just come, waits for the same turn."""
    from django.conf import settings

    from accounts import together
    from radgame.models import Heartbeat
    from radgame.sqlite.base import PATIENCE_SECONDS

    @together.together
    def write(name):
        return Heartbeat.objects.create(name=name).name

    other = sqlite3.connect(settings.DATABASES["default"]["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    early = together._Write(lambda: None)
    early.came -= PATIENCE_SECONDS
    together._waiting.append(early)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(write, "late")
        while not (early.is_over or late.done()):
            time.sleep(0.001)
        other.execute("COMMIT")
        print(json.dumps({"early": str(early.refusal), "late": late.result()}))


if __name__ == "__main__":
    django.setup()
    {"race": race, "count": count, "share": share, "patience": patience}[sys.argv[1]]()
