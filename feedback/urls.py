"""The addresses of a game whose feedback models may explain, for its own `urls.py`."""

from __future__ import annotations

from django.urls import URLPattern, path

from feedback import views


def explanation_urls(kind: str) -> list[URLPattern]:
    attempt, game = "attempts/<uuid:attempt_id>/", {"kind": kind}
    return [
        path(f"{attempt}explain", views.explain, game, name="explain"),
        path(f"{attempt}rate", views.rate, game, name="rate"),
    ]
