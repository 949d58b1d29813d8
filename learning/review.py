"""Looking back: what a learner keeps, and decks of other films with the same findings."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from itertools import chain, zip_longest

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from attempts.games import game_of
from attempts.models import Attempt, Mode, Series
from attempts.queries import held_cases
from attempts.seen import new_to
from attempts.series import Terms, assign_series, settle
from cases.models import Case
from cases.queries import open_to
from learning.models import CaseDifficulty, Deck, Kept, LabelRecord
from learning.past import name_of
from learning.services import free_cases
from learning.skills import skills_of
from ml.learning.choosing import TARGET
from ml.learning.difficulty import for_success
from ml.learning.skills import Skills

DECK = 10
AMONG = 200
OTHERS = 4
"""Films of a deck without its findings: else every film would surely have one."""
LASTS = timedelta(days=7)
LONGEST_NOTE = 2000
MISTAKES_TITLE, LABEL_TITLE = "My mistakes, on other films", "Practice: "
MISTAKES = 50
"""How many of the last missed findings a deck is made of."""


def keep(attempt: Attempt, note: str) -> Kept:
    """Bookmark an attempt with a note; the note of one kept already is replaced."""
    kept, _ = Kept.objects.update_or_create(attempt=attempt, defaults={"note": note})
    return kept


def kept_of(user: User) -> QuerySet[Kept]:
    """What the user keeps and may be told of, the newest first."""
    own = Kept.objects.filter(attempt__user=user, attempt__state=Attempt.State.SCORED)
    open_ones = own.filter(attempt__case__in=open_to(user, Case.objects.all()))
    return open_ones.exclude(attempt__case__in=held_cases(user).values("case_id")).order_by("-pk")


def missed_labels(user: User, kind: str) -> Counter[str]:
    """What was lost in the last cases, by label."""
    lost = LabelRecord.objects.filter(
        Q(search__gt=0) | Q(recognition__gt=0) | Q(precision__gt=0),
        record__user=user,
        record__kind=kind,
    ).exclude(record__case__in=held_cases(user).values("case_id"))
    last = lost.order_by("-record__submitted_at", "-pk").values_list("label", flat=True)
    return Counter(last[:MISTAKES])


def mistakes_deck(user: User, kind: str, now: datetime) -> Series | None:
    """Other films of what was missed; None where nothing was, or no other film is left."""
    return _deck(user, kind, missed_labels(user, kind), MISTAKES_TITLE, now)


def label_deck(user: User, kind: str, label: str, now: datetime) -> Series | None:
    """Films of one finding that are new to the learner; None where none is left."""
    return _deck(user, kind, Counter({label: 1}), f"{LABEL_TITLE}{name_of(label)}", now)


def open_decks(user: User) -> list[Series]:
    """Decks that are not at their end: assigned series that nobody but the learner set."""
    return list(Series.objects.filter(user=user, closed_at__isnull=True).exclude(deck=None))


def is_deck(series: Series) -> bool:
    """Whether a series is a deck of its learner's own, and none of a class."""
    return Deck.objects.filter(series=series).exists()


def _deck(user: User, kind: str, labels: Counter[str], title: str, now: datetime) -> Series | None:
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two windows begin one deck
        return _begun_or_made(user, kind, labels, title, now)


def _begun_or_made(
    user: User, kind: str, labels: Counter[str], title: str, now: datetime
) -> Series | None:
    known = next((one for one in open_decks(user) if (one.kind, one.title) == (kind, title)), None)
    if known:
        settle(known)  # its time may be up
    if known and known.is_open:
        return known
    free = new_to(user, free_cases(user, kind).filter(split=Case.Split.PRACTICE))
    chosen = _with_findings(skills_of(user, kind), kind, labels, free)
    chance = random.Random(f"{user.pk} {now:%Y%m%d}")  # noqa: S311  # no secret
    if not chosen:
        return None
    others = free.exclude(difficulties__label__in=list(labels)).exclude(pk__in=chosen)
    keys = [*chosen, *others.order_by("-pk").values_list("pk", flat=True)[:OTHERS]]
    chance.shuffle(keys)
    found = Case.objects.in_bulk(keys)
    series = assign_series(
        user=user,
        kind=kind,
        mode=Mode.PRACTICE,
        cases=[found[key] for key in keys],
        title=title,
        rule=game_of(kind).rules[0],
        terms=Terms(tells_at_once=True, closes_at=now + LASTS),
    )
    Deck.objects.create(series=series)
    return series


def _with_findings(
    skills: Skills, kind: str, labels: Counter[str], free: QuerySet[Case]
) -> list[int]:
    """Films with the labels by turns, the most missed first, each near the wanted difficulty."""
    by_label = []
    for label, _ in labels.most_common(DECK - OTHERS):
        wanted = for_success(skills.of(label).mean, TARGET)
        rows = CaseDifficulty.objects.filter(kind=kind, label=label, case__in=free)
        near = sorted(
            rows.order_by("-pk").values_list("case_id", "difficulty")[:AMONG],
            key=lambda pair: abs(pair[1] - wanted),
        )
        by_label.append([key for key, _ in near[:DECK]])
    turns = chain.from_iterable(zip_longest(*by_label))
    return [key for key in dict.fromkeys(turns) if key is not None][: DECK - OTHERS]
