"""What lies behind a simulated film, made when a learner asks for it, where a CT is there.

The person's CT, and what else the film lacks: outlines, and what it is without parts of it.
Of a film of the demo set or of one that was made for a learner: the plan gives the same person and
findings again, which is checked. What could not be made leaves a note, so that the page says why.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from celery import signature
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.db.models import F

from cases import made
from cases.behind import keep_ct
from cases.demo_set import FOLDER
from cases.models import Case, Image, Layer
from feedback.seen_through import CtMaker
from learning.endless import ct, stock
from learning.models import MadeFilm

if TYPE_CHECKING:
    from ml.simulate.anatomy import Anatomy
    from ml.simulate.cases import SimulatedCase
    from ml.simulate.run import Job

logger = logging.getLogger(__name__)

DEMO = "simulated"
"""The data set of the demo films."""
SPACING_MM = 2.0
"""Voxels are finer than those that ship with the demo films: no download has to hold them."""
UNLIKE = "The CT behind this film cannot be made: another version made the film."
NOT_KEPT = "The CT behind this film could not be kept: is the disk full? Ask again later."


class Unlike(ValueError):
    """The plan gives another film than the one that is there."""


def can_make(case: Case) -> bool:
    """Whether a film is one of those whose person can be made again, of the CT that is here."""
    if ct.problem() or stock.is_full():
        return False
    if case.images.filter(study=Image.Study.PRIOR).exists():
        return False  # two films of one person come of another plan
    if case.dataset.slug == DEMO:
        return ct.is_of_demo()
    return _film_of(case) is not None


def ask(case: Case) -> None:
    """Have the CT made by the worker of films; what failed for good is not tried again."""
    if problem(case) == UNLIKE:
        return
    _note(case.pk).unlink(missing_ok=True)
    transaction.on_commit(lambda: _wake(case.pk), robust=True)


def problem(case: Case) -> str:
    """Why a CT could not be made, in a sentence; empty where nobody tried or it may come yet."""
    try:
        return _note(case.pk).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


MAKER = CtMaker(can_make=can_make, ask=ask, problem=problem)


def make(case_id: int, size: int | None = None, *, gated: bool = True) -> bool:
    """Make and keep a case's CT; False where it is there, or cannot be made, of which a note says
    why. `size` and `gated` are those of the films that are made here.
    """
    from ml.simulate import document as documents
    from ml.simulate.anatomy import Anatomy
    from ml.simulate.cases import SIZE
    from ml.simulate.person_ct import person_ct

    case = Case.objects.filter(pk=case_id).select_related("dataset").first()
    image = case.images.first() if case else None
    if case is None or image is None or image.layers.filter(kind=Layer.Kind.CT).exists():
        return False
    try:
        opened = ct.opened()
        anatomy = Anatomy(opened.base)
        job = _job_of_made(case, opened.mark, size or SIZE, gated)
        person, names = _again(anatomy, job, case, image)
        assert person.sitting is not None
        volume = person_ct(anatomy, person.sitting, SPACING_MM)
        before = _bytes_of(case)
        with TemporaryDirectory() as folder:
            beside = Path(folder)
            mark = image.source_sha256
            documents.write_new(anatomy, person, names, beside, mark, documents.Wanted("all"))
            document = documents.path_of(beside, person.key)
            kept = keep_ct(image, volume.described(), volume.encoded(), document)
        MadeFilm.objects.filter(case=case).update(size=F("size") + _bytes_of(case) - before)
        return kept
    except Unlike:
        said = UNLIKE
    except ct.CtProblem as error:
        said = f"{error}"
    except (OSError, ValueError, DatabaseError):
        logger.warning("A CT could not be kept.", exc_info=True)
        said = NOT_KEPT
    _leave(case.pk, said)
    return False


def _job_of_made(case: Case, mark: str, size: int, gated: bool) -> Job | None:
    """What a film that was made here was made by; None of a film of the demo set."""
    from learning.endless.making import job_of

    row = _film_of(case)
    return job_of(row, mark, size, gated=gated) if row else None


def _bytes_of(case: Case) -> int:
    return sum(map(default_storage.size, made.files_of(case)))


def _again(
    anatomy: Anatomy, made_by: Job | None, case: Case, image: Image
) -> tuple[SimulatedCase, tuple[str, ...]]:
    """The case made anew, and the recipes of its findings.

    Raises:
        Unlike: its plan gives another film.
    """
    from cases.imaging.prepare import digest_of
    from ml.simulate import behind, demo, store
    from ml.simulate.run import first_that_passes

    if case.dataset.slug == DEMO:
        job = next((one for one in demo.jobs() if one.key == case.source_key), None)
        entry = _entry(case.source_key)
        film = FOLDER / entry["images"][0]["file"] if entry else None
        if job is None or film is None or digest_of([film]) != image.source_sha256:
            raise Unlike
        try:
            return behind.case_again(anatomy, job, entry), job.plan.findings
        except behind.Unlike:
            raise Unlike from None
    for job in _ways(made_by):
        found = first_that_passes(anatomy, job)[0]
        if found is None:
            continue
        with TemporaryDirectory() as folder:
            store.write_case(Path(folder), found, "")
            file = Path(folder) / store.entry_of(found)["images"][0]["file"]
            if digest_of([file]) == image.source_sha256:
                return found, job.plan.findings
    raise Unlike


def _ways(job: Job | None) -> Iterator[Job]:
    """What a film may have been made by: version 6 and before knew no lowered arms."""
    if job is not None:
        yield job
        yield replace(job, plan=replace(job.plan, lowered=False))


def _entry(key: str) -> dict[str, Any]:
    """What the demo set says of a film; empty for another."""
    text = (FOLDER / "cases.json").read_text(encoding="utf-8")
    return next((one for one in json.loads(text)["cases"] if one["key"] == key), {})


def _film_of(case: Case) -> MadeFilm | None:
    """The row that a film of one person at one time was made by."""
    return MadeFilm.objects.filter(case=case).exclude(purpose__in=stock.PAIRS).first()


def _wake(case_id: int) -> None:
    try:
        signature("learning.tasks.make_ct", (case_id,)).apply_async()
    except Exception:  # any broker's own error
        logger.warning("Making a CT could not be queued.", exc_info=True)
        _leave(case_id, NOT_KEPT)


def _note(case_id: int) -> Path:
    return Path(settings.DATA_DIR) / "films" / "behind" / f"{case_id}.txt"


def _leave(case_id: int, said: str) -> None:
    try:
        _note(case_id).parent.mkdir(parents=True, exist_ok=True)
        _note(case_id).write_text(said, encoding="utf-8")
    except OSError:
        logger.warning("Why a CT could not be made cannot be noted.", exc_info=True)
