"""The smallest game there can be: how many findings does a case have?"""

from __future__ import annotations

from typing import Any

from attempts.games import AnswerProblem, Game, OutcomeRow, Scored
from attempts.models import Attempt, Outcome, Result
from attempts.pages import GamePages, Shown


def clean_answer(attempt: Attempt, answer: Any) -> dict[str, Any]:
    number = answer.get("number") if isinstance(answer, dict) else None
    if not isinstance(number, int) or number < 0:
        raise AnswerProblem("“number” must be a whole number, 0 or more.")
    return {"number": number}


def score(attempt: Attempt) -> Scored:
    findings = list(attempt.case.findings.all())
    right = attempt.answer["number"] == len(findings)
    outcome = "hit" if right else "missed"
    return Scored(
        scorer="equal",
        version="1",
        score=100 if right else 0,
        data={"number": len(findings)},
        outcomes=[
            OutcomeRow(Outcome.About.TRUTH, finding.label, outcome, finding.pk)
            for finding in findings
        ],
    )


def show(attempt: Attempt) -> Shown:
    return Shown(draft=attempt.answer or {"number": 0})


def told(attempt: Attempt, result: Result) -> dict[str, Any]:
    return {"review": {"number": result.data["number"], "score": result.score}}


GAME = Game(kind="counting", name="Counting", clean_answer=clean_answer, score=score)
PAGES = GamePages(game=GAME, page_name="Count", show=show, told=told)
TEMPLATES = {
    "case.html": '{% extends "case_page.html" %}{% block panel_name %}Count{% endblock %}',
    "_playing.html": '<label>Findings <input type="number" data-role="number"></label>',
    "_told.html": "<p>There are {{ review.number }}: {{ review.score|floatformat:0 }} points.</p>",
}
