"""A case's history: each change of status, truth or context with who, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.models import User
from cases.models import Case, CaseChange

LONGEST_WHY = 500
SHOWN = 50
"""Entries that a page lists."""


def note(
    case: Case,
    what: str,
    *,
    by: User | None,
    why: str = "",
    said: Mapping[str, Any] | None = None,
) -> CaseChange:
    """Add an entry; a blank `why` is allowed for what asks for none."""
    return CaseChange.objects.create(
        case=case, what=what, version=case.version, why=why[:LONGEST_WHY], said=said, by=by
    )


def note_truth(
    case: Case,
    *,
    before: tuple[int, Mapping[str, Any]],
    said: Mapping[str, Any],
    by: User | None,
    why: str = "",
) -> None:
    """Add the version that `case` has now; the one of `before` too, where nothing is kept of it.

    `before` is the version and what it said, so that no version that learners met is lost.
    """
    version, was = before
    kept = CaseChange.objects.filter(case=case, what=CaseChange.What.TRUTH, version=version)
    if not kept.exists():
        CaseChange.objects.create(
            case=case, what=CaseChange.What.TRUTH, version=version, why="As it was before", said=was
        )
    note(case, CaseChange.What.TRUTH, by=by, why=why, said=said)


def status_before_retiring(case: Case) -> str:
    """The status that a retired case had; *in review* where nobody kept it."""
    for change in case.changes.filter(what=CaseChange.What.STATUS)[:SHOWN]:
        if change.said and change.said.get("after") == Case.Status.RETIRED:
            return str(change.said.get("before") or Case.Status.REVIEW)
    return Case.Status.REVIEW
