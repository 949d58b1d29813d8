"""The page of progress, a game at a time."""

from __future__ import annotations

import re

from django.urls import reverse

from learning import queries, records
from tests import factories
from tests.learning.playing import play


def written(trainee) -> None:
    """A report on a film with an effusion."""
    case = factories.ReportFactory(
        case=factories.ImageFactory().case, findings="Small left pleural effusion."
    ).case
    play(trainee, case, "report", text="Small right pleural effusion.", language="en")
    records.rebuild()


def test_who_writes_reports_alone_has_progress_in_those(trainee, client_of, monkeypatch):
    monkeypatch.setattr(queries, "ENOUGH_CASES", 1)
    written(trainee)
    page = client_of(trainee).get("/progress/").content.decode()
    assert "Nothing is scored yet" not in page
    assert "Pleural effusion" in page
    assert "Errors of your reports" in page
    assert "Location" in page.split("Errors of your reports")[1]
    assert "False claims a case" in page
    assert "Games" not in page, "the other game was not played"
    assert reverse("learning:deck", args=["report"]) in page


def test_each_game_has_its_own_figures(trainee, nodule_case, client_of):
    play(trainee, nodule_case, "localize")
    written(trainee)
    client = client_of(trainee)
    first = re.sub(r"<[^>]*>", "", client.get("/progress/").content.decode())
    other = re.sub(r"<[^>]*>", "", client.get("/progress/?game=report").content.decode())
    assert "Progress in Localize" in first and "Found0 of 2 shown" in first
    assert "Progress in Report" in other and "of 1 shown" in other
    for odd in ("?game=chess", "?game=%00", "?game=drill"):
        assert "Progress in Localize" in client.get(f"/progress/{odd}").content.decode()


def test_who_has_played_nothing_is_shown_the_games_own_rule(trainee):
    for kind, rule in (("localize", "clinical"), ("report", "rules")):
        shown = queries.progress_of(trainee, kind)
        assert (shown.rule, shown.cases, shown.scores) == (rule, 0, [])
