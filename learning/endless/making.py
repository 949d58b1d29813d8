"""Making the films that are wanted: in the worker of the queue “films”, when nothing else waits.

A film is made in a folder of its own, imported as a draft, and opened to its learner in one
transaction. Cut off anywhere, it goes on from there: files that are written are not made again, an
import that is done changes nothing.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from attempts.models import Attempt
from cases import made
from cases import services as library
from cases.importers.base import DatasetInfo, Problem, importer_named
from cases.models import Case
from cases.priority import stand_back
from learning import difficulties
from learning.endless import ct, stock
from learning.models import MadeFilm
from ml.simulate import store
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import SIZE, Aim
from ml.simulate.document import Wanted
from ml.simulate.plans import Plan, together
from ml.simulate.run import Job, make
from ml.simulate.twice import Twice

logger = logging.getLogger(__name__)

TITLE = "Films made for learners"
AT_ONCE_SECONDS = 240
"""After so long a task ends; the next one goes on."""
STUCK = timedelta(minutes=10)
NICE = 19
CLOSE = 1.2
"""Factor either way that the contrast of a film may be off what was wanted."""


def fill(size: int = SIZE, *, gated: bool = True) -> int:
    """Make films until none is wanted, somebody waits for a score, or a while has passed; how
    many.
    """
    end, count = time.monotonic() + AT_ONCE_SECONDS, 0
    opened: ct.Opened | None = None
    anatomy: Anatomy | None = None
    while time.monotonic() < end and is_idle():
        if stock.is_full():
            logger.warning(stock.FULL_DISK)
            break
        if ct.problem() or (film := stock.take_next()) is None:
            break
        try:
            if opened is None or anatomy is None:
                opened = ct.opened()
                anatomy = Anatomy(opened.base)
            count += make_film(film, anatomy, opened, size, gated=gated)
        except (OSError, DatabaseError, ct.CtProblem) as problem:
            logger.warning("A film could not be made: %s", problem)
            stock.put_back(film, f"It could not be made yet: {problem}")
            break
    return count


def is_idle() -> bool:
    """Whether nobody waits for a score; what waits longer than `STUCK` waits for something else."""
    waiting = Attempt.objects.filter(state=Attempt.State.SUBMITTED)
    return not waiting.filter(submitted_at__gt=Now() - STUCK).exists()


def make_film(
    film: MadeFilm, anatomy: Anatomy, opened: ct.Opened, size: int = SIZE, *, gated: bool = True
) -> bool:
    """Make the film of a row and open it to its learner; False where it passes no gates.

    Raises:
        OSError, DatabaseError: it cannot be kept; nothing of it is in the library.
    """
    folder, why = folder_of(film), ""
    try:
        failed = make(anatomy, job_of(film, opened.mark, size, gated=gated), folder)
        if failed:
            why = f"It does not pass {', '.join(failed)}."
        else:
            _keep(film, folder, opened.source)
    except DatabaseError:  # what was written is there for the next try
        raise
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except Exception as error:  # a film that cannot be made must not keep others from it
        logger.exception("Film %s could not be made.", film.key)
        why = f"{type(error).__name__}: {error}"
    shutil.rmtree(folder, ignore_errors=True)
    if why:
        _drop_draft(film)
        stock.give_up(film, why)
    return not why


def job_of(film: MadeFilm, mark: str, size: int = SIZE, *, gated: bool = True) -> Job:
    """What the row asks the simulator for; the same for the same row and CT."""
    aim = Aim(film.contrast / CLOSE, film.contrast * CLOSE, film.zone) if film.contrast else None
    plan = Plan(together(film.recipe) if film.recipe else (), lowered=True)
    twice = Twice(film.change, film.technique) if film.purpose in stock.PAIRS else None
    return Job(
        film.key, plan, film.seed, aim or "any", size, gated, mark, twice, behind=Wanted("all")
    )


def folder_of(film: MadeFilm) -> Path:
    return stock.work_folder() / film.key


def _keep(film: MadeFilm, folder: Path, source: str) -> None:
    """Import what was written and open it to the learner alone."""
    described = store.dataset_description(stock.SLUG, TITLE, 0, source)
    store.join(folder, [film.key], described)
    importer = importer_named("simulated")
    info: DatasetInfo = replace(importer.describe(folder), version=store.VERSION)
    items = importer.read(folder, importer.folders(folder))
    for outcome in library.import_cases(info, items, status=Case.Status.DRAFT, jobs=1):
        if isinstance(outcome, Problem) and outcome.kind == "case":
            raise OSError(outcome.sentence)
    with transaction.atomic():
        case = Case.objects.get(dataset__slug=stock.SLUG, source_key=film.key)
        row = MadeFilm.objects.select_for_update().filter(pk=film.pk).first()
        if row is None:  # the account was erased meanwhile
            made.remove(case=case)
            return
        made.publish_for(case=case, user=row.user)
        row.case, row.made_at, row.problem = case, timezone.now(), ""
        row.before = _before(folder, film.key)
        row.size = sum(map(default_storage.size, made.files_of(case)))
        row.save(update_fields=["case", "made_at", "problem", "size", "before"])
    difficulties.keep([case.pk])


def _before(folder: Path, key: str) -> list[dict[str, Any]]:
    """What the earlier of two films shows, which the importer leaves out; none of a single one."""
    document = json.loads((folder / store.FILE).read_text(encoding="utf-8"))
    entry = next(one for one in document["cases"] if one["key"] == key)
    found: list[dict[str, Any]] = entry.get("earlier", {}).get("findings", [])
    return found


def _drop_draft(film: MadeFilm) -> None:
    """Remove what was imported of a film that could not be opened to its learner."""
    drafts = Case.objects.filter(dataset__slug=stock.SLUG, source_key=film.key, made_for=None)
    for case in drafts.filter(status=Case.Status.DRAFT):
        made.remove(case=case)


def step_back() -> None:
    """Put this process behind every other one of the machine, for good."""
    try:
        stand_back(NICE - os.nice(0))
    except OSError:  # a container may forbid it
        logger.warning("The process that makes films could not give way to others.")
