"""Pages of assignments: setting them, and doing them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.requests import UserRequest
from attempts.games import game_of
from attempts.series import MOST_CASES
from cases.models import Case, Dataset
from classroom import access, assigning, choosing, work
from classroom.forms import AssignmentForm, ExtensionForm, RuleForm
from classroom.models import Assignment, Cohort
from classroom.permissions import given_work, set_work, taught
from classroom.problems import Refused

CASES_A_PAGE = 24


@never_cache
@require_http_methods(["GET", "POST"])
@taught
def create(request: UserRequest, cohort: Cohort) -> HttpResponse:
    form = AssignmentForm(request.POST or None, cohort=cohort)
    if request.method == "POST" and form.is_valid():
        made = Assignment.objects.create(cohort=cohort, created_by=request.user, **form.changes)
        messages.success(request, "Now choose its cases. Learners see it once it is published.")
        return redirect("classroom:cases", made.public_id)
    context = {"cohort": cohort, "form": form, "assignment": None}
    return render(request, "classroom/edit_assignment.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@set_work
def edit(request: UserRequest, assignment: Assignment) -> HttpResponse:
    cohort = assignment.cohort
    kept = Assignment.objects.get(pk=assignment.pk)
    form = AssignmentForm(request.POST or None, instance=kept, cohort=cohort)
    if request.method == "POST" and form.is_valid():
        try:
            assigning.edit(assignment, form.changes)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, "The assignment is changed.")
            return redirect("classroom:assignment", assignment.public_id)
    context = {"cohort": cohort, "form": form, "assignment": assignment}
    return render(request, "classroom/edit_assignment.html", context)


@never_cache
@require_GET
@set_work
def assignment(request: UserRequest, assignment: Assignment) -> HttpResponse:
    """An assignment for those who set it: its cases, and how far each learner is."""
    places = list(
        assignment.places.select_related("case__dataset").prefetch_related("case__images")
    )
    cases = [place.case for place in places]
    known = choosing.difficulties(assignment.kind, assignment.rule, cases)
    context = {
        **_in_words(assignment),
        "own_terms": assigning.terms_of(assignment, None),
        "places": [(place, known.get(place.case_id)) for place in places],
        "rows": work.rows_of(assignment) if assignment.is_published else [],
        "classes": access.taught_by(request.user).filter(archived_at=None).order_by("name"),
    }
    return render(request, "classroom/assignment.html", context)


def _in_words(assignment: Assignment) -> dict[str, Any]:
    """What every page about one assignment says of it."""
    game = game_of(assignment.kind)
    return {
        "assignment": assignment,
        "cohort": assignment.cohort,
        "game": game,
        "scoring": game.rule_names.get(assignment.rule, assignment.rule),
    }


@require_POST
@set_work
def act(request: UserRequest, assignment: Assignment) -> HttpResponse:
    """Publish it, take it back, play it as a learner does, or copy it."""
    asked = request.POST.get("do", "")
    try:
        if asked == "publish":
            assigning.publish(assignment)
            messages.success(request, "The class sees it now.")
        elif asked == "withdraw":
            assigning.withdraw(assignment)
            messages.success(request, "It is taken back. What was played of it is kept.")
            return redirect("classroom:cohort", assignment.cohort.public_id)
        elif asked == "preview":
            run = assigning.preview(assignment, request.user)
            return redirect("learning:onward", run.series.public_id)
        elif asked == "copy":
            return _copy(request, assignment)
        else:
            messages.error(request, "Nothing was asked for.")
    except Refused as problem:
        messages.error(request, str(problem))
    return redirect("classroom:assignment", assignment.public_id)


def _copy(request: UserRequest, assignment: Assignment) -> HttpResponse:
    to = request.POST.get("to", "").replace("\0", "")
    cohort = access.taught_by(request.user).filter(public_id=to, archived_at=None).first()
    if cohort is None:
        raise Refused("Choose a class that you teach.")
    made = assigning.copy(assignment, cohort, request.user)
    left = assignment.places.count() - made.places.count()
    messages.success(request, f"Copied into {cohort.name}, as a draft without times.")
    if left:
        messages.warning(
            request, f"{left} retired case{'s were' if left > 1 else ' was'} left out."
        )
    return redirect("classroom:edit_assignment", made.public_id)


@never_cache
@require_http_methods(["GET", "POST"])
@set_work
def cases(request: UserRequest, assignment: Assignment) -> HttpResponse:
    """Pick cases in the library, or draw them by a rule."""
    draws = RuleForm(initial=assignment.choice or None)
    if request.method == "POST":
        draws = RuleForm(request.POST) if request.POST.get("do") == "draw" else draws
        try:
            done = _choose(request, assignment, draws)
        except Refused as problem:
            messages.error(request, str(problem))
            done = True
        if done and "back" in request.GET:
            return redirect("classroom:assignment", assignment.public_id)
        if done:
            return redirect(request.get_full_path())
    names = ("text", "dataset", "difficulty", "findings")
    said = {name: request.GET.get(name, "").replace("\0", "") for name in names}
    found = choosing.library(assignment.kind, assignment.rule, choosing.Filters(**said))
    found = found.prefetch_related("images", "findings")
    page = Paginator(found, CASES_A_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    known = choosing.difficulties(assignment.kind, assignment.rule, shown)
    answered = choosing.answered_by_class(assignment.cohort, shown)
    chosen = set(assignment.places.values_list("case_id", flat=True))
    context = {
        "assignment": assignment,
        "cohort": assignment.cohort,
        "filters": said,
        "page": page,
        "rows": [
            (case, known.get(case.pk), answered.get(case.pk, 0), case.pk in chosen)
            for case in shown
        ],
        "chosen": len(chosen),
        "datasets": Dataset.objects.order_by("title"),
        "difficulties": [(key, row[0]) for key, row in choosing.DIFFICULTIES.items()],
        "draws": draws,
    }
    in_place = request.htmx and not request.htmx.history_restore_request
    name = "classroom/_library.html" if in_place else "classroom/cases.html"
    return render(request, name, context)


def _choose(request: UserRequest, assignment: Assignment, draws: RuleForm) -> bool:
    """Change the cases as asked; False where the rule's form has to be shown again."""
    asked = request.POST.get("do", "")
    before = [place.case for place in assignment.places.select_related("case")]
    if asked == "draw":
        if not draws.is_valid():
            return False
        rule = draws.rule
        drawn = choosing.draw(assignment, rule, seed=f"{assignment.pk} {timezone.now()}")
        assigning.set_cases(assignment, drawn)
        assigning.edit(assignment, {"choice": rule.as_json()})
        short = rule.count - len(drawn)
        messages.success(request, f"{len(drawn)} cases are drawn.")
        if short > 0:
            messages.warning(request, f"The library has {short} too few that fit the rule.")
        return True
    picked = Case.objects.filter(
        public_id__in=[key.replace("\0", "") for key in request.POST.getlist("case")[:MOST_CASES]]
    )
    playable = choosing.library(assignment.kind, assignment.rule, choosing.Filters())
    if asked == "add":
        assigning.set_cases(assignment, [*before, *playable.filter(pk__in=picked)])
    elif asked == "remove":
        gone = set(picked.values_list("pk", flat=True))
        assigning.set_cases(assignment, [case for case in before if case.pk not in gone])
    elif asked in ("up", "down"):
        assigning.set_cases(assignment, _moved(before, picked.first(), -1 if asked == "up" else 1))
    elif asked in ("leave_out", "take_in"):
        assigning.leave_out(assignment, picked, request.user, out=asked == "leave_out")
    return True


def _moved(cases: list[Case], case: Case | None, by: int) -> list[Case]:
    """The cases with one of them a place further up or down."""
    if case not in cases:
        return cases
    at = cases.index(case)
    to = min(max(at + by, 0), len(cases) - 1)
    cases.insert(to, cases.pop(at))
    return cases


@never_cache
@require_http_methods(["GET", "POST"])
@set_work
def extra_time(request: UserRequest, assignment: Assignment, code: str) -> HttpResponse:
    """Extra time of one learner."""
    membership = access.members(assignment.cohort).filter(code=code).first()
    if membership is None:
        raise Http404("There is no such learner in this class.")
    has = assignment.extensions.filter(membership=membership).first()
    initial = {"due_at": has.due_at, "percent": has.percent} if has else None
    form = ExtensionForm(request.POST or None, initial=initial, cohort=assignment.cohort)
    if request.method == "POST" and form.is_valid():
        try:
            assigning.extend(assignment, membership, request.user, **form.cleaned_data)
        except Refused as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(request, f"The extra time of {membership.name} is kept.")
            return redirect("classroom:assignment", assignment.public_id)
    context = {
        "assignment": assignment,
        "cohort": assignment.cohort,
        "membership": membership,
        "form": form,
    }
    return render(request, "classroom/extra_time.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@given_work
def given(request: UserRequest, assignment: Assignment) -> HttpResponse:
    """An assignment as its learner has it; a post begins a further try."""
    if request.method == "POST":
        try:
            run = assigning.next_try(assignment, request.user)
        except Refused as problem:
            messages.error(request, str(problem))
            return redirect("classroom:given", assignment.public_id)
        return redirect("learning:onward", run.series.public_id)
    assigning.current_run(assignment, request.user)  # what ran out of time is closed
    described = work.describe(request.user, [assignment])[0]
    standing = work.standings(assignment, [request.user.pk]).get(request.user.pk)
    own = assignment.runs.filter(user=request.user, is_preview=False)
    runs = own.select_related("series").order_by("number")
    extension = assigning.extension_of(assignment, request.user)
    context: dict[str, Any] = {
        **_in_words(assignment),
        "one": described,
        "extension": extension,
        "terms": assigning.terms_of(assignment, extension),
        "standing": standing,
        "tries": list(zip(standing.tries if standing else [], runs, strict=True)),
    }
    return render(request, "classroom/given.html", context)
