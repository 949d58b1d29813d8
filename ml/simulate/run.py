"""Making many cases on all processors; what is there already is not made again."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.simulate import base as volumes
from ml.simulate import document as documents
from ml.simulate import gates, store
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import SIZE, Aim, Difficulty, SimulatedCase, generate
from ml.simulate.plans import Plan
from ml.simulate.twice import Twice, generate_twice
from ml.simulate.visits import Visit, generate_visit

ATTEMPTS = 5
_anatomy: Anatomy | None = None


@dataclass(frozen=True)
class Job:
    """One case to make and where it goes."""

    key: str
    plan: Plan
    seed: int
    difficulty: Difficulty | Aim = "any"
    size: int = SIZE
    gated: bool = True
    """Whether it must pass the gates to be written."""
    ct: str = ""
    """What tells the CT from others (`sources.mark_of`); empty where there is but one."""
    twice: Twice | None = None
    """What the person's earlier film is like, where there is to be one."""
    visit: Visit | None = None
    """What has become of the person since an earlier film; `plan` is today's then."""
    behind: documents.Wanted | None = None
    """What lies behind its film that is written with it; None: nothing."""

    @property
    def recipe(self) -> str:
        """What the case is made of: another recipe makes it anew."""
        parts = (store.VERSION, self.seed, self.difficulty, self.size, *self.plan.findings)
        reason = self.plan.reason.text if self.plan.reason else ""
        made = f"{' '.join(map(str, parts))}{' lateral' * self.plan.lateral} {reason}".rstrip()
        made = f"{made}{' lowered' * self.plan.lowered}"
        made = f"{made}{' ungated' * (not self.gated)} {self.ct}".rstrip()
        other = self.twice or self.visit
        return f"{made} {other}" if other else made


@dataclass
class Done:
    """What a run has made, and which cases it could not make."""

    made: int = 0
    left_out: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Key → the gates that failed in the last attempt, or what went wrong instead."""

    def add(self, key: str, failed: tuple[str, ...]) -> None:
        if failed:
            self.left_out[key] = failed
        else:
            self.made += 1


def run(
    base: volumes.Base | Path,
    work: Sequence[Job],
    folder: Path,
    processes: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Done:
    """Make the cases of `work` that `folder` lacks, each anew until it passes the gates.

    `base` may be the folder that one was saved in. Whichever case cannot be made does not keep the
    others from being made. `progress` is called with the number of cases that are done with.
    """
    missing = [job for job in work if not store.is_written(folder, job.key, job.recipe)]
    done, count = Done(), len(work) - len(missing)
    for job in missing:
        failed = store.given_up(folder, job.key, job.recipe)
        if failed:
            done.add(job.key, failed)
            count += 1
    missing = [job for job in missing if job.key not in done.left_out]
    progress(count)
    if not missing:
        return done
    if processes <= 1 or len(missing) == 1:
        anatomy = Anatomy(volumes.opened(base) if isinstance(base, Path) else base)
        for number, job in enumerate(missing, start=count + 1):
            done.add(job.key, _outcome(partial(make, anatomy, job, folder)))
            progress(number)
        return done
    with TemporaryDirectory() as folder_of_base:
        shared = base if isinstance(base, Path) else Path(folder_of_base)
        if not isinstance(base, Path):
            base.save(shared)
        with ProcessPoolExecutor(
            min(processes, len(missing)),
            mp_context=multiprocessing.get_context("spawn"),
            initializer=start_process,
            initargs=(str(shared),),
        ) as pool:
            futures = {pool.submit(_make_here, job, folder): job.key for job in missing}
            for number, future in enumerate(as_completed(futures), start=count + 1):
                done.add(futures[future], _outcome(future.result))
                progress(number)
    return done


def _outcome(make: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """The gates a case failed; of one whose making broke off, why."""
    try:
        return make()
    except Exception as error:  # one bad case must not cost the others
        return (f"{type(error).__name__}: {error}"[:120],)


def start_process(shared: str) -> None:
    """Open the CT in the folder `shared` for what this process is going to make."""
    global _anatomy
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _anatomy = Anatomy(volumes.opened(Path(shared)))


def anatomy_here() -> Anatomy:
    """The CT that `start_process` has opened."""
    assert _anatomy is not None
    return _anatomy


def _make_here(job: Job, folder: Path) -> tuple[str, ...]:
    return make(anatomy_here(), job, folder)


def make(anatomy: Anatomy, job: Job, folder: Path) -> tuple[str, ...]:
    """Write the first attempt that passes all gates; else nothing, and which gates failed.

    What is written already is not made again, and is no failure.

    Raises:
        OSError: it cannot be written.
    """
    if store.is_written(folder, job.key, job.recipe):
        return ()
    case, failed = first_that_passes(anatomy, job)
    if case is None:
        store.give_up(folder, job.key, job.recipe, failed)
        return failed
    store.write_pictures(folder, case)
    if job.behind:
        mark = documents.film_mark(folder, store.entry_of(case)["images"][0]["file"])
        with contextlib.suppress(OSError):  # the case stands without it
            documents.write_new(anatomy, case, job.plan.findings, folder, mark, job.behind)
    store.write_entry(folder, case, job.recipe)
    return ()


def first_that_passes(anatomy: Anatomy, job: Job) -> tuple[SimulatedCase | None, tuple[str, ...]]:
    """The first attempt that passes all gates; else None, and which gates the last one failed."""
    failed: tuple[str, ...] = ()
    for attempt in range(ATTEMPTS if job.gated else 1):
        case = _generated(anatomy, job, attempt)
        verdicts = gates.judge(store.entry_of(case)) if job.gated else []
        failed = tuple(dict.fromkeys(v.gate for v in verdicts if not v.passed))
        if not failed:
            return case, ()
    return None, failed


def _generated(anatomy: Anatomy, job: Job, attempt: int) -> SimulatedCase:
    if job.visit:
        return generate_visit(anatomy, job.key, job.visit, job.seed, job.size, attempt)
    asked = (anatomy, job.key, job.plan, job.seed, job.difficulty, job.size)
    if job.twice:
        return generate_twice(*asked, attempt=attempt, twice=job.twice)
    return generate(*asked, attempt=attempt)
