"""The second step of a log-in: a code of an authenticator app (TOTP, RFC 6238), or a recovery code.

Secrets, codes and their checks are allauth's; its pages are not used, since they bring a library
of cryptography into every web process (docs/decisions/036). A code counts once: the time step of
the last one is kept in the database, so that no other process takes it again (RFC 6238, 5.2).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import backends
from accounts.models import User

WAITING = "second_step_waits"
"""In the session: who gave a password and is asked for a code now."""
PASSED = "second_step_of"
"""In the session: the number of the account that gave a code in it."""
WAITS_SECONDS = 600
OPEN = ("accounts:second_step", "accounts:logout", "alive", "ready", "well", "metrics")
"""Pages for staff who have no second step yet where one is required."""

Kind = Authenticator.Type


def may_have(user: User) -> bool:
    """Whoever sees more than their own: instructors, curators, administrators."""
    return not user.is_only_trainee


def is_required(user: User) -> bool:
    return settings.STAFF_SECOND_STEP == "required" and may_have(user)


def is_on(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=Kind.TOTP).exists()


def let_in(request: HttpRequest, user: User, to: str) -> HttpResponse:
    """Log in who proved who they are, or ask for their code first; then go on to `to`."""
    if not is_on(user):
        login(request, user, backend=backends.PATH)
        return redirect(to)
    request.session[WAITING] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "until": time.time() + WAITS_SECONDS,
        "to": to,
    }
    return redirect("accounts:second_step_ask")


def waiting_number(request: HttpRequest) -> int | None:
    """The number of the account that is asked for its code."""
    waits = request.session.get(WAITING)
    return waits["user"] if waits else None


def waiting(request: HttpRequest) -> tuple[User, str] | None:
    """The account that is asked for its code and where it goes then; None after ten minutes."""
    waits: dict[str, Any] | None = request.session.get(WAITING)
    if not waits or waits["until"] < time.time():
        return None
    user = User.objects.filter(pk=waits["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != waits["password"]:
        return None
    return user, waits["to"]


def passed(request: HttpRequest, user: User) -> None:
    """Log in who gave the code too."""
    login(request, user, backend=backends.PATH)
    request.session.pop(WAITING, None)
    request.session[PASSED] = user.pk


@transaction.atomic
def check(user: User, code: str) -> bool:
    """Whether this is a code of the account's app or one of its recovery codes; both work once."""
    rows = {one.type: one for one in Authenticator.objects.select_for_update().filter(user=user)}
    app, codes = rows.get(Kind.TOTP), rows.get(Kind.RECOVERY_CODES)
    if app is None:
        return False
    step = _step_of(get_adapter().decrypt(app.data["secret"]), code)
    if step is not None and step > app.data.get("last_step", 0):
        app.data["last_step"] = step
        app.save(update_fields=["data"])
        app.record_usage()
        return True
    if codes is not None and RecoveryCodes(codes).validate_code(code):
        codes.record_usage()
        return True
    return False


def _step_of(secret: str, code: str) -> int | None:
    """The time step whose code this is: now, the one before or the one after."""
    for step in totp.yield_hotp_counters_from_time():
        if compare_user_code(
            actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, step))
        ):
            return step
    return None


@transaction.atomic
def enroll(user: User, secret: str, code: str) -> list[str] | None:
    """Turn it on with a secret that the user's app has; the recovery codes, None: a wrong code."""
    User.objects.select_for_update().get(pk=user.pk)
    step = _step_of(secret, code)
    if step is None or is_on(user):
        return None
    app = totp.TOTP.activate(user, secret).instance
    app.data["last_step"] = step
    app.save(update_fields=["data"])
    return new_codes(user)


@transaction.atomic
def new_codes(user: User) -> list[str]:
    """Recovery codes in place of those there were."""
    Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).delete()
    return RecoveryCodes.activate(user).generate_codes()


def codes_left(user: User) -> int:
    row = Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row else 0


def turn_off(user: User) -> bool:
    """Take it off, with its recovery codes; False where there was none."""
    return bool(Authenticator.objects.filter(user=user).delete()[0])


class Required:
    """Middleware: where staff must have a second step, who gave none is led to it."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        if settings.STAFF_SECOND_STEP != "required":
            return None
        page = request.resolver_match.view_name if request.resolver_match else ""
        user = request.user
        if page in OPEN or not isinstance(user, User) or not is_required(user):
            return None
        if request.session.get(PASSED) == user.pk:
            return None
        if is_on(user):  # a session from before it was turned on
            logout(request)
            messages.info(request, "Log in again, with your second step.")
            return redirect("accounts:login")
        messages.info(request, "Staff of this server log in with a second step. Turn it on first.")
        return redirect("accounts:second_step")
