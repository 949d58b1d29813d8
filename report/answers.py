"""An answer of the writing game: the text, and the language it is written in."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.prepared import prepared
from attempts.games import AnswerProblem
from attempts.models import Attempt
from cases.models import Case, ReferenceReport
from ml import tables

MAX_CHARACTERS = 20_000
"""Several times the longest report of the public data sets; more only holds up the scoring."""
LANGUAGES = {row["language"]: row["own_name"] for row in tables.rows("languages")}
"""Languages that can be scored, by their own names."""


def scorable_reports() -> QuerySet[ReferenceReport]:
    """Reference reports that a text can be compared with."""
    return ReferenceReport.objects.filter(language__in=LANGUAGES).exclude(
        findings="", impression=""
    )


def languages_of(case: Case) -> list[str]:
    """The languages in which the case has a reference that can be scored, English first."""
    there = {language for (language,) in _languages(case.pk)}
    return sorted(there, key=list(LANGUAGES).index)


@prepared
def _languages(case: int) -> QuerySet[ReferenceReport, Any]:
    return scorable_reports().filter(case=case).values_list("language")


def storable(text: str) -> str:
    """Without what no database holds: NUL, half a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def clean_answer(attempt: Attempt, answer: Any) -> dict[str, Any]:
    """Check an answer and return it in the form that is stored; AnswerProblem says what is wrong.

    The text is kept as it was written, but for what no database holds (NUL, half a surrogate pair).
    """
    if not isinstance(answer, dict):
        raise AnswerProblem("The answer must be a JSON object.")
    text = answer.get("text", "")
    if not isinstance(text, str):
        raise AnswerProblem("“text” must be a text.")
    if len(text) > MAX_CHARACTERS:
        raise AnswerProblem(
            f"The report has {len(text):,} characters; at most {MAX_CHARACTERS:,} are taken."
        )
    languages = languages_of(attempt.case)
    if not languages:
        raise AnswerProblem("This case has no reference report to compare with.")
    language = answer.get("language") or languages[0]
    if language not in languages:
        raise AnswerProblem(f"This case has no reference report in {language!r:.20}.")
    return {"text": storable(text), "language": language}
