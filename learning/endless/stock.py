"""How many films wait for whom, what is made next, and what is removed again.

Films are made for learners who asked for some within `ACTIVE`: a few ahead of each, of all together
no more than `settings.MADE_FILMS_MB`. Where that is reached the oldest one goes that nobody has
played, of learners who left first; what was played stays, as every attempt does.
"""

from __future__ import annotations

import logging
import shutil
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from celery import signature
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now

from accounts.models import User
from attempts import clock
from attempts.models import Attempt, Series, SeriesCase
from cases import made
from cases.models import Case, Dataset
from learning.drills.game import KIND as DRILL
from learning.drills.game import NODULE
from learning.endless import ct
from learning.models import MadeFilm, Preferences

logger = logging.getLogger(__name__)

ENDLESS, THRESHOLD = MadeFilm.Purpose.ENDLESS, MadeFilm.Purpose.THRESHOLD
PAIRS = (MadeFilm.Purpose.MACHINE, MadeFilm.Purpose.CHANGE)
"""Purposes for which two films of one person are made, which is one case."""
SLUG = "made-for-learners"
"""Of the data set that they are in."""
AHEAD = {ENDLESS: 5, THRESHOLD: 4, **dict.fromkeys(PAIRS, 6)}
"""Films that wait for each learner."""
ACTIVE = timedelta(days=7)
FILM_BYTES = 6_000_000
"""What a film takes at most, before it is known."""
LEAVES_FREE = 1_000_000_000
"""Free room of the data folder's disk below which no film is made."""
LOST = timedelta(minutes=15)
"""A film that a worker took so long ago is taken again: it was killed."""
EXPIRES = 300
"""Seconds after which a worker leaves what it was asked: the periodic job has asked again."""
TRIES = 20
FULL_DISK = "The disk of this server is nearly full: no films are made until there is room."
FULL_STOCK = "The films made here take all the room that they may: no more are made."


def ask_for(user: User) -> None:
    """Note that the learner wants films made for them, and wake the worker.

    Raises nothing: a broker that is away costs a minute, until the periodic job asks.
    """
    Preferences.objects.update_or_create(user=user, defaults={"films_wanted_at": Now()})
    if not ct.problem():
        transaction.on_commit(_wake, robust=True)


def ask_for_pairs(user: User, purpose: str) -> None:
    """Note that the learner plays a drill with two films of one person, and wants more for it."""
    with transaction.atomic():
        row, _ = Preferences.objects.select_for_update().get_or_create(user=user)
        if purpose not in row.pairs_wanted:
            row.pairs_wanted = [*row.pairs_wanted, purpose]
            row.save(update_fields=["pairs_wanted"])
    ask_for(user)


def wake() -> None:
    """The periodic job: have films made, and remove those of who does not come any more."""
    forget()
    if not ct.problem() and any(lacking()):
        _wake()


def _wake() -> None:
    try:
        signature("learning.tasks.make_films", (clock.stamp(),)).apply_async()
    except Exception:  # any broker's own error
        logger.warning("Making films could not be queued; it is asked for again.", exc_info=True)


def trouble() -> str:
    """Why no films are made now, in a sentence; empty where they are."""
    if said := ct.problem():
        return said
    if is_full():
        return FULL_DISK
    return "" if _room_of_stock() else FULL_STOCK


def active() -> QuerySet[User]:
    """Who wants films, those who asked last first.

    Guests are among them as long as the data set of these films is open: they could not play them
    under other terms.
    """
    wanting = User.objects.filter(
        is_active=True, learning_preferences__films_wanted_at__gt=Now() - ACTIVE
    )
    if Dataset.objects.filter(slug=SLUG).exclude(access=Dataset.Access.OPEN).exists():
        wanting = wanting.filter(is_guest=False)
    return wanting.order_by("-learning_preferences__films_wanted_at", "pk")


def unplayed() -> QuerySet[MadeFilm]:
    """Made films that wait: no attempt at them was begun, and no series holds them."""
    found = MadeFilm.objects.filter(case__made_for=F("user"), case__status=Case.Status.PUBLISHED)
    attempts = Attempt.objects.filter(case=OuterRef("case"))
    places = SeriesCase.objects.filter(case=OuterRef("case"))
    return found.exclude(Exists(attempts)).exclude(Exists(places)).order_by("pk")


def waiting(user: User, purpose: str) -> QuerySet[MadeFilm]:
    return unplayed().filter(user=user, purpose=purpose)


def open_rows() -> QuerySet[MadeFilm]:
    """What is to be made, the oldest first."""
    return MadeFilm.objects.filter(made_at=None, given_up_at=None).order_by("pk")


def lacking() -> Iterator[tuple[float, User, str]]:
    """Who lacks films of which purpose, and the share that is there, from 0 to below 1."""
    users = list(active())
    if not users:
        return
    counts: dict[tuple[int, str], int] = {}
    for rows in (unplayed(), open_rows()):
        by_user = rows.filter(user__in=users).order_by().values_list("user", "purpose")
        for user, purpose, count in by_user.annotate(n=Count("pk")):
            counts[user, purpose] = counts.get((user, purpose), 0) + count
    drilled = set(
        Series.objects.filter(user__in=users, kind=DRILL, rule=NODULE).values_list(
            "user", flat=True
        )
    )
    pairs = dict(Preferences.objects.filter(user__in=users).values_list("user", "pairs_wanted"))
    for user in users:
        for purpose, wanted in AHEAD.items():
            if purpose == THRESHOLD and user.pk not in drilled:
                continue
            if purpose in PAIRS and purpose not in pairs[user.pk]:
                continue
            share = counts.get((user.pk, purpose), 0) / wanted
            if share < 1:
                yield share, user, purpose


def take_next() -> MadeFilm | None:
    """The film to make now, taken so that no other worker makes it; None where none is wanted.

    What was begun and lost comes first, then a new one for who has the smallest share.
    """
    free = Q(begun_at=None) | Q(begun_at__lt=Now() - LOST) | Q(begun_at__gt=Now() + LOST)
    for film in open_rows().filter(free)[:20]:
        if open_rows().filter(free, pk=film.pk).update(begun_at=Now()):
            return film
    for _, user, purpose in sorted(lacking(), key=lambda one: one[0]):
        if _has_room(user):
            return _asked(user, purpose)
    return None


def put_back(film: MadeFilm, why: str) -> None:
    """Leave a film that was taken for later; one that has failed `TRIES` times is given up."""
    tries = film.tries + 1
    given_up = Now() if tries >= TRIES else None
    row = MadeFilm.objects.filter(pk=film.pk)
    row.update(begun_at=None, problem=why[:200], tries=tries, given_up_at=given_up)


def give_up(film: MadeFilm, why: str) -> None:
    """Make no film of this row any more; the next one wishes anew."""
    MadeFilm.objects.filter(pk=film.pk).update(given_up_at=Now(), problem=why[:200])


def forget() -> int:
    """Remove what waits for learners who have not asked for a week; how many films."""
    gone = unplayed().exclude(user__in=active().order_by())
    open_rows().exclude(user__in=active().order_by()).update(given_up_at=Now())
    _clear_work()
    return sum(_removed(film) for film in gone.select_related("case"))


def _asked(user: User, purpose: str) -> MadeFilm:
    from learning.endless import wishes  # with the simulator, which web processes do without

    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        last = MadeFilm.objects.filter(user=user).aggregate(last=Max("number"))["last"] or 0
        wish = wishes.next_wish(user, purpose, last + 1)
        return MadeFilm.objects.create(
            user=user,
            number=last + 1,
            purpose=purpose,
            recipe=wish.recipe,
            contrast=wish.contrast,
            zone=wish.zone,
            change=wish.change,
            technique=wish.technique,
            seed=zlib.crc32(f"{user.pk} {last + 1}".encode()) >> 1,
            begun_at=Now(),
        )


def is_full() -> bool:
    return shutil.disk_usage(settings.DATA_DIR).free < LEAVES_FREE


def _room_of_stock() -> bool:
    """Whether one film more may be kept."""
    return _lacking_bytes() <= 0


def _lacking_bytes() -> int:
    """How much too much is kept for one film more; 0 or less: nothing."""
    kept = _bytes_of(MadeFilm.objects.filter(case__made_for__isnull=False))
    kept += sum(file.stat().st_size for file in work_folder().rglob("*") if file.is_file())
    return kept + FILM_BYTES - settings.MADE_FILMS_MB * 1_000_000


def work_folder() -> Path:
    """Where films lie while they are made."""
    return Path(settings.DATA_DIR) / "films" / "work"


def _clear_work() -> None:
    """Remove what was left of films that nobody makes any more: their worker was killed, and the
    row given up or erased since.
    """
    keys = {film.key for film in open_rows()}
    for folder in work_folder().glob("*"):
        if folder.name not in keys:
            shutil.rmtree(folder, ignore_errors=True)


def _bytes_of(films: QuerySet[MadeFilm]) -> int:
    return films.order_by().aggregate(used=Sum("size"))["used"] or 0


def _has_room(user: User) -> bool:
    """Whether a film may be made for the learner; removes the oldest unplayed ones of others who
    have more waiting than they, until it may, and none where that would not be enough.
    """
    own = unplayed().filter(user=user).count()
    if _lacking_bytes() > _bytes_of(unplayed().exclude(user=user)):
        return False
    while not _room_of_stock():
        counts = unplayed().order_by().values("user").annotate(n=Count("pk")).filter(n__gt=own + 1)
        richer = counts.values("user")
        oldest = (
            unplayed().filter(user__in=richer).exclude(user=user).select_related("case").first()
        )
        if oldest is None or not _removed(oldest):
            return False
    return True


def _removed(film: MadeFilm) -> bool:
    """Delete the film of a row, unless it was begun meanwhile."""
    with transaction.atomic():
        case = Case.objects.select_for_update().filter(made_film=film).first()
        if case is None or not unplayed().filter(pk=film.pk).exists():
            return False
        made.remove(case=case)
        MadeFilm.objects.filter(pk=film.pk).update(given_up_at=Now(), size=0)
    return True
