"""How a game is shown: one declaration, and what the pages of all games have in common.

A game writes a `GamePages` and gives it to `attempts.urls.game_urls`; what it has beyond that are
views of its own. docs/adding-a-game.md goes through all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest
from django.middleware.csrf import get_token
from django.urls import reverse

from attempts import queries
from attempts.games import Game
from attempts.models import Attempt, Result
from cases.models import Case, Image
from cases.queries import keep_images, of_same_patient, viewer_image

EXCHANGES = ("draft", "submit", "status", "result", "hint", "again")
"""The addresses of every game that its page's script asks."""
MOST_BESIDE = 5
"""Other studies of a patient that a feedback names."""


@dataclass(frozen=True)
class Shown:
    """What one game shows of an attempt being played, never any truth."""

    draft: dict[str, Any]
    """The answer so far."""
    page: dict[str, Any] = field(default_factory=dict)
    """What the page's script gets beside the attempt, its images and addresses."""
    urls: dict[str, str | None] = field(default_factory=dict)
    """Addresses for the script beyond those that all games have."""
    context: dict[str, Any] = field(default_factory=dict)
    """What the templates get beside what is shared."""


@dataclass(frozen=True)
class GamePages:
    """What one game adds to the pages that all games share.

    Its templates are found by its kind: ``KIND/case.html`` (the page, extends ``case_page.html``),
    ``KIND/_playing.html`` (the panel while playing) and ``KIND/_told.html`` (the feedback); its
    script is ``static/src/KIND.js``.
    """

    game: Game
    page_name: str
    """What the page's title calls one case of it."""
    show: Callable[[Attempt], Shown]
    told: Callable[[Attempt, Result], dict[str, Any]]
    """Template context of the feedback of a result that may be told of."""

    @property
    def kind(self) -> str:
        return self.game.kind


def case_page(
    attempt: Attempt, request: HttpRequest, pages: GamePages, *, held: bool
) -> dict[str, Any]:
    """Template context of a case: images, patient context, and what is answered so far.

    `held`: an open series of the learner has the case (`queries.holding_series`).
    """
    case, kind = attempt.case, pages.kind
    keep_images(case)
    own, csrf = pages.show(attempt), get_token(request)
    page = {
        "attempt": str(attempt.public_id),
        "state": attempt.state,
        **queries.mode_page(attempt, held=held),
        "csrf": csrf,
        "images": [viewer_image(image) for image in case.images.all()],
        **own.page,
        "urls": {
            **{name: reverse(f"{kind}:{name}", args=[attempt.public_id]) for name in EXCHANGES},
            "self": reverse(pages.game.attempt_url_name, args=[attempt.public_id]),
            **queries.ways_on(attempt),
            "socket": f"/ws/attempts/{attempt.public_id}/",
            **own.urls,
        },
        "draft": {"version": attempt.draft_version, **own.draft},
    }
    return {
        "attempt": attempt,
        "case": case,
        "page_name": pages.page_name,
        "number": queries.number_of(attempt),
        "page": page,
        "csrf_token": csrf,  # masked once, not anew for the template
        "can_hint": attempt.is_open and attempt.mode in pages.game.hint_modes,
        "script": f"dist/{kind}.js",
        "playing_template": f"{kind}/_playing.html",
        "told_template": f"{kind}/_told.html",
        **own.context,
    }


def told_page(attempt: Attempt, pages: GamePages) -> dict[str, Any]:
    """Template context of the feedback; Http404 where there is no result."""
    results = queries.results_of(attempt.pk)
    if not results:
        raise Http404("This attempt has no result.")
    keep_images(attempt.case)
    return {
        **pages.told(attempt, results[0]),
        **queries.rounds_in_words(attempt, results),
        "same_patient": _same_patient(attempt, pages.game),
    }


def _same_patient(attempt: Attempt, game: Game) -> list[dict[str, str]]:
    """Other studies of the same patient, as a CT beside a film: what they are, and their address.

    None that a series of the learner holds; nothing of what they show.
    """
    if not attempt.case.patient:
        return []
    found = of_same_patient(attempt.user, attempt.case)
    found = game.playable(found, attempt.rule or game.rules[0])
    found = found.exclude(pk__in=queries.held_cases(attempt.user).values("case"))
    cases = found.order_by("pk").prefetch_related("images")[:MOST_BESIDE]
    return [
        {"address": reverse(game.url_name, args=[case.public_id]), "words": _study(case)}
        for case in cases
    ]


def _study(case: Case) -> str:
    """What a study is: CT, 120 slices; PA and lateral film."""
    own = [image for image in case.images.all() if image.study == Image.Study.CURRENT]
    stacks = [f"{one.get_view_display()}, {one.frames} slices" for one in own if one.frames > 1]
    return "; ".join(stacks) or " and ".join(dict.fromkeys(one.get_view_display() for one in own))


def result_or_404(attempt: Attempt) -> Result:
    result = queries.shown_result(attempt)
    if result is None:
        raise Http404("This attempt has no result.")
    return result
