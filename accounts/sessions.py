"""Sessions in the database as Django keeps them, read by a statement that is built once.

Every page and every address that a game asks begins with it (`accounts.prepared`).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import backends
from accounts.prepared import prepared


class SessionStore(db.SessionStore):
    """Django's store of sessions in the database; only the reading of one is its own."""

    def load(self) -> dict[str, Any]:
        rows = _kept(self.session_key)
        if not rows:
            self._session_key = None
            return {}
        kept = self.decode(rows[0][0])
        if kept.get(BACKEND_SESSION_KEY) == backends.FORMER:
            kept[BACKEND_SESSION_KEY] = backends.PATH
        return kept


@prepared
def _kept(session_key: str) -> QuerySet[Session, Any]:
    """What is kept of a session that has not expired."""
    found = Session.objects.filter(session_key=session_key, expire_date__gt=Now())
    return found.values_list("session_data")
