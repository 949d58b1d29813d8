"""What the two images of `deploy/Dockerfile` hold and how soon they serve, without an engine.

`python -m bench images` makes each image's environment from the lock files, as its Dockerfile does,
in a temporary folder, and starts the processes from it as containers start them: production
settings, an empty SQLite, a Redis of its own. So the seconds are those of processes: an engine's
own time to fetch an image and make a container comes on top. Of `models` the worker that its image
starts is timed too, until it answers a ping; it loads no model then. `--only slim` leaves out the
other image, which takes several GB. `--environments FOLDER` keeps them there, and takes those that
it finds. What pip keeps of earlier downloads is used as it is found.
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
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import redis
from celery import Celery

from bench.figures import Figure, show
from radgame.embedded import embedded_redis
from radgame.environment import celery_url
from tests.game import NOT_INHERITED, ROOT, free_port

IMAGES = {"slim": ("core", "production"), "models": ("core", "production", "models")}
"""The lists of `requirements/` that an image holds; torch comes with the last."""
PATIENCE_SECONDS = 180
PIP = ("install", "--quiet", "--no-deps", "--require-hashes")
WHOLE = "radgame-whole"
"""A file of an environment that was made to its end."""


def environment_of(image: str, folder: Path) -> Path:
    """The environment's folder of programs; made, unless it is there."""
    if (folder / WHOLE).exists():
        return folder / "bin"
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
    (folder / WHOLE).touch()
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


def wait_until(what: str, is_so: Callable[[], bool]) -> float:
    """The moment at which it is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if is_so():
            return time.monotonic()
        time.sleep(0.02)
    raise SystemExit(f"{what}: not within {PATIENCE_SECONDS} s.")


def wait_for(address: str) -> float:
    """The moment at which the address answers by 200."""
    asked = urllib.request.Request(address, headers={"Host": "localhost"})

    def answers() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.status == 200
        return False

    return wait_until(address, answers)


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


def one_start_of_models(programs: Path, variables: dict[str, str]) -> dict[str, float]:
    """The same of the worker that the image `models` starts by itself."""
    name = f"models@bench-{secrets.token_hex(4)}"
    command = [str(programs / "celery"), "-A", "radgame", "worker", "--queues", "models"]
    command += ["--pool", "threads", "--concurrency", "4", "--hostname", name]
    control = Celery(broker=celery_url(variables["REDIS_URL"])).control

    def answers() -> bool:
        with contextlib.suppress(redis.RedisError, OSError):
            return bool(control.ping(destination=[name], timeout=0.1))
        return False

    begun = time.monotonic()
    with running(command, variables) as worker:
        return {
            "models' worker, start to first answer, s": wait_until(name, answers) - begun,
            "models' worker, MB": worker.memory_info().rss / 1e6,
        }


def figures_of(image: str, starts: int, environments: Path | None = None) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="radgame-image-") as made, embedded_redis() as (url, _):
        folder = Path(made)
        programs = environment_of(image, (environments or folder) / image)
        variables = settings_for(folder / "data", url)
        manage = [str(programs / "python"), "manage.py"]
        for command in (["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "-v", "0"]):
            subprocess.run([*manage, *command], cwd=ROOT, env=variables, check=True)
        size = sum(path.lstat().st_size for path in programs.parent.rglob("*")) / 1e6
        measured = []
        for _ in range(starts):
            # Nothing was heard of a worker yet: what is waited for is this start's.
            forget = "from radgame.models import Heartbeat; Heartbeat.objects.all().delete()"
            subprocess.run(
                [*manage, "shell", "-v", "0", "-c", forget], cwd=ROOT, env=variables, check=True
            )
            measured.append(one_start(programs, variables))
            if image == "models":
                measured[-1] |= one_start_of_models(programs, variables)
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
    parser.add_argument("--environments", type=Path, help="a folder to keep or find them in")
    options = parser.parse_args()
    figures = []
    for image in [options.only] if options.only else IMAGES:
        figures += figures_of(image, options.starts, options.environments)
    busy = os.getloadavg()[0]
    print("Simulated: the images' processes, no engine.")
    return show(f"The images, {psutil.cpu_count()} processors, load {busy:.1f} at the end", figures)


if __name__ == "__main__":
    sys.exit(main())
