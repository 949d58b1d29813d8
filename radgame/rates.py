"""How often anybody may do what costs something: per learner, and per address before a log-in.

Counted in Redis by `limits`. Where Redis is away nobody is refused: these are bounds on haste, and
nothing acknowledged hangs on them.
"""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Callable
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from accounts import second_step
from classroom.signals import wrong_code

logger = logging.getLogger(__name__)

LOG_INS = ("accounts:login",)
CODES = ("classroom:code", "classroom:join")
"""Pages that look up the code of an invitation."""
OF_LEARNER = {
    "draft": "300/minute",
    "submit": "60/minute",
    "hint": "60/minute",
    "upload_file": "3000/minute",  # pieces of files: bounded by what an upload may hold
    "export": "10/hour",
    "erase": "10/hour",
}
"""By the last word of a page's name; every other writing page has `OTHERS`."""
OTHERS = "120/minute"
OF_ADDRESS = {
    "accounts:login": "300/minute",
    "accounts:second_step_ask": "100/minute",
    "accounts:verify": "60/hour",
    "accounts:oidc": "120/minute",
    "accounts:oidc_back": "120/minute",
    "accounts:sign_up": "100/hour",
    "classroom:join": "300/hour",
    "accounts:forgotten": "60/hour",
    "accounts:new_password": "60/hour",
}
"""A hospital or a class is one address."""
OUTWARD = ("accounts:oidc", "accounts:oidc_back")
"""Pages that ask another server while somebody waits: bounded by address when they are read too."""
LETTERS = "3/hour"
"""To one e-mail address that was typed, whether or not there is an account."""
FAILURES = "50/15minute"
"""Wrong passwords from one address, or for one name from anywhere; beyond them it goes slowly.

Those for a name from an address where it has logged in well before are counted apart, by address:
whoever guesses elsewhere, or other names, does not delay an account's owner."""
KNOWN_SECONDS = 90 * 86_400
"""Since the last log-in of a name from an address."""
STEPS = "10/15minute"
"""Codes of the second step, right or wrong, of one account that gave its password."""
OWN_PASSWORD = (
    *("accounts:password", "accounts:address", "accounts:erase"),
    *("accounts:second_step", "accounts:second_step_change"),
)
"""Pages that ask who is logged in for their password or code again."""
OWN_TRIES = "10/15minute"
"""Right or wrong, on all of these together: an open window is no place to guess from."""
LETTER_PAGES = ("accounts:forgotten", "accounts:sign_up", "accounts:address")
GUESSES = "20/15minute"
"""Wrong codes of invitations, of one learner or one address."""
SLOW = "1/5second"
TELL_SECONDS = 60
"""Between two lines of the log that nothing is counted."""

_told_at = -float(TELL_SECONDS)


@cache
def _limiter() -> FixedWindowRateLimiter:
    url = settings.REDIS_URL
    url = url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url
    options = {"socket_connect_timeout": 1, "socket_timeout": 1}
    return FixedWindowRateLimiter(storage_from_string(url, key_prefix="rates", **options))


def seconds_to_wait(rate: str, *who: str) -> int:
    """Count one; 0 when it is within the rate, else the seconds until it would be."""
    item = parse(rate)
    return 0 if _counted(item, *who) else _reset_in(item, *who)


def _counted(item: RateLimitItem, *who: str) -> bool:
    try:
        return _limiter().hit(item, *who)
    except Exception as error:  # redis' own, of whatever kind
        _tell_that_nobody_counts(error)
        return True


def _tell_that_nobody_counts(error: Exception) -> None:
    global _told_at
    if time.monotonic() - _told_at >= TELL_SECONDS:
        _told_at = time.monotonic()
        logger.warning("Nobody counts how often things are done: %s", error)


def _is_beyond(rate: str, *who: str) -> bool:
    try:
        return not _limiter().test(parse(rate), *who)
    except Exception:
        return False


def _reset_in(item: RateLimitItem, *who: str) -> int:
    """At least 1; 0 where Redis went away since it counted, so that nobody is refused."""
    try:
        reset_time = _limiter().get_window_stats(item, *who).reset_time
    except Exception as error:
        _tell_that_nobody_counts(error)
        return 0
    return max(1, round(reset_time - time.time()))


@receiver(wrong_code)
def count_guess(request: HttpRequest, **kwargs: object) -> None:
    """Remember a code that there is not, for who is logged in or else their address."""
    _counted(parse(GUESSES), *_guesser(request))


def _guesser(request: HttpRequest) -> tuple[str, str]:
    if request.user.is_authenticated:
        return ("code-of", str(request.user.pk))
    return ("code-from", _address(request))


def _after_guesses(request: HttpRequest) -> int:
    """Seconds until the next code is looked up, of whoever has tried many that there are not."""
    who = _guesser(request)
    return _reset_in(parse(GUESSES), *who) if _is_beyond(GUESSES, *who) else 0


@receiver(user_login_failed)
def count_failure(
    credentials: dict[str, str], request: HttpRequest | None, **kwargs: object
) -> None:
    """Remember a wrong password for its address and its name."""
    if request is not None:
        for who in _suspects(request, credentials.get("username", "")):
            _counted(parse(FAILURES), *who)


@receiver(user_logged_in)
def remember_pair(request: HttpRequest | None, user: AbstractUser, **kwargs: object) -> None:
    """Note that this name logs in from this address, by a keyed digest of both.

    A second step was passed too by then.
    """
    address = _address(request) if request is not None else ""
    if not address:
        return
    try:
        storage = _limiter().storage
        key = _pair(_read(user.get_username()), address)
        storage.clear(key)  # so that the time begins anew
        storage.incr(key, KNOWN_SECONDS)
    except Exception as error:
        _tell_that_nobody_counts(error)


def _is_known(name: str, address: str) -> bool:
    try:
        return bool(_limiter().storage.get(_pair(name, address)))
    except Exception:
        return False


def _pair(name: str, address: str) -> str:
    return f"known/{_digest(f'{address} {name}')}"


def _digest(text: str) -> str:
    """What keeps a name or an address out of Redis, and tells nobody who has its dump."""
    return salted_hmac("radgame.rates", text).hexdigest()


@receiver(user_locked_out)
def tell_of_lock(**kwargs: object) -> None:
    """Say in the log that it happened: axes itself would write the name and the address."""
    logger.warning("A name is closed for a while from one address, after many wrong passwords.")


def _suspects(request: HttpRequest, name: str) -> list[tuple[str, str]]:
    """Whom a wrong password counts against: the address, and the name from anywhere; where the
    two belong together, only those of the address for which that is so.
    """
    read, address = _read(name), _address(request)
    if _is_known(read, address):
        return [("known", address)]
    return [("from", address), ("name", _digest(read))]


def _read(name: str) -> str:
    """A name as the log-in reads it: its form strips it and takes letters of another width for the
    usual ones, so that many spellings are one name.
    """
    return unicodedata.normalize("NFKC", name).strip().casefold()[:150]


def _address(request: HttpRequest) -> str:
    """Whoever has one address of IPv6 has all of its /64: they count as one."""
    given = request.META.get("REMOTE_ADDR", "")
    try:
        read = ip_address(given)
    except ValueError:
        return given
    if isinstance(read, IPv6Address) and read.ipv4_mapped is None:
        return str(ip_network((int(read), 64), strict=False))
    return str(getattr(read, "ipv4_mapped", None) or read)


class Rates:
    """Middleware: a writing request that comes too often is answered by 429 and `Retry-After`."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if request.resolver_match is None:
            return None
        page = request.resolver_match.view_name
        if page in CODES and (wait := _after_guesses(request)):
            return _refused(request, wait)
        if page in OUTWARD and (wait := seconds_to_wait(OF_ADDRESS[page], page, _address(request))):
            return _refused(request, wait)
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return None
        wait = _of_learner(request, page) if request.user.is_authenticated else 0
        if page in OF_ADDRESS and not wait:
            wait = seconds_to_wait(OF_ADDRESS[page], page, _address(request))
        if page in LOG_INS and not wait:
            wait = _after_failures(request)
        if page == "accounts:second_step_ask" and not wait:
            wait = _of_steps(request)
        if page in OWN_PASSWORD and request.user.is_authenticated and not wait:
            wait = seconds_to_wait(OWN_TRIES, "own", str(request.user.pk))
        if page in LETTER_PAGES and not wait:
            wait = _of_letters(request)
        return _refused(request, wait) if wait else None


def _of_learner(request: HttpRequest, page: str) -> int:
    last_word = page.rpartition(":")[2]
    word = last_word if last_word in OF_LEARNER else "other"
    return seconds_to_wait(OF_LEARNER.get(word, OTHERS), word, str(request.user.pk))


def _of_letters(request: HttpRequest) -> int:
    typed = request.POST.get("email", "").casefold()[:150]
    return seconds_to_wait(LETTERS, "letter", typed) if typed else 0


def _of_steps(request: HttpRequest) -> int:
    account = second_step.waiting_number(request)
    return seconds_to_wait(STEPS, "step", str(account)) if account else 0


def _after_failures(request: HttpRequest) -> int:
    """Seconds until the next try, after very many wrong passwords: nobody is locked out by them."""
    for who in _suspects(request, request.POST.get("username", "")):
        if _is_beyond(FAILURES, *who) and (wait := seconds_to_wait(SLOW, *who)):
            return wait
    return 0


def _refused(request: HttpRequest, wait: int) -> HttpResponse:
    in_words = f"{wait} seconds" if wait < 120 else f"{round(wait / 60)} minutes"
    sentence = f"This came more often than is taken. Wait {in_words}, then try again."
    if request.headers.get("Accept", "").startswith("application/json"):
        answer: HttpResponse = JsonResponse({"error": sentence}, status=429)
    else:
        context = {"status": 429, "title": "One moment", "sentence": sentence}
        answer = render(request, "problem.html", context, status=429)
    answer["Retry-After"] = str(wait)
    return answer
