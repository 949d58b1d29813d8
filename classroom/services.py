"""What changes classes and who is in them; assignments have `classroom.assigning`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.forms import SignUpForm
from accounts.models import User
from accounts.services import short_code
from attempts.series import end, reopen
from classroom import assigning
from classroom.models import INVITATION_LASTS, Cohort, Invitation, Membership, Run
from classroom.problems import Refused


@transaction.atomic
def create_cohort(instructor: User, *, name: str, **fields: object) -> Cohort:
    """A class that the instructor teaches, with an invitation by link; `fields` are of `Cohort`."""
    cohort = Cohort.objects.create(name=name, created_by=instructor, **fields)
    cohort.instructors.add(instructor)
    invite_by_link(cohort, instructor)
    return cohort


def archive(cohort: Cohort) -> None:
    """Close a class: nobody joins, its open work is ended, all of it can still be looked at."""
    cohort.archived_at = timezone.now()
    cohort.save(update_fields=["archived_at"])
    for run in Run.objects.filter(
        assignment__cohort=cohort, series__closed_at__isnull=True
    ).select_related("series"):
        end(run.series)


@transaction.atomic
def restore(cohort: Cohort) -> None:
    """Open an archived class again, and of who is in it the work that archiving ended."""
    ended = Run.objects.filter(
        assignment__cohort=cohort,
        assignment__archived_at=None,
        is_preview=False,
        series__closed_at__gte=cohort.archived_at,
        user__in=cohort.memberships.filter(left_at=None).values("user"),
    )
    for run in ended.select_related("series"):
        reopen(run.series)
    cohort.archived_at = None
    cohort.save(update_fields=["archived_at"])


@transaction.atomic
def add_instructor(cohort: Cohort, user: User) -> None:
    """Another instructor with the same rights. Raises Refused for a learner of the class."""
    if cohort.memberships.filter(user=user, left_at__isnull=True).exists():
        raise Refused(f"{user.get_username()} is a learner of this class.")
    if not user.is_active or not user.has_role("instructor"):
        raise Refused(f"There is no instructor called {user.get_username()}.")
    cohort.instructors.add(user)


@transaction.atomic
def remove_instructor(cohort: Cohort, user: User) -> None:
    """Take an instructor off the class. Raises Refused for the last one."""
    others = cohort.instructors.select_for_update().exclude(pk=user.pk)
    if not others.filter(is_active=True).exists():
        raise Refused("A class has one instructor at least: add another one first, or archive it.")
    cohort.instructors.remove(user)


def invite_by_link(
    cohort: Cohort, instructor: User, *, places: int | None = None, days: int | None = None
) -> Invitation:
    """A new link for everybody who has it; those before it are taken back."""
    lasts = timedelta(days=days) if days else INVITATION_LASTS
    with transaction.atomic():
        revoke_links(cohort)
        return Invitation.objects.create(
            cohort=cohort,
            created_by=instructor,
            places=places,
            expires_at=timezone.now() + lasts,
        )


def revoke_links(cohort: Cohort) -> None:
    """Let nobody join by link any more."""
    links = cohort.invitations.filter(is_personal=False, revoked_at__isnull=True)
    links.update(revoked_at=timezone.now())


def revoke(cohort: Cohort, code: str) -> None:
    """Take back an invitation of the class; one that was used has done its work."""
    cohort.invitations.filter(code=code, revoked_at__isnull=True).update(revoked_at=timezone.now())


def decline(invitation: Invitation) -> None:
    """Say no to an invitation for oneself."""
    invitation.declined_at = invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["declined_at", "revoked_at"])


@transaction.atomic
def ask_by_name(cohort: Cohort, instructor: User, names: Iterable[str]) -> list[str]:
    """Ask those of these names who have an account whether they join; the names asked.

    Who was asked and has not answered, learns in the class or teaches it, is not asked again.
    """
    wanted = {name.strip() for name in names}
    users = User.objects.filter(username__in=wanted, is_active=True)
    busy = cohort.memberships.filter(left_at__isnull=True).values("user")
    pending = cohort.invitations.filter(user__isnull=False, revoked_at__isnull=True, used=0)
    pending = pending.filter(expires_at__gt=timezone.now())
    to_ask = users.exclude(pk__in=busy).exclude(cohorts_taught=cohort)
    for user in to_ask.exclude(pk__in=pending.values("user")):
        Invitation.objects.create(cohort=cohort, created_by=instructor, user=user, is_personal=True)
    return list(users.order_by("username").values_list("username", flat=True))


def invite_persons(cohort: Cohort, instructor: User, count: int) -> list[Invitation]:
    """Codes for a printed sheet, each of which lets one person in."""
    return [
        Invitation.objects.create(cohort=cohort, created_by=instructor, is_personal=True)
        for _ in range(count)
    ]


@transaction.atomic
def join(
    user: User,
    invitation: Invitation,
    *,
    training: str = Membership.Training.UNKNOWN,
    consent: str = "",
) -> Membership:
    """Become a learner of the invitation's class, or again; a second time changes nothing.

    `consent` is the text that the user agreed to. Raises Refused where the invitation is over, for
    somebody else, or the user teaches the class, and where the text agreed to is not the class's.
    """
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("cohort")
        .get(pk=invitation.pk)
    )
    cohort = invitation.cohort
    found = cohort.memberships.filter(user=user).first()
    if found and found.is_active:
        return found
    if invitation.refusal:
        raise Refused(invitation.refusal)
    if invitation.user_id not in (None, user.pk):
        raise Refused("This invitation is for somebody else.")
    if cohort.instructors.filter(pk=user.pk).exists():
        raise Refused("You teach this class; you cannot learn in it too.")
    if consent.split() != cohort.consent.split():  # forms change how lines end
        raise Refused("The text of this class was changed. Please read it again.")
    Invitation.objects.filter(pk=invitation.pk).update(used=F("used") + 1)
    if user.is_guest:  # an instructor says that they belong here
        user.is_guest = False
        user.save(update_fields=["is_guest"])
    text = cohort.consent
    return enroll(cohort, user, training=training, consent=text, invitation=invitation)


@transaction.atomic
def join_with(
    user: User | None, account: SignUpForm | None, invitation: Invitation, said: dict[str, Any]
) -> Membership:
    """Join as `user`, or with a new account of this valid form; neither is kept without the other.

    `said` are the cleaned fields of `JoinForm`. Raises Refused as `join` does.
    """
    if user is None:
        if account is None:
            raise Refused("Log in, or make an account, to join.")
        user = account.save()
    return join(user, invitation, training=said["training"], consent=said["consent"])


@transaction.atomic
def enroll(
    cohort: Cohort,
    user: User,
    *,
    training: str = "",
    consent: str = "",
    invitation: Invitation | None = None,
) -> Membership:
    """Put a user into a class, without an invitation, and deal its assignments to them."""
    now = timezone.now()
    terms = {
        "training": training,
        "consent": consent,
        "consented_at": now if consent else None,
        "invitation": invitation,
        "joined_at": now,
        "left_at": None,
        "ranks": False,  # who joins again is asked again
    }
    membership, made = Membership.objects.get_or_create(
        cohort=cohort, user=user, defaults={**terms, "code": _new_code(cohort)}
    )
    if not made:
        for name, value in terms.items():
            setattr(membership, name, value)
        membership.save()
    assigning.deal_to(membership)
    if not made:
        assigning.go_on(membership)
    return membership


def set_training(membership: Membership, training: str) -> None:
    membership.training = training
    membership.save(update_fields=["training"])


def set_compares(membership: Membership, compares: bool) -> None:
    membership.compares = compares
    membership.save(update_fields=["compares"])


def set_ranks(membership: Membership, ranks: bool) -> None:
    membership.ranks = ranks
    membership.save(update_fields=["ranks"])


def _new_code(cohort: Cohort) -> str:
    """A code that no learner of the class has."""
    taken = set(cohort.memberships.values_list("code", flat=True))
    return next(code for code in iter(short_code, "") if code not in taken)


@transaction.atomic
def leave(membership: Membership) -> None:
    """End a membership, by the learner or an instructor.

    What was played stays the learner's; the instructors see none of it any more. Open work of the
    class is ended, so that nothing of it is held.
    """
    membership.left_at = timezone.now()
    membership.save(update_fields=["left_at"])
    open_runs = Run.objects.filter(
        assignment__cohort=membership.cohort,
        user=membership.user_id,
        series__closed_at__isnull=True,
    )
    for run in open_runs.select_related("series"):
        end(run.series)


@transaction.atomic
def take_key(cohort: Cohort) -> list[Membership]:
    """The memberships whose code and name were not downloaded yet; each is given out this once."""
    found = list(
        cohort.memberships.select_for_update(of=("self",))
        .filter(key_taken_at__isnull=True)
        .select_related("user")
        .order_by("code")
    )
    keys = [membership.pk for membership in found]
    cohort.memberships.filter(pk__in=keys).update(key_taken_at=timezone.now())
    return found
