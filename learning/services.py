"""Which case comes next, and why; beginning the modes that are begun on the start page."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from accounts.models import User
from attempts import series
from attempts.games import game_of
from attempts.models import Attempt, Mode, Series
from attempts.queries import held_cases, held_keys
from attempts.seen import FILM, met, new_to, without
from cases.models import Case
from cases.queries import may_play, of_everybody, open_to
from learning import adaptive, assigned, daily
from learning.models import Chosen, Preferences

ADAPTIVE, SEQUENTIAL = Preferences.Strategy.ADAPTIVE, Preferences.Strategy.SEQUENTIAL

MOST_COUNTED = 500
"""Unseen cases: counting more would take longer the larger the library is."""


@dataclass(frozen=True)
class NextCase:
    """A case to play and the reason it was chosen, in words for the learner.

    Which one it is, is asked when somebody wants to know: the start page tells the reason alone.
    """

    find: Callable[[], Case]
    reason: str
    """Said before it is answered: nothing of the film."""
    mode: str = Mode.PRACTICE
    strategy: str = ""
    why: str = ""
    """Of this very film: told with its truth, and empty where there is no more than the reason."""

    @property
    def case(self) -> Case:
        return self.find()


def playable(user: User, kind: str, rule: str = "", *, made: bool = False) -> QuerySet[Case]:
    """Published cases open to the user that have what a game needs, under a rule of its.

    Those that are held out are for who assigns them; those made for the user (`learning.endless`)
    are there with `made` alone.
    """
    published = Case.objects.filter(status=Case.Status.PUBLISHED)
    published = published if made else of_everybody(published)
    offered = published.exclude(split=Case.Split.HELD_OUT)
    return game_of(kind).playable(open_to(user, offered), rule)


def next_case_for(
    user: User,
    kind: str,
    *,
    after: Case | None = None,
    mode: str | None = None,
    held: Collection[int] | None = None,
    strategy: str = "",
) -> NextCase | None:
    """An unfinished case first, then a film never met in any game, then one not played in this
    game, then the one played longest ago.

    Which of the new films comes the `strategy` says, the learner's own where none is given: by
    what they can do (`learning.adaptive`), by chance, or in the library's order; simulated ones
    follow when no real one is new any more. `after` is the
    case just played, which does not come again at once; `mode` the one to play in (any for what
    was begun, else practice). Cases of an open series are left out; who has asked for their keys
    already (`held_keys`) hands them over as `held`. None when nothing is published.
    """
    own = Attempt.objects.filter(user=user, kind=kind)
    held = left_out(user) if held is None else held
    cases = playable(user, kind).filter(split=Case.Split.PRACTICE)
    cases = cases.exclude(pk__in=[*held, *([after.pk] if after else [])])
    last = _begun(own.filter(mode=mode) if mode else own, cases)
    if last:
        return NextCase(
            lambda: last.case, "You began this case and have not submitted it.", last.mode
        )
    mode = mode or Mode.PRACTICE
    strategy = strategy or strategy_of(user)
    real = cases.filter(dataset__simulated=False)
    preferred = real if new_to(user, real).exists() else cases
    if strategy == ADAPTIVE and (choice := adaptive.choose(user, kind, preferred, after)):
        return NextCase(lambda: choice.case, choice.told_before, mode, strategy, choice.told_after)
    unmet = new_to(user, preferred)
    keys = list(unmet.order_by("pk").values_list("pk", flat=True)[: MOST_COUNTED + 1])
    if keys:

        def chosen() -> Case:
            is_first = strategy == SEQUENTIAL
            return Case.objects.get(pk=keys[0] if is_first else _one_of(keys, unmet, user, kind))

        return NextCase(chosen, f"New to you; {in_words(len(keys))} left.", mode, strategy)
    unplayed = _longest_ago(met(user), _unplayed(own, cases))[:1]
    if unplayed:
        reason = "You know this film already, and have not played it in this game."
        return NextCase(partial(Case.objects.get, pk=unplayed[0]), reason, mode)
    oldest = _longest_ago(own.filter(submitted_at__isnull=False), cases)[:1]
    if oldest:
        find = partial(Case.objects.get, pk=oldest[0])
        return NextCase(find, "You saw this one longest ago.", mode)
    # The only published case is the one just played.
    if after and may_play(user, after) and after.pk not in held:
        return NextCase(lambda: after, "The only case there is.", mode)
    return None


def only_simulated(user: User) -> bool:
    """Whether cases are open to the user, and none of a data set of real patients among them."""
    published = of_everybody(open_to(user, Case.objects.filter(status=Case.Status.PUBLISHED)))
    return published.exists() and not published.filter(dataset__simulated=False).exists()


def _begun(own: QuerySet[Attempt], cases: QuerySet[Case]) -> Attempt | None:
    """Of the user's attempts the draft saved last, of these cases; asked simply first, since
    there is none as a rule.
    """
    begun = own.filter(state=Attempt.State.DRAFT, saved_at__isnull=False, series=None)
    if not begun.exists():
        return None
    return begun.filter(case__in=cases).select_related("case").order_by("-saved_at").first()


def _one_of(keys: list[int], unmet: QuerySet[Case], user: User, kind: str) -> int:
    """One of the unmet cases by chance, `keys` being the first of them.

    The same again until the learner has met one more: its images can be fetched ahead. Where
    there are more than are counted, it is the first from a place by chance on.
    """
    if len(keys) <= MOST_COUNTED:
        chance = random.Random(f"{user.pk} {kind} {len(keys)}")  # noqa: S311  # no secret
        return keys[chance.randrange(len(keys))]
    chance = random.Random(f"{user.pk} {kind} {met(user).count()}")  # noqa: S311
    last = Case.objects.aggregate(last=Max("pk"))["last"]
    place = chance.randint(keys[0], last)
    found = unmet.filter(pk__gte=place).order_by("pk").values_list("pk", flat=True).first()
    return found or keys[0]


def strategy_of(user: User) -> str:
    """How the learner wants the next case chosen."""
    chosen = Preferences.objects.filter(user=user).values_list("strategy", flat=True).first()
    return chosen or ADAPTIVE


def set_first(user: User, kind: str) -> Series | None:
    """What others set the learner in practice and can be gone on with now; what ends first, first.

    Tests and what runs against a clock are begun by their own button alone.
    """
    own = Series.objects.filter(user=user, kind=kind, is_assigned=True, closed_at__isnull=True)
    untimed = own.filter(tells_at_once=True, case_seconds=None, total_seconds=None)
    begun = untimed.filter(Q(opens_at=None) | Q(opens_at__lte=Now()))
    open_now = begun.filter(Q(closes_at=None) | Q(closes_at__gt=Now()))
    ordered = open_now.order_by(F("closes_at").asc(nulls_last=True), "pk")
    return next((one for one in ordered if assigned.page_of(one)), None)


def with_what_is_set(found: NextCase | None, first: Series | None) -> NextCase | None:
    """The next case as the start page tells of it, whose button leads to what was set `first`."""
    if found is None or first is None:
        return found
    return replace(found, reason=f"“{first.title}” was set for you, and comes first.")


def keep_choice(user: User, kind: str, found: NextCase) -> None:
    """Keep why a case came, to be told with its truth; of a new one that came without more than
    the reason said before, nothing that was kept when it was offered earlier.
    """
    if found.strategy and not found.why:
        Chosen.objects.filter(user=user, case=found.case, kind=kind).delete()
    if found.why:
        Chosen.objects.update_or_create(
            user=user,
            case=found.case,
            kind=kind,
            defaults={"strategy": found.strategy, "why": found.why},
        )


def in_words(count: int) -> str:
    """So many unseen cases; more than are counted are not told apart."""
    if count > MOST_COUNTED:
        return f"more than {MOST_COUNTED} unseen cases"
    return f"{count} unseen case{'s' if count > 1 else ''}"


def free_cases(user: User, kind: str, rule: str = "", *, made: bool = False) -> QuerySet[Case]:
    """Playable cases that no open series of the user holds, and no daily film of today."""
    cases = playable(user, kind, rule, made=made).exclude(pk__in=daily.kept_apart(user))
    return cases.exclude(pk__in=held_cases(user).values("case_id"))


def left_out(user: User) -> set[int]:
    """The keys of cases that are not chosen for the user now, few: what their series hold, and
    today's film.
    """
    return held_keys(user) | daily.kept_apart(user)


def _unplayed(own: QuerySet[Attempt], cases: QuerySet[Case]) -> QuerySet[Case]:
    return without(own.filter(submitted_at__isnull=False), cases)


def _longest_ago(attempts: QuerySet[Attempt], cases: QuerySet[Case]) -> QuerySet[Attempt, Any]:
    """Keys of the cases of these attempts, the one of longest ago first."""
    return (
        attempts.annotate(film=FILM)
        .filter(film__in=cases.values("pk"))
        .values("film")
        .annotate(last=Max(Coalesce("submitted_at", "started_at")))
        .order_by("last", "film")
        .values_list("film", flat=True)
    )


def begin_series(user: User, kind: str, chosen: dict[str, Any]) -> Series | None:
    """Start a sprint or a test as chosen (see `learning.forms`); None when there is no case.

    Films never met in any game come first, real ones before simulated ones, in random order. Only
    where there are too few of them do known ones follow, those of longest ago first; they enter no
    figure (`counted_results`).
    """
    cases = free_cases(user, kind, chosen["rule"])
    new = list(new_to(user, cases).values_list("dataset__simulated", "pk"))
    random.shuffle(new)
    unmet = [pk for _, pk in sorted(new, key=itemgetter(0))]
    keys = [*unmet, *_longest_ago(met(user), cases)][: chosen["cases"]]
    if not keys:
        return None
    found = Case.objects.in_bulk(keys)
    minutes = chosen["minutes"] if chosen["mode"] == Mode.TEST else None
    return series.start_series(
        user=user,
        kind=kind,
        mode=chosen["mode"],
        cases=[found[key] for key in keys],
        rule=chosen["rule"],
        case_seconds=chosen["seconds"] if chosen["mode"] == Mode.SPRINT else None,
        total_seconds=60 * minutes if minutes else None,
    )
