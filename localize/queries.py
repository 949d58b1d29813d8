"""What the drawing game reads for its pages; never any truth."""

from __future__ import annotations

from functools import cache

from django.db.models import Exists, OuterRef, QuerySet

from cases.models import Case, Finding
from cases.palette import palette as all_labels
from localize.tips import takes_point
from ml import taxonomy


def with_all_places(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Of these cases those in which every finding to draw has a box."""
    drawn = [label.slug for label in taxonomy.labels().values() if label.mode == "draw"]
    unplaced = Finding.objects.filter(case=OuterRef("pk"), label__in=drawn, regions__isnull=True)
    return cases.exclude(Exists(unplaced))


@cache
def palette(*, described: bool = True, rule: str = "") -> list[dict[str, str]]:
    """The same list of labels for every case, in the order of the taxonomy.

    `point` says which are marked by a click on where they end, under this rule. Made once: nobody
    changes it.
    """
    return all_labels(described=described, is_point=lambda slug: takes_point(slug, rule))
