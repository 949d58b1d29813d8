"""What changes macros and contested pairings."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from attempts.games import AnswerProblem
from attempts.models import Attempt, Result
from cases.doubts import DoubtKind
from report.answers import storable
from report.models import Contest, Macro
from report.review import review_of

MOST_MACROS = 50
LONGEST_NAME, LONGEST_TEXT, LONGEST_WHY = 40, 2000, 1000
DOUBTS = DoubtKind(
    name="report",
    title="Report",
    model=Contest,
    open=Contest.State.OPEN,
    accepted=Contest.State.AGREED,
    declined=Contest.State.REFUSED,
    address=lambda attempt: reverse("report:attempt", args=[attempt.public_id]),
)
"""What curators answer at their desk."""


@transaction.atomic
def save_macro(*, user: User, name: str, text: str) -> Macro:
    """Make or change a macro; AnswerProblem says what is wrong with it."""
    name, text = storable(name).strip(), storable(text).strip()
    if not name or not text:
        raise AnswerProblem("A macro needs a name and a text.")
    if len(name) > LONGEST_NAME or any(letter.isspace() for letter in name):
        raise AnswerProblem(f"A macro's name is one word of at most {LONGEST_NAME} characters.")
    if len(text) > LONGEST_TEXT:
        raise AnswerProblem(f"A macro has at most {LONGEST_TEXT:,} characters.")
    others = Macro.objects.filter(user=user).exclude(name=name).count()
    if others >= MOST_MACROS:
        raise AnswerProblem(f"You have {others} macros; delete one first.")
    return Macro.objects.update_or_create(user=user, name=name, defaults={"text": text})[0]


def delete_macro(*, user: User, name: str) -> None:
    Macro.objects.filter(user=user, name=storable(name).strip()).delete()


@transaction.atomic
def contest(*, attempt: Attempt, result: Result, note: str, why: str) -> Contest:
    """Keep a learner's word against one note, with both texts; a second word replaces the first."""
    why = storable(why).strip()[:LONGEST_WHY]
    if not why:
        raise AnswerProblem("Say in a word why this is not right.")
    groups = review_of(attempt, result)["groups"]
    said = {n["id"]: n["explanation"] for group in groups for n in group["notes"]}
    if note not in said:
        raise AnswerProblem("There is no such note in this feedback.")
    return Contest.objects.update_or_create(
        attempt=attempt,
        note=note,
        defaults={
            "why": why,
            "said": said[note],
            "engine": result.scorer,
            "engine_version": result.scorer_version,
            "reference_text": result.data["reference"],
            "learner_text": result.data["text"],
            "state": Contest.State.OPEN,
        },
    )[0]
