"""The desk's log: what was done to all cases, by whom and why, newest first."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Role, User
from accounts.permissions import role_required
from accounts.requests import UserRequest
from cases.desk import clean
from cases.models import CaseChange, Dataset

ROWS = 50
BY_ITSELF = "-"
"""Of the filter *who*: what no person did."""


@require_GET
@role_required(Role.CURATOR)
def changes(request: UserRequest) -> HttpResponse:
    """What was done, narrowed by data set, kind and person."""
    names = ("dataset", "what", "by")
    wanted = {name: clean(request.GET.get(name, "")) for name in names}
    found = CaseChange.objects.select_related("case__dataset", "by").defer("said")
    if wanted["dataset"]:
        found = found.filter(case__dataset__slug=wanted["dataset"])
    if wanted["what"]:
        found = found.filter(what=wanted["what"])
    if wanted["by"] == BY_ITSELF:
        found = found.filter(by=None)
    elif wanted["by"]:
        found = found.filter(by__username=wanted["by"])
    context = {
        "page": Paginator(found, ROWS).get_page(request.GET.get("page")),
        "wanted": wanted,
        "whats": CaseChange.What.choices,
        "datasets": Dataset.objects.order_by("title"),
        "people": User.objects.filter(pk__in=CaseChange.objects.values("by")).order_by("username"),
        "by_itself": BY_ITSELF,
    }
    return render(request, "cases/changes.html", context)
