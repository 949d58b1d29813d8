"""What is kept of a person for pages of progress: sums of their results, told as those are."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import models

from accounts.models import User
from accounts.personal import Part, Row, part
from attempts.personal import told
from learning.models import (
    CaseRecord,
    Chosen,
    DailyGo,
    Deck,
    Kept,
    LabelRecord,
    MadeFilm,
    Mistake,
    PackedRecords,
    Preferences,
    Skill,
)


def _of_told(
    model: type[models.Model], owner: str, *fields: str
) -> Callable[[User], Iterable[Row]]:
    def rows(user: User) -> Iterable[Row]:
        found = model._default_manager.filter(**{f"{owner}__in": told(user)})
        return found.order_by("pk").values(f"{owner}__public_id", *fields)

    return rows


def _chosen(user: User) -> Iterable[Row]:
    """Why cases came; the reason, which tells the truth, of those told of alone."""
    return (
        Chosen.objects.filter(user=user, case__in=told(user).filter(state="scored").values("case"))
        .order_by("pk")
        .values("case__public_id", "kind", "strategy", "why", "chosen_at")
    )


def _made(user: User) -> Iterable[Row]:
    """Films made for the person; what they were to show, which tells the truth, of played ones."""
    played = told(user).filter(state="scored").values("case")
    return (
        MadeFilm.objects.filter(user=user, case__in=played)
        .order_by("number")
        .values(
            *("number", "purpose", "recipe", "contrast", "zone", "change", "technique"),
            *("case__public_id", "made_at"),
        )
    )


COUNTS = ("truths", "hits", "search", "recognition", "precision", "overcalls")
PARTS = (
    Part(
        "figures",
        CaseRecord,
        _of_told(CaseRecord, "attempt", "rule", "score", *COUNTS, "sure", "sure_wrong", "sureness"),
    ),
    Part(
        "figures-by-label",
        LabelRecord,
        _of_told(LabelRecord, "record__attempt", "label", *COUNTS),
    ),
    Part(
        "mistakes",
        Mistake,
        _of_told(Mistake, "record__attempt", "kind", "label", "called", "significance"),
    ),
    # The figures once more: of them there is nothing to tell but that they are kept.
    part("figures-packed", PackedRecords, "user", "kind", "rule", "cases"),
    part(
        "skills",
        Skill,
        "user",
        *("kind", "label", "ability", "variance", "shown", "found", "alarms", "due_at", "last_at"),
    ),
    part(
        "learning-preferences",
        Preferences,
        "user",
        *("strategy", "time_zone", "weekly_goal", "earlier_goals"),
        *("plays_for_points", "shows_badges", "shows_streak", "plays_daily_film"),
    ),
    Part("chosen-cases", Chosen, _chosen),
    part("kept-cases", Kept, "attempt__user", "attempt__public_id", "note", "created_at"),
    Part("made-films", MadeFilm, _made),
    part("decks", Deck, "series__user", "series__public_id"),
    part("daily-films", DailyGo, "user", "film__day", "series__public_id"),
)
