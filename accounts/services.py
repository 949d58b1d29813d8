"""What changes accounts."""

from __future__ import annotations

import secrets

from accounts.models import Role, User

# No letters that look alike: these passwords are read off a terminal.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def random_password() -> str:
    """Four groups of four, about 80 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def create_first_accounts() -> dict[str, str]:
    """One account a role with a random password, when there is no account at all.

    Returns username → password; empty when accounts exist already.
    """
    if User.objects.exists():
        return {}
    made = {}
    for role in Role.values:
        made[role] = random_password()
        User.objects.create_user(
            username=role, password=made[role], role=role, is_staff=role == Role.CURATOR
        )
    return made
