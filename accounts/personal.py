"""What is kept of a person: given to them as a file, and erased with their account.

Every app registers the parts it keeps, so that `accounts` knows of none of them. A part gives
what a person may be given now: no truth of a case whose feedback they cannot see. A test finds
models that hang on an account and are registered by nobody.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.models import User
from accounts.signals import erasing

logger = logging.getLogger(__name__)

Row = Mapping[str, Any]
LOG_INS = (AccessAttempt, AccessFailureLog, AccessLog)
TRIES = 5
README = """\
What is kept here of {name}, as of {day}. Each file holds one kind of record as JSON: a list of
rows, times in UTC. What a case really shows is not among them, nor scores that have not been told.
The meaning of every file is in docs/privacy.md of the project.
"""


class CannotErase(Exception):
    """Why an account cannot be erased, in a sentence."""


@dataclass(frozen=True)
class Part:
    """One kind of record: the rows of one model that hang on a person."""

    name: str
    """Of the file, without its ending."""
    model: type[models.Model]
    rows: Callable[[User], Iterable[Row]]
    """What of them the person is given: JSON's types, dates, UUIDs."""


_parts: dict[str, Part] = {}


def register(*parts: Part) -> None:
    """Called once for each part, when its app is ready."""
    _parts.update((part.name, part) for part in parts)


def parts() -> list[Part]:
    return list(_parts.values())


def part(name: str, model: type[models.Model], owner: str, *fields: str) -> Part:
    """A part that gives some fields of all rows whose `owner` (a lookup) is the person."""

    def rows(user: User) -> Iterable[Row]:
        return model._default_manager.filter(**{owner: user.pk}).order_by("pk").values(*fields)

    return Part(name, model, rows)


def export(user: User) -> bytes:
    """A ZIP archive with one JSON file for each part, and a page of text that says so."""
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        told = {"name": user.get_username(), "day": f"{timezone.now():%Y-%m-%d}"}
        archive.writestr("README.txt", README.format(**told))
        for name, text in _files(user):
            archive.writestr(f"{name}.json", text)
    return stream.getvalue()


def _files(user: User) -> Iterator[tuple[str, str]]:
    for one in parts():
        rows = list(one.rows(user))
        yield one.name, json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def file_name(user: User) -> str:
    """Of an export; names hold letters, digits and @ . + - _ alone."""
    return f"radgame-{user.get_username()}-{timezone.now():%Y-%m-%d}.zip"


def erase(user: User) -> dict[str, int]:
    """Delete an account and all that hangs on it; how many rows of each model went.

    Nothing anonymous is left in their place, and figures are computed without them from then on.
    The log says the account's number, so that it can be erased again after an older backup was
    restored. Raises CannotErase for the last superuser, and where others' work hangs on it.
    """
    number = user.pk
    for _ in range(TRIES):
        try:
            counts = _erase(number)
        except models.ProtectedError as error:
            kinds = {str(row._meta.verbose_name_plural) for row in error.protected_objects}
            raise CannotErase(
                f"Others' work hangs on this account: {', '.join(sorted(kinds))}. "
                "Give that to somebody else first."
            ) from None
        except IntegrityError:  # something of theirs was saved meanwhile
            continue
        logger.warning("Account %s and all that hung on it was erased.", number)
        return counts
    raise CannotErase("Something of this account is saved again and again. Try again in a minute.")


@transaction.atomic
def _erase(number: int) -> dict[str, int]:
    user = User.objects.select_for_update().get(pk=number)
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=number)
    if user.is_superuser and not others.exists():
        raise CannotErase("This is the last account that administers everything.")
    erasing.send(User, user=user)
    counts: dict[str, int] = {}
    for model in LOG_INS:
        _add(counts, model.objects.filter(username__iexact=user.get_username()).delete()[1])
    _add(counts, _said_of(user).delete()[1])
    _add(counts, user.delete()[1])
    return counts


def _said_of(user: User) -> models.QuerySet[LogEntry]:
    """The administration's log of what others did to the account: it has the name in it."""
    kind = ContentType.objects.get_for_model(User)
    return LogEntry.objects.filter(content_type=kind, object_id=str(user.pk))


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for model, count in more.items():
        if count:
            counts[model] = counts.get(model, 0) + count


def _log_ins(user: User) -> Iterator[Row]:
    """Wrong passwords given for the account's name."""
    for row in AccessAttempt.objects.filter(username__iexact=user.get_username()):
        yield {
            "at": row.attempt_time,
            "address": row.ip_address,
            "browser": row.user_agent,
            "failures": row.failures_since_start,
        }


OWN = (
    part(
        "account",
        User,
        "pk",
        *("username", "email", "first_name", "last_name", "role", "is_guest"),
        *("date_joined", "last_login", "is_active", "is_staff", "is_superuser"),
    ),
    part("addresses", EmailAddress, "user", "email", "verified", "primary"),
    part("address-letters", EmailConfirmation, "email_address__user", "created", "sent"),
    part("second-step", Authenticator, "user", "type", "created_at", "last_used_at"),
    part("school", SocialAccount, "user", "provider", "uid", "date_joined", "last_login"),
    part("school-tokens", SocialToken, "account__user", "expires_at"),
    Part("wrong-passwords", AccessAttempt, _log_ins),
    part(
        "administration",
        LogEntry,
        "user",
        *("action_time", "content_type__model", "object_repr", "action_flag", "change_message"),
    ),
)
