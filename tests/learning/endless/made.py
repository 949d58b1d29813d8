"""Films as the worker leaves them, and the worker at work."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from attempts.series import Terms, assign_series
from cases.models import Case
from learning.endless import making, stock
from learning.models import MadeFilm, Preferences
from tests import factories

SIZE = 240


def film_for(user, **values) -> Case:
    """A case that was made for the learner, as the worker leaves it."""
    case = factories.ImageFactory(case__dataset__simulated=True).case
    factories.RegionFactory(finding__case=case, finding__label="nodule_mass")
    case.findings.update(conspicuity=2.0)
    Case.objects.filter(pk=case.pk).update(made_for=user)
    number = MadeFilm.objects.filter(user=user).count() + 1
    values = {"recipe": "nodule", "contrast": 2.0, "size": 1_000_000, **values}
    MadeFilm.objects.create(
        user=user, number=number, seed=number, case=case, made_at=timezone.now(), **values
    )
    case.refresh_from_db()
    return case


def drill(user, case):
    return assign_series(
        user=user,
        kind="drill",
        mode="practice",
        cases=[case],
        title="",
        rule="nodule",
        terms=Terms(tells_at_once=True),
    )


def wanting(user, ago: timedelta = timedelta(0)) -> None:
    Preferences.objects.update_or_create(
        user=user, defaults={"films_wanted_at": timezone.now() - ago}
    )


def fill(monkeypatch, count: int = 1) -> int:
    monkeypatch.setattr(stock, "AHEAD", {stock.ENDLESS: count})
    return making.fill(SIZE, gated=False)
