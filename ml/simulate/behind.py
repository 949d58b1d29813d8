"""What lies behind a film that is there already, made anew from its plan: a file beside the set.

The same key, plan and seed give the same person, so that outlines made later lie where the film
shows them (`document.py` has what is written).
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.simulate import document as documents
from ml.simulate import measures, store
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import SimulatedCase, generate
from ml.simulate.document import Wanted
from ml.simulate.projector import View
from ml.simulate.run import ATTEMPTS, Job, anatomy_here, start_process
from ml.simulate.standing import beginning, stood

NEARLY = 0.03
"""How far what is measured of a finding's visibility may be off in a film that is made anew."""


OUTLINES = Wanted()


class Unlike(ValueError):
    """The film cannot be made anew: another version of the generator made it."""


def is_made(folder: Path, entry: dict[str, Any], wanted: Wanted = OUTLINES) -> bool:
    """Whether a case has its document, made for the film that is there now."""
    found = documents.read(folder, entry["key"])
    if wanted.lacks_layers(found) or wanted.lacks_ct(found):
        return False
    return documents.is_current(found, _mark(folder, entry))


def _mark(folder: Path, entry: dict[str, Any]) -> str:
    return documents.film_mark(folder, entry["images"][0]["file"])


def make_all(
    base: Path, work: Sequence[Job], folder: Path, processes: int, wanted: Wanted = OUTLINES
) -> Iterator[tuple[str, str]]:
    """Write what the cases of `folder` lack, from the CT made ready in `base`.

    Yields each key when it is done, with a sentence where it could not be made.
    """
    text = (folder / store.FILE).read_text(encoding="utf-8")
    entries = {entry["key"]: entry for entry in json.loads(text)["cases"]}
    missing = [
        job for job in work if job.key in entries and not is_made(folder, entries[job.key], wanted)
    ]
    if not missing:
        return
    with ProcessPoolExecutor(
        min(processes, len(missing)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_process,
        initargs=(str(base),),
    ) as pool:
        futures = {
            pool.submit(_make_here, job, entries[job.key], folder, wanted): job.key
            for job in missing
        }
        for future in as_completed(futures):
            problem = future.exception()
            yield futures[future], f"{problem}" if problem else ""


def _make_here(job: Job, entry: dict[str, Any], folder: Path, wanted: Wanted) -> None:
    make(anatomy_here(), job, entry, folder, wanted)


def make(
    anatomy: Anatomy, job: Job, entry: dict[str, Any], folder: Path, wanted: Wanted = OUTLINES
) -> None:
    """Write the outlines of a case of `folder`, as `cases.json` has it, and what else is wanted.

    Raises:
        Unlike: the plan gives another film than the one that is there.
    """
    attempt, view = again(anatomy, job, entry)
    found = documents.read(folder, job.key)
    found = documents.outlined(anatomy, view, _mark(folder, entry), found)
    if wanted.lacks_layers(found) or wanted.lacks_ct(found):
        case = _generated(anatomy, job, entry, attempt)
        documents.add_pictures(anatomy, case, job.plan.findings, folder, wanted, found)
    documents.write(folder, job.key, found)


def case_again(anatomy: Anatomy, job: Job, entry: dict[str, Any]) -> SimulatedCase:
    """The case that an entry of `cases.json` tells of, made anew.

    Raises:
        Unlike: the plan gives another one.
    """
    attempt, _ = again(anatomy, job, entry)
    return _generated(anatomy, job, entry, attempt)


def _generated(anatomy: Anatomy, job: Job, entry: dict[str, Any], attempt: int) -> SimulatedCase:
    case = generate(anatomy, job.key, job.plan, job.seed, job.difficulty, job.size, attempt=attempt)
    check(case, entry)
    return case


def check(case: SimulatedCase, entry: dict[str, Any]) -> None:
    """That a case made anew says what the one that is there says.

    Raises:
        Unlike: it does not; visibility, which is measured, may be off by a little.
    """
    said = json.loads(json.dumps(store.entry_of(case)))
    if said["report"] != entry["report"] or not _alike(said["findings"], entry["findings"]):
        raise Unlike(f"{case.key} cannot be made anew: its plan gives other findings.")


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= NEARLY * max(abs(one), 1e-9)
    return bool(one == other)


def again(anatomy: Anatomy, job: Job, entry: dict[str, Any]) -> tuple[int, View]:
    """Which attempt a case came of, and the exposure of its person.

    Raises:
        Unlike: none gives the person that the entry measures.
    """
    told = (entry["age"], entry["sex"], entry["indication"])
    for attempt in range(ATTEMPTS if job.gated else 1):
        rng, patient = beginning(job.key, job.plan, job.seed, attempt)
        if (patient.age, patient.sex, patient.indication) != told:
            continue
        view = stood(anatomy, rng, patient, job.plan, job.size)
        measured = json.loads(json.dumps(asdict(measures.of_person(anatomy, view))))
        if all(entry["measured"].get(name) == value for name, value in measured.items()):
            return attempt, view
    raise Unlike(f"{job.key} cannot be made anew: its plan gives another person.")
