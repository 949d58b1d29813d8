"""The dashboard of a class: figures, cases, learners, their attempts, comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import View
from accounts.requests import UserRequest
from attempts.models import Attempt, Mode, Result
from attempts.pages import GamePages, case_page, told_page
from attempts.queries import attempt_for, is_told, shown_result
from cases.models import Case
from classroom import assigning, comments, exports, figures, items
from classroom.access import members, visible_attempts
from classroom.models import Cohort, Membership, WorkView
from classroom.permissions import taught
from classroom.problems import Refused
from classroom.seen import note_view, note_views
from classroom.streaming import streamed
from learning import curves, errors
from learning.drills.pages import PAGES as DRILL
from learning.past import described, name_of
from localize.pages import PAGES as LOCALIZE
from localize.timing import time_course
from ml import taxonomy
from report.pages import PAGES as REPORT

A_PAGE = 20
A_PAGE_OF_CASES = 50
LONGEST_KEY = 18
"""Digits of a key that a database takes."""
LABELS_SHOWN = 12
"""Findings of the dashboard that stand open, the weakest."""
CSV = "text/csv; charset=utf-8"
EXPORTS: dict[str, tuple[str, str, Callable[[Cohort, str], Iterator[Any]]]] = {
    "csv": (CSV, ".csv", exports.csv_lines),
    "xlsx": (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xlsx",
        exports.xlsx_blocks,
    ),
    "dictionary": (CSV, "-dictionary.csv", lambda cohort, table: exports.dictionary_lines(table)),
}
"""Form of an export → its type, the end of its name, and what is sent piece by piece."""
PAGES: dict[str, GamePages] = {pages.kind: pages for pages in (LOCALIZE, REPORT, DRILL)}


def of_learner(view: View) -> View:
    """Give a view of a taught class the membership that its address names by code; else a 404."""

    @wraps(view)
    def guarded(request: UserRequest, cohort: Cohort, code: str, **kwargs: Any) -> HttpResponse:
        found = cohort.memberships.filter(code=code, left_at=None).select_related("user", "cohort")
        membership = found.first()
        if membership is None:
            raise Http404("There is no such learner in this class.")
        return view(request, cohort, membership, **kwargs)

    return guarded


def _in_place(request: UserRequest) -> bool:
    """Whether a part of the page is asked for; going back asks for the whole of it anew."""
    return bool(request.htmx) and not request.htmx.history_restore_request


@never_cache
@require_GET
@taught
def dashboard(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """The figures of a class; what is looked at is in the address."""
    scope, choices = figures.scope_of(cohort, request.GET)
    records = scope.columns()
    overview = figures.overview(scope, records)
    labels, matrix = figures.by_label(records, [row.membership for row in overview.rows])
    context = {
        "cohort": cohort,
        "scope": scope,
        "choices": choices,
        "asked": request.GET.urlencode(),
        "overview": overview,
        "weakest": labels[:LABELS_SHOWN],
        "other_labels": labels[LABELS_SHOWN:],
        "matrix": matrix,
        "response": curves.free_response(records) if scope.kind == LOCALIZE.kind else None,
        "calibration": curves.calibration(records),
        "losses": curves.losses_over_time(records, cohort.zone),
        "errors": errors.report_errors(records) if scope.kind == REPORT.kind else [],
        "significances": errors.SIGNIFICANCES.values(),
        "at_night": figures.at_night(records, cohort.zone),
    }
    name = "_figures.html" if _in_place(request) else "figures.html"
    return render(request, f"classroom/{name}", context)


@never_cache
@require_GET
@taught
def case_list(request: UserRequest, cohort: Cohort) -> HttpResponse:
    """Every case that the class has answered, as an item of a test."""
    scope, choices = figures.scope_of(cohort, request.GET)
    found = items.items(scope.columns())
    page = Paginator(found, A_PAGE_OF_CASES).get_page(request.GET.get("page"))
    shown = Case.objects.select_related("dataset").prefetch_related("images")
    cases = shown.in_bulk([item.case_id for item in page.object_list])
    context = {
        "cohort": cohort,
        "scope": scope,
        "choices": choices,
        "asked": request.GET.urlencode(),
        "page": page,
        "rows": [(item, cases[item.case_id]) for item in page.object_list],
        "alarming": sum(item.is_alarming for item in found),
    }
    name = "_items.html" if _in_place(request) else "items.html"
    return render(request, f"classroom/{name}", context)


def _case_or_404(case_id: str) -> Case:
    found = Case.objects.filter(public_id=case_id).first()
    if found is None:
        raise Http404("There is no such case.")
    return found


def _kept(request: UserRequest) -> list[tuple[str, str]]:
    """What the address asks for beside slices, for a form that chooses another one."""
    return [
        (name, value) for name, values in request.GET.lists() for value in values if name != "slice"
    ]


@never_cache
@require_GET
@taught
def item(request: UserRequest, cohort: Cohort, case_id: str) -> HttpResponse:
    """One case: its figures, and where the class marked wrongly."""
    scope, _ = figures.scope_of(cohort, request.GET)
    slices = items.chosen_slices(request.GET.getlist("slice"))
    found = items.item_page(scope, _case_or_404(case_id), slices)
    if found is None:
        raise Http404("Nobody of this class has answered this case yet.")
    context = {
        "cohort": cohort,
        "scope": scope,
        "asked": request.GET.urlencode(),
        "kept": _kept(request),
        "page": found,
        "item": found.item,
        "case": found.case,
    }
    return render(request, "classroom/item.html", context)


@require_POST
@taught
def leave_out(request: UserRequest, cohort: Cohort, case_id: str) -> HttpResponse:
    """Take a case out of the score of an assignment of the class, or back in."""
    case = _case_or_404(case_id)
    assignment = cohort.assignments.filter(
        public_id=request.POST.get("assignment", "").replace("\0", ""), places__case=case
    ).first()
    if assignment is None:
        raise Http404("There is no such assignment with this case.")
    assigning.leave_out(assignment, [case], request.user, out="out" in request.POST)
    return redirect("classroom:item", cohort.public_id, case.public_id)


@never_cache
@require_GET
@taught
def discuss(request: UserRequest, cohort: Cohort, case_id: str) -> HttpResponse:
    """A case with everybody's boxes, for the projector: without the truth until it is asked for."""
    scope, _ = figures.scope_of(cohort, request.GET)
    case = _case_or_404(case_id)
    slices = items.chosen_slices(request.GET.getlist("slice"))
    found = items.everybody(scope, case, slices, truth="truth" in request.GET)
    if not found.answers:
        raise Http404("Nobody of this class has answered this case yet.")
    note_views(request.user, items.seen_attempts(scope, case), WorkView.What.CASE, cohort=cohort)
    context = {
        "cohort": cohort,
        "scope": scope,
        "kept": _kept(request),
        "page": found,
        "case": found.case,
    }
    return render(request, "classroom/discuss.html", context)


def asked_label(request: UserRequest) -> str:
    """The finding whose attempts are asked for; empty for all of them."""
    label = request.GET.get("label", "")
    return label if label in taxonomy.labels() else ""


def _without_label(request: UserRequest) -> str:
    asked = request.GET.copy()
    for name in ("label", "page"):
        asked.pop(name, None)
    return asked.urlencode()


@never_cache
@require_GET
@taught
@of_learner
def learner(request: UserRequest, cohort: Cohort, membership: Membership) -> HttpResponse:
    """A learner: figures, and every attempt that the class may see."""
    note_view(request.user, membership.user, WorkView.What.FIGURES, cohort=cohort)
    scope, choices = figures.scope_of(cohort, request.GET, membership)
    records = scope.columns()
    overview = figures.overview(scope, records)
    labels, _ = figures.by_label(records)
    label = asked_label(request)
    attempts = visible_attempts(cohort, membership).filter(kind=scope.kind)
    if label:
        attempts = attempts.filter(pk__in=figures.attempts_with(records, label))
    page = Paginator(attempts.order_by("-submitted_at", "-pk"), A_PAGE).get_page(
        request.GET.get("page")
    )
    keys = [attempt.pk for attempt in page.object_list]
    shown = Attempt.objects.filter(pk__in=keys).order_by("-submitted_at", "-pk")
    context = {
        "cohort": cohort,
        "membership": membership,
        "scope": scope,
        "choices": choices,
        "asked": request.GET.urlencode(),
        "sums": overview.total,
        "labels": labels,
        "mistaken": [
            (name_of(label), name_of(called), n)
            for label, called, n in curves.mistaken(records)[:10]
        ],
        "curve": curves.learning_curve(records),
        "calibration": curves.calibration(records),
        "losses": curves.losses_over_time(records, cohort.zone),
        "response": curves.free_response(records, of_one=True)
        if scope.kind == LOCALIZE.kind
        else None,
        "page": page,
        "attempts": described(membership.user, shown),
        "label": name_of(label) if label else "",
        "all_attempts": f"?{_without_label(request)}#attempts",
    }
    name = "_learner.html" if _in_place(request) else "learner.html"
    return render(request, f"classroom/{name}", context)


def _attempt_or_404(cohort: Cohort, membership: Membership, attempt_id: Any) -> Attempt:
    """A scored attempt of the learner that the class may see."""
    seen = visible_attempts(cohort, membership).filter(public_id=attempt_id)
    found = (
        Attempt.objects.filter(pk__in=seen.values("pk"), state=Attempt.State.SCORED)
        .select_related("case", "case__dataset", "series", "user")
        .first()
    )
    if found is None:
        raise Http404("There is no such scored attempt of this learner in this class.")
    return found


def _result_or_404(attempt: Attempt) -> Result:
    result = shown_result(attempt)
    if result is None:
        raise Http404("This attempt has no result.")
    return result


@never_cache
@require_GET
@taught
@of_learner
def attempt(
    request: UserRequest, cohort: Cohort, membership: Membership, attempt_id: Any
) -> HttpResponse:
    """An attempt as its learner saw it, with the feedback and what was said of it."""
    found = _attempt_or_404(cohort, membership, attempt_id)
    note_view(request.user, found.user, WorkView.What.ATTEMPT, cohort=cohort, attempt=found)
    pages = PAGES[found.kind]
    context = {**case_page(found, request, pages, held=False), **told_page(found, pages)}
    back = reverse("classroom:learner", args=[cohort.public_id, membership.code])
    context["page"]["held"] = False
    context["page"]["urls"] |= {"next": back, "onward": None, "ahead": None}
    if "review" in context:
        context["review"]["next_url"] = back
    result = _result_or_404(found)
    has_marks = found.kind == LOCALIZE.kind and found.mode != Mode.GUIDED
    context["looking_on"] = {
        "cohort": cohort,
        "membership": membership,
        "back": back,
        "times": time_course(found, result) if has_marks else None,
        "subjects": comments.subjects_of(result),
        "comments": comments.of_class(found, cohort),
    }
    return render(request, f"{pages.kind}/case.html", context)


@require_POST
@taught
@of_learner
def comment(
    request: UserRequest, cohort: Cohort, membership: Membership, attempt_id: Any
) -> HttpResponse:
    """Say something of an attempt, or take back what one said."""
    found = _attempt_or_404(cohort, membership, attempt_id)
    taken_back = request.POST.get("remove", "")
    try:
        if taken_back:
            is_number = taken_back.isdecimal() and len(taken_back) <= LONGEST_KEY
            if not (is_number and comments.remove(int(taken_back), request.user)):
                raise Refused("There is no such comment of yours.")
        else:
            comments.add(
                cohort=cohort,
                attempt=found,
                result=_result_or_404(found),
                author=request.user,
                subject=request.POST.get("subject", ""),
                text=request.POST.get("text", ""),
            )
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("classroom:learner_attempt", cohort.public_id, membership.code, found.public_id)


@never_cache
@require_GET
@taught
def export(request: UserRequest, cohort: Cohort, table: str, form: str) -> HttpResponse:
    """A table of the class as a file; `form` is csv, xlsx, or dictionary."""
    if table not in exports.TABLES or form not in EXPORTS:
        raise Http404("There is no such export.")
    everybody = list(members(cohort).values_list("user_id", flat=True))
    note_views(request.user, everybody, WorkView.What.EXPORT, cohort=cohort)
    kind, ending, blocks = EXPORTS[form]
    named = f"{slugify(cohort.name) or 'class'}-{table}{ending}"
    return cast("HttpResponse", streamed(blocks(cohort, table), kind, named))


@require_http_methods(["POST"])
def comments_seen(request: UserRequest, attempt_id: Any) -> HttpResponse:
    """The learner's page shows the comments on an attempt of theirs."""
    found = attempt_for(request.user, attempt_id)
    if found is None or not is_told(found):
        raise Http404("There is no such attempt of yours.")
    comments.note_seen(found)
    return HttpResponse(status=204)
