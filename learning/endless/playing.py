"""Which of the films made for a learner comes next, and why it came."""

from __future__ import annotations

from accounts.models import User
from attempts.models import Attempt, Mode
from attempts.queries import held_cases
from cases.models import Case, Finding
from learning.endless import stock
from learning.models import MadeFilm, Preferences
from learning.past import name_of
from learning.services import NextCase, playable
from localize.scoring import KIND
from ml import taxonomy

REASON = "Made for you, at the edge of what you find; some of these films are normal."


def next_film(user: User, after: Case | None = None) -> NextCase | None:
    """The made film that was begun, else the one that waits longest; None where none waits."""
    cases = playable(user, KIND, made=True).filter(made_for=user)
    cases = cases.exclude(pk__in=held_cases(user).values("case_id"))
    if after:
        cases = cases.exclude(pk=after.pk)
    begun = Attempt.objects.filter(
        user=user,
        kind=KIND,
        state=Attempt.State.DRAFT,
        series=None,
        case__in=cases,
        mode=Mode.PRACTICE,
    )
    last = begun.select_related("case").order_by("-pk").first()
    if last:
        return NextCase(lambda: last.case, "You began this film and have not submitted it.")
    film = stock.waiting(user, stock.ENDLESS).filter(case__in=cases).select_related("case").first()
    if film is None or film.case is None:
        return None
    case = film.case
    return NextCase(lambda: case, REASON, strategy=Preferences.Strategy.ADAPTIVE, why=_why(film))


def _why(film: MadeFilm) -> str:
    """Told with the truth of the film."""
    asked = Finding.objects.filter(case=film.case).exclude(label__in=taxonomy.variants())
    finding = asked.order_by("pk").first()
    if finding is None:
        return "It was made for you as one of the normal films that are mixed in."
    words = f"It was made for you: {name_of(finding.label)}"
    if finding.conspicuity and film.contrast:
        words += (
            f" with a contrast-to-noise ratio of {finding.conspicuity:.1f} "
            f"({film.contrast:.1f} was wanted)"
        )
    return f"{words}."
