"""A learner doubts a truth; curators read why."""

from __future__ import annotations

import pytest

from attempts.series import start_series
from localize.models import Flag
from ml import taxonomy
from tests import factories
from tests.localize.test_feedback import play


@pytest.fixture
def scored(trainee, nodule_case):
    return play(trainee, nodule_case, [("bulla", (0.1, 0.7, 0.2, 0.8))], ticked=["copd"])


@pytest.fixture
def doubt(client_of, trainee, scored):
    def post(subject, why, user=None):
        address = f"/localize/attempts/{scored.public_id}/flag"
        return client_of(user or trainee).post(address, {"subject": subject, "why": why})

    return post


@pytest.fixture
def nodule(nodule_case):
    return nodule_case.findings.get(label="nodule_mass").public_id


def test_it_works(doubt, nodule, scored):
    response = doubt(nodule, "This is the nipple.")
    assert b"Kept." in response.content
    flag = Flag.objects.get()
    assert (flag.attempt, flag.label, flag.why) == (scored, "nodule_mass", "This is the nipple.")
    assert flag.said == "Finding Nodule / mass: missed"
    assert flag.state == "open"


def test_a_second_word_replaces_the_first_and_opens_it_again(doubt, nodule):
    doubt(nodule, "The nipple.")
    Flag.objects.update(state="kept")
    doubt(nodule, "Still the nipple.")
    flag = Flag.objects.get()
    assert (flag.why, flag.state) == ("Still the nipple.", "open")


def test_what_was_called_false_may_be_doubted_too(doubt):
    doubt("m0", "There is a bulla.")
    doubt("tick-copd", "Flat domes.")
    assert {flag.said for flag in Flag.objects.all()} == {
        "Mark Bulla: false",
        f"Tick {taxonomy.labels()['copd'].name}: false",
    }


def test_without_a_word_it_is_not_kept(doubt, nodule):
    assert b"Say in a word" in doubt(nodule, "  \0 ").content
    assert not Flag.objects.exists()


def test_what_the_feedback_does_not_have_cannot_be_doubted(doubt):
    assert b"no such finding" in doubt("elsewhere", "Why").content
    assert not Flag.objects.exists()


def test_it_is_shown_again_as_text_when_the_feedback_is_opened_later(
    doubt, nodule, client_of, scored
):
    doubt(nodule, "<b>nipple</b>")
    page = client_of(scored.user).get(f"/localize/attempts/{scored.public_id}/").content.decode()
    assert "You doubt this: “&lt;b&gt;nipple&lt;/b&gt;”" in page


def test_somebody_elses_attempt_is_not_there(doubt, nodule, instructor):
    assert doubt(nodule, "Why", user=instructor).status_code == 404


def test_an_attempt_without_feedback_takes_no_doubt(client_of, trainee, nodule_case, nodule):
    client = client_of(trainee)
    client.get(f"/localize/cases/{nodule_case.public_id}/")
    attempt = trainee.attempts.get()
    address = f"/localize/attempts/{attempt.public_id}/flag"
    assert client.post(address, {"subject": nodule, "why": "Why"}).status_code == 409


def test_a_case_of_an_open_series_takes_no_doubt_and_so_tells_nothing(doubt, trainee, nodule_case):
    start_series(user=trainee, kind="localize", mode="test", cases=[nodule_case])
    assert doubt("tick-copd", "Flat domes.").status_code == 409


def test_curators_see_the_list_with_a_link_to_the_case(doubt, nodule, client_of, nodule_case):
    doubt(nodule, "This is the nipple.")
    curator = factories.UserFactory(role="curator", is_staff=True)
    page = client_of(curator).get("/admin/localize/flag/").content.decode()
    assert "This is the nipple." in page
    assert f'href="/cases/{nodule_case.public_id}/"' in page


def test_other_staff_do_not_see_it(client_of, db):
    staff = factories.UserFactory(role="instructor", is_staff=True)
    assert client_of(staff).get("/admin/localize/flag/").status_code == 403
