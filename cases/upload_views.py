"""Uploads at the desk: files in pieces, how their import stands, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Role
from accounts.permissions import role_required
from accounts.requests import UserRequest
from cases import asking, uploading
from cases.desk import clean
from cases.importers.asked import Answers
from cases.importers.base import MOST_SERIES
from cases.importers.studies.headings import NAMES
from cases.models import Case, Dataset, Upload
from cases.queries import desk_rows
from cases.sent import Unreadable, sent_object
from cases.storing import Stored
from cases.tally import SKIPPED

LISTED = 30
CASES_SHOWN = 24
COUNTED = (*(stored.value for stored in Stored), SKIPPED)
"""Of an import's counts those that its page shows."""


def own(request: UserRequest, upload_id: str) -> Upload:
    """An upload of whoever asks; Http404 for anybody else's: its files' names may be persons'."""
    return get_object_or_404(uploading.of_desk(), public_id=upload_id, by=request.user)


@require_http_methods(["GET", "POST"])
@role_required(Role.CURATOR)
def uploads(request: UserRequest) -> HttpResponse:
    """The page where files are chosen; by POST of their names an upload begins, or goes on."""
    if request.method == "POST":
        return _begin(request)
    titles = Dataset.objects.filter(slug__startswith=uploading.SLUG).order_by("title")
    page = {
        "begin": reverse("cases:uploads"),
        "csrf": get_token(request),
        "piece": uploading.PIECE,
        "most": settings.UPLOAD_MAX_FILES,
        "mostBytes": settings.UPLOAD_MAX_MB * uploading.MEGABYTE,
    }
    context = {
        "page": page,
        "is_off": not settings.UPLOAD_MAX_MB,
        "gigabytes": settings.UPLOAD_MAX_MB / 1000,
        "most_files": settings.UPLOAD_MAX_FILES,
        "keeps_originals": settings.KEEP_ORIGINALS,
        "titles": titles.values_list("title", flat=True),
        "uploads": _listed(request),
    }
    return render(request, "cases/uploads.html", context)


def _listed(request: UserRequest) -> list[Upload]:
    return list(uploading.of_desk().filter(by=request.user)[:LISTED])


def _begin(request: UserRequest) -> HttpResponse:
    try:
        data = sent_object(request)
        if not settings.UPLOAD_MAX_MB:
            raise uploading.Refused("Uploads are turned off on this server (UPLOAD_MAX_MB).")
        chosen = uploading.read_chosen(data.get("files"))
        title, licence = (clean(str(data.get(name) or "")) for name in ("title", "licence"))
        upload = uploading.begin(by=request.user, title=title, licence=licence, chosen=chosen)
    except (uploading.Refused, Unreadable) as problem:
        return _refused(problem, 422)
    except uploading.Full as problem:
        return _refused(problem, 507)
    key = [upload.public_id]
    said = {
        "id": upload.public_id,
        "page": reverse("cases:upload", args=key),
        "finish": reverse("cases:upload_finish", args=key),
        "file": reverse("cases:upload_file", args=[*key, 0]),
        "files": uploading.numbered(upload, chosen),
    }
    return JsonResponse(said, status=201)


@require_http_methods(["PUT"])
@role_required(Role.CURATOR)
def upload_file(request: UserRequest, upload_id: str, number: int) -> HttpResponse:
    """Keep a piece of a file, from the byte that `Upload-Offset` names on; tells how far it is.

    409 with the true offset where the file goes on elsewhere.
    """
    upload = own(request, upload_id)
    sent = request.headers.get("Upload-Offset", "")
    offset = int(sent) if sent.isdecimal() and len(sent) < 16 else -1
    try:
        received = uploading.take(
            upload=upload, number=number, offset=offset, piece=bytes(request.body)
        )
    except RequestDataTooBig:
        return _refused("A piece is larger than is taken at once.", 413)
    except uploading.Elsewhere as problem:
        return JsonResponse({"received": problem.received}, status=409)
    except uploading.Refused as problem:
        return _refused(problem, 422)
    except uploading.Full as problem:
        return _refused(problem, 507)
    except OSError as problem:
        return _refused(f"The server could not keep it ({problem.strerror}).", 507)
    return JsonResponse({"received": received})


@require_POST
@role_required(Role.CURATOR)
def upload_finish(request: UserRequest, upload_id: str) -> HttpResponse:
    """Have an upload imported that is wholly here."""
    upload = own(request, upload_id)
    try:
        uploading.finish(upload)
    except uploading.Refused as problem:
        return _refused(problem, 409)
    return JsonResponse({"page": reverse("cases:upload", args=[upload.public_id])}, status=202)


@require_GET
@role_required(Role.CURATOR)
def upload(request: UserRequest, upload_id: str) -> HttpResponse:
    """How an upload stands, asked again while it goes on, and in the end what became of it."""
    found = own(request, upload_id)
    context: dict[str, Any] = {"upload": found, "polls": not found.is_over}
    if found.state == Upload.State.ARRIVING:
        context["here"], context["whole"] = uploading.progress(found)
        context["polls"] = False
    elif found.state == Upload.State.ASKING:
        context |= {"polls": False, **_asked(found, asking.proposed(found))}
    elif found.is_over:
        cases = Case.objects.filter(public_id__in=found.result.get("cases", [])[:CASES_SHOWN])
        context["rows"] = desk_rows(cases.select_related("dataset").order_by("pk"))
        counts = found.result.get("counts", {})
        context["counts"] = [(name, counts.get(name, 0)) for name in COUNTED]
    name = "cases/_upload.html" if request.htmx else "cases/upload.html"
    return render(request, name, context)


def _asked(upload: Upload, answers: Answers) -> dict[str, Any]:
    """What the page asks, with what is answered so far, and how the first rows are read by it."""
    tables = [
        {
            **table,
            "is_chosen": at == answers.table,
            "columns": asking.columns_of(table, answers if at == answers.table else None),
            "is_plain": not (answers.has_header if at == answers.table else table["has_header"]),
        }
        if not table.get("problem")
        else table
        for at, table in enumerate(upload.questions.get("tables", []))
    ]
    studies = [
        {
            **one,
            "series": [
                {
                    **each,
                    "name": f"series-{number}-{at}",
                    "place": _place_of(each["key"], answers.series.get(one["study"], ())),
                }
                for at, each in enumerate(one["series"])
            ],
        }
        for number, one in enumerate(upload.questions.get("studies", []))
    ]
    return {
        "tables": tables,
        "studies": studies,
        "places": range(1, MOST_SERIES + 1),
        "studies_left": upload.questions.get("studies_in_all", 0) - len(studies),
        "has_table": answers.table is not None,
        "roles": NAMES,
        "read": asking.rows_read(upload, answers),
    }


def _place_of(key: str, keys: Sequence[str]) -> int:
    """The place of a series, from 1; 0 where it is not taken."""
    return keys.index(key) + 1 if key in keys else 0


@require_POST
@role_required(Role.CURATOR)
def upload_answer(request: UserRequest, upload_id: str) -> HttpResponse:
    """Take the answers and have the upload imported, or show how its table is read by them."""
    found = own(request, upload_id)
    if found.state != Upload.State.ASKING:
        messages.info(request, "This upload was answered already.")
        return redirect("cases:upload", found.public_id)
    answers = asking.read_answers(found, request.POST)
    asking.keep_draft(found, answers)
    refusal = ""
    try:
        asking.check(found, answers, request.POST)
    except uploading.Refused as problem:
        refusal = str(problem)
    if request.htmx:
        context = {"read": asking.rows_read(found, answers), "refusal": refusal}
        return render(request, "cases/_rows_read.html", context)
    if refusal:
        messages.error(request, refusal)
    else:
        asking.answer(found, answers)
    return redirect("cases:upload", found.public_id)


@require_POST
@role_required(Role.CURATOR)
def upload_act(request: UserRequest, upload_id: str) -> HttpResponse:
    """Try an upload again that stopped, or forget it with its files."""
    found = own(request, upload_id)
    action = request.POST.get("action", "")
    if action == "drop":
        uploading.drop(found)
        messages.success(request, "Forgotten, with its files. Cases that it brought stay.")
        return redirect("cases:uploads")
    if action == "again":
        try:
            uploading.again(found)
        except uploading.Refused as problem:
            messages.error(request, str(problem))
    else:
        messages.error(request, "Choose what is to be done with the upload.")
    return redirect("cases:upload", found.public_id)


def _refused(problem: object, status: int) -> JsonResponse:
    return JsonResponse({"error": str(problem)}, status=status)
