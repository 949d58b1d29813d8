"""The administration: who comes in, and what staff may do there."""

from __future__ import annotations

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import User
from attempts.models import Series
from classroom.models import WorkView
from tests import factories

LOGIN = "/admin/login/"
PARTS = ("changelist", "add", "change", "delete")

# What staff who are curators may do with each kind of row: view, add, change, delete.
CURATORS = {
    "accounts.user": "",
    "attempts.attempt": "view",
    "attempts.result": "view",
    "attempts.series": "view",
    "auth.group": "",
    "axes.accessattempt": "",
    "axes.accessfailurelog": "",
    "axes.accesslog": "",
    "cases.case": "view add change delete",
    "cases.dataset": "view add change delete",
    "feedback.explanation": "view change",
    "localize.flag": "view",
    "learning.casedifficulty": "view",
    "report.contest": "view",
}
# What a superuser may do as well, where that is not everything.
WORK = ("attempts", "feedback", "learning", "localize", "report")
SUPERUSERS = {
    "axes.accessattempt": "view change delete",
    "axes.accessfailurelog": "view change delete",
    "axes.accesslog": "view change delete",
    "feedback.explanation": "view change",
}
ALL = "view add change delete"


def superusers_may(label):
    work = label.partition(".")[0] in WORK
    return set(SUPERUSERS.get(label, "view" if work else ALL).split())


def models():
    return {model._meta.label_lower: model for model in admin.site._registry}


def addresses_of(label):
    """The pages of one kind of row; for a row that is not there, which who may look is told."""
    name = f"admin:{label.replace('.', '_')}"
    return {
        part: reverse(f"{name}_{part}", args=[0] if part in ("change", "delete") else [])
        for part in PARTS
    }


@pytest.mark.pure
def test_the_table_names_every_model_of_the_administration():
    assert set(CURATORS) == set(models())


def outsiders():
    return [
        *(factories.UserFactory(role=role) for role in ("trainee", "instructor", "curator")),
        factories.UserFactory(role="curator", is_staff=True, is_active=False),
    ]


@pytest.mark.any_database
@pytest.mark.parametrize("label", sorted(CURATORS))
def test_who_is_not_staff_is_sent_to_log_in(label, client, client_of, db):
    clients = [client, *map(client_of, outsiders())]
    for url in (reverse("admin:index"), *addresses_of(label).values()):
        for one in clients:
            for answer in (one.get(url), one.post(url, {"_selected_action": "1"})):
                assert answer.status_code == 302
                assert "/login/" in answer.headers["Location"]


@pytest.mark.any_database
@pytest.mark.parametrize("role", ["trainee", "instructor"])
@pytest.mark.parametrize("label", sorted(CURATORS))
def test_staff_of_other_roles_may_do_nothing_there(label, role, client_of, db):
    client = client_of(factories.UserFactory(role=role, is_staff=True))
    for url in addresses_of(label).values():
        statuses = {client.get(url).status_code, client.post(url, {}).status_code}
        assert statuses <= {302, 403, 404}, "as for a row that is not there, or refused"
    changelist = addresses_of(label)["changelist"]
    assert client.get(changelist).status_code == 403


@pytest.mark.any_database
@pytest.mark.parametrize("label", sorted(CURATORS))
def test_staff_who_are_curators_may_do_what_the_table_says(label, rf, db):
    request = rf.get("/admin/")
    request.user = factories.UserFactory(role="curator", is_staff=True)
    allowed = admin.site._registry[models()[label]].get_model_perms(request)
    assert {what for what, may in allowed.items() if may} == set(CURATORS[label].split())


@pytest.mark.parametrize("label", sorted(CURATORS))
def test_a_superuser_may_do_everything_but_with_what_learners_did(label, rf, client_of, db):
    request = rf.get("/admin/")
    request.user = factories.UserFactory(is_staff=True, is_superuser=True)
    allowed = admin.site._registry[models()[label]].get_model_perms(request)
    may = superusers_may(label)
    assert {what for what, is_so in allowed.items() if is_so} == may
    client = client_of(request.user)
    assert client.get(addresses_of(label)["changelist"]).status_code == 200
    add = client.get(addresses_of(label)["add"]).status_code
    assert add == (200 if "add" in may else 403)


@pytest.fixture
def work(trainee, nodule_case):
    """One row of every kind that learners' work is made of, or that comes of it."""
    case = nodule_case
    series = Series.objects.create(user=trainee, kind="localize", mode="test")
    attempt = case.attempts.create(user=trainee, kind="localize", mode="practice", case_version=1)
    attempt.results.create(scorer="standard", scorer_version="1", score=50, data={})
    attempt.flags.create(subject="m0", label="bulla", said="Mark Bulla: false", why="Look again.")
    attempt.contests.create(note="n1", said="Missed", why="Look again.", engine="rules")
    case.difficulties.create(case_version=1, kind="localize", prior=0, difficulty=0)
    case.explanations.create(key="k", facts="f", label="bulla", outcome="missed", model="m")
    return series


def rows_of(label):
    return list(models()[label]._default_manager.values())


@pytest.mark.parametrize("label", [name for name in CURATORS if name.partition(".")[0] in WORK])
def test_a_superuser_changes_and_deletes_nothing_of_learners_work(label, work, client_of):
    client = client_of(factories.UserFactory(is_staff=True, is_superuser=True))
    before = rows_of(label)
    [row] = before
    pages = {
        part: reverse(f"admin:{label.replace('.', '_')}_{part}", args=args)
        for part, args in {
            **{part: [row["id"]] for part in ("change", "delete", "history")},
            **{part: [] for part in ("add", "changelist")},
        }.items()
    }
    assert client.get(pages["change"]).status_code == 200
    form = {name: "" if value is None else value for name, value in row.items()}
    form |= {"state": "kept", "score": 100, "is_odd": "on", "label": "copd", "user": row["id"]}
    deleting = {"action": "delete_selected", "_selected_action": row["id"], "post": "yes"}
    editing = {"form-0-id": row["id"], "form-0-state": "kept", "_save": "Save"}
    editing |= {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1}
    sent = [("add", form), ("delete", {"post": "yes"}), ("changelist", deleting)]
    sent += [("changelist", editing)]
    sent += [] if "change" in superusers_may(label) else [("change", form)]
    answers = {(part, client.post(pages[part], data).status_code) for part, data in sent}
    assert {status for part, status in answers if part != "changelist"} == {403}
    assert rows_of(label) == before


LOOKED_AT = {
    "attempts.attempt": (True, True),
    "attempts.result": (True, True),
    "attempts.series": (True, False),
    "localize.flag": (False, True),
    "report.contest": (False, True),
}
"""Whether the list of rows and the page of one tell of a learner, and that page of one answer."""


@pytest.mark.parametrize("is_superuser", [False, True])
@pytest.mark.parametrize("label", sorted(LOOKED_AT))
def test_a_learner_is_told_who_looked_in_the_administration(
    label, is_superuser, work, client_of, trainee
):
    viewer = factories.UserFactory(role="curator", is_staff=True, is_superuser=is_superuser)
    client, (in_list, with_answer) = client_of(viewer), LOOKED_AT[label]
    for _ in range(2):
        assert client.get(addresses_of(label)["changelist"]).status_code == 200
    listed = [(one.viewer_name, one.learner, one.what) for one in WorkView.objects.all()]
    assert listed == [(viewer.username, trainee, "figures")] * in_list
    WorkView.objects.all().delete()
    [row] = rows_of(label)
    page = reverse(f"admin:{label.replace('.', '_')}_change", args=[row["id"]])
    assert client.get(page).status_code == 200
    view = WorkView.objects.get()
    assert (view.viewer, view.learner, view.cohort) == (viewer, trainee, None)
    assert (view.attempt is not None) == with_answer
    seen = client_of(trainee).get(reverse("classroom:seen_by")).content.decode()
    assert viewer.username in seen


def test_who_may_not_look_leaves_no_line(work, client_of):
    client = client_of(factories.UserFactory(role="instructor", is_staff=True))
    for label in LOOKED_AT:
        [row] = rows_of(label)
        page = reverse(f"admin:{label.replace('.', '_')}_change", args=[row["id"]])
        assert client.get(page).status_code == 403
        assert client.get(addresses_of(label)["changelist"]).status_code == 403
    assert not WorkView.objects.exists()


def test_every_row_of_work_in_the_administration_is_told_of():
    """One that hangs on an attempt or a series, and is added later, is to be told of too."""
    found = {
        label
        for label, model in models().items()
        if {"attempt", "series", "result"} & {field.name for field in model._meta.fields}
    }
    assert found <= set(LOOKED_AT)


def test_the_administration_erases_an_account_as_a_whole(work, client_of, trainee, client):
    """As its owner does: rows of wrong passwords and of the administration's log have its name."""
    administrator = client_of(factories.UserFactory(is_staff=True, is_superuser=True))
    name = trainee.username
    client.post("/account/login/", {"username": name, "password": "wrong"})
    change = reverse("admin:accounts_user_change", args=[trainee.pk])
    assert name in administrator.get(change).content.decode()
    url = reverse("admin:accounts_user_delete", args=[trainee.pk])
    assert administrator.get(url).status_code == 200
    assert User.objects.filter(username=name).exists(), "asked first"
    assert administrator.post(url, {"post": "yes"}).status_code == 302
    assert not User.objects.filter(username=name).exists()
    assert not AccessAttempt.objects.filter(username=name).exists()
    assert not LogEntry.objects.filter(object_repr=name).exists()
    assert not Series.objects.exists()


def test_the_last_who_administers_everything_is_not_erased(client_of, db):
    last = factories.UserFactory(is_staff=True, is_superuser=True)
    url = reverse("admin:accounts_user_delete", args=[last.pk])
    page = client_of(last).post(url, {"post": "yes"}, follow=True).content.decode()
    assert "the last account that administers everything" in page
    assert User.objects.filter(pk=last.pk).exists()
    assert not LogEntry.objects.exists()


def test_accounts_are_not_erased_by_the_list(client_of, trainee):
    administrator = client_of(factories.UserFactory(is_staff=True, is_superuser=True))
    sent = {"action": "delete_selected", "_selected_action": trainee.pk, "post": "yes"}
    administrator.post(reverse("admin:accounts_user_changelist"), sent)
    assert User.objects.filter(pk=trainee.pk).exists()


def test_a_curator_who_is_no_staff_has_none_of_the_permissions(curator):
    assert not curator.has_perm("cases.change_case")
    assert not curator.has_module_perms("cases")


def test_writing_as_a_curator_where_only_looking_is_allowed_changes_nothing(client_of, trainee):
    case = factories.ImageFactory().case
    attempt = case.attempts.create(user=trainee, kind="localize", mode="practice", case_version=1)
    client = client_of(factories.UserFactory(role="curator", is_staff=True))
    url = reverse("admin:attempts_attempt_change", args=[attempt.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"state": "scored"}).status_code == 403
    attempt.refresh_from_db()
    assert attempt.state == "draft"
    delete = reverse("admin:attempts_attempt_delete", args=[attempt.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert case.attempts.exists()


@pytest.mark.django_db
def test_a_case_that_there_is_not_is_no_fault_of_the_server(client):
    client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    for key in ("abc", "999999"):
        address = reverse("admin:cases_case_change", args=[key])
        assert client.post(address, {}).status_code in (302, 404)
