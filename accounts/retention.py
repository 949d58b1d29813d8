"""How long accounts and the logs about them are kept, by the database's clock."""

from __future__ import annotations

import logging
from datetime import timedelta

from allauth.account.models import EmailAddress
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from accounts import personal
from accounts.models import Role, User

logger = logging.getLogger(__name__)

ERASED_AT_ONCE = 200
NEVER_PROVED_DAYS = 7
"""Who signed up and did not open the letter's link in as many is forgotten."""


def forget() -> None:
    """Erase what is older than the settings allow; 0 days: kept for ever."""
    if settings.KEEP_LOGS_DAYS:
        long_ago = Now() - timedelta(days=settings.KEEP_LOGS_DAYS)
        LogEntry.objects.filter(action_time__lt=long_ago).delete()
        AccessAttempt.objects.filter(attempt_time__lt=long_ago).delete()
    for user in never_proved()[:ERASED_AT_ONCE]:
        _erase(user)
    if settings.KEEP_ACCOUNTS_DAYS:
        for user in deserted()[:ERASED_AT_ONCE]:
            _erase(user)


def never_proved() -> QuerySet[User]:
    """Accounts that were signed up for with an address that nobody read a letter at."""
    long_ago = Now() - timedelta(days=NEVER_PROVED_DAYS)
    unproved = EmailAddress.objects.filter(verified=False).values("user")
    proved = EmailAddress.objects.filter(verified=True).values("user")
    guests = User.objects.filter(is_guest=True, last_login=None, date_joined__lt=long_ago)
    return guests.filter(pk__in=unproved).exclude(pk__in=proved).order_by("pk")


def deserted() -> QuerySet[User]:
    """Trainees' accounts that nobody has used for `KEEP_ACCOUNTS_DAYS`.

    Who logged in once may have played until the session ended, so that its length is added.
    """
    days = settings.KEEP_ACCOUNTS_DAYS + settings.SESSION_DAYS
    long_ago = Now() - timedelta(days=days)
    unused = Q(last_login__lt=long_ago) | Q(last_login=None, date_joined__lt=long_ago)
    staff = Q(is_staff=True) | Q(is_superuser=True)
    return User.objects.filter(unused, role=Role.TRAINEE).exclude(staff).order_by("pk")


def _erase(user: User) -> None:
    try:
        personal.erase(user)
    except personal.CannotErase as error:
        logger.warning("Account %s is kept although nobody uses it: %s", user.pk, error)
