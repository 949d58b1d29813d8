"""The administration: who comes in, and what staff may do there."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse

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
    "localize.flag": "view change",
    "learning.casedifficulty": "view",
    "report.contest": "view change",
}
# Rows that only come about by themselves: no one adds one by hand.
NEVER_ADDED = {
    *("axes.accessattempt", "axes.accessfailurelog", "axes.accesslog"),
    *("feedback.explanation", "localize.flag", "report.contest", "learning.casedifficulty"),
}


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


@pytest.mark.parametrize("label", sorted(CURATORS))
def test_who_is_not_staff_is_sent_to_log_in(label, client, client_of, db):
    clients = [client, *map(client_of, outsiders())]
    for url in (reverse("admin:index"), *addresses_of(label).values()):
        for one in clients:
            for answer in (one.get(url), one.post(url, {"_selected_action": "1"})):
                assert answer.status_code == 302
                assert "/login/" in answer.headers["Location"]


@pytest.mark.parametrize("role", ["trainee", "instructor"])
@pytest.mark.parametrize("label", sorted(CURATORS))
def test_staff_of_other_roles_may_do_nothing_there(label, role, client_of, db):
    client = client_of(factories.UserFactory(role=role, is_staff=True))
    for url in addresses_of(label).values():
        statuses = {client.get(url).status_code, client.post(url, {}).status_code}
        assert statuses <= {302, 403, 404}, "as for a row that is not there, or refused"
    changelist = addresses_of(label)["changelist"]
    assert client.get(changelist).status_code == 403


@pytest.mark.parametrize("label", sorted(CURATORS))
def test_staff_who_are_curators_may_do_what_the_table_says(label, rf, db):
    request = rf.get("/admin/")
    request.user = factories.UserFactory(role="curator", is_staff=True)
    allowed = admin.site._registry[models()[label]].get_model_perms(request)
    assert {what for what, may in allowed.items() if may} == set(CURATORS[label].split())


@pytest.mark.parametrize("label", sorted(CURATORS))
def test_a_superuser_may_do_everything(label, rf, client_of, db):
    request = rf.get("/admin/")
    request.user = factories.UserFactory(is_staff=True, is_superuser=True)
    allowed = admin.site._registry[models()[label]].get_model_perms(request)
    refused = {what for what, may in allowed.items() if not may}
    assert refused == ({"add"} if label in NEVER_ADDED else set())
    client = client_of(request.user)
    assert client.get(addresses_of(label)["changelist"]).status_code == 200
    add = client.get(addresses_of(label)["add"]).status_code
    assert add == (403 if label in NEVER_ADDED else 200)


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
