"""Making many cases on all processors; what is there already is not made again."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.simulate import base as volumes
from ml.simulate import store
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import SIZE, Difficulty, generate
from ml.simulate.plans import Plan

_anatomy: Anatomy | None = None


@dataclass(frozen=True)
class Job:
    """One case to make and where it goes."""

    key: str
    plan: Plan
    seed: int
    difficulty: Difficulty = "any"
    size: int = SIZE

    @property
    def recipe(self) -> str:
        """What the case is made of: another recipe makes it anew."""
        parts = (store.VERSION, self.seed, self.difficulty, self.size, *self.plan.findings)
        return " ".join(map(str, parts)) + (" lateral" if self.plan.lateral else "")


def run(
    base: volumes.Base,
    work: Sequence[Job],
    folder: Path,
    processes: int,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Make the cases of `work` that `folder` lacks; returns how many were made.

    `progress` is called with the number of cases that are there.
    """
    missing = [job for job in work if not store.is_written(folder, job.key, job.recipe)]
    done = len(work) - len(missing)
    progress(done)
    if not missing:
        return 0
    if processes <= 1:
        anatomy = Anatomy(base)
        for job in missing:
            _make(anatomy, job, folder)
            done += 1
            progress(done)
        return len(missing)
    with TemporaryDirectory() as shared:
        base.save(Path(shared))
        with ProcessPoolExecutor(
            min(processes, len(missing)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(shared,),
        ) as pool:
            futures = [pool.submit(_make_here, job, folder) for job in missing]
            for future in as_completed(futures):
                future.result()
                done += 1
                progress(done)
    return len(missing)


def _start(shared: str) -> None:
    global _anatomy
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _anatomy = Anatomy(volumes.opened(Path(shared)))


def _make_here(job: Job, folder: Path) -> None:
    assert _anatomy is not None
    _make(_anatomy, job, folder)


def _make(anatomy: Anatomy, job: Job, folder: Path) -> None:
    case = generate(anatomy, job.key, job.plan, job.seed, job.difficulty, job.size)
    store.write_case(folder, case, job.recipe)
