"""What the case library does beside requests."""

from __future__ import annotations

from celery import shared_task

from accounts.models import User
from cases import mapping, uploading
from cases.models import LabelMapping


@shared_task
def follow_mapping(mapping_id: int) -> int:
    """Bring all cases in line with a mapping; how many were. Running it again changes nothing."""
    found = LabelMapping.objects.select_related("dataset", "by").filter(pk=mapping_id).first()
    if found is None:
        return 0
    by: User | None = found.by
    keys = mapping.cases_with(found.dataset, found.name)
    for key in keys:
        mapping.follow(key, found.name, found.label, by)
    return len(keys)


@shared_task(soft_time_limit=3300, time_limit=3400)
def import_upload(upload_id: int) -> None:
    """Import what a curator uploaded, unless another worker does, or another upload is at work."""
    from cases import upload_import  # the importers are slow to import: scoring needs none

    upload = uploading.claim(upload_id)
    if upload:
        upload_import.run_beside(upload)
