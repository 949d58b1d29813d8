"""Which films a drill has: new to the learner, and what its question needs."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import product

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.models import User
from attempts.models import Attempt, Mode, Series, SeriesCase
from attempts.queries import held_keys
from attempts.seen import new_to
from attempts.series import Terms, assign_series, case_ahead
from cases.models import Case, Finding, Image, Region
from cases.queries import may_play
from learning.drills import figures, pairs, twice
from learning.drills.game import (
    CALLS,
    CHANGE,
    KIND,
    MACHINE,
    NAMES,
    NODULE,
    NODULE_LABEL,
    PAIR,
    TIP,
    TWICE,
)
from learning.endless import stock
from learning.models import MadeFilm, Mistake
from learning.services import free_cases
from ml import atlas, taxonomy
from ml.learning.threshold import Staircase

FILMS = {CALLS: 30, TIP: 10, PAIR: 16, NODULE: 30, MACHINE: 10, CHANGE: 10}
"""A drill has at most so many films, of look-alikes two for each question."""
LEAST = {CALLS: 10, TIP: 3, PAIR: 4, NODULE: 4, MACHINE: 4, CHANGE: 4}
NORMAL_SHARES = (0.4, 0.5, 0.6)
"""Of normal films, drawn anew each time: a share that one can learn is a cue."""
WITHOUT = 0.2
"""Share of films without a nodule where one is looked for."""
AMONG = 400
"""Films that a staircase chooses from."""
SENTENCES = {
    CALLS: "There are too few new films, normal and abnormal, left for you.",
    TIP: "There are too few new films with a device whose tip and position are known.",
    PAIR: "There are too few new films of findings that are taken for each other.",
    NODULE: "There are too few new films with a nodule left for you.",
    MACHINE: "There are too few new films of patients who were taken by two machines.",
    CHANGE: "There are too few new films of patients of whom an earlier one is known.",
}
COMING = "Some are being made for you: look again in a few minutes."


def open_drills(user: User) -> dict[str, Series]:
    """The learner's drills that are not at their end, by their rule."""
    own = Series.objects.filter(user=user, kind=KIND, closed_at__isnull=True)
    return {series.rule: series for series in own.order_by("pk")}


def begin(user: User, rule: str) -> Series | None:
    """A drill of new films, the one that is open where there is one; None for too few films."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two windows begin one drill
        if known := open_drills(user).get(rule):
            return known
        chance = random.Random()  # noqa: S311  # no secret
        keys = CHOOSERS[rule](user, chance)
        if len(keys) < LEAST[rule]:
            return None
        found = Case.objects.in_bulk(keys)
        return assign_series(
            user=user,
            kind=KIND,
            mode=Mode.PRACTICE,
            cases=[found[key] for key in keys],
            title=NAMES[rule],
            rule=rule,
            terms=Terms(tells_at_once=True),
        )


def too_few(rule: str) -> str:
    """Why a drill cannot begin, and whether waiting helps."""
    if rule not in TWICE:
        return SENTENCES[rule]
    return f"{SENTENCES[rule]} {stock.trouble() or COMING}"


def new_films(
    user: User, *, made: bool = False, purpose: str = MadeFilm.Purpose.THRESHOLD
) -> QuerySet[Case]:
    """Cases that begin with a radiograph, which is what a drill shows, all new to the learner;
    with `made` those that were made for them and this purpose, too (`learning.endless`).
    """
    first = Image.objects.filter(case=OuterRef("pk"), position=0, frames=1)
    radiograph = first.exclude(view__in=(Image.View.CT, Image.View.LATERAL))
    practice = free_cases(user, KIND, made=made).filter(split=Case.Split.PRACTICE)
    if made:
        practice = practice.filter(Q(made_for=None) | Q(made_film__purpose=purpose))
    return new_to(user, practice.filter(Exists(radiograph)))


def _asked(**of: str) -> QuerySet[Finding]:
    asked = Finding.objects.filter(case=OuterRef("pk"), **of)
    return asked.exclude(label__in=taxonomy.variants())


def _some(cases: QuerySet[Case], count: int, chance: random.Random) -> list[int]:
    keys = list(cases.order_by("pk").values_list("pk", flat=True))
    return chance.sample(keys, min(count, len(keys)))


def _calls(user: User, chance: random.Random) -> list[int]:
    """Normal and abnormal films; what is benign alone is neither, and left out."""
    free, share = new_films(user), chance.choice(NORMAL_SHARES)
    needed = _asked().exclude(significance=Finding.Significance.BENIGN)
    normal = _some(free.filter(~Exists(_asked())), FILMS[CALLS], chance)
    abnormal = _some(free.filter(Exists(needed)), FILMS[CALLS], chance)
    # As many as the scarcer kind allows at this share.
    total = min(FILMS[CALLS], int(len(normal) / share), int(len(abnormal) / (1 - share)))
    keys = normal[: round(total * share)]
    keys += abnormal[: total - len(keys)]
    chance.shuffle(keys)
    return keys


def _tips(user: User, chance: random.Random) -> list[int]:
    tip = Region.objects.filter(shape=Region.Shape.POINT, finding=OuterRef("pk"), image__position=0)
    device = _asked().exclude(position="").filter(Exists(tip))
    return _some(new_films(user).filter(Exists(device)), FILMS[TIP], chance)


def _pairs(user: User, chance: random.Random) -> list[int]:
    """Pairs one after the other: labels that the learner confuses first, then any look-alikes."""
    rows = Finding.objects.filter(case__in=new_films(user))
    rows = rows.exclude(label__in=taxonomy.variants())
    by_case: dict[int, set[str]] = defaultdict(set)
    for case, label in rows.order_by("case", "pk").values_list("case", "label"):
        by_case[case].add(label)
    by_label: dict[str, list[int]] = defaultdict(list)
    for case, labels in by_case.items():
        for label in labels:
            by_label[label].append(case)
    for cases in by_label.values():
        chance.shuffle(cases)
    keys: list[int] = []
    while len(keys) < FILMS[PAIR]:
        found = _pair(_ordered(user, by_label, chance), by_case, by_label, set(keys))
        if not found:
            break
        keys += found
    return keys


def _ordered(
    user: User, by_label: dict[str, list[int]], chance: random.Random
) -> list[tuple[str, str]]:
    """Look-alikes of the library, what the learner confused most first, else by chance."""
    rows = Mistake.objects.filter(record__user=user, kind=Mistake.MISTAKEN)
    confused: Counter[frozenset[str]] = Counter()
    for label, called in rows.order_by("-pk").values_list("label", "called")[:AMONG]:
        confused[frozenset((label, called))] += 1
    known = atlas.entries()
    couples = [
        (label, mimic)
        for label in sorted(by_label)
        for mimic in (known[label].similar if label in known else ())
        if mimic in by_label
    ]
    chance.shuffle(couples)
    return sorted(couples, key=lambda pair: -confused[frozenset(pair)] * chance.random())


def _pair(
    couples: Iterable[tuple[str, str]],
    by_case: dict[int, set[str]],
    by_label: dict[str, list[int]],
    taken: set[int],
) -> list[int]:
    """Two films, one of each label of the first couple that has them."""
    for label, mimic in couples:
        firsts = [case for case in by_label[label] if case not in taken][:AMONG]
        seconds = [case for case in by_label[mimic] if case not in taken][:AMONG]
        for one, other in product(firsts, seconds):
            if mimic not in by_case[one] and label not in by_case[other]:
                return [one, other]
    return []


def _nodules(user: User, chance: random.Random) -> list[int]:
    """Films with a nodule, first those made for the learner, then others of known contrast, and
    some without.
    """
    stock.ask_for(user)
    free = new_films(user, made=True)
    wanted = FILMS[NODULE] - round(WITHOUT * FILMS[NODULE])
    known = _of_known_contrast(free)
    keys = _some(known.filter(made_for=user), wanted, chance)
    keys += _some(known.filter(made_for=None), wanted - len(keys), chance)
    drawn = free.filter(pk__in=_drawn_nodules().values("case"))
    keys += _some(drawn.exclude(pk__in=keys), wanted - len(keys), chance)
    if len(keys) < LEAST[NODULE]:
        return []
    others = free.filter(~Exists(_asked(label=NODULE_LABEL)))
    without = round(len(keys) * WITHOUT / (1 - WITHOUT))
    made = _some(others.filter(made_for=user), without, chance)
    keys += made + _some(others.filter(made_for=None), without - len(made), chance)
    chance.shuffle(keys)
    return keys


def _drawn_nodules() -> QuerySet[Finding]:
    """Those that somebody drew on the first image."""
    nodules = Finding.objects.filter(label=NODULE_LABEL).order_by()
    return nodules.filter(regions__image__position=0, regions__alternate=False)


def _of_known_contrast(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those with a single nodule, whose contrast is known: what a staircase can use."""
    nodules = Finding.objects.filter(label=NODULE_LABEL).order_by()
    single = nodules.values("case").annotate(n=Count("pk")).filter(n=1).values("case")
    known = _drawn_nodules().filter(conspicuity__gt=0).values("case")
    return cases.filter(pk__in=single).filter(pk__in=known)


def _machines(user: User, chance: random.Random) -> list[int]:
    return _of_two_films(user, MACHINE, chance)


def _changes(user: User, chance: random.Random) -> list[int]:
    return _of_two_films(user, CHANGE, chance)


def _of_two_films(user: User, rule: str, chance: random.Random) -> list[int]:
    """First what was made for the learner, then what everybody may play."""
    stock.ask_for_pairs(user, rule)
    known = twice.of_technique if rule == MACHINE else twice.of_change
    free = known(new_films(user, made=True, purpose=rule))
    keys = _some(free.filter(made_for=user), FILMS[rule], chance)
    keys += _some(free.filter(made_for=None), FILMS[rule] - len(keys), chance)
    chance.shuffle(keys)
    return keys


CHOOSERS = {
    **{CALLS: _calls, TIP: _tips, PAIR: _pairs, NODULE: _nodules},
    **{MACHINE: _machines, CHANGE: _changes},
}


def prepare(series: Series) -> None:
    """Before the next film of a drill opens: leave out what cannot be asked any more, and let the
    staircase choose the nodule.
    """
    with transaction.atomic():
        locked = Series.objects.select_for_update().get(pk=series.pk)
        if not locked.is_open:
            return
        if locked.rule == PAIR:
            _drop_broken_pairs(locked)
        elif locked.rule in TWICE:
            _drop_unknown(locked)
        elif locked.rule == NODULE:
            _aim(locked)


def ahead(series: Series) -> list[Case]:
    """What comes after the film that is played, as far as it is known already: of look-alikes both
    films, where the staircase chooses none.
    """
    if series.rule == NODULE:
        return []
    if series.rule != PAIR:
        following = case_ahead(series)
        return [following] if following else []
    left = {place.position: place.case for place in _untouched(series)}
    begun = series.attempts.filter(state=Attempt.State.DRAFT).values("case_id")
    beside = {
        one + 1 for one in series.places.filter(case__in=begun).values_list("position", flat=True)
    }
    first = next((one for one in sorted(left) if one not in beside and one % 2), None)
    pair = [] if first is None else [left[first], left.get(first + 1)]
    return [case for case in pair if case and may_play(series.user, case)]


def _untouched(series: Series) -> list[SeriesCase]:
    """The places of which no attempt was begun, in their order."""
    begun = series.attempts.values("case_id")
    return list(series.places.exclude(case_id__in=begun).select_related("case__dataset"))


def _drop_broken_pairs(series: Series) -> None:
    """A pair one of whose films was retired, closed to the learner, or corrected since."""
    left = {place.position: place for place in _untouched(series)}
    held = held_keys(series.user)
    drafts = series.attempts.filter(state=Attempt.State.DRAFT).values("case_id")
    open_now = set(series.places.filter(case__in=drafts).values_list("position", flat=True))
    for position, place in left.items():
        if position % 2 == 0:
            if position - 1 not in left and position - 1 not in open_now:
                place.delete()  # the film that it was to hang beside is gone
            continue
        other = left.get(position + 1)
        both = [
            one
            for one in (place, other)
            if one and one.case_id not in held and may_play(series.user, one.case)
        ]
        if other and len(both) == 2 and pairs.told_apart(place.case, other.case):
            continue
        SeriesCase.objects.filter(pk__in=[one.pk for one in (place, other) if one]).delete()


def _drop_unknown(series: Series) -> None:
    """Films of which nobody knows any more what has changed: their truth was corrected since."""
    for place in _untouched(series):
        if not twice.can_be_asked(place.case, series.rule):
            place.delete()


def _aim(series: Series) -> None:
    """Bring the nodule that the staircase wants to the next place, from the series or beside it."""
    if series.attempts.filter(state=Attempt.State.DRAFT).exists():
        return  # it is being played
    left = _untouched(series)
    contrasts = _contrasts([place.case_id for place in left])
    if not left or left[0].case_id not in contrasts:
        return
    free = _of_known_contrast(new_films(series.user, made=True)).exclude(series=series)
    others = list(free.order_by("-pk").values_list("pk", flat=True)[:AMONG])
    contrasts |= _contrasts(others)
    keys = sorted(contrasts)
    trials = figures.recent_trials(series.user)
    wanted = keys[Staircase(trials).next_of([contrasts[key] for key in keys])]
    if wanted == left[0].case_id:
        return
    held = next((place for place in left if place.case_id == wanted), None)
    if held is None:
        SeriesCase.objects.filter(pk=left[0].pk).update(case_id=wanted)
        return
    here, there = left[0].position, held.position
    # One after the other: a position is taken once in a series.
    SeriesCase.objects.filter(pk=left[0].pk).update(position=32_000)
    SeriesCase.objects.filter(pk=held.pk).update(position=here)
    SeriesCase.objects.filter(pk=left[0].pk).update(position=there)


def _contrasts(cases: list[int]) -> dict[int, float]:
    """Of these cases the ones with one nodule of known contrast, and that."""
    known = _of_known_contrast(Case.objects.filter(pk__in=cases))
    nodules = Finding.objects.filter(case__in=known, label=NODULE_LABEL)
    rows = nodules.values_list("case_id", "conspicuity")
    return {case: contrast for case, contrast in rows if contrast}
