"""Staff with Django's permission to change accounts raise nobody's rights, their own included."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts.models import User
from tests import factories

pytestmark = pytest.mark.django_db

NEW = "another long password"
ACCOUNTS = ("add_user", "change_user", "delete_user", "view_user")
GROUPS = ("add_group", "change_group", "delete_group", "view_group")


def permission(name):
    return Permission.objects.get(codename=name)


@pytest.fixture
def secretary():
    """Staff who keep accounts and groups, and are no superuser."""
    user = factories.UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=ACCOUNTS + GROUPS))
    return user


def superuser():
    return factories.UserFactory(is_staff=True, is_superuser=True)


def sleeping_superuser():
    return factories.UserFactory(is_staff=True, is_superuser=True, is_active=False)


def instructor():
    return factories.UserFactory(role="instructor")


def staff_curator():
    return factories.UserFactory(role="curator", is_staff=True)


def with_a_permission_more():
    user = factories.UserFactory()
    user.user_permissions.add(permission("change_case"))
    return user


def in_a_group_with_more():
    user = factories.UserFactory(is_staff=True, is_active=False)
    group = Group.objects.create(name="axes")
    group.permissions.add(permission("delete_accessattempt"))
    user.groups.add(group)
    return user


ABOVE = (
    *(superuser, sleeping_superuser, instructor, staff_curator),
    *(with_a_permission_more, in_a_group_with_more),
)


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


def form_of(user, **changes):
    """What the page of an account sends."""
    form = {
        **{name: getattr(user, name) for name in ("username", "email", "role")},
        **{"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"},
        **{name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(user, name)},
    }
    return form | changes


def as_it_is(user):
    fresh = User.objects.filter(pk=user.pk).values().get()
    return fresh, set(user.groups.all()), set(user.user_permissions.all())


@pytest.mark.parametrize("above", ABOVE)
def test_no_way_leads_into_an_account_with_more_rights(above, secretary, client_of):
    account, client = above(), client_of(secretary)
    Authenticator.objects.create(user=account, type=Authenticator.Type.TOTP, data={})
    before = as_it_is(account)
    password = {"usable_password": "true", "password1": NEW, "password2": NEW}
    tries = [
        client.post(page("auth_user_password_change", account.pk), password),
        client.post(
            page("accounts_user_change", account.pk),
            form_of(account, email="mine@example.org", is_active="on"),
        ),
        client.post(page("accounts_user_delete", account.pk), {"post": "yes"}),
    ]
    assert [answer.status_code for answer in tries] == [403] * 3
    action = {"action": "take_second_step_off", "_selected_action": [account.pk]}
    client.post(page("accounts_user_changelist"), action)
    assert as_it_is(account) == before
    assert Authenticator.objects.filter(user=account).exists()


@pytest.mark.parametrize("whom", ["another", "myself"])
def test_nobody_is_raised(whom, secretary, client_of):
    account = secretary if whom == "myself" else factories.UserFactory()
    group = Group.objects.create(name="all")
    group.permissions.set(Permission.objects.all())
    rights = {
        **{"is_staff": "on", "is_superuser": "on", "role": "curator", "groups": [group.pk]},
        "user_permissions": [permission("change_case").pk],
    }
    before = as_it_is(account)
    answer = client_of(secretary).post(
        page("accounts_user_change", account.pk), form_of(account, email="e@example.org", **rights)
    )
    assert answer.status_code == 302, "the rest is taken"
    row, groups, permissions = as_it_is(account)
    kept = {name: row[name] for name in ("email", "date_joined")}
    assert row == before[0] | kept and row["email"] == "e@example.org"
    assert (groups, permissions) == before[1:]


def test_a_new_account_is_a_trainee(secretary, client_of):
    sent = {"username": "new", "usable_password": "true", "password1": NEW, "password2": NEW}
    sent |= {"role": "curator", "is_staff": "on", "is_superuser": "on"}
    assert client_of(secretary).post(page("accounts_user_add"), sent).status_code == 302
    assert User.objects.get(username="new").is_only_trainee


def test_groups_are_for_superusers(secretary, client_of):
    group = Group.objects.create(name="mine")
    secretary.groups.add(group)
    client, sent = (
        client_of(secretary),
        {"name": "mine", "permissions": [permission("add_case").pk]},
    )
    for address in (page("auth_group_change", group.pk), page("auth_group_add")):
        assert client.post(address, sent).status_code == 403
    assert client.post(page("auth_group_delete", group.pk), {"post": "yes"}).status_code == 403
    assert not group.permissions.exists() and Group.objects.count() == 1
    assert client.get(page("auth_group_change", group.pk)).status_code == 200
    whole = client_of(superuser())
    assert whole.post(page("auth_group_change", group.pk), sent).status_code == 302
    assert group.permissions.exists()


def test_a_trainee_is_governed(secretary, client_of, trainee):
    """What the permission is for: a forgotten password, a name, an account that goes."""
    client = client_of(secretary)
    sent = {"usable_password": "true", "password1": NEW, "password2": NEW}
    client.post(page("auth_user_password_change", trainee.pk), sent)
    trainee.refresh_from_db()
    assert trainee.check_password(NEW)
    client.post(page("accounts_user_change", trainee.pk), form_of(trainee, username="wed"))
    trainee.refresh_from_db()
    assert trainee.username == "wed"
    client.post(page("accounts_user_delete", trainee.pk), {"post": "yes"})
    assert not User.objects.filter(pk=trainee.pk).exists()


def test_a_superuser_gives_rights(client_of, trainee):
    sent = form_of(trainee, role="instructor", is_staff="on")
    client_of(superuser()).post(page("accounts_user_change", trainee.pk), sent)
    trainee.refresh_from_db()
    assert trainee.role == "instructor" and trainee.is_staff


def test_instructors_do_not_govern_each_other(client_of):
    """Each has classes of their own, which no permission of Django's tells of."""
    one, peer = (factories.UserFactory(role="instructor", is_staff=True) for _ in range(2))
    one.user_permissions.set(Permission.objects.filter(codename__in=ACCOUNTS))
    password = {"usable_password": "true", "password1": NEW, "password2": NEW}
    answer = client_of(one).post(page("auth_user_password_change", peer.pk), password)
    assert answer.status_code == 403
