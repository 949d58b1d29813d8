"""Lines of the log: the same trouble is written whole once a minute, and nobody is named."""

from __future__ import annotations

import json
import logging
import queue
import uuid
from datetime import datetime

import pytest
from celery.contrib.testing.worker import start_worker
from django.urls import resolve
from structlog.contextvars import bound_contextvars, get_contextvars

from attempts import services
from attempts.tasks import score_attempt
from radgame import logs, tasks
from radgame.celery import app as celery

pytestmark = pytest.mark.any_database

EMPTY = {"marks": [], "ticked": [], "normal": True}


@pytest.fixture
def written():
    formatter = logs.OneTraceback("%(levelname)s %(message)s")

    def write(error, message="Internal Server Error: %s", *args):
        try:
            raise error
        except type(error) as caught:
            info = (type(caught), caught, caught.__traceback__)
        record = logging.LogRecord("a", logging.ERROR, "f", 1, message, args or ("/",), info)
        return formatter.format(record)

    return write


def test_it_works(written):
    first, *rest = [written(OSError("disk is full")) for _ in range(3)]
    assert "Traceback" in first
    assert set(rest) == {"ERROR Internal Server Error: / (OSError: disk is full)"}


def test_another_error_is_written_whole(written):
    written(OSError("disk is full"))
    assert "Traceback" in written(OSError("no such file"))
    assert "Traceback" in written(ValueError("disk is full"))


def test_after_a_minute_it_is_written_whole_again(written, monkeypatch):
    written(OSError("disk is full"))
    later = logs.time.monotonic() + logs.QUIET_SECONDS + 1
    monkeypatch.setattr(logs.time, "monotonic", lambda: later)
    assert "Traceback" in written(OSError("disk is full"))


def test_a_line_without_an_error_is_as_it_was(written):
    record = logging.LogRecord("a", logging.WARNING, "f", 1, "Slow.", (), None)
    assert logs.OneTraceback("%(message)s").format(record) == "Slow."


def said(formatter, message, *args, level=logging.WARNING, info=None, **more):
    record = logging.LogRecord("a.b", level, "f", 1, message, args, info)
    record.__dict__.update(more)
    return formatter.format(record)


def test_a_json_line_has_what_a_collector_needs_and_the_ids():
    with bound_contextvars(request="r1", attempt="a1"):
        line = json.loads(said(logs.JsonLines(), "Slow: %s", "this\nthat", status=200, other=1))
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line == {
        **{"level": "warning", "logger": "a.b", "event": "Slow: this\nthat"},
        **{"request": "r1", "attempt": "a1", "status": 200},
    }


def test_a_plain_line_has_the_ids_at_its_end():
    assert said(logs.PlainLines(), "Slow.").endswith(" WARNING a.b Slow.")
    with bound_contextvars(request="r1", attempt="a1"):
        assert said(logs.PlainLines(), "Slow.").endswith("Slow. [attempt=a1 request=r1]")


@pytest.mark.parametrize("form", [logs.JsonLines, logs.PlainLines])
def test_what_postgresql_quotes_of_a_row_is_left_out(form):
    formatter = form()
    refusal = "duplicate key\nDETAIL:  Key (username)=(miller) already exists.\n"
    try:
        raise ValueError(refusal)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    lines = [said(formatter, "It broke.", info=info) for _ in range(2)]
    assert "Traceback" in lines[0] and "duplicate key" in lines[1]
    assert not any("miller" in line for line in lines)
    if form is logs.JsonLines:
        whole = json.loads(lines[0])
        assert whole["event"] == "It broke." and "DETAIL: left out" in whole["exception"]


def test_an_address_is_written_as_the_name_of_its_page(rf):
    request = rf.get("/account/forgotten/MQ/token/")
    line = said(logs.PlainLines(), "Not Found: %s", request.path, request=request)
    assert line.endswith("Not Found: no page")
    request.resolver_match = resolve(request.path)
    line = said(logs.PlainLines(), "Not Found: %s", request.path, request=request)
    assert line.endswith("Not Found: accounts:new_password")


def test_a_task_knows_the_request_that_asked_for_it(monkeypatch, empty_queues):
    """Through a real broker, by a worker in this process."""
    bound = queue.Queue()
    monkeypatch.setattr("radgame.tasks.periodic.note_done", lambda _: bound.put(get_contextvars()))
    with start_worker(celery, pool="solo", perform_ping_check=False):
        with bound_contextvars(request="r1"):
            tasks.answer.delay()
        of_request = bound.get(timeout=60)
        tasks.answer.delay()
        of_nobody = bound.get(timeout=60)
    assert of_request["request"] == "r1" and of_request["task"] == "radgame.tasks.answer"
    assert "request" not in of_nobody and of_nobody["task_id"] != of_request["task_id"]


@pytest.mark.django_db
def test_scoring_is_logged_with_its_attempt(trainee, nodule_case, monkeypatch):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=EMPTY, elapsed_ms=1)
    with bound_contextvars(attempt="another"):
        score_attempt(attempt.pk)
        assert get_contextvars()["attempt"] == str(attempt.public_id)


@pytest.mark.django_db
def test_wrong_passwords_leave_no_name_in_the_log(client, caplog, settings):
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(3):
        client.post("/account/login/", {"username": "miller", "password": "wrong"})
    assert "A name is closed for a while" in caplog.text
    assert "miller" not in caplog.text and "127.0.0.1" not in caplog.text


@pytest.mark.django_db
def test_the_page_of_an_error_tells_its_number_in_the_log(client, trainee, monkeypatch):
    client.force_login(trainee)
    client.raise_request_exception = False
    monkeypatch.setattr("radgame.views.START", {trainee.role: "learning:nowhere"})
    with bound_contextvars(request="0123456789abcdef"):
        page = client.get("/")
    assert page.status_code == 500
    assert "Its number in the log: 0123456789abcdef" in page.content.decode()


@pytest.mark.django_db
def test_health_checks_that_are_not_well_do_not_fill_the_log(client, caplog):
    assert client.get("/readyz/all").status_code == 503, "no worker has answered"
    assert caplog.text == ""
    client.get("/nowhere/")
    assert "Not Found" in caplog.text


@pytest.mark.parametrize("path", ["/classes/join/CODE\u00e9/", "/x\\y-secret/"])
def test_an_address_of_any_letters_is_left_out(path, client, caplog):
    client.get(path)
    [record] = [one for one in caplog.records if one.name == "django.request"]
    line = logs.PlainLines().format(record)
    assert "CODE" not in line and "secret" not in line


def test_a_host_that_is_not_served_leaves_no_line(client, caplog, settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
    assert "evil" not in caplog.text
