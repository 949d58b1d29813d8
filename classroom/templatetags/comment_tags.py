"""Comments of instructors, where their learner sees them."""

from __future__ import annotations

from typing import Any

from django import template

from accounts.models import User
from attempts.models import Attempt
from classroom import comments
from learning.past import attempt_url

register = template.Library()
MOST = 5


@register.inclusion_tag("classroom/_comments.html")
def comments_on(attempt: Attempt) -> dict[str, Any]:
    """What was said of an attempt, on the feedback that its learner sees."""
    found = comments.of_attempt(attempt)
    return {
        "attempt": attempt,
        "comments": found,
        "has_new": any(one.seen_at is None for one in found),
    }


@register.inclusion_tag("classroom/_new_comments.html")
def new_comments(user: User) -> dict[str, Any]:
    """A notice of comments that the learner has not seen."""
    found = {one.attempt_id: one for one in comments.new_for(user)[:MOST]}
    notices = [
        {"url": attempt_url(one.attempt), "author": one.author_name} for one in found.values()
    ]
    return {"new_comments": notices}
