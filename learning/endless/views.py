"""Endless: the page that says how many films wait, and the way to the next one."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.requests import UserRequest
from attempts.games import game_of
from cases.models import Case
from cases.queries import first_images
from learning import services
from learning.endless import ct, playing, stock
from localize.scoring import KIND


@require_GET
@never_cache
def page(request: UserRequest) -> HttpResponse:
    """What waits for the learner; who looks wants films made for them from then on."""
    stock.ask_for(request.user)
    found, trouble = playing.next_film(request.user), stock.trouble()
    context = {
        "found": found,
        "waiting": stock.waiting(request.user, stock.ENDLESS).count(),
        "trouble": trouble,
        "lacks_ct": bool(ct.problem()),
        "instead": None if found else services.next_case_for(request.user, KIND),
        "kind": KIND,
    }
    return render(request, "endless/endless.html", context)


@require_GET
@never_cache
def onward(request: UserRequest) -> HttpResponse:
    """Go to the next film made for the learner; to the page that says why where none waits.

    Asked for JSON it names the first images of that film instead, and begins nothing.
    """
    just_played = request.GET.get("after", "").replace("\0", "")
    after = Case.objects.filter(public_id=just_played).first()
    found = playing.next_film(request.user, after)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"images": first_images(found.case) if found else []})
    if found is None:
        return redirect("learning:endless")
    stock.ask_for(request.user)
    services.keep_choice(request.user, KIND, found)
    return redirect(reverse(game_of(KIND).url_name, args=[found.case.public_id]))
