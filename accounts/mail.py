"""Whether this server can send mail, and the pages that need it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

Page = Callable[..., HttpResponseBase]


def can_send() -> bool:
    return bool(settings.EMAIL_HOST)


def needs_mail(view: Page) -> Page:
    """A page that is not there where no mail can be sent."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not can_send():
            raise Http404("This server sends no mail: ask your instructor for a new password.")
        return view(request, *args, **kwargs)

    return guarded
