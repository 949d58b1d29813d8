"""Images for the viewer, and the curator's desk."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Role
from accounts.permissions import role_required
from cases import queries, services
from cases.models import Case, Dataset, Image

FOREVER = "private, max-age=31536000, immutable"


@require_GET
def frame(request: HttpRequest, image_id: str, digest: str, number: int) -> HttpResponse:
    """The rendition of one frame, for whoever may see the case."""
    image = _image_or_404(request, image_id, digest)
    if number >= image.frames:
        raise Http404("The image has no such frame.")
    return _file(request, image, image.frame_path(number), "image/png")


@require_GET
def thumbnail(request: HttpRequest, image_id: str, digest: str) -> HttpResponse:
    image = _image_or_404(request, image_id, digest)
    kind = "image/webp" if image.thumbnail.name.endswith(".webp") else "image/png"
    return _file(request, image, image.thumbnail.name, kind)


def _image_or_404(request: HttpRequest, image_id: str, digest: str) -> Image:
    image = queries.image_for(request.user, image_id)
    if image is None or image.digest != digest:
        raise Http404("There is no such image, or you may not see it.")
    return image


def _file(request: HttpRequest, image: Image, name: str, kind: str) -> HttpResponse:
    # "identity" keeps the gzip middleware off what is compressed already.
    headers = {"Cache-Control": FOREVER, "Content-Encoding": "identity"}
    if request.headers.get("If-None-Match") == '"1"':
        return HttpResponseNotModified(headers=headers)
    try:
        with image.rendition.storage.open(name) as stream:
            body = stream.read()
    except FileNotFoundError:
        raise Http404("The image's file is missing from the media storage.") from None
    # The address holds the content's digest: one constant tag serves to revalidate.
    return HttpResponse(body, content_type=kind, headers={**headers, "ETag": '"1"'})


@require_GET
@role_required(Role.CURATOR)
def desk(request: HttpRequest) -> HttpResponse:
    """The curator's work list."""
    names = ("status", "dataset", "text")
    filters = {name: request.GET.get(name, "").replace("\0", "") for name in names}
    page = Paginator(queries.cases_for_desk(**filters), 50).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filters": filters,
        "statuses": Case.Status.choices,
        "datasets": Dataset.objects.order_by("title"),
    }
    name = "cases/_rows.html" if request.htmx else "cases/desk.html"
    return render(request, name, context)


@require_GET
@role_required(Role.CURATOR, Role.INSTRUCTOR)
def detail(request: HttpRequest, case_id: str) -> HttpResponse:
    """One case with its truth, for curators and instructors."""
    case = get_object_or_404(
        Case.objects.select_related("dataset").prefetch_related(
            "images", "findings__regions", "reports"
        ),
        public_id=case_id,
    )
    return render(request, "cases/detail.html", {"case": case, "statuses": Case.Status.choices})


@require_POST
@role_required(Role.CURATOR)
def set_status(request: HttpRequest, case_id: str) -> HttpResponse:
    case = get_object_or_404(Case, public_id=case_id)
    status = request.POST.get("status", "")
    if status not in Case.Status.values:
        messages.error(request, f"{status!r:.30} is not a status a case can have.")
    else:
        services.set_status(case=case, status=status)
        messages.success(request, f"The case is now: {Case.Status(status).label.lower()}.")
    return redirect("cases:detail", case.public_id)
