"""The adaptive strategy: a film that fits what the learner can do (`ml.learning.choosing`).

What is said before the film is answered is of the learner, never of the film: that a label is due
or that the film is a normal one would tell its truth. The reason of this very film is kept
(`Chosen`) and told afterwards.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.core.cache import cache
from django.db.models import Count, Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from attempts.seen import FILM, met, tellings
from cases.models import Case
from learning.models import CaseDifficulty
from learning.past import name_of
from learning.skills import skills_of
from ml.learning import ability
from ml.learning.ability import logit
from ml.learning.choosing import NORMAL, TARGET, WAIT, Option, Want, wants
from ml.learning.skills import Skills

BEGINS = 5
"""Films before which chance decides: nothing is known yet."""
NEAR = 40
"""Films looked at on either side of the wanted difficulty."""
CHUNK = 100
SHARES_LAST = 600
"""Seconds."""
AMONG = 5
"""Of the nearest films one of so many is taken."""


@dataclass(frozen=True)
class Choice:
    case: Case
    told_before: str
    """Says nothing of this film."""
    told_after: str


def choose(
    user: User,
    kind: str,
    cases: QuerySet[Case],
    after: Case | None,
    skills: Skills | None = None,
) -> Choice | None:
    """A film that fits; None where too little is known, or no new one fits.

    `cases` are those that may be given, met or not; `after` was just played; `skills` are the
    user's, from who has asked for them already.
    """
    skills = skills_of(user, kind) if skills is None else skills
    if skills.cases < BEGINS:
        return None
    now = timezone.now()
    options = _options(kind, skills)
    known = set(met(user).annotate(film=FILM).values_list("film", flat=True))
    number = len(known - {after.pk}) if after else len(known)
    looked_for = wants(
        options,
        tendency=unharmed(skills),
        recent=last_labels(skills),
        seed=f"{user.pk} {kind}",
        number=number,
    )
    said = _before(options)
    for want in looked_for:
        chance = random.Random(f"{user.pk} {kind} {number} {want.label}")  # noqa: S311
        found = _nearest(kind, cases, known, want, chance)
        if found:
            case, difficulty = found
            return Choice(case, said, _after(want, difficulty, skills))
        if want.why == "due" and (again := _due_again(user, kind, cases, want, skills, now)):
            said = "You saw this film some time ago; it is due again. It enters no figure."
            return Choice(again, said, said)
    return None


def _options(kind: str, skills: Skills) -> list[Option]:
    now = timezone.now()
    options = []
    for label, share in _shares(kind).items():
        known = skills.labels.get(label)
        memory = known.memory if known else None
        is_due = memory is not None and memory.due_at <= now
        options.append(Option(label, skills.of(label), is_due, share))
    return options


def _shares(kind: str) -> dict[str, float]:
    """How common each label of the library is among all findings; asked every ten minutes."""
    shares = cache.get(f"label-shares-{kind}")
    if shares is None:
        rows = (
            CaseDifficulty.objects.filter(kind=kind, case__made_for=None)
            .exclude(label="")
            .order_by()
        )
        counts = dict(rows.values("label").annotate(n=Count("id")).values_list("label", "n"))
        shares = {label: count / sum(counts.values()) for label, count in sorted(counts.items())}
        cache.set(f"label-shares-{kind}", shares, SHARES_LAST)
    return shares


def last_labels(skills: Skills) -> list[str]:
    """Labels of the last films that had any: of as many as `WAIT`."""
    last = sorted({one.last_at for one in skills.labels.values() if one.last_at})[-WAIT:]
    return sorted(label for label, one in skills.labels.items() if one.last_at in last)


def unharmed(skills: Skills) -> float:
    """How well normal films are left alone, logits at difficulty 0; two of each as a prior."""
    return logit((skills.unharmed + 1) / (skills.normals + 2))


def _nearest(
    kind: str, cases: QuerySet[Case], known: set[int], want: Want, chance: random.Random
) -> tuple[Case, float] | None:
    """A film of the label that is not `known`, among those nearest to the wanted difficulty."""
    rows = CaseDifficulty.objects.filter(kind=kind, label=want.label, case__made_for=None)
    harder = rows.filter(difficulty__gte=want.difficulty).order_by("difficulty", "case_id")
    easier = rows.filter(difficulty__lt=want.difficulty).order_by("-difficulty", "-case_id")
    found = [*_unknown(harder, known), *_unknown(easier, known)]
    free = set(cases.filter(pk__in=[key for key, _ in found]).values_list("pk", flat=True))
    usable = [pair for pair in found if pair[0] in free]
    if not usable and len(found) >= NEAR:  # these may not be given, and others farther off may
        keys = cases.values("pk")
        given = (harder.filter(case__in=keys), easier.filter(case__in=keys))
        usable = [pair for rows in given for pair in _unknown(rows, known)]
    if not usable:
        return None
    near = sorted(usable, key=lambda pair: (abs(pair[1] - want.difficulty), pair[0]))
    key, difficulty = chance.choice(near[:AMONG])
    return Case.objects.get(pk=key), difficulty


def _unknown(rows: QuerySet[CaseDifficulty], known: set[int]) -> list[tuple[int, float]]:
    """The first `NEAR` that are not known, case and difficulty, read no further than needed."""
    pairs = rows.values_list("case_id", "difficulty").iterator(chunk_size=CHUNK)
    return list(islice((pair for pair in pairs if pair[0] not in known), NEAR))


def _due_again(
    user: User, kind: str, cases: QuerySet[Case], want: Want, skills: Skills, now: datetime
) -> Case | None:
    """A film of the label whose truth was told longer ago than it is remembered."""
    known = skills.labels[want.label]
    if known.memory is None or known.memory.due_at > now:
        return None
    shown = CaseDifficulty.objects.filter(case=OuterRef("film"), label=want.label, kind=kind)
    oldest = (
        tellings(user)  # in whatever game
        .annotate(film=FILM)
        .filter(Exists(shown))
        .values("film")
        .annotate(last=Max(Coalesce("submitted_at", "started_at")))
        .filter(last__lt=now - (known.memory.due_at - known.memory.reviewed_at))
        .order_by("last", "film")
        .values_list("film", flat=True)[:NEAR]
    )
    keys = list(oldest)
    free = cases.filter(pk__in=keys).in_bulk()
    return next((free[key] for key in keys if key in free), None)


def _before(options: list[Option]) -> str:
    due = sum(one.is_due for one in options)
    words = f"{due} finding{'s' if due != 1 else ''} due for another look" if due else ""
    parts = [words, "what is weak", "normal films"] if due else ["what is weak", "normal films"]
    mixed = f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"New to you, chosen to fit you: {mixed} are mixed."


def _after(want: Want, difficulty: float, skills: Skills) -> str:
    if want.label == NORMAL:
        return "It came as one of the normal films that are mixed in, in a share that varies."
    name = name_of(want.label)
    chance = f"about {100 * ability.expected(skills.of(want.label), difficulty):.0f} %"
    if want.why == "due":
        return f"It came since {name} was due for another look; you were given {chance} to find it."
    return f"It came for {name}, at {chance} for you to find it (aim: {100 * TARGET:.0f} %)."
