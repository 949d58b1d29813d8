"""Every URL as every role and as nobody."""

from __future__ import annotations

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from feedback import services
from feedback.series import start_series
from tests import factories

NOBODY, TRAINEE, INSTRUCTOR, CURATOR = "nobody", "trainee", "instructor", "curator"
OK, LOGIN, NO, GONE = 200, 302, 403, 404

# For each page: what nobody, a trainee, an instructor and a curator get by GET.
# 405 means the page may be used by that role, with another method.
MATRIX = {
    "health": (200, 200, 200, 200),
    "about_scoring": (302, 200, 200, 200),
    "home": (302, 302, 302, 302),
    "accounts:login": (200, 302, 302, 302),
    "accounts:logout": (302, 405, 405, 405),
    "accounts:sign_up": (404, 404, 404, 404),
    "accounts:password": (302, 200, 200, 200),
    "accounts:password_done": (302, 200, 200, 200),
    "learning:home": (302, 200, 200, 200),
    "learning:next": (302, 302, 302, 302),
    "learning:start": (302, 405, 405, 405),
    "learning:series": (302, 200, 404, 404),
    "learning:onward": (302, 302, 404, 404),
    "learning:end": (302, 405, 405, 405),
    "learning:progress": (302, 200, 200, 200),
    "localize:case": (302, 200, 200, 200),
    "localize:attempt": (302, 200, 404, 404),
    "localize:draft": (302, 200, 404, 404),
    "localize:submit": (302, 405, 405, 405),
    "localize:status": (302, 200, 404, 404),
    "localize:result": (302, 409, 404, 404),
    "localize:hint": (302, 405, 405, 405),
    "localize:again": (302, 405, 405, 405),
    "localize:explain": (302, 405, 405, 405),
    "localize:rate": (302, 405, 405, 405),
    "localize:flag": (302, 405, 405, 405),
    "localize:atlas": (302, 200, 200, 200),
    "report:case": (302, 200, 200, 200),
    "report:attempt": (302, 200, 404, 404),
    "report:draft": (302, 200, 404, 404),
    "report:submit": (302, 405, 405, 405),
    "report:status": (302, 200, 404, 404),
    "report:result": (302, 409, 404, 404),
    "report:beside": (302, 409, 404, 404),
    "report:hint": (302, 405, 405, 405),
    "report:again": (302, 405, 405, 405),
    "report:contest": (302, 405, 405, 405),
    "report:macros": (302, 200, 200, 200),
    "cases:desk": (302, 403, 403, 200),
    "cases:detail": (302, 403, 200, 200),
    "cases:set_status": (302, 405, 405, 405),
    "cases:frame": (302, 200, 200, 200),
    "cases:thumbnail": (302, 200, 200, 200),
    "classroom:dashboard": (302, 403, 200, 403),
    "classroom:trainees": (302, 403, 200, 403),
}


def every_url_name() -> set[str]:
    def walk(patterns, prefix):
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.app_name == "admin":
                    continue
                space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                yield from walk(pattern.url_patterns, space)
            elif isinstance(pattern, URLPattern) and pattern.name:
                yield prefix + pattern.name

    return set(walk(get_resolver().url_patterns, ""))


@pytest.mark.pure
def test_the_matrix_names_every_page():
    assert set(MATRIX) == every_url_name()


@pytest.fixture
def attempt(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )


@pytest.fixture
def report(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="report", mode="practice", rule="rules"
    )


@pytest.fixture
def test(trainee):
    """An open test of another case than the attempts'."""
    case = factories.ImageFactory().case
    return start_series(user=trainee, kind="localize", mode="test", cases=[case], rule="standard")


@pytest.fixture
def arguments(attempt, report, test):
    image = attempt.case.images.get()
    case, own = [attempt.case.public_id], [attempt.public_id]
    written = (
        *("attempt", "draft", "submit", "hint"),
        *("status", "result", "again", "contest", "beside"),
    )
    played = (
        *("attempt", "draft", "submit", "hint", "status"),
        *("result", "again", "flag", "explain", "rate"),
    )
    return {
        "report:case": case,
        **{f"report:{name}": [report.public_id] for name in written},
        "learning:next": ["localize"],
        "learning:start": ["localize"],
        **{f"learning:{name}": [test.public_id] for name in ("series", "onward", "end")},
        "localize:case": case,
        **{f"localize:{name}": own for name in played},
        "localize:atlas": ["nodule_mass"],
        "cases:detail": case,
        "cases:set_status": case,
        "cases:frame": [image.public_id, image.digest, 0],
        "cases:thumbnail": [image.public_id, image.digest],
    }


@pytest.mark.parametrize("name", sorted(MATRIX))
def test_every_role_gets_what_the_matrix_says(
    name, arguments, client, client_of, trainee, instructor, curator
):
    from django.urls import reverse

    url = reverse(name, args=arguments.get(name, []))
    clients = [client, client_of(trainee), client_of(instructor), client_of(curator)]
    statuses = tuple(one.get(url).status_code for one in clients)
    assert statuses == MATRIX[name]
    if MATRIX[name][0] == 302:
        assert client.get(url).headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    "name",
    [
        *("localize:draft", "localize:submit", "localize:hint", "learning:end"),
        *("report:draft", "report:submit", "report:hint", "report:contest"),
    ],
)
def test_nobody_writes_into_someone_elses_attempt(name, arguments, client_of, instructor):
    from django.urls import reverse

    other = client_of(instructor)
    url = reverse(name, args=arguments[name])
    body = {"version": 0, "marks": [], "ticked": [], "submission": str(uuid.uuid4())}
    method = other.put if name.endswith(":draft") else other.post
    assert method(url, body, content_type="application/json").status_code == 404


def test_only_curators_change_a_case(nodule_case, client_of, trainee, instructor, curator):
    url = f"/cases/{nodule_case.public_id}/status"
    for user, status in ((trainee, 403), (instructor, 403), (curator, 302)):
        assert client_of(user).post(url, {"status": "retired"}).status_code == status
    nodule_case.refresh_from_db()
    assert nodule_case.status == "retired"


def test_writing_needs_the_csrf_token(arguments, trainee):
    from django.test import Client
    from django.urls import reverse

    client = Client(enforce_csrf_checks=True)
    client.force_login(trainee)
    url = reverse("localize:submit", args=arguments["localize:submit"])
    assert client.post(url, {}, content_type="application/json").status_code == 403


def test_a_retired_case_opens_for_nobody(nodule_case, client_of, trainee):
    nodule_case.status = "retired"
    nodule_case.save()
    response = client_of(trainee).get(f"/localize/cases/{nodule_case.public_id}/")
    assert response.status_code == 404
    assert "not open for playing" in response.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "/localize/cases/a%00b/",
        "/images/a%00b/12345678/0.png",
        "/cases/?text=%00",
        "/next/localize/?after=%00",
    ],
)
def test_a_nul_in_an_address_breaks_nothing(address, nodule_case, client_of, curator):
    assert client_of(curator).get(address).status_code in (200, 302, 404)


def test_images_of_an_unpublished_case_are_not_served_to_learners(
    nodule_case, arguments, client_of, trainee, curator
):
    from django.urls import reverse

    nodule_case.attempts.all().delete()
    nodule_case.status = "draft"
    nodule_case.save()
    url = reverse("cases:frame", args=arguments["cases:frame"])
    assert client_of(trainee).get(url).status_code == 404
    assert client_of(curator).get(url).status_code == 200
