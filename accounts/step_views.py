"""Pages of the second step: asked for at the log-in, turned on and off on one's account."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from axes.handlers.proxy import AxesProxyHandler
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import second_step
from accounts.forms import CodeForm, EnrollForm
from accounts.models import User
from accounts.qr import as_svg
from accounts.requests import UserRequest

SECRET = "second_step_secret"  # noqa: S105  # where in the session the secret to be enrolled is
FOR_STAFF = "The second step is for instructors, curators and administrators."
WRONG = (
    "This code is wrong or was used already. Wait for the next one, and check the phone’s clock."
)
MODEL = "accounts.second_step"


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The code of who gave their password; wrong ones count like wrong passwords."""
    found = second_step.waiting(request)
    if request.user.is_authenticated:
        return redirect("home")
    if found is None:
        messages.info(request, "Log in with your name and password first.")
        return redirect("accounts:login")
    user, to = found
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _takes(request, user, form):
        second_step.passed(request, user)
        return redirect(to)
    return render(request, "accounts/second_step_ask.html", {"form": form})


def _takes(request: HttpRequest, user: User, form: CodeForm) -> bool:
    """Whether the code is right; else the form says so, and a lock answers in its place."""
    credentials = {"username": user.get_username()}
    if AxesProxyHandler.is_allowed(request, credentials):
        if second_step.check(user, form.cleaned_data["code"]):
            return True
        user_login_failed.send(MODEL, credentials=credentials, request=request)
    else:
        request.axes_locked_out = True  # type: ignore[attr-defined]
        request.axes_credentials = credentials  # type: ignore[attr-defined]
    form.add_error("code", WRONG)
    return False


@never_cache
@require_http_methods(["GET", "POST"])
def own(request: UserRequest) -> HttpResponse:
    """Turn it on by a code of the app that photographed the square; or how it stands."""
    user = get_object_or_404(User, pk=request.user.pk)
    if second_step.is_on(user):
        return _status(request, user, CodeForm())
    if not second_step.may_have(user):
        raise PermissionDenied(FOR_STAFF)
    secret = request.session.setdefault(SECRET, generate_totp_secret())
    form = EnrollForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        codes = second_step.enroll(user, secret, form.cleaned_data["code"])
        if codes:
            del request.session[SECRET]
            request.session[second_step.PASSED] = user.pk
            return render(request, "accounts/second_step_codes.html", {"codes": codes})
        form.add_error("code", WRONG)
    link = get_adapter().build_totp_url(user, secret)
    context = {
        "form": form,
        "square": as_svg(link, "Square for the authenticator app"),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "required": second_step.is_required(user),
    }
    return render(request, "accounts/second_step_enroll.html", context)


def _status(request: UserRequest, user: User, form: CodeForm) -> HttpResponse:
    context = {
        "form": form,
        "left": second_step.codes_left(user),
        "required": second_step.is_required(user),
    }
    return render(request, "accounts/second_step.html", context)


@never_cache
@require_POST
def change(request: UserRequest) -> HttpResponse:
    """New recovery codes, or off: with a code, so that an open window is not enough."""
    user = get_object_or_404(User, pk=request.user.pk)
    if not second_step.is_on(user):
        raise PermissionDenied("The second step is not on." if user.sees_truth else FOR_STAFF)
    form = CodeForm(request.POST)
    if not form.is_valid() or not _takes(request, user, form):
        return _status(request, user, form)
    if "off" in request.POST:
        if second_step.is_required(user):
            raise PermissionDenied("Staff of this server have to have a second step.")
        second_step.turn_off(user)
        messages.success(request, "The second step is off: your password alone lets you in.")
        return redirect("accounts:own")
    codes = second_step.new_codes(user)
    return render(request, "accounts/second_step_codes.html", {"codes": codes})
