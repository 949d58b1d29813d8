"""What a worker does for classes."""

from __future__ import annotations

import logging

from celery import shared_task

from classroom import inviting
from classroom.models import Invitation

logger = logging.getLogger(__name__)


@shared_task
def send_invitations(keys: list[int], base: str) -> None:
    """Write the letters of these invitations; one that cannot be sent costs that one alone."""
    for invitation in Invitation.objects.filter(pk__in=keys).select_related("cohort"):
        try:
            inviting.send(invitation, base)
        except Exception:  # whatever the mail server says: the page shows it was not sent
            logger.warning("Invitation %s could not be sent.", invitation.pk, exc_info=True)
