"""What was made for a person goes with their account, unless a curator gave it to everybody."""

from __future__ import annotations

from accounts.models import User
from attempts.models import Attempt, SeriesCase
from cases import made
from cases.models import Case


def erase_made(sender: type[User], user: User, **kwargs: object) -> None:
    """Receiver of `accounts.signals.erasing`: inside the transaction that deletes the account."""
    cases = Case.objects.filter(made_for=user)
    SeriesCase.objects.filter(case__in=cases, series__user=user).delete()
    Attempt.objects.filter(case__in=cases, user=user).delete()
    for case in cases:
        made.remove(case=case)
