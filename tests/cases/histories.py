"""What is stored of a case."""

from __future__ import annotations

from cases.models import Case, CaseChange
from cases.services import correcting


def fresh(case, *names):
    found = Case.objects.get(pk=case.pk)
    return tuple(getattr(found, name) for name in names)


def entries(case):
    """The history of a case, the first entry first."""
    rows = CaseChange.objects.filter(case=case).order_by("pk")
    return [(one.what, one.version, one.why, one.said, one.by) for one in rows]


def corrected(case, by, change=lambda case: None, **said):
    with correcting(case=case, by=by, **said):
        change(case)
    return Case.objects.get(pk=case.pk)
