"""Which role may open a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def role_required(*roles: str) -> Callable[[View], View]:
    """Let only these roles (and superusers) in; anybody else gets a 403 with a sentence.

    Whoever is not logged in never gets this far: LoginRequiredMiddleware sends
    them to the log-in page.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not (request.user.is_authenticated and request.user.has_role(*roles)):
                allowed = " and ".join(f"{role}s" for role in roles)
                raise PermissionDenied(f"This page is for {allowed}.")
            return view(request, *args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]
        return guarded

    return decorate
