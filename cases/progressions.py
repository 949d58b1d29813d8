"""What has become of a finding since a prior film, in the words of data sets and in ours."""

from __future__ import annotations

from django.db.models import Q

PROGRESSIONS = {
    **dict.fromkeys(("new", "appeared"), "new"),
    **dict.fromkeys(
        ("larger", "increased", "increase", "increasing", "worsening", "worsened", "progressing"),
        "larger",
    ),
    **dict.fromkeys(
        ("smaller", "decreased", "decrease", "decreasing", "improving", "improved", "resolving"),
        "smaller",
    ),
    **dict.fromkeys(("unchanged", "stable", "no change"), "unchanged"),
}
"""Words of data sets for what has become of a finding; one that is gone is no finding any more."""


def known(progression: str) -> str:
    """`Finding.progression` as a word of `ml.localize.changed.CHANGES`; empty where it is none."""
    return PROGRESSIONS.get(progression.strip().lower(), "")


def is_known() -> Q:
    """The condition on findings that this is known of."""
    found = Q()
    for word in PROGRESSIONS:
        found |= Q(progression__iexact=word)
    return found
