"""What the drawing game's page needs; never any truth."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse

from cases.queries import viewer_image
from feedback.models import Attempt
from feedback.queries import next_url
from ml import atlas, taxonomy

DEFAULT_RULE = "standard"
MODES = (Attempt.Mode.PRACTICE.value,)


def palette() -> list[dict[str, str]]:
    """The same list of labels for every case, in the order of the taxonomy."""
    return [
        {
            "slug": label.slug,
            "name": label.name,
            "mode": label.mode,
            "group": label.group,
            "description": atlas.summary(label.slug),
        }
        for label in taxonomy.labels().values()
    ]


def case_page(attempt: Attempt, request: HttpRequest) -> dict[str, Any]:
    """Template context of a case: images, patient context, and what is marked so far."""
    case = attempt.case
    number = Attempt.objects.filter(user_id=attempt.user_id, kind=attempt.kind, pk__lte=attempt.pk)
    names = ("draft", "submit", "status", "result")
    urls = {name: reverse(f"localize:{name}", args=[attempt.public_id]) for name in names}
    page = {
        "attempt": str(attempt.public_id),
        "state": attempt.state,
        "mode": attempt.mode,
        "rule": attempt.rule,
        "csrf": get_token(request),
        "urls": {
            **urls,
            "self": reverse("localize:attempt", args=[attempt.public_id]),
            "next": next_url(attempt),
            "socket": f"/ws/attempts/{attempt.public_id}/",
        },
        "images": [viewer_image(image) for image in case.images.all()],
        "labels": palette(),
        "draft": {"version": attempt.draft_version, **(attempt.answer or EMPTY_ANSWER)},
    }
    return {"attempt": attempt, "case": case, "number": number.count(), "page": page}


EMPTY_ANSWER: dict[str, Any] = {"marks": [], "ticked": [], "normal": False}
