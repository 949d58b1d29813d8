"""Which case comes next, and why; beginning the modes that are begun on the start page."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from operator import itemgetter
from typing import Any

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from accounts.models import User
from accounts.prepared import prepared, prepared_models
from attempts import series
from attempts.games import game_of
from attempts.models import Attempt, Mode, Series
from attempts.queries import held_cases, held_keys
from attempts.seen import FILM, met, new_to, without
from cases.models import Case
from cases.queries import may_play, of_everybody, open_to
from learning import adaptive, assigned, daily
from learning.models import Chosen, Preferences
from learning.skills import skills_by_game, skills_of
from ml.learning.skills import Skills

ADAPTIVE, SEQUENTIAL = Preferences.Strategy.ADAPTIVE, Preferences.Strategy.SEQUENTIAL

MOST_COUNTED = 500
"""Unseen cases: counting more would take longer the larger the library is."""
MOST_READ = MOST_COUNTED + 100
"""With some of those that are left out."""


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

    @cached_property
    def case(self) -> Case:
        return self.find()


@dataclass(frozen=True)
class Known:
    """What a page has asked once for all games (`known_of`), so that no choice asks it again."""

    left_out: Collection[int]
    """Keys of cases that are not chosen now."""
    strategy: str
    begun: Collection[str]
    """Games with a draft that was saved, outside of series."""
    has_real: bool
    """Whether any film of a real patient is open to the user."""
    skills: Mapping[str, Skills]


def known_of(user: User, left_out: Collection[int], strategy: str) -> Known:
    """The rest of it; three queries."""
    has_real = bool(_real(user.is_guest)(user.pk))
    return Known(left_out, strategy, _begun_in(user), has_real, skills_by_game(user))


def playable(user: User, kind: str, rule: str = "", *, made: bool = False) -> QuerySet[Case]:
    """Published cases open to the user that have what a game needs, under a rule of its.

    Those that are held out are for who assigns them; those made for the user (`learning.endless`)
    are there with `made` alone.
    """
    published = Case.objects.filter(status=Case.Status.PUBLISHED)
    published = published if made else of_everybody(published)
    offered = published.exclude(split=Case.Split.HELD_OUT)
    return game_of(kind).playable(open_to(user, offered), rule)


def _to_practice(user: User, kind: str, *, only_real: bool) -> QuerySet[Case]:
    """What `playable` gives for practice; those of real patients alone, or all."""
    cases = playable(user, kind).filter(split=Case.Split.PRACTICE)
    return cases.filter(dataset__simulated=False) if only_real else cases


def next_case_for(
    user: User,
    kind: str,
    *,
    after: Case | None = None,
    mode: str | None = None,
    strategy: str = "",
    known: Known | None = None,
) -> NextCase | None:
    """An unfinished case first, then a film never met in any game, then one not played in this
    game, then the one played longest ago.

    Which of the new films comes the `strategy` says, the learner's own where none is given: by
    what they can do (`learning.adaptive`), by chance, or in the library's order; simulated ones
    follow when no real one is new any more. `after` is the
    case just played, which does not come again at once; `mode` the one to play in (any for what
    was begun, else practice). Cases of an open series are left out. None when nothing is published.
    """
    own = Attempt.objects.filter(user=user, kind=kind)
    held = known.left_out if known else left_out(user)
    without = {*held, *([after.pk] if after else [])}

    def cases(*, only_real: bool = False) -> QuerySet[Case]:
        return _to_practice(user, kind, only_real=only_real).exclude(pk__in=without)

    begun = known.begun if known else _begun_in(user)
    if kind in begun and (last := _begun(user, kind, mode, cases())):
        return NextCase(
            lambda: last.case, "You began this case and have not submitted it.", last.mode
        )
    mode = mode or Mode.PRACTICE
    strategy = strategy or (known.strategy if known else strategy_of(user))
    has_real = known is None or known.has_real
    skills = known.skills[kind] if known else None
    if strategy == ADAPTIVE and skills is None:
        skills = skills_of(user, kind)
    if strategy == ADAPTIVE and skills and skills.cases >= adaptive.BEGINS:
        only_real = has_real and new_to(user, cases(only_real=True)).exists()
        preferred = cases(only_real=only_real)
        if choice := adaptive.choose(user, kind, preferred, after, skills):
            return NextCase(
                lambda: choice.case, choice.told_before, mode, strategy, choice.told_after
            )
    only_real = has_real
    keys = _new_keys(user, kind, without, only_real=True) if has_real else []
    if not keys:
        only_real, keys = False, _new_keys(user, kind, without, only_real=False)
    if keys:

        def chosen() -> Case:
            if strategy == SEQUENTIAL:
                return _case(keys[0])[0]
            unmet = partial(new_to, user, cases(only_real=only_real))
            return _case(_one_of(keys, unmet, user, kind))[0]

        return NextCase(chosen, f"New to you; {in_words(len(keys))} left.", mode, strategy)
    unplayed = _longest_ago(met(user), _unplayed(own, cases()))[:1]
    if unplayed:
        reason = "You know this film already, and have not played it in this game."
        return NextCase(partial(Case.objects.get, pk=unplayed[0]), reason, mode)
    oldest = _longest_ago(own.filter(submitted_at__isnull=False), cases())[:1]
    if oldest:
        find = partial(Case.objects.get, pk=oldest[0])
        return NextCase(find, "You saw this one longest ago.", mode)
    # The only published case is the one just played.
    if after and may_play(user, after) and after.pk not in held:
        return NextCase(lambda: after, "The only case there is.", mode)
    return None


def has_cases(user: User) -> bool:
    """Whether any case is open to the user."""
    return _published(user).exists()


def _published(user: User) -> QuerySet[Case]:
    return of_everybody(open_to(user, Case.objects.filter(status=Case.Status.PUBLISHED)))


@cache
def _real(is_guest: bool) -> Callable[[int], list[tuple[Any, ...]]]:
    """Asks, by the key of a user, for one published film of a real patient that is open to them."""

    def build(user: int) -> QuerySet[Case, Any]:
        found = open_to(User(pk=user, is_guest=is_guest), Case.objects.all())
        real = found.filter(status=Case.Status.PUBLISHED, dataset__simulated=False)
        return of_everybody(real).values_list("pk")[:1]

    return prepared(build)


@cache
def _new(kind: str, is_guest: bool, only_real: bool) -> Callable[[int], list[tuple[Any, ...]]]:
    """Asks, by the key of a user, for the first keys of the cases to practice that are new to them;
    more than are counted, for those that are left out.
    """

    def build(key: int) -> QuerySet[Case, Any]:
        user = User(pk=key, is_guest=is_guest)
        return (
            new_to(user, _to_practice(user, kind, only_real=only_real))
            .order_by("pk")
            .values_list("pk")[:MOST_READ]
        )

    return prepared(build)


def _new_keys(user: User, kind: str, without: Collection[int], *, only_real: bool) -> list[int]:
    """The first keys, one more than are counted."""
    rows = _new(kind, user.is_guest, only_real)(user.pk)
    keys = [key for (key,) in rows if key not in without]
    if len(keys) <= MOST_COUNTED and len(rows) == MOST_READ:  # so many are left out
        cases = _to_practice(user, kind, only_real=only_real).exclude(pk__in=without)
        keys = list(new_to(user, cases).order_by("pk").values_list("pk", flat=True)[:MOST_READ])
    return keys[: MOST_COUNTED + 1]


def _begun_in(user: User) -> set[str]:
    """The games in which the user has drafts that were saved, outside of series."""
    return {kind for (kind,) in _begun_games(user.pk)}


@prepared
def _begun_games(user: int) -> QuerySet[Attempt, Any]:
    return _drafts(user).order_by().values_list("kind").distinct()


def _drafts(user: int) -> QuerySet[Attempt]:
    """The user's drafts that were saved, outside of series."""
    return Attempt.objects.filter(
        user=user, state=Attempt.State.DRAFT, saved_at__isnull=False, series=None
    )


def _begun(user: User, kind: str, mode: str | None, cases: QuerySet[Case]) -> Attempt | None:
    """The draft saved last, of these cases."""
    drafts = _drafts(user.pk).filter(kind=kind, case__in=cases)
    drafts = drafts.filter(mode=mode) if mode else drafts
    return drafts.select_related("case").order_by("-saved_at").first()


@prepared_models
def _case(key: int) -> QuerySet[Case]:
    return Case.objects.filter(pk=key)


def _one_of(keys: list[int], unmet: Callable[[], QuerySet[Case]], user: User, kind: str) -> int:
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
    found = unmet().filter(pk__gte=place).order_by("pk").values_list("pk", flat=True).first()
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
        keys = [key for (key,) in _kept_choices(user.pk, found.case.pk, kind)]
        if keys:  # as a rule there is none, and a deletion waits for who writes
            Chosen.objects.filter(pk__in=keys).delete()
    if found.why:
        Chosen.objects.update_or_create(
            user=user,
            case=found.case,
            kind=kind,
            defaults={"strategy": found.strategy, "why": found.why},
        )


@prepared
def _kept_choices(user: int, case: int, kind: str) -> QuerySet[Chosen, Any]:
    return Chosen.objects.filter(user=user, case=case, kind=kind).values_list("pk")


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
