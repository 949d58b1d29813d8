"""What the feedback says: why a finding was lost, what was right, who agrees, what compares."""

from __future__ import annotations

import html
import json
import re
import uuid

import pytest

from attempts import services, tasks
from attempts.series import end, start_series
from cases.models import Case
from learning.models import CaseRecord
from learning.records import keep_records_of
from localize.closeups import closeup_of
from ml import taxonomy
from tests import factories

pytestmark = pytest.mark.any_database

ON_IT = (0.6, 0.2, 0.7, 0.3)
MOST_QUERIES = 16


def play(user, case, marks=(), ticked=(), *, rule="standard"):
    """A scored attempt with (label, box) marks on the case's only image."""
    attempt = services.open_attempt(
        user=user, case=case, kind="localize", mode="practice", rule=rule
    )
    image = case.images.first().public_id
    answer = {
        "marks": [
            {"id": f"m{n}", "label": label, "image": image, "frame": 0, "box": list(box)}
            for n, (label, box) in enumerate(marks)
        ],
        "ticked": list(ticked),
    }
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    return attempt


@pytest.fixture
def page_of(client_of):
    def make(attempt):
        response = client_of(attempt.user).get(f"/localize/attempts/{attempt.public_id}/result")
        return html.unescape(response.content.decode())

    return make


def nodule_case(box=ON_IT, **finding):
    case = factories.CaseFactory()
    image = factories.ImageFactory(case=case)
    found = factories.FindingFactory(case=case, **finding)
    x0, y0, x1, y1 = box
    factories.RegionFactory(finding=found, image=image, x0=x0, y0=y0, x1=x1, y1=y1)
    return case


def summary(page):
    """The kinds of loss as the page tells them, in order."""
    return re.findall(r'<li class="kind-(\w+)"><strong>\w[\w ]* · (\d+)', page)


def test_it_works(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case(), [("nodule_mass", ON_IT)]))
    assert "You found it (100 % overlap)." in page
    assert "Everything found" in page
    assert summary(page) == []


def test_nothing_near_is_a_search_error(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case()))
    assert summary(page) == [("search", "1")]
    assert "Nothing was marked there." in page
    assert "Right would have been a box of 10 % by 10 % of the image here" in page


def test_the_right_place_under_another_name_is_a_recognition_error(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case(), [("fracture", ON_IT)]))
    assert summary(page) == [("recognition", "1")]
    assert "Right would have been this place, labeled Nodule / mass." in page


def test_a_box_that_is_off_is_a_precision_error(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case(), [("nodule_mass", (0.67, 0.28, 0.8, 0.4))]))
    assert summary(page) == [("precision", "1")]
    assert "Right would have been this label in a box of" in page


def test_a_finding_not_ticked_is_not_called_a_search_error(page_of, trainee, db):
    case = factories.CaseFactory()
    factories.ImageFactory(case=case)
    factories.FindingFactory(case=case, label="cardiomegaly")
    page = page_of(play(trainee, case))
    assert summary(page) == [("naming", "1")]
    assert "Right would have been to tick Cardiomegaly." in page


def test_a_false_mark_is_an_overcall(page_of, trainee, db):
    page = page_of(
        play(trainee, nodule_case(), [("nodule_mass", ON_IT), ("bulla", (0, 0.8, 0.1, 0.9))])
    )
    assert summary(page) == [("overcall", "1")]


def test_a_box_much_too_large_under_another_name_is_not_told_as_nothing(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case(), [("fracture", (0.3, 0, 1, 0.7))]))
    assert ("recognition", "1") in summary(page)
    assert "You marked Fracture there, in a box that does not fit." in page
    assert "Nothing was marked there." not in page


def test_the_rule_of_the_paper_tells_the_kinds_too(page_of, trainee, db):
    attempt = play(trainee, nodule_case(), [("nodule_mass", (0.6, 0.2, 0.9, 0.5))], rule="radgame")
    page = page_of(attempt)
    assert ("precision", "1") in summary(page)
    assert 'href="/about/scoring/#radgame"' in page


def test_a_loose_hit_is_told_how_its_box_could_be_closer(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case(), [("nodule_mass", (0.6, 0.2, 0.78, 0.38))]))
    assert "You found it" in page
    assert "Your box could be closer: " in page


def test_a_mark_paired_with_a_finding_has_no_second_row(page_of, trainee, db):
    page = page_of(play(trainee, nodule_case(), [("fracture", ON_IT)]))
    assert page.count('<details class="finding') == 1
    data = json.loads(re.search(r'id="review-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    assert [mark["outcome"] for mark in data["marks"]] == ["wrong_label"]


def test_readers_are_told_with_their_agreement_and_the_one_matched(page_of, trainee, db):
    case = nodule_case()
    finding, image = case.findings.get(), case.images.get()
    factories.RegionFactory(
        finding=finding, image=image, reader="R2", alternate=True, x0=0.6, y0=0.2, x1=0.7, y1=0.35
    )
    page = " ".join(page_of(play(trainee, case, [("nodule_mass", (0.6, 0.2, 0.7, 0.36))])).split())
    assert "Boxed by 2 of 2 readers." in page
    assert "Their boxes overlap each other with IoU 0.67." in page
    assert "Your box was measured against reader R2." in page


def test_one_reader_alone_is_not_told_as_agreement(page_of, trainee, db):
    assert "readers." not in page_of(play(trainee, nodule_case()))


# close-ups


def closeup(box, *others, view="PA", label="nodule_mass"):
    image = factories.ImageFactory.build(view=view, case=None, position=0)
    row = {"label": label, "box": list(box), "image": image.public_id, "frame": 0}
    rows = [row, *({"image": image.public_id, "box": other} for other in others)]
    return closeup_of(row, rows, {image.public_id: image})


@pytest.mark.pure
def test_a_close_up_has_the_window_of_its_label_and_a_healthy_other_side():
    found = closeup(ON_IT)
    assert (found["window"], found["mirror"]) == ("lung", "healthy")


@pytest.mark.pure
def test_the_other_side_is_not_called_healthy_where_a_finding_lies():
    assert closeup(ON_IT, [0.32, 0.25, 0.5, 0.4])["mirror"] == "affected"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("box", "view"), [((0.4, 0.3, 0.6, 0.5), "PA"), (ON_IT, "LATERAL"), (ON_IT, "OTHER")]
)
def test_the_middle_and_lateral_views_have_no_mirrored_side(box, view):
    assert closeup(box, view=view)["mirror"] == ""


@pytest.mark.pure
def test_a_row_without_a_place_has_no_close_up():
    row = {"label": "cardiomegaly", "box": None, "image": None, "frame": 0}
    assert closeup_of(row, [row], {}) is None


# a case to compare


def test_a_case_already_scored_is_offered_to_compare(page_of, trainee, db):
    earlier = play(trainee, nodule_case(), [("nodule_mass", ON_IT)])
    page = page_of(play(trainee, nodule_case()))
    assert f'href="/localize/attempts/{earlier.public_id}/"' in page
    assert "you played it: hit" in page


def test_the_case_to_compare_is_shown_in_true_proportion(page_of, trainee, db):
    earlier = nodule_case()
    earlier.images.update(width=60, height=40, pixel_aspect=2.5)
    play(trainee, earlier)
    page = page_of(play(trainee, nodule_case()))
    card = page.split('class="similar"')[1].split("</a>")[0]
    assert 'width="60" height="100" preserveAspectRatio="none"' in card
    assert '<rect x="36" y="20" width="6" height="10"' in card


def test_a_case_not_played_is_never_shown_to_compare(page_of, trainee, db):
    unplayed = nodule_case()
    page = page_of(play(trainee, nodule_case()))
    assert "no other case that you have played has Nodule / mass yet" in page
    assert unplayed.public_id not in page
    assert unplayed.images.get().public_id not in page


@pytest.mark.parametrize("state", ["draft", "submitted"])
def test_a_case_not_scored_yet_is_not_shown_to_compare(page_of, trainee, db, state):
    begun = nodule_case()
    attempt = services.open_attempt(
        user=trainee, case=begun, kind="localize", mode="practice", rule="standard"
    )
    if state == "submitted":
        services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer={}, elapsed_ms=1)
    assert begun.images.get().public_id not in page_of(play(trainee, nodule_case()))


def test_a_case_of_an_open_series_is_not_shown_to_compare(page_of, trainee, db):
    tested, other = nodule_case(), nodule_case()
    play(trainee, tested)
    series = start_series(user=trainee, kind="localize", mode="test", cases=[tested])
    attempt = play(trainee, other)
    assert tested.images.get().public_id not in page_of(attempt)
    end(series)
    assert tested.images.get().public_id in page_of(attempt)


def test_another_learners_case_is_not_shown_to_compare(page_of, trainee, instructor, db):
    others = nodule_case()
    play(factories.UserFactory(), others)
    assert others.images.get().public_id not in page_of(play(trainee, nodule_case()))


def test_who_sees_truths_anyway_is_offered_any_published_case(page_of, instructor, db):
    published, draft = nodule_case(), nodule_case()
    draft.status = "draft"
    draft.save()
    page = page_of(play(instructor, nodule_case()))
    assert f'href="/cases/{published.public_id}/"' in page
    assert draft.public_id not in page


def test_the_feedback_costs_few_queries_however_many_cases_were_played(
    client_of, trainee, db, django_assert_max_num_queries
):
    for label in ("nodule_mass", "fracture", "bulla") * 3:
        play(trainee, nodule_case(label=label))
    marks = [("fracture", (0, 0.8, 0.1, 0.9)), ("bulla", (0.8, 0.8, 0.9, 0.9))]
    attempt = play(trainee, nodule_case(), marks)
    client = client_of(trainee)
    with django_assert_max_num_queries(MOST_QUERIES):
        assert client.get(f"/localize/attempts/{attempt.public_id}/result").status_code == 200


# pages


def test_the_scoring_page_tells_the_thresholds_that_are_used(client_of, trainee):
    page = client_of(trainee).get("/about/scoring/").content.decode()
    assert "1 to below 3" in page
    assert "0.15" in page
    assert 'id="standard"' in page
    assert 'id="radgame"' in page


def test_the_atlas_tells_of_a_label_and_knows_no_other(client_of, trainee):
    client = client_of(trainee)
    assert "Pitfalls" in client.get("/localize/atlas/nodule_mass/").content.decode()
    assert client.get("/localize/atlas/no_such_label/").status_code == 404


def test_a_card_says_which_label_is_a_normal_variant(client_of, trainee):
    client = client_of(trainee)
    for label in taxonomy.labels().values():
        card = client.get(f"/localize/atlas/{label.slug}/").content.decode()
        assert ("Normal variant or pitfall" in card) is label.is_variant


def test_a_false_mark_on_a_nipple_shadow_is_told_so_and_the_film_stays_normal(trainee, page_of, db):
    sentence = "Nipple shadows over both lower zones."
    case = nodule_case(label="nipple_shadow", significance="benign", sentence=sentence)
    page = page_of(play(trainee, case, [("nodule_mass", ON_IT)], rule="clinical"))
    assert "This case is normal" in page
    assert f"What lies here is no finding: nipple shadow. {sentence}" in page
    assert "nipple shadow lies over the breast" in page, "the atlas tells the two apart"
    elsewhere = page_of(play(trainee, case, [("nodule_mass", (0.1, 0.1, 0.2, 0.2))]))
    assert "What lies here" not in elsewhere and "nothing of the kind here" in elsewhere


def test_a_variant_is_neither_missed_nor_counted(trainee, page_of, db):
    case = nodule_case(label="nipple_shadow", significance="benign")
    attempt = play(trainee, case, rule="clinical")
    result = attempt.results.get()
    assert (result.score, result.data["truths"], result.data["misses"]) == (100, [], 0)
    assert not result.outcomes.filter(about="truth").exists()
    assert "Not a finding here: <strong>Nipple shadow</strong>" in page_of(attempt)
    keep_records_of(attempt.pk)
    assert CaseRecord.objects.get(attempt=attempt).is_normal


@pytest.fixture
def film_and_ct():
    """A film, and the CT of the same patient as a case of its own."""
    film = nodule_case()
    ct = factories.ImageFactory(case__dataset=film.dataset, view="CT", frames=120).case
    Case.objects.update(patient="~0123")
    film.refresh_from_db()
    return film, ct


def test_the_ct_of_the_same_patient_is_named_after_the_answer_and_not_before(
    trainee, client_of, page_of, film_and_ct
):
    film, ct = film_and_ct
    address = f"/localize/cases/{ct.public_id}/"
    client = client_of(trainee)
    assert ct.public_id not in client.get(f"/localize/cases/{film.public_id}/").content.decode()
    page = page_of(play(trainee, film))
    assert address in page and "CT, 120 slices" in page
    assert client.get(address).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"status": "review"},
        {"split": "test"},
        {"patient": "~4567"},
        {"patient": ""},
        {"knows_findings": False},
    ],
)
def test_a_study_that_is_not_to_be_practiced_is_named_nowhere(
    trainee, page_of, film_and_ct, change
):
    film, ct = film_and_ct
    Case.objects.filter(pk=ct.pk).update(**change)
    assert ct.public_id not in page_of(play(trainee, film))


def test_a_study_that_was_made_for_somebody_else_is_not_named(
    trainee, instructor, page_of, film_and_ct
):
    film, ct = film_and_ct
    attempt = play(trainee, film)
    for learner, is_named in ((trainee, True), (instructor, False)):
        Case.objects.filter(pk=ct.pk).update(made_for=learner)
        assert (ct.public_id in page_of(attempt)) is is_named


def test_a_study_that_a_test_of_the_learner_holds_is_not_named(trainee, page_of, film_and_ct):
    film, ct = film_and_ct
    attempt = play(trainee, film)
    start_series(user=trainee, kind="localize", mode="test", cases=[ct])
    assert ct.public_id not in page_of(attempt)
