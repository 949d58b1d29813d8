"""What a request is once its user is known to be logged in."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class UserRequest(HttpRequest):
    """The request of a view that only who is logged in reaches; a name for annotations alone."""

    user: User
    htmx: HtmxDetails
