"""The instructor's dashboard."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Role
from accounts.permissions import role_required
from classroom import queries


@require_GET
@role_required(Role.INSTRUCTOR)
def dashboard(request: HttpRequest) -> HttpResponse:
    page = Paginator(queries.trainees(), 50).get_page(request.GET.get("page"))
    context = {"page": page, "figures": queries.figures()}
    return render(request, "classroom/dashboard.html", context)
