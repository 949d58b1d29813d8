"""What the two images of `deploy/Dockerfile` hold and how soon they serve, without an engine.

`python -m bench images` makes each image's environment from the lock files, as its Dockerfile does,
in a temporary folder, and starts the processes from it as containers start them: production
settings, an empty SQLite, a Redis of its own. `--only slim` leaves out the other, which takes
several GB. What pip keeps of earlier downloads is used as it is found.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.figures import Figure, show
from radgame.embedded import embedded_redis
from tests.game import NOT_INHERITED, ROOT, free_port

IMAGES = {"slim": ("core", "production"), "models": ("core", "production", "models")}
"""The lists of `requirements/` that an image holds; torch comes with the last."""
PATIENCE_SECONDS = 180
PIP = ("install", "--quiet", "--no-deps", "--require-hashes")


def environment_of(image: str, folder: Path) -> Path:
    """The environment's folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    locks = [f"--requirement={ROOT / 'requirements' / f'{name}.lock'}" for name in IMAGES[image]]
    more = ["--use-pep517"] if image == "models" else []
    subprocess.run([*pip, *PIP, *more, *locks], check=True)
    if image == "models":
        torch = next(
            line
            for line in (ROOT / "requirements" / "models.txt").read_text().splitlines()
            if line.startswith("torch==")
        )
        # That of processors where pip's sources have it, as in the image.
        tried = [f"{torch}+cpu", torch]
        if not any(
            subprocess.run([*pip, "install", "--quiet", wanted], check=False).returncode == 0
            for wanted in tried
        ):
            raise SystemExit(f"{torch} cannot be installed.")
    subprocess.run([str(python), "-m", "compileall", "-q", str(folder)], check=False)
    return folder / "bin"


def settings_for(folder: Path, redis_url: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {
        **inherited,
        "ENVIRONMENT": "production",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "localhost",
        "DATA_DIR": str(folder),
        "REDIS_URL": redis_url,
    }


@contextlib.contextmanager
def running(command: list[str], variables: dict[str, str]) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, cwd=ROOT, env=variables)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


def wait_for(address: str) -> float:
    """The moment at which the address answers by 200."""
    asked = urllib.request.Request(address, headers={"Host": "localhost"})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(asked, timeout=5) as answer:
            if answer.status == 200:
                return time.monotonic()
        time.sleep(0.02)
    raise SystemExit(f"{address} did not answer within {PATIENCE_SECONDS} s.")


def one_start(programs: Path, variables: dict[str, str]) -> dict[str, float]:
    """Seconds from the first process' start, and MB of each, of one start of all three."""
    python = str(programs / "python")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    celery = [str(programs / "celery"), "-A", "radgame", "worker", "--concurrency", "2"]
    begun = time.monotonic()
    with (
        running([python, "manage.py", "web", "--port", str(port)], variables) as web,
        running(celery, variables) as worker,
        running([python, "manage.py", "periodic"], variables),
    ):
        return {
            "start to /healthz, s": wait_for(f"{address}/healthz") - begun,
            "start to /readyz, s": wait_for(f"{address}/readyz") - begun,
            "start to /readyz/all (a worker has answered), s": wait_for(f"{address}/readyz/all")
            - begun,
            "web process, MB": web.memory_info().rss / 1e6,
            "worker's main process, MB": worker.memory_info().rss / 1e6,
        }


def figures_of(image: str, starts: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="radgame-image-") as made, embedded_redis() as (url, _):
        folder = Path(made)
        programs = environment_of(image, folder / "venv")
        variables = settings_for(folder / "data", url)
        manage = [str(programs / "python"), "manage.py"]
        for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "-v", "0"]):
            subprocess.run([*manage, *command], cwd=ROOT, env=variables, check=True)
        size = sum(path.lstat().st_size for path in (folder / "venv").rglob("*")) / 1e6
        measured = []
        for _ in range(starts):
            # Nothing was heard of a worker yet: what is waited for is this start's.
            forget = "from radgame.models import Heartbeat; Heartbeat.objects.all().delete()"
            subprocess.run(
                [*manage, "shell", "-v", "0", "-c", forget], cwd=ROOT, env=variables, check=True
            )
            measured.append(one_start(programs, variables))
    figures = [Figure(f"{image}: packages on disk", size, "MB")]
    for name in measured[0]:
        what, unit = name.rsplit(", ", 1)
        value = statistics.median(each[name] for each in measured)
        figures.append(Figure(f"{image}: {what}", value, unit))
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench images", description=__doc__)
    parser.add_argument("--only", choices=IMAGES, help="this image alone")
    parser.add_argument("--starts", type=int, default=3, help="the median of so many is printed")
    options = parser.parse_args()
    figures = []
    for image in [options.only] if options.only else IMAGES:
        figures += figures_of(image, options.starts)
    return show(f"The images, {psutil.cpu_count()} processors", figures)


if __name__ == "__main__":
    sys.exit(main())
