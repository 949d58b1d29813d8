"""What instructors say to a learner of an attempt, or of one finding of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.prepared import prepared, prepared_models
from attempts.models import Attempt, Result
from attempts.queries import held_keys
from classroom.models import Cohort, Comment
from classroom.problems import Refused
from learning.past import name_of

LONGEST = 2000
WHOLE = "the whole attempt"


@dataclass(frozen=True)
class Subject:
    """What a comment may be on."""

    key: str
    """Empty for the whole attempt."""
    words: str


def subjects_of(result: Result) -> list[Subject]:
    """The whole attempt, and each finding, mark and tick of it."""
    data: Mapping[str, Any] = result.data
    found = {"": WHOLE}
    for row in data.get("truths", []):
        found[row["finding"]] = f"the finding: {name_of(row['label'])}"
    for row in data.get("marks", []):
        found[f"mark {row['id']}"[:60]] = f"the mark: {name_of(row['label'])}"
    for row in data.get("ticked", []):
        found[f"tick {row['label']}"] = f"the tick: {name_of(row['label'])}"
    for row in data.get("evaluation", {}).get("reference_findings", []):
        found[f"reference {row['id']}"] = f"the finding: {row['name']}"
    return [Subject(key, words) for key, words in found.items()]


def add(
    *, cohort: Cohort, attempt: Attempt, result: Result, author: User, subject: str, text: str
) -> Comment:
    """Keep a comment; the learner gets a notice. Raises Refused without a text, or for no subject
    of this attempt.
    """
    text = text.replace("\0", "").strip()
    if not text:
        raise Refused("Write something first.")
    if len(text) > LONGEST:
        raise Refused(f"This has {len(text)} characters; at most {LONGEST} are taken.")
    about = next((one for one in subjects_of(result) if one.key == subject), None)
    if about is None:
        raise Refused("There is no such finding in this attempt.")
    return Comment.objects.create(
        cohort=cohort,
        attempt=attempt,
        author=author,
        author_name=author.get_username(),
        subject=about.key,
        about=about.words[:200],
        text=text,
    )


def remove(comment_id: int, author: User) -> bool:
    """Take back a comment of one's own; False where there is none."""
    return bool(Comment.objects.filter(pk=comment_id, author=author).delete()[0])


def of_attempt(attempt: Attempt) -> list[Comment]:
    """The comments on an attempt of all classes, for its learner, oldest first."""
    return _said_of(attempt.pk)


@prepared_models
def _said_of(attempt: int) -> QuerySet[Comment]:
    return Comment.objects.filter(attempt=attempt).order_by("pk")


def of_class(attempt: Attempt, cohort: Cohort) -> QuerySet[Comment]:
    """Those that instructors of one class wrote: what another class says of it, and how it names
    the learner, is not theirs to read.
    """
    return Comment.objects.filter(attempt=attempt, cohort=cohort).order_by("pk")


def new_for(learner: User) -> list[Comment]:
    """Comments that the learner has not seen, on attempts that may be told of, oldest first."""
    keys = [key for (key,) in _unseen(learner.pk)]
    if not keys:
        return []
    found = Comment.objects.filter(pk__in=keys).select_related("attempt").order_by("pk")
    held = held_keys(learner)
    return [one for one in found if one.attempt.case_id not in held]


@prepared
def _unseen(learner: int) -> QuerySet[Comment, Any]:
    unseen = Comment.objects.filter(attempt__user=learner, seen_at=None)
    return unseen.filter(attempt__state=Attempt.State.SCORED).values_list("pk")


def note_seen(attempt: Attempt) -> None:
    """The learner has seen the comments on this attempt."""
    Comment.objects.filter(attempt=attempt, seen_at=None).update(seen_at=timezone.now())
