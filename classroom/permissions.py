"""Views of one class: for those who teach it, or for those who are in it."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse

from accounts.permissions import View
from accounts.requests import UserRequest
from classroom.access import learns_in, taught_by, teaches
from classroom.models import Assignment, Cohort

NO_SUCH_CLASS = "There is no such class of yours."
NO_SUCH_ASSIGNMENT = "There is no such assignment of yours."


def taught(view: View) -> View:
    """Give the view the class that its address names, where the user teaches it; else a 404."""

    @wraps(view)
    def guarded(request: UserRequest, cohort_id: str, **kwargs: Any) -> HttpResponse:
        cohort = taught_by(request.user).filter(public_id=cohort_id).first()
        if cohort is None:
            raise Http404(NO_SUCH_CLASS)
        return view(request, cohort, **kwargs)

    return guarded


def own_class(view: View) -> View:
    """The same for a class that the user teaches or learns in now."""

    @wraps(view)
    def guarded(request: UserRequest, cohort_id: str, **kwargs: Any) -> HttpResponse:
        cohort = Cohort.objects.filter(public_id=cohort_id).first()
        if cohort is None or not (teaches(request.user, cohort) or learns_in(request.user, cohort)):
            raise Http404(NO_SUCH_CLASS)
        return view(request, cohort, **kwargs)

    return guarded


def set_work(view: View) -> View:
    """Give the view the assignment of a class that the user teaches; else a 404."""

    @wraps(view)
    def guarded(request: UserRequest, assignment_id: str, **kwargs: Any) -> HttpResponse:
        found = (
            Assignment.objects.filter(public_id=assignment_id, cohort__in=taught_by(request.user))
            .select_related("cohort")
            .first()
        )
        if found is None:
            raise Http404(NO_SUCH_ASSIGNMENT)
        return view(request, found, **kwargs)

    return guarded


def given_work(view: View) -> View:
    """Give the view a published assignment of a class that the user learns in; else a 404."""

    @wraps(view)
    def guarded(request: UserRequest, assignment_id: str, **kwargs: Any) -> HttpResponse:
        found = (
            Assignment.objects.filter(
                public_id=assignment_id,
                published_at__isnull=False,
                cohort__memberships__user=request.user,
                cohort__memberships__left_at=None,
            )
            .select_related("cohort")
            .first()
        )
        if found is None:
            raise Http404(NO_SUCH_ASSIGNMENT)
        return view(request, found, **kwargs)

    return guarded
