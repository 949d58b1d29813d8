"""What the writing game's page needs; never the reference."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse

from cases.models import Case
from cases.queries import viewer_image
from feedback.models import Attempt, Mode
from feedback.queries import mode_page, number_of, ways_on
from report.answers import LANGUAGES, MAX_CHARACTERS, languages_of
from report.hints import REGION_NAMES
from report.models import Macro

OPENED_BY_ADDRESS = (Mode.PRACTICE, Mode.SECOND_LOOK, Mode.GUIDED)
"""The other modes are begun on the start page."""
UNAIDED = (Mode.SPRINT, Mode.TEST)
"""Without the list of regions that the text speaks of."""
TEMPLATE = {
    "en": "FINDINGS:\nLungs: \nPleura: \nHeart: \nMediastinum and hila: \nBones: \nDevices: \n\n"
    "IMPRESSION:\n",
    "es": "HALLAZGOS:\nPulmones: \nPleura: \nCorazón: \nMediastino e hilios: \nHuesos: \n"
    "Dispositivos: \n\nIMPRESIÓN:\n",
}
"""Sections to write into, for whoever asks for them."""


def case_to_write(case: Case) -> list[str]:
    """The languages in which a case can be written; Http404 when it has no reference."""
    languages = languages_of(case)
    if not languages:
        raise Http404("This case has no reference report, so it cannot be written about.")
    return languages


def case_page(attempt: Attempt, request: HttpRequest) -> dict[str, Any]:
    """Template context of a case: images, patient context, and what is written so far."""
    case = attempt.case
    languages = languages_of(case)
    names = ("draft", "submit", "status", "result", "hint")
    urls = {name: reverse(f"report:{name}", args=[attempt.public_id]) for name in names}
    answer = attempt.answer or {"text": "", "language": languages[0] if languages else "en"}
    page = {
        "attempt": str(attempt.public_id),
        "state": attempt.state,
        **mode_page(attempt),
        "csrf": get_token(request),
        "urls": {
            **urls,
            "self": reverse("report:attempt", args=[attempt.public_id]),
            **ways_on(attempt),
            "socket": f"/ws/attempts/{attempt.public_id}/",
            "macros": reverse("report:macros"),
        },
        "images": [viewer_image(image) for image in case.images.all()],
        "draft": {"version": attempt.draft_version, **answer},
        "sections": TEMPLATE,
        "macros": macros_of(attempt),
        "most": MAX_CHARACTERS,
    }
    return {
        "attempt": attempt,
        "case": case,
        "page_name": "Report",
        "number": number_of(attempt),
        "page": page,
        "answer": answer,
        "languages": [(code, LANGUAGES[code]) for code in languages],
        "regions": regions_covered(attempt, answer),
        "can_hint": attempt.is_open and attempt.mode == Mode.GUIDED,
        "regions_to_hint": REGION_NAMES.items(),
    }


def macros_of(attempt: Attempt) -> list[dict[str, str]]:
    return list(Macro.objects.filter(user_id=attempt.user_id).values("name", "text"))


def regions_covered(attempt: Attempt, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The regions of a systematic report and whether the text speaks of each; none when unaided."""
    from ml import style

    if attempt.mode in UNAIDED:
        return []
    part = style.score(answer["text"], answer["language"]).coverage
    return [
        {"what": item.what, "name": item.name, "covered": bool(item.spans)}
        for item in part.evidence
    ]
