"""What the pages of an attempt fetch of what lies behind its films, once it may be told of.

For whatever game: `seen_through_urls` gives its addresses. `?film=` names a film that was shown
beside the attempt's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.requests import UserRequest
from attempts.models import Attempt
from attempts.views import attempt_or_404, told_or_409
from cases.models import Case
from cases.served import file_answer
from feedback import seen_through


def seen_through_urls(kind: str) -> list[URLPattern]:
    """The addresses of a game whose films may be seen through, for its own `urls.py`."""
    here, game = "attempts/<uuid:attempt_id>/behind", {"kind": kind}
    return [
        path(here, behind, game, name="behind"),
        path(f"{here}/ct", ct, game, name="ct"),
        path(f"{here}/<public_id:layer_id>", layer, game, name="layer"),
    ]


def _of_told_film(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the attempt, which may be told of, and the film of it that is asked for."""

    @wraps(view)
    def guarded(request: UserRequest, attempt_id: Any, kind: str, **more: Any) -> HttpResponse:
        found = attempt_or_404(request, attempt_id, kind)
        refusal = told_or_409(found)
        if refusal:
            return refusal
        film = seen_through.film_of(found, request.GET.get("film", ""))
        if film is None:
            raise Http404("There is no such film of this attempt.")
        return view(request, found, film, **more)

    return guarded


@require_GET
@never_cache
@_of_told_film
def behind(request: UserRequest, attempt: Attempt, film: Case) -> HttpResponse:
    """What lies behind a film."""
    return JsonResponse(seen_through.told(attempt, film))


@require_GET
@never_cache
@_of_told_film
def layer(request: UserRequest, attempt: Attempt, film: Case, layer_id: str) -> HttpResponse:
    """The picture of what is taken off a film, or of its CT."""
    one = seen_through.picture_of(film, layer_id)
    if one is None:
        raise Http404("There is no such layer of this case.")
    return file_answer(request, str(one.file.name), "image/webp")


@require_http_methods(["GET", "POST"])
@never_cache
@_of_told_film
def ct(request: UserRequest, attempt: Attempt, film: Case) -> HttpResponse:
    """How the CT behind a film lies; POST has one made."""
    described = seen_through.ct_of(attempt, film)
    if described:
        return JsonResponse(described)
    maker = seen_through.maker_of(film)
    if maker is None:
        return JsonResponse({"error": "There is no CT behind this film."}, status=404)
    if request.method == "POST":
        maker.ask(film)
    problem = maker.problem(film)
    if problem:
        return JsonResponse({"error": problem}, status=404)
    return JsonResponse({"making": True}, status=202)
