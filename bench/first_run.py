"""The first run of a newcomer: from a clean clone to the first scored case.

`python -m bench.first_run` clones what is committed into a temporary folder and runs `make run`
there, as a newcomer does; then each step by itself, one after the other, in another clone. What
pip and npm keep of earlier downloads is used as they find it. It wants an idle machine.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.figures import Figure, show
from tests.game import NOT_INHERITED, ROOT, Game, free_port, wait_until_ready
from tests.stack.test_real_worker import Play

ENOUGH_SECONDS = 60
STEPS = (
    ("python -m venv", ["make", ".venv/bin/python"]),
    ("pip", ["make", "install"]),
    ("npm", ["make", "node_modules/.package-lock.json"]),
    ("front end", ["make", "build"]),
    ("database", [".venv/bin/python", "manage.py", "migrate", "--verbosity", "0"]),
)


def variables() -> dict[str, str]:
    """The environment without what this process's own environment adds to it."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    here = str(Path(sys.prefix) / "bin")
    folders = [name for name in os.environ["PATH"].split(os.pathsep) if name != here]
    kept = ("DATA_DIR", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")
    inherited = {name: value for name, value in inherited.items() if name not in kept}
    return {**inherited, "PATH": os.pathsep.join(folders)}


@contextmanager
def clone() -> Iterator[Path]:
    """A clean clone of what is committed, for as long as the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="radgame-first-"))
    try:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "radgame")], check=True)
        yield folder / "radgame"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def first_run(folder: Path) -> list[Figure]:
    """Seconds from `make run` to the game's address and to the first scored case."""
    begun = time.monotonic()
    process = subprocess.Popen(
        ["make", "run", f"ARGS=--port {free_port()}"],
        cwd=folder,
        env=variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    game = Game(process, folder / "data", "")
    try:
        wait_until_ready(game)
        ready = time.monotonic() - begun
        play = Play(game)
        play.submit().raise_for_status()
        play.wait_until_scored()
        played = time.monotonic() - begun
        game.line(r"^All \d+ demo cases are loaded", patience=300)
        loaded = time.monotonic() - begun
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)
    return [
        Figure("make run to the first scored case", played, "s", ENOUGH_SECONDS),
        Figure("make run to the game's address", ready, "s"),
        Figure("make run to all demo cases", loaded, "s"),
    ]


def steps(folder: Path) -> list[Figure]:
    """Seconds of each step by itself; in `make run` pip and npm work side by side."""
    figures = []
    for name, command in STEPS:
        begun = time.monotonic()
        subprocess.run(command, cwd=folder, env=variables(), check=True, stdout=subprocess.DEVNULL)
        figures.append(Figure(f"  {name}", time.monotonic() - begun, "s"))
    return figures + start(folder)


def start(folder: Path) -> list[Figure]:
    """Seconds of `manage.py play` for the first dozen cases, and from there until it answers."""
    command = [".venv/bin/python", "manage.py", "play", "--port", str(free_port())]
    process = subprocess.Popen(
        command, cwd=folder, env=variables(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    moments: dict[str, float] = {}
    for line in process.stdout:
        if found := re.match(r"Loading \d+ demo|\d+ simulated cases loaded|RadGame is ready", line):
            moments[found[0].split()[-1]] = time.monotonic()
        if "ready" in moments:
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    return [
        Figure("  the first dozen demo cases", moments["loaded"] - moments["demo"], "s"),
        Figure("  from there to the address", moments["ready"] - moments["loaded"], "s"),
    ]


def size(folder: Path, name: str) -> Figure:
    found = [path for path in (folder / name).rglob("*") if not path.is_symlink()]
    return Figure(f"  {name} on disk", sum(path.lstat().st_size for path in found) / 1e6, "MB")


def main() -> int:
    with clone() as folder:
        figures = first_run(folder)
        figures += [size(folder, name) for name in (".venv", "node_modules", "data")]
    with clone() as folder:
        figures += steps(folder)
    return show(f"The first run, {psutil.cpu_count()} processors", figures)


if __name__ == "__main__":
    sys.exit(main())
