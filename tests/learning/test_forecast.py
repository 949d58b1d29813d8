"""What progress says beyond shares: skills, what is forgotten, time, thresholds, own data."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attempts.models import Attempt, Result
from attempts.series import start_series
from learning import own_data, queries, records, skills
from learning.drills import months
from learning.forecast import skill_of, to_be_forgotten
from learning.models import CaseRecord
from tests import factories
from tests.learning.playing import mark, play
from tests.learning.test_skills import film


def found(user, count: int, label: str = "nodule_mass") -> None:
    for number in range(count):
        case = film(label if number % 3 else None)
        play(user, case, marks=[mark(case, label)] if number % 2 else [])
    records.rebuild()
    skills.rebuild()


def nodule_drill(user, at: datetime, contrast: float, *, right: bool) -> None:
    attempt = Attempt.objects.create(
        user=user, case=film(), case_version=1, kind="drill", mode="practice", rule="nodule",
        state="scored", submitted_at=at,
    )  # fmt: skip
    data = {"contrast": contrast, "right": right, "there": True}
    Result.objects.create(
        attempt=attempt, scorer="nodule", scorer_version="1", score=0, data=data, counts=False
    )


def test_it_works(trainee, client_of):
    found(trainee, 24)
    page = client_of(trainee).get(reverse("learning:progress")).content.decode()
    assert "What you may forget" in page
    assert "You would find a usual one" in page
    assert 'data-chart="time-for-each"' in page
    assert 'name="label" value="nodule_mass"' in page


def test_memory_fades_and_what_fades_first_comes_first(trainee):
    found(trainee, 9)
    known, now = skills.skills_of(trainee, "localize"), timezone.now()
    (label, remembered), *_ = to_be_forgotten(known, now)
    assert label == "nodule_mass"
    assert remembered.now > remembered.in_a_week > remembered.in_a_month > 0
    assert not to_be_forgotten(known, now)[0][1].is_due
    assert to_be_forgotten(known, now + timedelta(days=400))[0][1].is_due


def test_a_finding_never_met_borrows_and_says_how_little_is_known(trainee):
    found(trainee, 24)
    known, now = skills.skills_of(trainee, "localize"), timezone.now()
    met, other = skill_of(known, "nodule_mass", now), skill_of(known, "bulla", now)
    assert met.finds.high - met.finds.low < other.finds.high - other.finds.low
    assert met.finds.low < met.finds.value < met.finds.high
    assert other.remembered is None


def test_thresholds_by_month_and_a_change_only_where_intervals_part(trainee):
    june, july = datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 7, 10, tzinfo=UTC)
    for number in range(30):
        contrast = 0.4 * 1.15**number
        nodule_drill(trainee, june, contrast, right=contrast > 6)
        nodule_drill(trainee, july, contrast, right=contrast > 1.2)
    nodule_drill(trainee, july + timedelta(days=40), 2.0, right=True)
    shown = months.thresholds_of(trainee, UTC)
    assert shown.named == "July 2026", "August has too few"
    assert shown.now.low < 1.2 < shown.now.high
    assert shown.words.startswith("In June 2026 it was")
    assert "chance" not in shown.words
    assert len(shown.thresholds.lines[0].spots) == 2
    assert [line.name for line in shown.curves.lines] == ["June 2026", "July 2026"]


def test_no_threshold_before_there_are_enough(trainee):
    nodule_drill(trainee, timezone.now(), 2.0, right=True)
    assert months.thresholds_of(trainee, UTC) is None


def test_own_figures_as_csv_and_json(trainee, client_of):
    found(trainee, 3)
    client = client_of(trainee)
    as_csv = client.get(reverse("learning:own_figures", args=["csv"]))
    rows = list(csv.DictReader(io.StringIO(as_csv.content.decode())))
    assert tuple(rows[0]) == own_data.COLUMNS
    assert [row["found"] for row in rows] == ["0", "1", "0"]
    assert rows[1]["labels"] == "nodule_mass:1/1"
    as_json = client.get(reverse("learning:own_figures", args=["json"]))
    assert [row["found"] for row in json.loads(as_json.content)] == [0, 1, 0]
    assert client.get(reverse("learning:own_figures", args=["xml"])).status_code == 404


def test_own_figures_are_silent_of_what_a_test_holds(trainee):
    found(trainee, 2)
    case = CaseRecord.objects.first().case
    start_series(user=trainee, kind="report", mode="test", cases=[case])
    assert len(list(own_data.rows_of(trainee))) == 1


@pytest.mark.parametrize("name", ["learning:progress", "learning:home"])
def test_pages_ask_as_often_with_more_cases(name, trainee, client_of, django_assert_num_queries):
    factories.ImageFactory()
    found(trainee, 21)
    client, url = client_of(trainee), reverse(name)
    client.get(url)
    with CaptureQueriesContext(connection) as before:
        client.get(url)
    found(trainee, 12)
    with django_assert_num_queries(len(before)):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(
    ("right", "words", "why"), [(True, "below 1.", "fainter"), (False, "above 3.", "plainer")]
)
def test_who_found_or_missed_all_has_an_end_of_the_interval(trainee, client_of, right, words, why):
    """What lies beyond every film is the first belief's, and no measurement."""
    for _ in range(30):
        nodule_drill(trainee, timezone.now(), 2.0, right=right)
    shown = months.thresholds_of(trainee, UTC)
    assert shown.now.words.startswith(words)
    page = client_of(trainee).get(reverse("learning:progress")).content.decode()
    assert f"<strong>{shown.now.words}</strong>" in page
    assert f"too few that you met were {why}" in page


def test_a_finding_without_a_label_offers_no_films(trainee, client_of, monkeypatch):
    monkeypatch.setattr(queries, "ENOUGH_CASES", 1)
    case = film()
    factories.ReportFactory(case=case, findings="Nodule in the left upper lobe.")
    attempt = play(trainee, case, kind="report", text="The lungs are clear.")
    attempt.results.get().outcomes.filter(about="truth").update(label="other")
    records.rebuild()
    page = client_of(trainee).get(reverse("learning:progress")).content.decode()
    assert "Other finding" in page
    assert 'value="other"' not in page
