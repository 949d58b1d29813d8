"""The curator's work list: filters, many cases at once, and labels to map."""

from __future__ import annotations

import logging
from dataclasses import asdict, fields
from typing import Any

from celery import signature
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Role
from accounts.permissions import role_required
from accounts.requests import UserRequest
from cases import doubts as doubting
from cases import made, queries, services
from cases.fetching.recipes import recipes
from cases.importers.base import cleaned
from cases.mapping import map_label, take_back, unmapped_labels
from cases.models import Case, Dataset, LabelMapping, label_choices
from cases.queries import DIFFICULTIES, PROBLEMS, DeskFilters
from cases.truth import CannotPublish

logger = logging.getLogger(__name__)

ROWS = 50
MOST_AT_ONCE = 200
NEEDS_REASON = (Case.Status.RETIRED, Case.Status.REVIEW, Case.Status.DRAFT)
RESTORE, PROMOTE, TAKE_BACK = "restore", "promote", "take-back"
ACTIONS = {
    Case.Status.PUBLISHED: "Publish",
    Case.Status.REVIEW: "Back to review",
    Case.Status.DRAFT: "Back to draft",
    Case.Status.RETIRED: "Retire",
    RESTORE: "Restore",
    PROMOTE: "Promote to everybody",
    **{f"split-{value}": f"Offer: {name.lower()}" for value, name in Case.Split.choices},
}
"""What can be done with many cases at once."""


def clean(text: str, longest: int = 200) -> str:
    """What somebody typed, without what a database refuses."""
    return cleaned(text)[:longest]


@require_GET
@role_required(Role.CURATOR)
def desk(request: UserRequest) -> HttpResponse:
    """The curator's work list."""
    names = [one.name for one in fields(DeskFilters)]
    filters = DeskFilters(**{name: clean(request.GET.get(name, "")) for name in names})
    page = Paginator(queries.cases_for_desk(filters), ROWS).get_page(request.GET.get("page"))
    datasets = list(Dataset.objects.order_by("title"))
    context = {
        "page": page,
        "rows": queries.desk_rows(page),
        "filters": filters,
        "back": request.GET.urlencode(),
        "statuses": Case.Status.choices,
        "splits": Case.Split.choices,
        "labels": label_choices(),
        "licences": sorted({one.licence for one in datasets if one.licence}),
        "problems": PROBLEMS.items(),
        "difficulties": DIFFICULTIES.items(),
        "datasets": datasets,
        "actions": ACTIONS.items(),
        "narrowed_to": next((one for one in datasets if one.slug == filters.dataset), None),
        "is_narrowed": any(asdict(filters).values()),
    }
    in_place = request.htmx and not request.htmx.history_restore_request
    name = "cases/_rows.html" if in_place else "cases/desk.html"
    return render(request, name, context)


@require_POST
@role_required(Role.CURATOR)
def act(request: UserRequest) -> HttpResponse:
    """Do one thing with the chosen cases, each by itself: one that cannot be stops no other."""
    action, why = request.POST.get("action", ""), clean(request.POST.get("why", ""), 500)
    keys = request.POST.getlist("case")[:MOST_AT_ONCE]
    problem = _problem_of(action, keys, why)
    if problem:
        messages.error(request, problem)
    else:
        cases = Case.objects.filter(public_id__in=[clean(key) for key in keys]).order_by("-id")
        done, left, followed = _done(list(cases), action, request, why)
        if done:
            said = f"{done} case{'s' if done != 1 else ''}: {ACTIONS[action].lower()}."
            messages.success(request, f"{said}{_told_of(followed)}")
        for sentence in left:
            messages.error(request, sentence)
    back = request.POST.get("back", "").replace("\0", "")
    return redirect(f"{reverse('cases:desk')}{'?' if back else ''}{back}")


def _problem_of(action: str, keys: list[str], why: str) -> str:
    if action not in ACTIONS:
        return "Choose what is to be done with the cases."
    if not keys:
        return "Choose cases first: tick them, or press X on each."
    if action in NEEDS_REASON and not why:
        return f"{ACTIONS[action]}: say in a word why; whoever opens the case later will ask."
    return ""


def _told_of(followed: int) -> str:
    if not followed:
        return ""
    verb = "is" if followed == 1 else "are"
    return f" {followed} more {verb} of the same patients, and went along."


def _done(
    cases: list[Case], action: str, request: UserRequest, why: str
) -> tuple[int, list[str], int]:
    """How many it was done with, why not with the others, and how many others went along."""
    done, left = 0, []
    followed: set[int] = set()
    for case in cases:
        try:
            followed |= {one.pk for one in _do(case, action, request, why)}
            done += 1
        except CannotPublish as problem:
            left.append(f"{case.source_key} was not published. {problem}")
    return done, left, len(followed - {case.pk for case in cases})


def _do(case: Case, action: str, request: UserRequest, why: str) -> list[Case]:
    """Do it; the cases that had to follow."""
    if action == RESTORE:
        services.restore_case(case=case, by=request.user, why=why)
    elif action == PROMOTE:
        made.promote(case=case, by=request.user, why=why)
    elif action.startswith("split-"):
        split = action.removeprefix("split-")
        return services.set_split(case=case, split=split, by=request.user, why=why)
    else:
        services.set_status(case=case, status=action, by=request.user, why=why)
    return []


@require_http_methods(["GET", "POST"])
@role_required(Role.CURATOR)
def labels(request: UserRequest) -> HttpResponse:
    """Data sets' own labels that the taxonomy has not, and what they mean here."""
    if request.method == "POST":
        _map(request)
        return redirect("cases:labels")
    names = dict(label_choices())
    context: dict[str, Any] = {
        "unmapped": unmapped_labels(),
        "labels": label_choices(),
        "mappings": [
            (one, names.get(one.label, one.label))
            for one in LabelMapping.objects.select_related("dataset", "by")
        ],
    }
    return render(request, "cases/labels.html", context)


def _map(request: UserRequest) -> None:
    dataset = get_object_or_404(Dataset, slug=clean(request.POST.get("dataset", "")))
    name, label = (clean(request.POST.get(key, "")) for key in ("name", "label"))
    if label == TAKE_BACK:
        _take_back(request, get_object_or_404(LabelMapping, dataset=dataset, name=name))
        return
    if not name or not label:
        messages.error(request, "Choose what the label means, or that it is no finding.")
        return
    meant = "" if label == "-" else label
    try:
        left = map_label(dataset=dataset, name=name, label=meant, by=request.user)
    except ValueError as problem:
        messages.error(request, str(problem))
        return
    if left:
        mapping = LabelMapping.objects.get(dataset=dataset, name=name)
        _queue(mapping.pk)
    more = f" {left} more follow in the background." if left else ""
    said = f"“{name}” is mapped; imports of {dataset.title} follow it too.{more}"
    messages.success(request, said)


def _take_back(request: UserRequest, mapping: LabelMapping) -> None:
    name, had_meaning = mapping.name, bool(mapping.label)
    left = take_back(mapping, request.user)
    if left:
        messages.warning(request, f"“{name}”: {left} more cases have it. Take it back once more.")
    elif had_meaning:
        messages.success(request, f"“{name}” is not mapped any more; its cases wait in review.")
    else:
        messages.success(request, f"“{name}” is not mapped any more: import its data set again.")


@require_GET
@role_required(Role.CURATOR)
def fetchable(request: UserRequest) -> HttpResponse:
    """Public sets of real films that whoever runs the server can fetch, with their terms."""
    there = Dataset.objects.filter(slug__in=recipes()).annotate(count=Count("cases"))
    counts = {one.slug: one.count for one in there}
    found = [(one, counts.get(name, 0)) for name, one in recipes().items()]
    return render(request, "cases/recipes.html", {"recipes": found})


@require_http_methods(["GET", "POST"])
@role_required(Role.CURATOR)
def doubts(request: UserRequest) -> HttpResponse:
    """What learners doubt, to be answered: agreed with, or declined with a sentence."""
    if request.method == "POST":
        _answer(request)
        back = clean(request.POST.get("back", ""), 16)
        found = Case.objects.filter(public_id=back).first() if back else None
        return redirect("cases:detail", found.public_id) if found else redirect("cases:doubts")
    return render(request, "cases/doubts.html", {"doubts": doubting.open_doubts()})


def _answer(request: UserRequest) -> None:
    doubt = doubting.doubt_called(clean(request.POST.get("doubt", "")))
    answer = request.POST.get("answer", "")
    if doubt is None or answer not in ("agree", "decline"):
        messages.error(request, "Choose a doubt, and whether the learner is right.")
        return
    accepted, sentence = answer == "agree", clean(request.POST.get("sentence", ""), 500)
    try:
        doubting.answer(doubt=doubt, accepted=accepted, sentence=sentence, by=request.user)
    except doubting.Unanswerable as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "Answered: the learner sees it on their start page.")


@require_POST
def answer_seen(request: UserRequest, answer_id: int) -> HttpResponse:
    """Note that the learner has read what a curator answered."""
    if not doubting.note_seen(answer_id, request.user):
        raise Http404("There is no such answer.")
    return HttpResponse(status=204)


def _queue(mapping_id: int) -> None:
    """Hand the other cases to a worker; without a broker they follow when it is mapped again."""
    try:
        signature("cases.tasks.follow_mapping", (mapping_id,)).apply_async()
    except Exception:  # any broker's own error: the mapping itself is kept
        logger.warning("Mapping %s could not be queued.", mapping_id, exc_info=True)
