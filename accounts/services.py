"""What changes accounts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Role, User

MOST_AT_ONCE = 200

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


@dataclass(frozen=True)
class MadeAccounts:
    """What came of a list of names: passwords by name, and a sentence for each that was refused."""

    passwords: dict[str, str]
    problems: list[str]


@transaction.atomic
def create_trainees(names: Iterable[str]) -> MadeAccounts:
    """A trainee account with a random password for each name; blank lines are passed over."""
    normal = (User.normalize_username(name).strip() for name in names)
    wanted = list(dict.fromkeys(name for name in normal if name))
    if len(wanted) > MOST_AT_ONCE:
        return MadeAccounts({}, [f"{len(wanted)} names are too many; at most {MOST_AT_ONCE}."])
    taken = {name.casefold() for name in User.objects.values_list("username", flat=True)}
    passwords: dict[str, str] = {}
    problems = []
    for name in wanted:
        problem = _problem_of(name, taken)
        if problem:
            problems.append(problem)
            continue
        taken.add(name.casefold())
        passwords[name] = random_password()
        User.objects.create_user(username=name, password=passwords[name], role=Role.TRAINEE)
    return MadeAccounts(passwords, problems)


def _problem_of(name: str, taken: set[str]) -> str:
    if name.casefold() in taken:
        return f"“{name:.60}” is taken already."
    try:
        User(username=name).clean_fields(exclude=["password"])
    except ValidationError:
        return f"“{name:.60}” cannot be a name: use letters, digits and @ . + - _ only."
    return ""
