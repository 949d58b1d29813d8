"""What the writing game adds to the shared pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from attempts.models import Attempt, Result
from attempts.pages import GamePages, Shown
from feedback import seen_through
from report.answers import LANGUAGES, MAX_CHARACTERS, languages_of
from report.beside import opinions_in_words
from report.hints import REGION_NAMES
from report.queries import macros_of, regions_covered
from report.review import review_of
from report.scoring import GAME

TEMPLATE = {
    "en": "FINDINGS:\nLungs: \nPleura: \nHeart: \nMediastinum and hila: \nBones: \nDevices: \n\n"
    "IMPRESSION:\n",
    "es": "HALLAZGOS:\nPulmones: \nPleura: \nCorazón: \nMediastino e hilios: \nHuesos: \n"
    "Dispositivos: \n\nIMPRESIÓN:\n",
    "de": "BEFUND:\nLunge: \nPleura: \nHerz: \nMediastinum und Hili: \nSkelett: \n"
    "Fremdmaterial: \n\nBEURTEILUNG:\n",
    "fr": "RÉSULTAT :\nPoumons : \nPlèvre : \nCœur : \nMédiastin et hiles : \nSquelette : \n"
    "Matériel : \n\nCONCLUSION :\n",
    "pt": "ACHADOS:\nPulmões: \nPleura: \nCoração: \nMediastino e hilos: \nOssos: \n"
    "Dispositivos: \n\nIMPRESSÃO:\n",
}
"""Sections to write into, for whoever asks for them."""


def show(attempt: Attempt) -> Shown:
    """What is written so far, and what helps to write."""
    languages = languages_of(attempt.case)
    answer = attempt.answer or {"text": "", "language": languages[0] if languages else "en"}
    return Shown(
        draft=answer,
        page={"sections": TEMPLATE, "macros": macros_of(attempt), "most": MAX_CHARACTERS},
        urls={"macros": reverse("report:macros")},
        context={
            "answer": answer,
            "languages": [(code, LANGUAGES[code]) for code in languages],
            "regions": regions_covered(attempt, answer),
            "regions_to_hint": REGION_NAMES.items(),
        },
    )


def told(attempt: Attempt, result: Result) -> dict[str, Any]:
    return {
        "review": review_of(attempt, result),
        "beside": opinions_in_words(result),
        "behind": seen_through.controls_of(attempt),
    }


PAGES = GamePages(game=GAME, page_name="Report", show=show, told=told)
