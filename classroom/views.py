"""The instructor's dashboard."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import Role
from accounts.permissions import role_required
from accounts.services import create_trainees
from classroom import queries


@require_GET
@role_required(Role.INSTRUCTOR)
def dashboard(request: HttpRequest) -> HttpResponse:
    page = Paginator(queries.trainees(), 50).get_page(request.GET.get("page"))
    context = {"page": page, "figures": queries.figures()}
    return render(request, "classroom/dashboard.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.INSTRUCTOR)
def trainees(request: HttpRequest) -> HttpResponse:
    """Make trainees' accounts: one name a line; the passwords are shown once."""
    context: dict[str, object] = {}
    if request.method == "POST":
        names = request.POST.get("names", "").replace("\0", "")
        context = {"made": create_trainees(names.splitlines()), "names": names}
    return render(request, "classroom/trainees.html", context)
