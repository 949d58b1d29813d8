"""Truths that learners doubt: kept once for each finding of an attempt, read by curators."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts.prepared import prepared_models
from attempts.games import AnswerProblem
from attempts.models import Attempt, Result
from cases.doubts import DoubtKind
from localize.models import Flag
from localize.wording import OUTCOME_WORDS, name_of

LONGEST_WHY = 500
DOUBTS = DoubtKind(
    name="localize",
    title="Localize",
    model=Flag,
    open=Flag.State.OPEN,
    accepted=Flag.State.CHANGED,
    declined=Flag.State.KEPT,
    address=lambda attempt: reverse("localize:attempt", args=[attempt.public_id]),
)
"""What curators answer at their desk."""


def flags_of(attempt: Attempt) -> dict[str, Flag]:
    """The learner's flags of one attempt by what they are about."""
    return {flag.subject: flag for flag in _flags(attempt.pk)}


@prepared_models
def _flags(attempt: int) -> QuerySet[Flag]:
    return Flag.objects.filter(attempt=attempt)


@transaction.atomic
def flag(*, attempt: Attempt, result: Result, subject: str, why: str) -> Flag:
    """Keep why a truth is doubtful; a second word replaces the first and opens it again.

    Raises AnswerProblem without a word, or for a subject that the feedback does not have.
    """
    why = " ".join(why.replace("\0", "").split())[:LONGEST_WHY]
    if not why:
        raise AnswerProblem("Say in a word why this is doubtful.")
    subjects = _subjects(result)
    if subject not in subjects:
        raise AnswerProblem("There is no such finding in this feedback.")
    label, said = subjects[subject]
    values = {"label": label, "said": said, "why": why, "state": Flag.State.OPEN}
    return Flag.objects.update_or_create(attempt=attempt, subject=subject, defaults=values)[0]


def _subjects(result: Result) -> dict[str, tuple[str, str]]:
    """What may be doubted: subject → its label, and what the feedback says of it."""
    data = result.data
    found = {
        row["finding"]: (row["label"], _said("Finding", row["label"], row["outcome"]))
        for row in data["truths"]
    }
    for row in data["marks"]:
        if row["outcome"] == "false":
            found[row["id"]] = (row["label"], _said("Mark", row["label"], row["outcome"]))
    for row in data["ticked"]:
        if row["outcome"] == "false":
            found[f"tick-{row['label']}"] = (row["label"], _said("Tick", row["label"], "false"))
    return found


def _said(what: str, label: str, outcome: str) -> str:
    return f"{what} {name_of(label)}: {OUTCOME_WORDS[outcome].lower()}"
