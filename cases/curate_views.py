"""The desk's page of one case: its truth drawn on the game's own viewer, checked and stored."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role, User
from accounts.permissions import role_required
from accounts.requests import UserRequest
from cases import blackouts, curating
from cases.checks import checks_of
from cases.curating import Changed, Refused
from cases.desk import clean
from cases.doubts import Unanswerable, answer, doubt_called
from cases.duplicates import fill_fingerprints, twins_of
from cases.imaging.htj2k import Damaged
from cases.imaging.prepare import TEXT
from cases.models import Case, Finding
from cases.palette import palette
from cases.queries import viewer_image
from cases.renditions import lettering_of
from cases.sent import Unreadable, sent_object
from ml import taxonomy

MOST_BOXES = 100


def case_at(case_id: str) -> Case:
    """The case with all that its page needs; Http404 where there is none."""
    found = Case.objects.select_related("dataset").prefetch_related(
        "images", "findings__regions__image"
    )
    return get_object_or_404(found, public_id=case_id)


def labels_here() -> list[dict[str, str]]:
    """The game's palette; devices are marked by their tips, as scoring by `clinical` has them."""
    return palette(described=True, is_point=_is_point)


def _is_point(slug: str) -> bool:
    return taxonomy.labels()[slug].is_point


@require_GET
@role_required(Role.CURATOR)
def curate(request: UserRequest, case_id: str) -> HttpResponse:
    """A case with its truth, to be drawn, moved, deleted, labeled and described."""
    case = case_at(case_id)
    page = {
        **curating.page_of(case, viewer_image),
        "labels": labels_here(),
        "csrf": get_token(request),
        "urls": {
            "save": reverse("cases:truth", args=[case.public_id]),
            "checks": reverse("cases:checks", args=[case.public_id]),
            "lettering": reverse("cases:lettering", args=[case.public_id]),
            "black_out": reverse("cases:black_out", args=[case.public_id]),
            "done": reverse("cases:detail", args=[case.public_id]),
        },
        "significances": Finding.Significance.choices,
        "may_hold_text": any(TEXT in reason for reason in case.review_reasons),
    }
    doubt = doubt_called(clean(request.GET.get("doubt", "")))
    if doubt and doubt.case == case:
        page["doubt"] = doubt.name
    else:
        doubt = None
    context = {"case": case, "doubt": doubt, "page": page, "sexes": Case.Sex.choices}
    return render(request, "cases/curate.html", context)


@require_POST
@role_required(Role.CURATOR)
def truth(request: UserRequest, case_id: str) -> HttpResponse:
    """Store what the page has; 422 with a sentence where it cannot be, 409 where somebody was
    faster.
    """
    case = case_at(case_id)
    try:
        data = sent_object(request)
        draft = curating.read_draft(case, data)
        why = clean(str(data.get("why") or ""), 500)
        stamp = str(data.get("stamp") or "")
        with transaction.atomic():
            after = curating.save(case=case, draft=draft, by=request.user, why=why, stamp=stamp)
            answered = _agree(case, after, str(data.get("doubt") or ""), why, request.user)
    except (Refused, Unreadable) as problem:
        return JsonResponse({"error": str(problem)}, status=422)
    except Changed as problem:
        return JsonResponse({"error": str(problem)}, status=409)
    said = {"stamp": curating.stamp_of(after), "version": after.version, "answered": answered}
    return JsonResponse({**said, **curating.page_of(case_at(case_id), viewer_image)})


@require_POST
@role_required(Role.CURATOR)
def checks(request: UserRequest, case_id: str) -> HttpResponse:
    """What is odd of what the page has now, as a piece of the page; nothing is stored of it."""
    case = case_at(case_id)
    try:
        draft = curating.read_draft(case, sent_object(request))
    except (Refused, Unreadable) as problem:
        return render(request, "cases/_checks.html", {"problem": str(problem)})
    images = list(case.images.all())
    fill_fingerprints(images)
    found = checks_of(case, draft, twins_of(images))
    return render(request, "cases/_checks.html", {"checks": found})


@require_GET
@role_required(Role.CURATOR)
def lettering(request: UserRequest, case_id: str) -> HttpResponse:
    """Where letters seem to be burned into the images of a case, of stacks their middle slices."""
    found = []
    for image in case_at(case_id).images.all():
        try:
            boxes = lettering_of(image)
        except (OSError, Damaged):
            return JsonResponse({"error": "An image's file is missing or damaged."}, status=422)
        here = {"image": image.public_id, "frame": image.middle_frame if image.frames > 1 else 0}
        found += [{**here, "box": box} for box in boxes]
    return JsonResponse({"boxes": found})


@require_POST
@role_required(Role.CURATOR)
def black_out(request: UserRequest, case_id: str) -> HttpResponse:
    """Take boxes out of an image for good; 422 with a sentence where that cannot be."""
    case = case_at(case_id)
    try:
        data = sent_object(request)
        image = case.images.filter(public_id=clean(str(data.get("image") or ""), 16)).first()
        boxes = data.get("boxes")
        if image is None or not isinstance(boxes, list) or len(boxes) > MOST_BOXES:
            raise Refused("Draw a box on an image of this case.")
        blackouts.black_out(image=image, boxes=boxes, by=request.user)
    except (Refused, Unreadable, blackouts.ChangedMeanwhile) as problem:
        return JsonResponse({"error": str(problem)}, status=422)
    except (TypeError, ValueError) as problem:
        return JsonResponse({"error": f"A box {str(problem).rstrip('.')}."}, status=422)
    except (OSError, Damaged):
        said = "The image's file is missing, damaged or cannot be written: nothing was changed."
        return JsonResponse({"error": said}, status=422)
    return JsonResponse({"done": len(boxes)})


def _agree(case: Case, after: Case, name: str, why: str, by: User) -> bool:
    """Tell the learner whose doubt the page was opened for that the truth changed, and why."""
    doubt = doubt_called(name)
    if doubt is None or doubt.case != case or after.version == case.version:
        return False
    try:
        answer(doubt=doubt, accepted=True, sentence=why or "The truth was corrected.", by=by)
    except Unanswerable:  # another curator was faster: the truth is better all the same
        return False
    return True
