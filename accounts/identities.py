"""Accounts of people whom the school's identity provider knows (`accounts.oidc`).

An identity is known by issuer and subject alone. An account that is here already is connected by
its owner while logged in, never because of an equal e-mail address.
"""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import addresses
from accounts.models import Role, User
from accounts.oidc import Failed, Identity

MADE = {"made": True}
"""Kept beside an identity whose account came about by it: the provider may give that one a role."""

CLOSED = "Your account here is closed. Ask whoever runs this server."
NOT_OF_THE_SCHOOL = (
    "This server lets in people with an address at {domains} only, and {{name}} gave no such "
    "address of yours."
)
HAS_ACCOUNT = (
    "An account here has your address already. Log in with its name and password, then connect it "
    "to {name} on the page of your account."
)
OF_ANOTHER = "Another account here is connected to this person at {name}."
CONNECTED = "Your account is connected to another person at {name} already."


def account_of(identity: Identity) -> User:
    """The account of an identity, made when it comes for the first time. Raises Failed."""
    _let_in(identity)
    try:
        return _found_or_made(identity)
    except IntegrityError:  # two windows came back at once, and the other was first
        return _found_or_made(identity)


@transaction.atomic
def _found_or_made(identity: Identity) -> User:
    known = _known(identity)
    if known is None:
        return _made(identity)
    if not known.user.is_active:
        raise Failed(CLOSED)
    if known.extra_data == MADE:
        _give_role(known.user, identity)
    known.save(update_fields=["last_login"])
    return known.user


def _known(identity: Identity) -> SocialAccount | None:
    found = SocialAccount.objects.filter(provider=identity.issuer, uid=identity.subject)
    return found.select_related("user").first()


def _let_in(identity: Identity) -> None:
    """Raises Failed for who has no proved address at a domain of the list, where there is one."""
    domain = identity.email.rpartition("@")[2]
    if settings.OIDC_DOMAINS and domain not in settings.OIDC_DOMAINS:
        raise Failed(NOT_OF_THE_SCHOOL.format(domains=" or ".join(settings.OIDC_DOMAINS)))


def _made(identity: Identity) -> User:
    """A trainee's account without a password; a guest, where no list says who belongs here."""
    if identity.email and addresses.owner_of(identity.email):
        raise Failed(HAS_ACCOUNT)
    wishes = [identity.username.partition("@")[0], identity.email.partition("@")[0], "learner"]
    user = User(
        username=get_adapter().generate_unique_username(wishes),
        is_guest=not settings.OIDC_DOMAINS,
    )
    user.set_unusable_password()
    user.save()
    if identity.email:
        addresses.give(user, identity.email, is_proved=True)
    _connect(user, identity, MADE)
    _give_role(user, identity)
    return user


def _connect(user: User, identity: Identity, extra: dict[str, bool]) -> None:
    SocialAccount.objects.create(
        user=user, provider=identity.issuer, uid=identity.subject, extra_data=extra
    )


def _give_role(user: User, identity: Identity) -> None:
    """The role that the provider's groups name, also a lesser one than before; no other right."""
    if identity.groups is None:
        return
    role = Role.TRAINEE
    if identity.groups & set(settings.OIDC_INSTRUCTORS):
        role = Role.INSTRUCTOR
    if identity.groups & set(settings.OIDC_CURATORS):
        role = Role.CURATOR
    if user.role != role:
        user.role = role
        user.save(update_fields=["role"])


@transaction.atomic
def connect(user: User, identity: Identity) -> None:
    """Let an account that has a password also log in by the provider. Raises Failed."""
    known = _known(identity)
    if known is not None:
        if known.user_id != user.pk:
            raise Failed(OF_ANOTHER)
        return
    if SocialAccount.objects.filter(user=user, provider=identity.issuer).exists():
        raise Failed(CONNECTED)
    _connect(user, identity, {})


def is_connected(user: User) -> bool:
    return SocialAccount.objects.filter(user=user, provider=settings.OIDC_ISSUER).exists()


def disconnect(user: User) -> bool:
    """Let the account log in by its password alone; False where it has none."""
    if not user.has_usable_password():
        return False
    SocialAccount.objects.filter(user=user, provider=settings.OIDC_ISSUER).delete()
    return True
