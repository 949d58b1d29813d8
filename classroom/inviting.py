"""Invitations by e-mail: reading the list, writing the letters."""

from __future__ import annotations

import csv
import logging
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from celery import signature
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.mail import can_send
from accounts.models import User
from classroom.models import Cohort, Invitation, Membership
from classroom.problems import Refused
from classroom.services import revoke

logger = logging.getLogger(__name__)

MOST_LINES = 1000


@dataclass
class Invited:
    """What came of a list of addresses."""

    made: list[Invitation] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """A sentence for each line that was left out, with its number."""


def read_list(data: bytes) -> str:
    """The text of a list as any program saved it. Raises Refused for what is no text."""
    for encoding in (
        ("utf-8-sig", "utf-16")
        if data[:2] in (b"\xff\xfe", b"\xfe\xff")
        else (
            "utf-8-sig",
            "latin-1",
        )
    ):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused("This file is no text: save the list as CSV, one address a line.")


@transaction.atomic
def invite_addresses(cohort: Cohort, instructor: User, text: str, base: str) -> Invited:
    """An invitation for each address, one a line; of a table the first cell with an “@”.

    A first line without one is taken for the heading. Bad lines and those that come twice are named
    and left out; the rest goes in. Letters follow where this server sends mail; one joins at `base`
    and the code. Raises Refused for a list that is too long or empty.
    """
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise Refused(f"{len(lines)} lines are too many; at most {MOST_LINES} at a time.")
    found = Invited()
    seen: dict[str, int] = {}
    pending = cohort.invitations.filter(revoked_at__isnull=True).exclude(email="")
    known = {one.email.casefold(): one for one in pending.exclude(pk__in=_spent(cohort))}
    spent = {one.email.casefold(): one for one in pending.filter(pk__in=_spent(cohort))}
    for number, line in enumerate(lines, 1):
        cells = _cells(line)
        if not cells:
            continue
        address = next((cell for cell in cells if "@" in cell), None)
        if address is None:
            if seen or number > 1:
                found.problems.append(f"Line {number}: “{cells[0]:.60}” is no e-mail address.")
            continue
        problem = _problem_of(address, seen, known)
        seen.setdefault(address.casefold(), number)
        if problem:
            found.problems.append(f"Line {number}: {problem}")
            continue
        if before := spent.pop(address.casefold(), None):
            revoke(cohort, before.code)
        found.made.append(
            Invitation.objects.create(
                cohort=cohort, created_by=instructor, is_personal=True, email=address
            )
        )
    if not found.made and not found.problems:
        raise Refused("There is no address in this list.")
    send_soon(found.made, base)
    return found


def _spent(cohort: Cohort) -> QuerySet[Invitation]:
    """Those by which nobody can join any more, and whom they let in is not in the class now."""
    inside = Membership.objects.filter(invitation=OuterRef("pk"), left_at=None)
    over = Q(used=0, expires_at__lte=timezone.now()) | Q(~Exists(inside), used__gt=0)
    return cohort.invitations.filter(over)


def _cells(line: str) -> list[str]:
    """The cells of one line that hold something, whichever sign parts them."""
    sign = next((sign for sign in ("\t", ";") if sign in line), ",")
    try:
        row = next(csv.reader([line], delimiter=sign), [])
    except csv.Error:  # a cell longer than any address
        row = [line]
    return [cell.strip() for cell in row if cell.strip()]


def _problem_of(address: str, seen: Mapping[str, int], known: Container[str]) -> str:
    folded = address.casefold()
    try:
        validate_email(address)
    except ValidationError:
        return f"“{address:.60}” is no e-mail address."
    if len(address) > 254:
        return "this address is too long."
    if folded in seen:
        return f"“{address:.60}” again, as in line {seen[folded]}."
    if folded in known:
        return f"“{address:.60}” has an invitation already."
    return ""


def send_soon(invitations: Iterable[Invitation], base: str) -> None:
    """Have letters written once the invitations are kept; nothing where no mail can be sent."""
    keys = [one.pk for one in invitations if one.email and one.sent_at is None]
    if keys and can_send():
        transaction.on_commit(lambda: _queue(keys, base))


def _queue(keys: list[int], base: str) -> None:
    try:
        signature("classroom.tasks.send_invitations", (keys, base)).apply_async()
    except Exception:  # a broker that is away: the page shows what was not sent, with a button
        logger.warning("Invitations could not be queued.", exc_info=True)


def send(invitation: Invitation, base: str) -> None:
    """Write the letter; a second time sends nothing."""
    if invitation.sent_at or invitation.refusal:
        return
    context = {"invitation": invitation, "address": f"{base}{invitation.code}/"}
    EmailMessage(
        subject=f"An invitation to the class {' '.join(invitation.cohort.name.split())}",
        body=render_to_string("classroom/letter.txt", context),
        to=[invitation.email],
    ).send()
    invitation.sent_at = timezone.now()
    invitation.save(update_fields=["sent_at"])
