"""Which role may open a page, and who may govern whose account."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.models import Role, User

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


def may_govern(by: User, account: User) -> bool:
    """Whether `by` may change the account, whose password or address they can then log in with.

    A superuser governs all. Whoever else has Django's permission to change accounts governs those
    that can do nothing that they cannot: no superuser, no instructor (who has classes of their
    own), of no other role than theirs but a trainee, staff only if they are, and with none but
    their permissions, active or not.
    """
    if by.is_superuser:
        return True
    return (
        not account.is_superuser
        and (account.role == Role.TRAINEE or account.role == by.role != Role.INSTRUCTOR)
        and (by.is_staff or not account.is_staff)
        and not _granted(account).exclude(pk__in=_granted(by)).exists()
    )


def _granted(user: User) -> QuerySet[Permission]:
    """By itself or by its groups, also while it is not active."""
    return Permission.objects.filter(Q(user=user) | Q(group__user=user)).distinct()
