"""`python -m bench pages`: processor time and queries of the pages that learners ask for most.

In production settings, on SQLite with a library of a thousand cases, inside one process
(`bench.inside`): by processor time, so that what else runs on the machine counts little.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile

from bench.figures import Figure, show
from bench.growth import in_production
from tests.game import ROOT

CASES = 1000
MOST_MS = {"case page": 7, "home": 9}
BEGIN = """
from accounts.models import User
from cases.models import Case
User.objects.create(username="bench", password="!")
print(Case.objects.order_by("pk")[0].public_id)
"""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="radgame-pages-") as folder:
        environment = in_production(folder)

        def run(*words: str) -> str:
            command = [sys.executable, *words]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
            return done.stdout

        run("manage.py", "migrate", "--verbosity", "0")
        run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        run("-m", "bench.library", str(CASES))
        case = run("manage.py", "shell", "--verbosity", "0", "--command", BEGIN).split()[-1]
        addresses = {
            "case page": f"/localize/cases/{case}/",
            "report page": f"/report/cases/{case}/",
            "home": "/home/",
            "next case": "/next/localize/",
        }
        asked = [f"{name}|bench|{address}" for name, address in addresses.items()]
        rows = json.loads(run("-m", "bench.inside", "--times", "100", *asked))
    figures = [
        Figure(
            f"{row['name']}, {row['queries']} queries",
            row["processor"],
            "ms",
            MOST_MS.get(row["name"]),
        )
        for row in rows
    ]
    return show("Processor time of pages, median of 100", figures)


if __name__ == "__main__":
    sys.exit(main())
