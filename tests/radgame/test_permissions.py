"""Every URL as every role and as nobody, read and written to: what the matrix says, and no more.

The administration has a table of its own (tests/radgame/test_administration.py).
"""

from __future__ import annotations

import uuid

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from attempts import services
from attempts.routing import websocket_urlpatterns
from attempts.series import start_series
from cases.models import DoubtAnswer, Upload, UploadFile
from classroom.services import invite_by_link
from tests import factories
from tests.radgame.permission_matrix import (
    LOGIN,
    MAY_BE_KEPT,
    READ_ONLY,
    READS,
    WRITES,
    every_url_name,
)


@pytest.mark.pure
def test_the_matrix_names_every_page():
    assert set(READS) == every_url_name()
    assert set(WRITES) <= set(READS)


@pytest.mark.pure
def test_the_only_socket_is_that_of_an_attempt():
    """Who may open it is tested in tests/attempts/test_sockets.py; another one needs that too."""
    assert [str(one.pattern) for one in websocket_urlpatterns] == ["ws/attempts/<uuid:attempt_id>/"]


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
def drill(trainee, nodule_case):
    return services.open_attempt(
        user=trainee, case=nodule_case, kind="drill", mode="practice", rule="normal"
    )


@pytest.fixture
def open_test(trainee):
    """An open test of another case than the attempts'."""
    case = factories.ImageFactory().case
    return start_series(user=trainee, kind="localize", mode="test", cases=[case], rule="standard")


@pytest.fixture
def waiting():
    """A case that waits for a second reader."""
    return factories.CaseFactory(
        dataset__slug="read-twice", dataset__needs_second_reading=True, status="draft"
    )


@pytest.fixture
def upload(curator):
    """An upload of the curator that waits for its only file."""
    upload = Upload.objects.create(by=curator, title="Films", digest="x")
    UploadFile.objects.create(upload=upload, number=1, name="a.png", size=9)
    return upload


def figure_arguments(attempt, cohort):
    """Of the pages that show a class's figures and answers."""
    of_class = [cohort.public_id]
    of_case = [*of_class, attempt.case.public_id]
    of_learner = [*of_class, cohort.memberships.get().code]
    of_attempt = [*of_learner, attempt.public_id]
    return {
        **{f"classroom:{name}": of_class for name in ("figures", "items")},
        **{f"classroom:{name}": of_case for name in ("item", "discuss", "leave_out")},
        "classroom:learner": of_learner,
        "classroom:export": [*of_class, "attempts", "csv"],
        **{f"classroom:{name}": of_attempt for name in ("learner_attempt", "comment")},
        "classroom:comments_seen": [attempt.public_id],
    }


def answer_to(attempt):
    """What a curator answered to the attempt's learner."""
    return DoubtAnswer.objects.create(
        case=attempt.case, to=attempt.user, about="x", why="y", accepted=True, address="/"
    )


@pytest.fixture
def cohort(instructor, trainee):
    """A class that the instructor teaches and the trainee learns in."""
    return factories.CohortFactory(
        instructors=[instructor], learners=[trainee], is_pseudonymous=True
    )


@pytest.fixture
def assignment(cohort):
    case = factories.ImageFactory().case
    return factories.AssignmentFactory(cohort=cohort, cases=[case], publish=True)


@pytest.fixture
def arguments(attempt, report, drill, open_test, cohort, assignment, waiting, instructor, upload):
    image = attempt.case.images.get()
    case, own = [attempt.case.public_id], [attempt.public_id]
    code = cohort.memberships.get().code
    link = [invite_by_link(cohort, instructor).code]
    of_class = (
        *("cohort", "edit", "archive", "instructors", "invitations", "sheet"),
        *("add_members", "key", "leave", "compare", "rank", "new_assignment"),
    )
    of_work = ("assignment", "edit_assignment", "act", "cases", "given")
    written = (
        *("attempt", "draft", "submit", "hint"),
        *("status", "result", "again", "contest", "beside", "behind", "ct"),
    )
    played = (
        *("attempt", "draft", "submit", "hint", "status"),
        *("result", "again", "flag", "explain", "rate", "behind", "ct"),
    )
    return {
        "accounts:new_password": ["MQ", "set-password"],
        "accounts:verify": ["a-key"],
        **{f"classroom:{name}": link for name in ("join", "decline")},
        **{f"classroom:{name}": [cohort.public_id] for name in of_class},
        **{f"classroom:{name}": [cohort.public_id, code] for name in ("member", "password")},
        **{f"classroom:{name}": [assignment.public_id] for name in of_work},
        "classroom:extra_time": [assignment.public_id, code],
        **figure_arguments(attempt, cohort),
        "drill:begin": ["normal"],
        "drill:case": case,
        **{f"drill:{name}": [drill.public_id] for name in (*written[:7], "behind", "ct")},
        "drill:layer": [drill.public_id, "a-layer"],
        "report:case": case,
        **{f"report:{name}": [report.public_id] for name in written},
        "report:layer": [report.public_id, "a-layer"],
        "learning:next": ["localize"],
        "learning:start": ["localize"],
        "learning:deck": ["localize"],
        "learning:own_figures": ["csv"],
        "learning:keep": own,
        **{f"learning:{name}": [open_test.public_id] for name in ("series", "onward", "end")},
        "localize:case": case,
        **{f"localize:{name}": own for name in played},
        "localize:layer": [attempt.public_id, "a-layer"],
        "localize:atlas": ["nodule_mass"],
        "localize:truth_of_dataset": [attempt.case.dataset.slug],
        **{f"cases:{name}": case for name in ("detail", "curate", "truth", "checks", "settle")},
        **{f"cases:{name}": case for name in ("lettering", "black_out", "merge", "score_again")},
        "cases:second": [waiting.public_id],
        **{f"cases:{name}": [upload.public_id] for name in ("upload", "upload_finish")},
        "cases:upload_answer": [upload.public_id],
        "cases:upload_act": [upload.public_id],
        "cases:upload_file": [upload.public_id, 1],
        **{f"cases:{name}": case for name in ("set_status", "series")},
        "cases:answer_seen": [answer_to(attempt).pk],
        "cases:frame": [image.public_id, image.token, 0, image.kind],
        "cases:shown": [image.public_id, image.token, 0],
        "cases:thumbnail": [image.public_id, image.token],
    }


@pytest.fixture
def superuser(db):
    return factories.UserFactory(role="trainee", is_staff=True, is_superuser=True)


def posted(client, url):
    """The answer to an empty body; what it changed is undone: every role finds the same."""
    with transaction.atomic():
        answer = client.post(url, {}, content_type="application/json")
        transaction.set_rollback(True)
    return answer


def is_sent_to_log_in(answer, login="/account/login/"):
    return answer.status_code == LOGIN and answer.headers["Location"].startswith(login)


@pytest.mark.any_database
@pytest.mark.parametrize("name", sorted(READS))
def test_every_role_gets_what_the_matrix_says(
    name, arguments, client, client_of, trainee, instructor, curator, superuser
):
    url = reverse(name, args=arguments.get(name, []))
    users = (trainee, instructor, curator, superuser)
    read = [client.get(url), *(client_of(user).get(url) for user in users)]
    assert tuple(answer.status_code for answer in read) == READS[name]
    written = [posted(client, url), *(posted(client_of(user), url) for user in users)]
    assert tuple(answer.status_code for answer in written) == WRITES.get(name, READ_ONLY)
    for answer in (*read, *written):
        may_be_kept = name in MAY_BE_KEPT and answer.status_code == 200
        assert may_be_kept != ("no-store" in answer.headers["Cache-Control"])
    for answers in (read, written):
        assert is_sent_to_log_in(answers[0]) == (READS[name][0] == LOGIN)
        assert name == "accounts:logout" or not any(map(is_sent_to_log_in, answers[1:]))


@pytest.mark.any_database
@pytest.mark.parametrize(
    "name",
    [
        *("localize:draft", "localize:submit", "localize:hint", "localize:again"),
        *("localize:explain", "localize:rate", "localize:flag", "learning:end"),
        *("report:draft", "report:submit", "report:hint", "report:again", "report:contest"),
        *("drill:draft", "drill:submit", "drill:hint", "drill:again"),
    ],
)
def test_nobody_writes_into_someone_elses_attempt(name, arguments, client_of, instructor):
    other = client_of(instructor)
    url = reverse(name, args=arguments[name])
    body = {"version": 0, "marks": [], "ticked": [], "submission": str(uuid.uuid4())}
    method = other.put if name.endswith(":draft") else other.post
    assert method(url, body, content_type="application/json").status_code == 404


def test_every_page_is_made_from_the_database_that_is_there(
    arguments, client_of, trainee, instructor, superuser
):
    """What each role gets is tested above, on SQLite alone."""
    for place, user in ((1, trainee), (2, instructor), (4, superuser)):
        client = client_of(user)
        for name in sorted(READS):
            status = client.get(reverse(name, args=arguments.get(name, []))).status_code
            assert status < 500 or status == READS[name][place], name


def test_only_curators_change_a_case(nodule_case, client_of, trainee, instructor, curator):
    url = f"/cases/{nodule_case.public_id}/status"
    for user, status in ((trainee, 403), (instructor, 403), (curator, 302)):
        assert client_of(user).post(url, {"status": "retired"}).status_code == status
    nodule_case.refresh_from_db()
    assert nodule_case.status == "retired"


def test_writing_needs_the_csrf_token(arguments, trainee):
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
    nodule_case.attempts.all().delete()
    nodule_case.status = "draft"
    nodule_case.save()
    url = reverse("cases:frame", args=arguments["cases:frame"])
    assert client_of(trainee).get(url).status_code == 404
    assert client_of(curator).get(url).status_code == 200


@pytest.mark.any_database
def test_images_of_a_retired_case_are_served_to_learners_who_played_it_alone(
    attempt, arguments, client_of, trainee
):
    attempt.case.status = "retired"
    attempt.case.save()
    url = reverse("cases:frame", args=arguments["cases:frame"])
    assert client_of(trainee).get(url).status_code == 200
    assert client_of(factories.UserFactory(role="trainee")).get(url).status_code == 404
