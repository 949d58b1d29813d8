"""What instructors say of an attempt, to whom, and who reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from attempts.series import start_series
from classroom.models import Comment
from classroom.services import enroll
from tests import factories


def say(client, addresses, text="Look at the costophrenic angle.", subject=""):
    return client.post(addresses["attempt"] + "comment/", {"text": text, "subject": subject})


def test_a_comment_reaches_its_learner_with_a_notice_until_it_is_seen(
    client_of, instructor, addresses, trainee, played
):
    say(client_of(instructor), addresses, "<b>Compare</b> both sides.")
    learner = client_of(trainee)
    own = reverse("localize:attempt", args=[played.public_id])
    home = learner.get("/home/").content.decode()
    assert f"{instructor.username} commented on a case of yours" in home
    page = learner.get(own).content.decode()
    assert "&lt;b&gt;Compare&lt;/b&gt; both sides." in page
    seen = reverse("classroom:comments_seen", args=[played.public_id])
    assert seen in page
    assert learner.post(seen).status_code == 204
    assert "commented" not in learner.get("/home/").content.decode()
    assert "seen" in client_of(instructor).get(addresses["attempt"]).content.decode()


def test_a_comment_may_be_on_one_finding(client_of, instructor, addresses, nodule_case):
    finding = nodule_case.findings.get(label="nodule_mass")
    say(client_of(instructor), addresses, subject=finding.public_id)
    assert Comment.objects.get().about == "the finding: Nodule / mass"


@pytest.mark.parametrize(
    ("text", "subject", "sentence"),
    [
        (" ", "", "Write something first."),
        ("x" * 2001, "", "at most 2000"),
        ("Well done", "nothing", "no such finding"),
    ],
)
def test_a_comment_that_cannot_be_is_refused_in_a_sentence(
    client_of, instructor, addresses, text, subject, sentence
):
    client = client_of(instructor)
    say(client, addresses, text, subject)
    assert not Comment.objects.exists()
    assert sentence in client.get(addresses["attempt"]).content.decode()


def test_only_its_author_takes_a_comment_back(client_of, instructor, addresses, cohort):
    say(client_of(instructor), addresses)
    comment = Comment.objects.get()
    other = factories.UserFactory(role="instructor")
    cohort.instructors.add(other)
    address = addresses["attempt"] + "comment/"
    client_of(other).post(address, {"remove": comment.pk})
    assert Comment.objects.exists()
    client_of(instructor).post(address, {"remove": comment.pk})
    assert not Comment.objects.exists()


def test_nobody_else_comments(client_of, addresses, trainee, curator):
    for user in (trainee, curator, factories.UserFactory(role="instructor")):
        assert say(client_of(user), addresses).status_code == 404
    assert not Comment.objects.exists()


def test_a_comment_tells_nothing_while_a_series_holds_the_case(
    client_of, instructor, addresses, trainee, nodule_case
):
    say(client_of(instructor), addresses)
    start_series(user=trainee, kind="localize", mode="test", cases=[nodule_case], rule="standard")
    assert "commented" not in client_of(trainee).get("/home/").content.decode()


def test_what_one_class_says_of_an_attempt_another_does_not_read(
    client_of, cohort, trainee, instructor, played
):
    teacher = factories.UserFactory(role="instructor")
    other = factories.CohortFactory(instructors=[teacher], is_pseudonymous=True)
    code = enroll(other, trainee).code
    other.memberships.update(joined_at=timezone.now() - timedelta(days=1))
    own = [cohort.public_id, cohort.memberships.get().code, played.public_id]
    said = {"text": f"Look again, {trainee.username}."}
    client_of(instructor).post(reverse("classroom:comment", args=own), said)
    own_page = reverse("classroom:learner_attempt", args=own)
    assert said["text"] in client_of(instructor).get(own_page).content.decode()
    address = reverse("classroom:learner_attempt", args=[other.public_id, code, played.public_id])
    page = client_of(teacher).get(address)
    assert page.status_code == 200
    assert trainee.username not in page.content.decode()
