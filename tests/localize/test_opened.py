"""What the feedback opens by itself, and the two look-alikes of a wrong label."""

from __future__ import annotations

import html
import json
import re

import pytest

from attempts.series import start_series
from cases.models import Case, Dataset
from localize.losses import gravest_loss
from ml import atlas
from tests import factories
from tests.localize.test_feedback import ON_IT, nodule_case, play

pytestmark = pytest.mark.any_database

ELSEWHERE = (0.1, 0.6, 0.2, 0.7)


@pytest.fixture
def page_of(client_of):
    """The page of an attempt as it is when one comes back to it."""

    def make(attempt):
        response = client_of(attempt.user).get(f"/localize/attempts/{attempt.public_id}/")
        return html.unescape(response.content.decode())

    return make


def opened_in(page):
    """The name of the row that the script opens, or None."""
    data = json.loads(re.search(r'id="review-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    rows = [*data["truths"], *data["marks"], *data["ticked"]]
    return next((row["name"] for row in rows if row["id"] == data["open"]), None)


def place(number):
    y0 = 0.1 + 0.25 * number
    return (0.6, y0, 0.75, y0 + 0.12)


def case_with(*labels):
    """A case with one boxed finding for each (label, significance), one below the other."""
    case = factories.CaseFactory()
    image = factories.ImageFactory(case=case)
    for number, (label, significance) in enumerate(labels):
        finding = factories.FindingFactory(case=case, label=label, significance=significance)
        x0, y0, x1, y1 = place(number)
        factories.RegionFactory(finding=finding, image=image, x0=x0, y0=y0, x1=x1, y1=y1)
    return case


@pytest.mark.parametrize("rule", ["clinical", "standard", "radgame"])
def test_the_gravest_of_what_was_missed_is_open(page_of, trainee, db, rule):
    case = case_with(("nodule_mass", "actionable"), ("bone_lesion", "urgent"), ("bulla", "minor"))
    page = page_of(play(trainee, case, [("calcification", (0, 0.9, 0.05, 0.95))], rule=rule))
    assert opened_in(page) == "Bone lesion"
    assert "Open below, what cost you most: Bone lesion, missed." in page


def test_a_false_claim_is_open_where_nothing_was_missed(page_of, trainee, db):
    marks = [("nodule_mass", ON_IT), ("bulla", ELSEWHERE), ("fracture", (0.8, 0.8, 0.9, 0.9))]
    page = page_of(play(trainee, nodule_case(), marks, rule="clinical"))
    assert opened_in(page) == "Fracture"
    assert "what cost you most: your Fracture, false." in page


def test_a_part_of_a_grave_finding_weighs_more_than_all_of_a_small_one(page_of, trainee, db):
    case = case_with(("bone_lesion", "urgent"), ("bulla", "minor"))
    page = page_of(play(trainee, case, [("fracture", place(0))], rule="clinical"))
    assert opened_in(page) == "Bone lesion"


def test_a_wrong_side_is_a_loss(page_of, trainee, db):
    case = factories.CaseFactory()
    factories.ImageFactory(case=case)
    factories.FindingFactory(case=case, label="pneumothorax", side="left", significance="urgent")
    tick = {"label": "pneumothorax", "side": "right"}
    page = page_of(play(trainee, case, ticked=[tick], rule="clinical"))
    assert opened_in(page) == "Pneumothorax"


def test_where_nothing_was_lost_the_page_says_so_and_opens_nothing(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case(), [("nodule_mass", ON_IT)], rule="clinical"))
    assert opened_in(page) is None
    assert "Nothing was lost, so nothing is opened for you." in page


def test_a_normal_film_called_normal_has_nothing_to_open(page_of, trainee, db):
    case = factories.CaseFactory()
    factories.ImageFactory(case=case)
    page = page_of(play(trainee, case, rule="clinical"))
    assert opened_in(page) is None
    assert "Nothing was lost" in page


def test_an_answer_that_never_came_is_not_told_that_nothing_was_lost(page_of, trainee, db):
    case = factories.CaseFactory()
    factories.ImageFactory(case=case)
    attempt = play(trainee, case, rule="clinical")
    attempt.results.update(score=0.0)
    assert "Nothing was lost" not in page_of(attempt)


@pytest.mark.pure
def test_the_first_of_equal_losses_is_taken_and_benign_claims_cost_under_unweighed_rules():
    missed = {"outcome": "missed", "significance": "actionable", "label": "nodule_mass"}
    claim = {"outcome": "false", "label": "degenerative_spine", "cost": 0.0}
    first, second = {**missed, "id": "1"}, {**missed, "id": "2"}
    assert gravest_loss([first, second], [claim], weighed=False) == first
    assert gravest_loss([], [claim], weighed=False) == claim
    assert gravest_loss([], [claim], weighed=True) is None


# look-alikes


def figures(page):
    """Each figure of the look-alikes as text, and whether it has a film."""
    section = re.search(r'<section class="lookalikes".*?</section>', page, re.DOTALL)
    if section is None:
        return []
    found = re.findall(r"<figure>(.*?)</figure>", section[0], re.DOTALL)
    return [(" ".join(re.sub(r"<[^>]+>", " ", one).split()), "<svg" in one) for one in found]


def test_a_wrong_label_shows_both_with_a_film_of_each_that_is_known(page_of, trainee, db):
    played = nodule_case(label="fracture")
    play(trainee, played)
    page = page_of(play(trainee, nodule_case(), [("fracture", ON_IT)]))
    (nodule, has_nodule), (fracture, has_fracture) = figures(page)
    assert nodule.startswith("Nodule / mass in this film")
    assert fracture.startswith("Fracture in another case")
    assert (has_nodule, has_fracture) == (True, True)
    assert played.images.get().public_id in page


def test_a_film_of_a_case_not_told_of_is_never_shown(page_of, trainee, db):
    unplayed, begun = nodule_case(label="fracture"), nodule_case(label="fracture")
    held, other = nodule_case(label="fracture"), nodule_case(label="fracture")
    play(trainee, held)
    start_series(user=trainee, kind="localize", mode="test", cases=[held, begun])
    play(factories.UserFactory(), other)
    page = page_of(play(trainee, nodule_case(), [("fracture", ON_IT)]))
    assert [film for _, film in figures(page)] == [True, False]
    for case in (unplayed, begun, held, other):
        assert case.images.get().public_id not in page
        assert case.public_id not in page


def test_a_guest_is_shown_no_film_of_a_data_set_closed_since(page_of, db):
    guest = factories.UserFactory(is_guest=True)
    earlier, case = nodule_case(label="fracture"), nodule_case()
    closed, still_open = (
        Dataset.objects.create(slug=slug, title=slug, access=Dataset.Access.OPEN)
        for slug in ("closed", "still-open")
    )
    Case.objects.filter(pk=earlier.pk).update(dataset=closed)
    Case.objects.filter(pk=case.pk).update(dataset=still_open)
    play(guest, Case.objects.get(pk=earlier.pk))
    attempt = play(guest, Case.objects.get(pk=case.pk), [("fracture", ON_IT)])
    assert [film for _, film in figures(page_of(attempt))] == [True, True]
    closed.access = Dataset.Access.REGISTERED
    closed.save()
    page = page_of(attempt)
    assert [film for _, film in figures(page)] == [True, False]
    assert earlier.images.get().public_id not in page


def test_a_retired_case_is_not_shown(page_of, trainee, db):
    earlier = nodule_case(label="fracture")
    play(trainee, earlier)
    Case.objects.filter(pk=earlier.pk).update(status=Case.Status.RETIRED)
    page = page_of(play(trainee, nodule_case(), [("fracture", ON_IT)]))
    assert earlier.images.get().public_id not in page


def test_a_film_of_another_label_of_the_same_group_is_not_shown_under_this_name(
    page_of, trainee, db
):
    play(trainee, nodule_case(label="pulmonary_fibrosis"))
    page = page_of(play(trainee, nodule_case(), [("interstitial_pattern", ON_IT)]))
    assert [film for _, film in figures(page)] == [True, False]


def test_the_case_itself_shows_the_other_label_where_it_has_both(page_of, trainee, db):
    case = case_with(("nodule_mass", "actionable"), ("bulla", "minor"))
    page = page_of(play(trainee, case, [("bulla", place(0)), ("bulla", place(1))]))
    assert [text.split(" in this film")[0] for text, _ in figures(page)] == [
        "Nodule / mass",
        "Bulla",
    ]


def test_the_film_of_the_finding_is_of_its_own_place(page_of, trainee, db):
    case = case_with(("nodule_mass", "actionable"), ("nodule_mass", "actionable"))
    page = page_of(play(trainee, case, [("fracture", place(1))]))
    rect = re.search(r'<section class="lookalikes".*?<rect x="\d+" y="(\d+)"', page, re.DOTALL)
    assert int(rect[1]) == round(64 * place(1)[1])


def test_a_right_label_or_nothing_near_has_no_look_alike(page_of, trainee, db):
    assert not figures(page_of(play(trainee, nodule_case(), [("nodule_mass", ON_IT)])))
    assert not figures(page_of(play(trainee, nodule_case(), [("fracture", ELSEWHERE)])))


def test_how_to_tell_them_apart_is_said_once(page_of, trainee, db):
    """Also of a mark that lies there in a box that does not fit: it is no wrong label yet."""
    tell = atlas.tell_apart("nodule_mass", "calcification")
    assert tell
    too_large = (0.3, 0, 1, 0.7)
    for box in (ON_IT, too_large):
        page = page_of(play(trainee, nodule_case(), [("calcification", box)], rule="standard"))
        row = re.search(r'<details class="finding truth-row.*?</section>', page, re.DOTALL)[0]
        assert row.count(tell) == 1, box
