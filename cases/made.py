"""Cases that were made for one learner: nobody else's until a curator promotes them."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from accounts.models import User
from cases import history
from cases.models import Case, CaseChange
from cases.renditions import delete_files, file_names
from cases.services import set_status
from cases.signals import tell_if_published


@transaction.atomic
def publish_for(*, case: Case, user: User) -> Case:
    """Open a draft to this learner and to nobody else; doing it twice changes nothing.

    Raises:
        ValueError: it is open to others already.
    """
    case.refresh_from_db(from_queryset=Case.objects.select_for_update())
    if case.made_for_id == user.pk and case.is_playable:
        return case
    if case.made_for_id not in (None, user.pk) or case.is_playable:
        raise ValueError("The case is open to others already.")
    case.made_for = user
    case.save(update_fields=["made_for", "updated_at"])
    return set_status(case=case, status=Case.Status.PUBLISHED, why="Made for one learner")


@transaction.atomic
def promote(*, case: Case, by: User, why: str = "") -> Case:
    """Give everybody what was made for one learner; nothing where it is everybody's."""
    case.refresh_from_db(from_queryset=Case.objects.select_for_update())
    if case.made_for_id is None:
        return case
    case.made_for = None
    case.save(update_fields=["made_for", "updated_at"])
    why = why or "Promoted: it was made for one learner"
    history.note(case, CaseChange.What.STATUS, by=by, why=why)
    tell_if_published(case)
    return case


def files_of(case: Case) -> list[str]:
    """The names of all its files in the media storage: renditions, thumbnails, and what lies
    behind its images.
    """
    images = case.images.prefetch_related("layers")
    names = [name for image in images for name in file_names(image)]
    return names + [str(layer.file.name) for image in images for layer in image.layers.all()]


@transaction.atomic
def remove(*, case: Case) -> None:
    """Delete a case that was made for one learner, with its files once that is committed; or a
    draft that was to be.

    Raises:
        ValueError: it is everybody's; such a case is retired, not deleted.
        ProtectedError: somebody has an attempt at it.
    """
    if case.made_for_id is None and case.status != Case.Status.DRAFT:
        raise ValueError("The case is everybody's.")
    names = files_of(case)
    case.delete()
    transaction.on_commit(partial(delete_files, names))
