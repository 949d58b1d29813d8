"""Who logs in with a password, as Django knows them; their row is read as often as any."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet

from accounts.models import User
from accounts.prepared import prepared_models

PATH = "accounts.backends.Accounts"
"""What sessions name it by."""
FORMER = "django.contrib.auth.backends.ModelBackend"
"""What sessions of before it name: what they hold is the same."""


class Accounts(ModelBackend):
    """Django's backend; only the reading of an account by its key is its own, which every request
    and every socket begins with.
    """

    def get_user(self, user_id: Any) -> User | None:
        found = next(iter(_accounts(int(user_id))), None)
        return found if found and self.user_can_authenticate(found) else None


@prepared_models
def _accounts(key: int) -> QuerySet[User]:
    return User.objects.filter(pk=key)
