"""Whether learners find a model's explanation helpful, or wrong."""

from __future__ import annotations

from accounts.models import User
from attempts.games import AnswerProblem
from feedback.models import Explanation, ExplanationRating

HELPFUL, WRONG, NONE = "helpful", "wrong", ""


def rating_of(explanation: Explanation, user: User) -> str:
    """`HELPFUL`, `WRONG`, or `NONE` where the learner has not said."""
    said = explanation.ratings.filter(user=user).values_list("helpful", flat=True).first()
    return NONE if said is None else _word(said)


def rate(explanation: Explanation, user: User, rating: str) -> None:
    """Keep a learner's rating in place of an earlier one; `NONE` takes it back.

    Raises AnswerProblem for any other word.
    """
    if rating not in (HELPFUL, WRONG, NONE):
        raise AnswerProblem("An explanation can be helpful or wrong.")
    if rating == NONE:
        explanation.ratings.filter(user=user).delete()
        return
    values = {"helpful": rating == HELPFUL}
    ExplanationRating.objects.update_or_create(explanation=explanation, user=user, defaults=values)


def forget(explanation: Explanation) -> None:
    """Drop the ratings of a text that is another one now."""
    explanation.ratings.all().delete()


def _word(helpful: bool) -> str:
    return HELPFUL if helpful else WRONG
