"""The answer to who gave too many wrong passwords or codes for one name from one address."""

from __future__ import annotations

import math
from collections.abc import Mapping

from axes.helpers import get_cool_off, get_failure_limit
from axes.models import AccessAttempt
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone


def answer(
    request: HttpRequest,
    original_response: HttpResponse | None = None,
    credentials: Mapping[str, str] | None = None,
) -> HttpResponse:
    """429 with `Retry-After`, in place of what was answered (`AXES_LOCKOUT_CALLABLE`)."""
    wait = seconds_left(request, (credentials or {}).get("username"))
    minutes = math.ceil(wait / 60)
    after = "a minute" if minutes == 1 else f"{minutes} minutes"
    if request.headers.get("Accept", "").startswith("application/json"):
        sentence = f"Wrong several times in a row. Wait {after}, then try again."
        locked: HttpResponse = JsonResponse({"error": sentence}, status=429)
    else:
        locked = render(request, "accounts/locked.html", {"after": after}, status=429)
    locked["Retry-After"] = str(wait)
    locked["Cache-Control"] = "no-store"
    return locked


def seconds_left(request: HttpRequest, name: str | None) -> int:
    """Until the lock on this name from the request's address is over; all of it where unknown."""
    whole = get_cool_off(request)
    assert whole is not None, "a lock that ends is set"
    rows = AccessAttempt.objects.filter(
        username=name, ip_address=getattr(request, "axes_ip_address", None)
    )
    # A row for each browser. The newest that are enough hold it; it ends with the oldest of these.
    limit, tries, holding = get_failure_limit(request, {"username": name}), 0, None
    for time, failures in rows.order_by("-attempt_time").values_list(
        "attempt_time", "failures_since_start"
    ):
        tries, holding = tries + failures, time
        if tries >= limit:
            break
    left = whole - (timezone.now() - holding) if holding else whole
    return max(1, min(math.ceil(left.total_seconds()), math.ceil(whole.total_seconds())))
