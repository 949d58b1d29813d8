"""What changes accounts."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from axes import utils as axes
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Role, User

MOST_AT_ONCE = 200

# No letters that look alike: these passwords are read off a terminal.
ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def random_password() -> str:
    """Four groups of four, about 80 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def short_code() -> str:
    """Two groups of four, about 40 bits: to be typed by hand where guesses are counted."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(2))


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


def give_new_password(trainee: User) -> str:
    """A random password in place of the one a trainee has forgotten; their sessions end.

    Raises ValueError for any other account: who sets a password can log in with it.
    """
    if not trainee.is_only_trainee:
        raise ValueError(f"{trainee.username} is more than a trainee")
    password = random_password()
    trainee.set_password(password)
    trainee.save(update_fields=["password"])
    let_in_again(trainee)
    return password


def let_in_again(user: User) -> None:
    """Forget the wrong passwords tried before, so that the new one works at once."""
    axes.reset(username=user.get_username())


@dataclass(frozen=True)
class MadeAccounts:
    """What came of a list of names: passwords by name, and why the others were refused."""

    passwords: dict[str, str]
    refused: dict[str, str]
    """Name → one sentence; the same for all where the list as a whole is refused."""

    @property
    def problems(self) -> list[str]:
        """The sentences, each once."""
        return list(dict.fromkeys(self.refused.values()))


@transaction.atomic
def create_trainees(names: Iterable[str]) -> MadeAccounts:
    """A trainee account with a random password for each name; blank lines are passed over."""
    normal = (User.normalize_username(name).strip() for name in names)
    wanted = list(dict.fromkeys(name for name in normal if name))
    if len(wanted) > MOST_AT_ONCE:
        sentence = f"{len(wanted)} names are too many; at most {MOST_AT_ONCE}."
        return MadeAccounts({}, dict.fromkeys(wanted, sentence))
    taken = {name.casefold() for name in User.objects.values_list("username", flat=True)}
    passwords: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name in wanted:
        problem = _problem_of(name, taken)
        if problem:
            refused[name] = problem
            continue
        taken.add(name.casefold())
        passwords[name] = random_password()
        User.objects.create_user(username=name, password=passwords[name], role=Role.TRAINEE)
    return MadeAccounts(passwords, refused)


def _problem_of(name: str, taken: set[str]) -> str:
    """Why a name cannot be given to an account, and what to do; empty when it can."""
    called = f"“{name}”" if len(name) <= 60 else f"“{name[:59]}…”"
    longest = User._meta.get_field("username").max_length or 0
    if len(name) > longest:
        return f"{called} is too long: {len(name)} characters, and a name has at most {longest}."
    if any(sign.isspace() for sign in name):
        instead = ".".join(name.split())
        return (
            f"{called} has a blank in it, and a name to log in with has none: try “{instead:.60}”."
        )
    try:
        User(username=name).clean_fields(exclude=["password"])
    except ValidationError:
        return f"{called} has {_odd_signs(name)} in it: use letters, digits and @ . + - _ only."
    if name.casefold() in taken:
        return f"{called} is taken already."
    return ""


def _odd_signs(name: str) -> str:
    """The characters that no name may have, by their names where they cannot be seen."""
    odd = dict.fromkeys(sign for sign in name if not re.fullmatch(r"[\w.@+-]", sign))
    seen = (
        f"“{sign}”" if sign.isprintable() else unicodedata.name(sign, f"U+{ord(sign):04X}").lower()
        for sign in odd
    )
    return ", ".join(seen)
