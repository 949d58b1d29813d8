"""The sockets of one log-in: how many there may be, and that they end with it."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from attempts.telling import tell_group

logger = logging.getLogger(__name__)

MOST_OF_LEARNER = 20
"""Sockets of one learner that one web process holds: a window has one."""
NO_SUCH, NOT_A_WORD, LOGGED_OUT, TOO_MANY = 4404, 4400, 4401, 4429
"""Why a socket is closed; numbers of our own begin at 4000."""
of_learner: Counter[int] = Counter()
"""Open sockets in this process, by the learner's key."""


def group_of(session_key: str) -> str:
    """The channel group of one log-in; the key itself goes nowhere."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


@receiver(user_logged_out)
def close_all(request: HttpRequest, user: User | None, **kwargs: object) -> None:
    """Close the sockets of the log-in that ends; a channel layer that is away keeps nobody in."""
    key = request.session.session_key
    if key is None:
        return
    try:
        tell_group(group_of(key), {"type": "session.ended"})
    except Exception:  # each kind of layer has errors of its own
        logger.warning("The sockets of a log-in that ended could not be closed.", exc_info=True)
