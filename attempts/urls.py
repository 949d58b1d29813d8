"""The addresses that every game has, for its own `urls.py`."""

from __future__ import annotations

from django.urls import URLPattern, path

from attempts import views
from attempts.pages import GamePages


def game_urls(pages: GamePages) -> list[URLPattern]:
    """Page of a case, page of an attempt, and what these exchange."""
    kind, shown = {"kind": pages.kind}, {"pages": pages}
    attempt = "attempts/<uuid:attempt_id>/"
    return [
        path("cases/<public_id:case_id>/", views.case, shown, name="case"),
        path(attempt, views.attempt, shown, name="attempt"),
        path(f"{attempt}draft", views.draft, kind, name="draft"),
        path(f"{attempt}submit", views.submit, kind, name="submit"),
        path(f"{attempt}hint", views.hint, kind, name="hint"),
        path(f"{attempt}status", views.status, kind, name="status"),
        path(f"{attempt}result", views.result, shown, name="result"),
        path(f"{attempt}again", views.again, kind, name="again"),
    ]
