"""The page of all drills, and the button that begins one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.requests import UserRequest
from learning.drills import choosing, figures
from learning.drills.game import CALLS, CHANGE, MACHINE, NAMES, NODULE, PAIR, TIP
from learning.drills.pages import GLANCE_SECONDS

WHAT = {
    CALLS: f"The film is shown for {GLANCE_SECONDS} seconds and then for as long as you like; "
    "each time you call it normal or not.",
    NODULE: "Tap on the nodule, or say that there is none. Each film is chosen near what you find "
    "half of the time.",
    PAIR: "Two films side by side that are taken for each other: which is which?",
    CHANGE: "An earlier film hangs beside the one of today: is the finding new, larger, smaller, "
    "gone or unchanged?",
    MACHINE: "The earlier film was taken in another way: which change is the technique's, and has "
    "the patient changed, too?",
    TIP: "Mark where a tube or line ends, and say whether it lies where it should.",
}


@require_GET
@never_cache
def drills(request: UserRequest) -> HttpResponse:
    running, known = choosing.open_drills(request.user), figures.of_all(request.user)
    rows = [(rule, NAMES[rule], WHAT[rule], running.get(rule), known[rule]) for rule in WHAT]
    return render(request, "drill/drills.html", {"rows": rows, "sizes": choosing.FILMS})


@require_POST
def begin(request: UserRequest, rule: str) -> HttpResponse:
    """Begin a drill, or go on with the one that is open."""
    if rule not in NAMES:
        raise Http404("There is no such drill.")
    series = choosing.begin(request.user, rule)
    if series is None:
        messages.info(request, choosing.too_few(rule))
        return redirect("drill:drills")
    return redirect("learning:onward", series.public_id)
