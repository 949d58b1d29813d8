"""Pages of the log-in by a school's identity provider; not there where none is set up."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import identities, oidc, second_step
from accounts.models import User
from accounts.requests import UserRequest

Page = Callable[..., HttpResponse]
AGAIN_SECONDS = 30
"""After which to try again where the provider is away."""


def needs_provider(view: Page) -> Page:
    """A page that is not there without a provider; why nobody was logged in is said on one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.OIDC_ENABLED:
            raise Http404("This server knows no identity provider.")
        try:
            return view(request, *args, **kwargs)
        except oidc.Failed as problem:
            context = {"sentence": str(problem)}
            told = render(request, "accounts/oidc_failed.html", context, status=problem.status)
            if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
                told["Retry-After"] = str(AGAIN_SECONDS)
            return told

    return guarded


@never_cache
@login_not_required
@require_GET
@needs_provider
def begin(request: HttpRequest) -> HttpResponse:
    """Lead to the provider, by a link: the policy (form-action) lets no form lead off the site."""
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return redirect(oidc.begin(request, wanted if is_ours else ""))


@never_cache
@login_not_required
@require_GET
@needs_provider
def back(request: HttpRequest) -> HttpResponse:
    """Where the provider sends everybody back to: a log-in, or an account that is connected."""
    came = oidc.finish(request)
    if came.connects is not None:
        if request.user.pk != came.connects:
            raise oidc.Failed(oidc.ELSEWHERE)
        identities.connect(get_object_or_404(User, pk=came.connects), came.identity)
        messages.success(request, f"You can log in with {settings.OIDC_NAME} from now on.")
        return redirect("accounts:own")
    user = identities.account_of(came.identity)
    return second_step.let_in(request, user, came.to or resolve_url(settings.LOGIN_REDIRECT_URL))


@never_cache
@require_POST
@needs_provider
def connect(request: UserRequest) -> HttpResponse:
    """Offer the way to the provider to who is logged in: by a form, so that no other site can."""
    context = {"there": oidc.begin(request, "", connects=request.user.pk)}
    return render(request, "accounts/oidc_connect.html", context)


@never_cache
@require_POST
@needs_provider
def disconnect(request: UserRequest) -> HttpResponse:
    if identities.disconnect(get_object_or_404(User, pk=request.user.pk)):
        messages.success(request, "Your password alone lets you in now.")
    else:
        messages.error(request, "Your account has no password: you could not log in any more.")
    return redirect("accounts:own")
