"""Past attempts as pages show them: what each of them was, as soon as that may be told.

One notion for the start page, the list of past cases and the results of a series. What a case
was comes from the outcomes kept when the attempt was scored, not from the case as it is now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery, prefetch_related_objects
from django.urls import reverse

from accounts.models import User
from attempts.games import game_of
from attempts.models import Attempt, Mode, Outcome, Result
from attempts.queries import held_cases, held_keys
from cases.models import Image
from learning.drills.game import ABNORMAL, NODULE, PAIR
from learning.models import Chosen
from ml import taxonomy

NORMAL = "Normal"
UNASKED = {NODULE: "No nodule", PAIR: "Shown beside another film"}
"""Rule of a drill → what a film is called that has findings, none of them asked for."""
RANKS = {name: rank for rank, name in enumerate(taxonomy.SIGNIFICANCES)}


@dataclass(frozen=True)
class Band:
    """A range of scores as they are printed, in whole points; `low` belongs to it, `high` not."""

    name: str
    low: float
    high: float


BANDS = {
    "good": Band("80 to 100", 79.5, 101),
    "middle": Band("40 to 79", 39.5, 79.5),
    "low": Band("Below 40", -1, 39.5),
}

OUTCOMES = {
    "hit": ("found", "✓"),
    "missed": ("missed", "◌"),
    "poorly_located": ("poorly located", "⤢"),
    "wrong_label": ("wrong label", "⇄"),
    "misdescribed": ("described wrongly", "⇄"),
}
"""What can become of a finding: in words, and its sign, since color alone tells nothing."""


@dataclass(frozen=True)
class Went:
    """How often a finding of a case went one way."""

    outcome: str
    count: int

    @property
    def sign(self) -> str:
        return OUTCOMES.get(self.outcome, ("", ""))[1]

    @property
    def words(self) -> str:
        words = OUTCOMES.get(self.outcome, (self.outcome, ""))[0]
        return words if self.count == 1 else f"{self.count} {words}"


@dataclass(frozen=True)
class Told:
    """A finding of a case under its label's name, and what became of it; `went` is empty where
    no answer was asked for.
    """

    label: str
    name: str
    went: tuple[Went, ...]

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(w.words for w in self.went)}" if self.went else self.name


@dataclass(frozen=True)
class Past:
    """One submitted attempt; `findings`, `overcalled` and scores are empty until it is told."""

    attempt: Attempt
    url: str
    image: Image | None
    """The case's first."""
    held: bool
    """An open series has the case: nothing is told of it until that closes."""
    told: bool
    findings: tuple[Told, ...] = ()
    """The gravest first."""
    overcalled: tuple[str, ...] = ()
    """Names of what was marked or written and is not there."""
    score: float | None = None
    """0 to 100: the one that counts."""
    revised: float | None = None
    """The score of a second look."""
    scorer: str = ""
    """The rule of the score."""
    unasked: bool = False
    """Nothing that the film shows was asked for: it need not be normal."""
    came: str = ""
    """Why the case came, where that was kept (`with_reasons`)."""

    @property
    def game(self) -> str:
        return game_of(self.attempt.kind).name

    @property
    def band(self) -> str:
        """A key of `BANDS`; empty without a score."""
        if self.score is None:
            return ""
        return next(key for key, band in BANDS.items() if band.low <= self.score < band.high)

    @property
    def name(self) -> str:
        """What it was, in the fewest words."""
        if self.told:
            return self.findings[0].name if self.findings else self._without_findings
        return self._why_not()[0]

    @property
    def words(self) -> str:
        """What it was and how it went, in one line."""
        if not self.told:
            return ": ".join(self._why_not())
        parts = [str(found) for found in self.findings] or [self._without_findings]
        if self.overcalled:
            parts.append(f"overcalled: {', '.join(self.overcalled)}")
        return "; ".join(parts)

    @property
    def _without_findings(self) -> str:
        return UNASKED.get(self.attempt.rule, NORMAL) if self.unasked else NORMAL

    @property
    def why(self) -> str:
        """Why nothing is told yet."""
        return self._why_not()[1]

    def _why_not(self) -> tuple[str, str]:
        attempt = self.attempt
        if self.held:
            return "Held back", "part of what you are playing now, told when that is over"
        if attempt.state == Attempt.State.FAILED:
            return "Not scored", attempt.problem
        if attempt.state == Attempt.State.DRAFT:
            return "Second look", "not submitted yet"
        return "Being scored", "told in a moment"


def submitted(user: User) -> QuerySet[Attempt]:
    """The user's attempts that were submitted, also those open again for a second look."""
    return Attempt.objects.filter(user=user, submitted_at__isnull=False)


def may_be_told(user: User) -> Q:
    """Condition on the user's attempts: scored, and held by no open series (`is_told` for many)."""
    held = held_cases(user).values("case_id")
    return Q(state=Attempt.State.SCORED) & ~Q(case__in=held)


def described(
    user: User, attempts: QuerySet[Attempt] | list[Attempt], held: Collection[int] | None = None
) -> list[Past]:
    """The user's attempts with what pages say of them, in as many queries for one as for all.

    `held`: the keys of held cases, from who has asked for them already.
    """
    held = held_keys(user) if held is None else held
    if isinstance(attempts, QuerySet):
        attempts = attempts.select_related("case")
    found = list(attempts)
    prefetch_related_objects(
        found,
        "case__images",
        Prefetch("results", Result.objects.defer("data").order_by("id")),
        Prefetch("results__outcomes", Outcome.objects.select_related("finding").order_by("id")),
    )
    return [_described(attempt, attempt.case_id in held) for attempt in found]


def with_reasons(user: User, past: list[Past]) -> list[Past]:
    """The same with why each case came, of those that are told of; one query.

    A reason is that of the attempt submitted first after the choice, unless a series gave its case:
    a film that came again had another one.
    """
    told = [one.attempt.case_id for one in past if one.told]
    after = Attempt.objects.filter(
        user=user,
        case=OuterRef("case"),
        kind=OuterRef("kind"),
        submitted_at__gte=OuterRef("chosen_at"),
    )
    first = after.order_by("submitted_at", "pk").values("pk")[:1]
    rows = Chosen.objects.filter(user=user, case__in=told).annotate(attempt=Subquery(first))
    reasons = dict(rows.values_list("attempt", "why"))
    return [
        replace(one, came=reasons.get(one.attempt.pk, ""))
        if one.told and one.attempt.series_id is None
        else one
        for one in past
    ]


def attempt_url(attempt: Attempt) -> str:
    return reverse(game_of(attempt.kind).attempt_url_name, args=[attempt.public_id])


def name_of(label: str) -> str:
    """A label's name; what no label of the taxonomy fits is another finding."""
    if label == ABNORMAL:  # a film as a whole
        return label.capitalize()
    known = taxonomy.labels().get(label)
    return known.name if known else f"{label.replace('_', ' ').capitalize()} finding"


def _described(attempt: Attempt, held: bool) -> Past:
    url, image = attempt_url(attempt), next(iter(attempt.case.images.all()), None)
    results = list(attempt.results.all())
    if held or attempt.state != Attempt.State.SCORED or not results:
        return Past(attempt, url, image, held=held, told=False)
    counting = [result for result in results if result.counts]
    result = counting[-1] if counting else results[-1]
    outcomes = list(result.outcomes.all())
    answered = attempt.mode != Mode.GUIDED
    second = [one.score for one in results if counting and one.round > result.round]
    return Past(
        attempt,
        url,
        image,
        held=False,
        told=True,
        findings=_findings(outcomes, answered),
        overcalled=_overcalled(outcomes) if answered else (),
        score=result.score if counting else None,
        revised=second[-1] if second else None,
        scorer=result.scorer,
        unasked=not outcomes and game_of(attempt.kind).is_exercise,
    )


def _findings(outcomes: Iterable[Outcome], answered: bool) -> tuple[Told, ...]:
    """The labels of a case, the gravest first, regions of one label together; of a film that a
    drill asked about as a whole, that it is abnormal.
    """
    by_label: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        whole = outcome.about == Outcome.About.CASE and outcome.label == ABNORMAL
        if outcome.about == Outcome.About.TRUTH or whole:
            by_label.setdefault(outcome.label, []).append(outcome)
    gravest_first = sorted(by_label.items(), key=lambda pair: min(map(_gravity, pair[1])))
    return tuple(
        Told(label, name_of(label), _went(rows) if answered else ())
        for label, rows in gravest_first
    )


def _gravity(outcome: Outcome) -> int:
    """Rank of a finding's significance, 0 the gravest: its own, or its label's usual one."""
    known = taxonomy.labels().get(outcome.label)
    usual = known.default_significance if known else ""
    significance = outcome.finding.significance if outcome.finding else usual
    return RANKS.get(significance, len(RANKS))


def _went(rows: Iterable[Outcome]) -> tuple[Went, ...]:
    counted = Counter(row.outcome for row in rows)
    known = [outcome for outcome in OUTCOMES if outcome in counted]
    others = [outcome for outcome in counted if outcome not in OUTCOMES]
    return tuple(Went(outcome, counted[outcome]) for outcome in (*known, *others))


def _overcalled(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    false = [one for one in outcomes if one.about == Outcome.About.MARK and one.outcome == "false"]
    return tuple(dict.fromkeys(name_of(one.label) for one in false))
