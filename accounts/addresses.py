"""E-mail addresses of accounts: which are proved to be theirs, and the letters that prove it.

`User.email` is where letters go; a row of `EmailAddress` says whether somebody read one there.
"""

from __future__ import annotations

from smtplib import SMTPException

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.mail import can_send
from accounts.models import User

NOT_SENT = (SMTPException, OSError)
"""What a mail server that is away or refuses raises."""


@transaction.atomic
def give(user: User, address: str, *, is_proved: bool = False) -> EmailAddress | None:
    """Make `address` the account's only one; empty: none. One it has proved stays proved."""
    address = address.lower()
    user.email = address
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).exclude(email=address).delete()
    if not address:
        return None
    row, made = EmailAddress.objects.get_or_create(
        user=user, email=address, defaults={"primary": True, "verified": is_proved}
    )
    if is_proved and not made and not row.verified:
        row.set_verified()
    return row


def owner_of(address: str) -> User | None:
    """The account that proved this address."""
    return User.objects.filter(
        emailaddress__email=address.lower(), emailaddress__verified=True
    ).first()


def is_proved(user: User) -> bool:
    return EmailAddress.objects.filter(user=user, verified=True, email=user.email.lower()).exists()


def must_prove(user: User) -> bool:
    """Whether an account that signed up itself has never been let in, and is not to be yet."""
    if user.last_login is not None or not can_send():
        return False
    proved = EmailAddress.objects.filter(user=user).values_list("verified", flat=True)
    return bool(proved) and not any(proved)


def send_proof(request: HttpRequest, row: EmailAddress) -> None:
    """Send the link that proves the address. Raises one of NOT_SENT."""
    key = EmailConfirmationHMAC.create(row).key
    link = request.build_absolute_uri(reverse("accounts:verify", args=[key]))
    _send("Your address at RadGame", "accounts/letter_verify.txt", row.email, link, row.user)


def send_taken(request: HttpRequest, address: str, owner: User) -> None:
    """Tell who proved the address that it was given again. Raises one of NOT_SENT."""
    link = request.build_absolute_uri(reverse("accounts:forgotten"))
    _send("Your address at RadGame", "accounts/letter_taken.txt", address, link, owner)


def _send(subject: str, template: str, address: str, link: str, user: User) -> None:
    text = render_to_string(template, {"link": link, "name": user.get_username()})
    send_mail(subject, text, None, [address])


def prove(key: str) -> User | None:
    """Whose address this link proves; None for a link that is too old, was used, or is no link."""
    found = EmailConfirmationHMAC.from_key(key)
    if found is None:
        return None
    row = found.email_address
    try:
        with transaction.atomic():
            is_theirs = row.set_verified()
    except IntegrityError:  # another account proved it at the same moment
        return None
    return get_user_model().objects.get(pk=row.user_id) if is_theirs else None


def proved_by_letter(user: User) -> None:
    """Whoever set a password by a letter has read it where the account's address leads."""
    if user.email and owner_of(user.email) in (None, user):
        give(user, user.email, is_proved=True)
