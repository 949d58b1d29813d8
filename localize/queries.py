"""What the drawing game's page needs; never any truth."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse

from cases.models import Case, Finding
from cases.queries import viewer_image
from feedback.backends import has_eyes
from feedback.models import Attempt, Mode
from feedback.queries import mode_page, number_of, ways_on
from ml import atlas, synonyms, taxonomy

OPENED_BY_ADDRESS = (Mode.PRACTICE, Mode.SECOND_LOOK)
"""The other modes are begun on the start page."""
UNDESCRIBED = (Mode.SPRINT, Mode.TEST)


def with_all_places(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Of these cases those in which every finding to draw has a box."""
    drawn = [label.slug for label in taxonomy.labels().values() if label.mode == "draw"]
    unplaced = Finding.objects.filter(case=OuterRef("pk"), label__in=drawn, regions__isnull=True)
    return cases.exclude(Exists(unplaced))


def palette(*, described: bool = True) -> list[dict[str, str]]:
    """The same list of labels for every case, in the order of the taxonomy."""
    return [
        {
            "slug": label.slug,
            "name": label.name,
            "mode": label.mode,
            "group": label.group,
            "description": atlas.summary(label.slug) if described else "",
            "short": synonyms.words()[label.slug].short,
            # One string, as all values of this list are.
            "synonyms": "|".join(synonyms.words()[label.slug].synonyms),
        }
        for label in taxonomy.labels().values()
    ]


def explain_url(attempt: Attempt) -> str | None:
    """Where to ask for a model's explanation; None where there is no model to ask."""
    return reverse("localize:explain", args=[attempt.public_id]) if has_eyes() else None


def case_page(attempt: Attempt, request: HttpRequest) -> dict[str, Any]:
    """Template context of a case: images, patient context, and what is marked so far."""
    case = attempt.case
    names = ("draft", "submit", "status", "result", "hint")
    urls = {name: reverse(f"localize:{name}", args=[attempt.public_id]) for name in names}
    page = {
        "attempt": str(attempt.public_id),
        "state": attempt.state,
        **mode_page(attempt),
        "rule": attempt.rule,
        "csrf": get_token(request),
        "urls": {
            **urls,
            "self": reverse("localize:attempt", args=[attempt.public_id]),
            **ways_on(attempt),
            "explain": explain_url(attempt),
            "rate": reverse("localize:rate", args=[attempt.public_id]),
            "socket": f"/ws/attempts/{attempt.public_id}/",
        },
        "images": [viewer_image(image) for image in case.images.all()],
        "labels": palette(described=attempt.mode not in UNDESCRIBED),
        "draft": {"version": attempt.draft_version, **(attempt.answer or EMPTY_ANSWER)},
    }
    return {
        "attempt": attempt,
        "case": case,
        "page_name": "Case",
        "number": number_of(attempt),
        "page": page,
        "can_hint": attempt.is_open and attempt.mode == Mode.PRACTICE,
    }


EMPTY_ANSWER: dict[str, Any] = {"marks": [], "ticked": [], "normal": False}
