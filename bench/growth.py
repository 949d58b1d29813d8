"""`python -m bench growth --database postgresql://… [--size CASES LEARNERS OUTCOMES]`.

For each size a database is made on that server, filled (`bench.seed`), asked for every page inside
one process in production settings (`bench.inside`), and dropped again. Prints in Markdown each
page's queries and time by the clock; queries have to be as many at every size, and the median
within 50 ms. `--plans MS` shows how the database goes about statements that take longer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.game import NOT_INHERITED, ROOT

PAGE_MS = 50
SIZES = ((1_000, 10, 1_000), (10_000, 1_000, 1_000_000), (100_000, 10_000, 10_000_000))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench growth", description=__doc__.split("\n")[0])
    parser.add_argument("--database", required=True, help="postgresql://… of a server")
    parser.add_argument("--size", type=int, nargs=3, action="append", metavar="COUNT")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--plans", type=float, default=0, metavar="MS")
    given = parser.parse_args()
    sizes = [tuple(size) for size in given.size or SIZES]
    measured = {size: at_size(given.database, size, given.times, given.plans) for size in sizes}
    print(table_of(measured))
    return int(any(problems_of(measured)))


def at_size(server: str, size: tuple[int, ...], times: int, plans: float) -> list[dict[str, Any]]:
    """Rows of `bench.inside` in a database of that size."""
    import psycopg

    name = f"radgame_growth_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        with tempfile.TemporaryDirectory(prefix="radgame-growth-") as folder:
            url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            environment = in_production(folder, url)
            _run(environment, "manage.py", "migrate", "--verbosity", "0")
            _run(environment, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
            begun = time.monotonic()
            pages = json.loads(_run(environment, "-m", "bench.seed", *map(str, size)))
            print(f"{size}: filled in {time.monotonic() - begun:.0f} s", file=sys.stderr)
            asked = ["|".join((page, *where)) for page, where in pages.items()]
            options = ["--times", str(times), "--plans", str(plans)]
            return json.loads(_run(environment, "-m", "bench.inside", *options, *asked))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def in_production(folder: str, database: str = "") -> dict[str, str]:
    """The environment of a game in production with its data in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return kept | {
        "ENVIRONMENT": "production",
        "SECRET_KEY": "of a measurement only " + uuid.uuid4().hex * 2,
        "ALLOWED_HOSTS": "localhost",
        "DATA_DIR": folder,
        "LOG_LEVEL": "ERROR",
        **({"DATABASE_URL": database} if database else {}),
    }


def _run(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, *words]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def problems_of(measured: dict[tuple[int, ...], list[dict[str, Any]]]) -> list[str]:
    """Pages that are slow, fail, or ask more where there is more."""
    found = []
    for size, rows in measured.items():
        found += [
            f"{row['name']} at {size}: {row['status']}" for row in rows if row["status"] >= 400
        ]
        found += [f"{row['name']} at {size}: slow" for row in rows if row["wall"] > PAGE_MS]
    first, *others = measured.values()
    for rows in others:
        for before, after in zip(first, rows, strict=True):
            if after["queries"] > before["queries"]:
                found.append(f"{after['name']}: more queries")
    return found


def table_of(measured: dict[tuple[int, ...], list[dict[str, Any]]]) -> str:
    heads = [f"{cases:,} cases, {outcomes:,} outcomes" for cases, _, outcomes in measured]
    lines = [
        "| page | "
        + " | ".join(f"{head}: queries, ms (processor, by the clock)" for head in heads)
        + " |",
        "| --- |" + " ---: |" * len(heads),
    ]
    for rows in zip(*measured.values(), strict=True):
        cells = [f"{row['queries']}, {row['processor']:.1f}, {row['wall']:.1f}" for row in rows]
        lines.append(f"| {rows[0]['name']} | " + " | ".join(cells) + " |")
    problems = problems_of(measured)
    return "\n".join(
        [*lines, "", *(problems or ["No page is slow or asks more where there is more."])]
    )


if __name__ == "__main__":
    sys.exit(main())
