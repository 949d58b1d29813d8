"""Every address of classes, assignments and learning × every role × own and foreign objects.

Two classes with everything in them, A and B. Each role stands in a relation to each of them
(`RELATIONS`); each address has a rule: which relations it lets in (`RULES`). An address without a
row fails. What tests/radgame/test_permissions.py says of the codes of each answer is not repeated:
here an answer lets in or does not.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from attempts.series import start_series
from classroom import services
from learning import records
from tests import factories
from tests.kept_rows import kept_rows
from tests.learning.playing import mark, play
from tests.radgame.permission_matrix import every_url_name

pytestmark = pytest.mark.any_database

# In what relation each role stands to what is in class A, and to what is in class B.
RELATIONS = {
    "nobody": ("nobody", "nobody"),
    "learner": ("owner", "stranger"),
    "classmate": ("classmate", "stranger"),
    "learner of another class": ("stranger", "owner"),
    "instructor": ("teacher", "instructor"),
    "co-instructor": ("teacher", "instructor"),
    "instructor of another class": ("instructor", "teacher"),
    "curator": ("stranger", "stranger"),
    "superuser": ("teacher", "teacher"),
}
USERS = frozenset({"owner", "classmate", "teacher", "instructor", "stranger"})
TEACHERS = frozenset({"teacher"})
CLASS = frozenset({"owner", "classmate", "teacher"})
LEARNERS = frozenset({"owner", "classmate"})
OWNER = frozenset({"owner"})
INSTRUCTORS = frozenset({"teacher", "instructor"})
ALL = USERS | {"nobody"}

# Address → the relations that are let in.
RULES = {
    "learning:home": USERS,
    "learning:next": USERS,
    "learning:start": USERS,
    "learning:series": OWNER,
    "learning:onward": OWNER,
    "learning:end": OWNER,
    "learning:history": USERS,
    "learning:progress": USERS,
    "learning:goals": USERS,
    "learning:daily": USERS,
    "learning:deck": USERS,
    "learning:keep": OWNER,
    "learning:kept": USERS,
    "learning:cards": USERS,
    "learning:own_figures": USERS,
    "learning:endless": USERS,
    "learning:endless_next": USERS,
    "classroom:classes": USERS,
    "classroom:create": INSTRUCTORS,
    "classroom:code": ALL,
    "classroom:join": ALL,
    "classroom:decline": OWNER,
    "classroom:seen_by": USERS,
    "classroom:cohort": CLASS,
    "classroom:leave": LEARNERS,
    "classroom:compare": LEARNERS,
    "classroom:rank": LEARNERS,
    "classroom:edit": TEACHERS,
    "classroom:archive": TEACHERS,
    "classroom:instructors": TEACHERS,
    "classroom:invitations": TEACHERS,
    "classroom:sheet": TEACHERS,
    "classroom:add_members": TEACHERS,
    "classroom:member": TEACHERS,
    "classroom:password": TEACHERS,
    "classroom:key": TEACHERS,
    "classroom:new_assignment": TEACHERS,
    "classroom:assignment": TEACHERS,
    "classroom:edit_assignment": TEACHERS,
    "classroom:act": TEACHERS,
    "classroom:cases": TEACHERS,
    "classroom:extra_time": TEACHERS,
    "classroom:given": LEARNERS,
    "classroom:figures": TEACHERS,
    "classroom:items": TEACHERS,
    "classroom:item": TEACHERS,
    "classroom:leave_out": TEACHERS,
    "classroom:discuss": TEACHERS,
    "classroom:export": TEACHERS,
    "classroom:learner": TEACHERS,
    "classroom:learner_attempt": TEACHERS,
    "classroom:comment": TEACHERS,
    "classroom:comments_seen": OWNER,
}
PARTS = {
    "classroom:member": "code",
    "classroom:password": "code",
    "classroom:extra_time": "code",
    "classroom:item": "case",
    "classroom:leave_out": "case",
    "classroom:discuss": "case",
    "classroom:learner": "code",
    "classroom:learner_attempt": "attempt",
    "classroom:comment": "attempt",
}
"""Addresses that name a class or an assignment, and something in it that may be of another."""
RULE = "?rule=standard"
REFUSED = {403, 404, 410}


def is_let_in(answer) -> bool:
    """Whether the answer lets in; what is neither is an error."""
    assert answer.status_code in REFUSED | {200, 204, 302, 409, 422}, answer.status_code
    to = answer.headers.get("Location", "")
    return not (answer.status_code in REFUSED or to.startswith("/account/login/"))


def of_class(instructors: list, learner, classmate=None) -> SimpleNamespace:
    """A class with an assignment, a scored attempt, a series and an invitation of its learner."""
    cohort = factories.CohortFactory(
        instructors=instructors,
        learners=[one for one in (learner, classmate) if one],
        is_pseudonymous=True,
        has_leaderboard=True,
    )
    image = factories.ImageFactory()
    case = image.case
    factories.RegionFactory(finding=factories.FindingFactory(case=case), image=image)
    assignment = factories.AssignmentFactory(cohort=cohort, cases=[case], publish=True)
    attempt = play(learner, case, marks=[mark(case)])
    other = factories.CohortFactory(instructors=instructors)
    services.ask_by_name(other, instructors[0], [learner.username])
    series = start_series(
        user=learner,
        kind="localize",
        mode="test",
        cases=[factories.ImageFactory().case],
        rule="standard",
    )
    return SimpleNamespace(
        cohort=cohort.public_id,
        code=cohort.memberships.get(user=learner).code,
        case=case.public_id,
        assignment=assignment.public_id,
        attempt=attempt.public_id,
        series=series.public_id,
        link=services.invite_by_link(cohort, instructors[0]).code,
        asked=other.invitations.get(user=learner).code,
    )


@pytest.fixture(scope="module")
def rows(django_db_setup, django_db_blocker):
    with kept_rows(django_db_blocker):
        yield


@pytest.fixture(scope="module")
def users(rows):
    make = factories.UserFactory
    return {
        "learner": make(role="trainee"),
        "classmate": make(role="trainee"),
        "learner of another class": make(role="trainee"),
        "instructor": make(role="instructor"),
        "co-instructor": make(role="instructor"),
        "instructor of another class": make(role="instructor"),
        "curator": make(role="curator"),
        "superuser": make(role="trainee", is_staff=True, is_superuser=True),
    }


@pytest.fixture(scope="module")
def classes(users):
    """What is in class A and what is in class B, for all tests: each undoes what it wrote."""
    teachers = [users["instructor"], users["co-instructor"]]
    made = (
        of_class(teachers, users["learner"], users["classmate"]),
        of_class([users["instructor of another class"]], users["learner of another class"]),
    )
    records.rebuild()
    return made


def arguments(name: str, outer: SimpleNamespace, inner: SimpleNamespace) -> list:
    """Of an address: its class or assignment of `outer`, what is named in it of `inner`."""
    _, name = name.split(":")
    if name in ("next", "start", "deck"):
        return ["localize"]
    if name in ("series", "onward", "end"):
        return [outer.series]
    if name in ("keep", "comments_seen"):
        return [outer.attempt]
    if name in ("join", "decline"):
        return [outer.link if name == "join" else outer.asked]
    if name in ("assignment", "edit_assignment", "act", "cases", "given"):
        return [outer.assignment]
    if name == "extra_time":
        return [outer.assignment, inner.code]
    if name in ("member", "password", "learner"):
        return [outer.cohort, inner.code]
    if name in ("item", "leave_out", "discuss"):
        return [outer.cohort, inner.case]
    if name in ("learner_attempt", "comment"):
        return [outer.cohort, outer.code, inner.attempt]
    if name == "own_figures":
        return ["csv"]
    if name == "export":
        return [outer.cohort, "outcomes", "csv"]
    free = ("home", "history", "progress", "goals", "daily", "kept", "cards")
    of_nobody = (*free, "endless", "endless_next", "classes", "create", "code", "seen_by")
    return [] if name in of_nobody else [outer.cohort]


def answers(client: Client, name: str, address: str, of: SimpleNamespace) -> list:
    """To reading and to writing; what is written is undone, so that every role finds the same."""
    data = {"assignment": of.assignment, "out": "1"} if name == "classroom:leave_out" else {}
    given = []
    for ask in (lambda: client.get(address), lambda: client.post(address, data)):
        with transaction.atomic():
            given.append(ask())
            transaction.set_rollback(True)
    return [answer for answer in given if answer.status_code != 405]


@pytest.mark.pure
def test_every_address_of_classes_and_of_learning_has_a_rule():
    ours = {name for name in every_url_name() if name.startswith(("classroom:", "learning:"))}
    assert set(RULES) == ours
    assert set(PARTS) <= ours


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_role_is_let_in_to_what_is_theirs_and_to_nothing_else(name, db, users, classes):
    for role, relations in RELATIONS.items():
        client = Client()
        if role in users:
            client.force_login(users[role])
        for which, relation in enumerate(relations):
            of = classes[which]
            address = reverse(name, args=arguments(name, of, of)) + RULE
            got = answers(client, name, address, of)
            assert got, f"{name} takes neither GET nor POST"
            wanted = relation in RULES[name]
            let_in = [is_let_in(answer) for answer in got]
            assert let_in == [wanted] * len(got), (role, "AB"[which])


@pytest.mark.parametrize("name", sorted(PARTS))
def test_nobody_comes_by_an_own_class_to_what_is_in_another(name, db, users, classes):
    for outer, inner in (classes, classes[::-1]):
        address = reverse(name, args=arguments(name, outer, inner)) + RULE
        for role, user in users.items():
            client = Client()
            client.force_login(user)
            got = answers(client, name, address, inner)
            assert got and not any(map(is_let_in, got)), role
