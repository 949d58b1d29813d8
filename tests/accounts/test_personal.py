"""What is kept of a person: nothing forgotten in the export, no truth, and nothing left of it."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path
from unittest import mock
from zipfile import ZipFile

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models

from accounts import personal
from accounts.models import User
from attempts import scoring, services, tasks
from attempts.models import Attempt, Outcome, Result
from attempts.series import end, start_series
from cases.models import Case
from classroom.models import Cohort, Invitation, Membership, WorkView
from localize.models import Flag
from report.models import Macro
from tests import factories

PASSWORD = "a long test password"
WITH_TRUTH = {"said", "reference_text", "data", "finding"}


def files_of(archive: bytes) -> dict[str, list]:
    with ZipFile(io.BytesIO(archive)) as opened:
        names = [name for name in opened.namelist() if name.endswith(".json")]
        return {name.removesuffix(".json"): json.loads(opened.read(name)) for name in names}


@pytest.fixture
def played(trainee, nodule_case):
    """A scored attempt with a doubt; a macro; a wrong password; an administrator's change."""
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    answer_it(attempt)
    tasks.score_attempt(attempt.pk)
    Flag.objects.create(attempt=attempt, subject="m0", label="nodule_mass", said="x", why="Scar.")
    Macro.objects.create(user=trainee, name="clear", text="The lungs are clear.")
    AccessAttempt.objects.create(
        username=trainee.username, ip_address="192.0.2.7", failures_since_start=1
    )
    LogEntry.objects.create(
        user=factories.UserFactory(is_superuser=True),
        content_type=personal.ContentType.objects.get_for_model(User),
        object_id=str(trainee.pk),
        object_repr=trainee.username,
        action_flag=CHANGE,
    )
    return attempt


def answer_it(attempt):
    answer = {"marks": [], "ticked": ["cardiomegaly"], "normal": False}
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1500)


def models_of_a_person() -> set[type[models.Model]]:
    """All whose rows are deleted with an account, by any way of cascades."""
    found, ahead = {User}, [User]
    while ahead:
        for relation in ahead.pop()._meta.related_objects:
            model = relation.related_model
            falls = getattr(relation, "on_delete", None) is models.CASCADE
            if falls and not model._meta.auto_created and model not in found:
                found.add(model)
                ahead.append(model)
    return found


@pytest.mark.pure
def test_every_model_that_hangs_on_an_account_is_registered():
    missing = models_of_a_person() - {part.model for part in personal.parts()}
    assert not missing, "register them in their app's personal.py, and name them in docs/privacy.md"


@pytest.mark.pure
def test_every_file_of_an_export_is_in_the_data_map():
    told = (Path(__file__).resolve().parents[2] / "docs" / "privacy.md").read_text()
    assert [one.name for one in personal.parts() if f"`{one.name}.json`" not in told] == []


def test_it_works(played, trainee, client_of):
    answer = client_of(trainee).post("/account/export/")
    assert answer.headers["Content-Type"] == "application/zip"
    assert f"radgame-{trainee.username}-" in answer.headers["Content-Disposition"]
    files = files_of(answer.content)
    assert files["account"][0]["username"] == trainee.username
    assert files["attempts"][0]["answer"]["ticked"] == ["cardiomegaly"]
    assert files["results"][0]["score"] == Result.objects.get().score
    assert len(files["outcomes"]) == Outcome.objects.count() > 0
    assert files["doubts"][0]["why"] == "Scar."
    assert files["macros"][0]["name"] == "clear"
    assert files["wrong-passwords"][0]["address"] == "192.0.2.7"


def test_an_export_has_neither_password_nor_truth_nor_anybody_else(played, trainee, instructor):
    text = personal.export(trainee)
    for name, rows in files_of(text).items():
        for row in rows:
            assert "password" not in row and not WITH_TRUTH & set(row), name
    others = files_of(personal.export(instructor))
    assert [name for name, rows in others.items() if rows] == ["account"]


def test_what_a_test_holds_back_is_not_in_the_export(trainee, nodule_case):
    """Neither its scores, nor which case comes next; both are once it is over."""
    ahead = factories.ImageFactory().case
    test = start_series(
        user=trainee, kind="localize", mode="test", cases=[nodule_case, ahead], rule="standard"
    )
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="test", rule="standard", series=test
    )
    answer_it(attempt)
    tasks.score_attempt(attempt.pk)
    held = personal.export(trainee)
    files = files_of(held)
    assert files["attempts"][0]["answer"]["ticked"] == ["cardiomegaly"]
    assert files["results"] == files["outcomes"] == files["series-cases"] == []
    assert str(ahead.public_id) not in json.dumps(files)
    end(test)
    told = files_of(personal.export(trainee))
    assert len(told["results"]) == 1 and len(told["series-cases"]) == 2


def test_a_hint_is_told_without_what_it_is_about(trainee, nodule_case, client_of):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    client_of(trainee).post(f"/localize/attempts/{attempt.public_id}/hint", {}, "application/json")
    hints = files_of(personal.export(trainee))["attempts"][0]["hints"]
    assert len(hints) == 1 and "about" not in hints[0]


def test_an_erased_trainee_leaves_nothing(played, trainee, client_of):
    client = client_of(trainee)
    form = {"typed": trainee.username, "password": PASSWORD}
    page = client.post("/account/erase/", form, follow=True).content.decode()
    assert "Your account and all that was kept of you is erased." in page
    assert not User.objects.filter(pk=trainee.pk).exists()
    for model in (Attempt, Result, Outcome, Flag, Macro, AccessAttempt, LogEntry):
        assert not model.objects.exists(), model
    assert Case.objects.exists()
    assert client.get("/home/").status_code == 302


@pytest.mark.parametrize(
    ("typed", "password", "sentence"),
    [
        ("", PASSWORD, "This field is required"),
        ("somebody", PASSWORD, "This is not the name you log in with."),
        (None, "wrong", "This is not your password."),
    ],
)
def test_nobody_is_erased_by_mistake(trainee, client_of, typed, password, sentence):
    form = {"typed": trainee.username if typed is None else typed, "password": password}
    page = client_of(trainee).post("/account/erase/", form).content.decode()
    assert sentence in page
    assert User.objects.filter(pk=trainee.pk).exists()


def test_on_instructors_and_curators_others_work_hangs(instructor, client_of):
    assert client_of(instructor).get("/account/erase/").status_code == 403
    assert "Leaving" not in client_of(instructor).get("/account/").content.decode()


def test_the_last_who_administers_everything_stays(db):
    last = factories.UserFactory(is_superuser=True)
    with pytest.raises(personal.CannotErase, match="last account"):
        personal.erase(last)
    factories.UserFactory(is_superuser=True)
    assert personal.erase(last)["accounts.User"] == 1


def test_what_is_saved_while_one_is_erased_is_erased_too(played, trainee):
    real, calls = personal._erase, []

    def interrupted(number):
        calls.append(number)
        if len(calls) == 1:
            raise IntegrityError
        return real(number)

    with mock.patch("accounts.personal._erase", interrupted):
        personal.erase(trainee)
    assert len(calls) == 2 and not User.objects.filter(pk=trainee.pk).exists()


def test_an_attempt_erased_while_it_is_scored_breaks_no_worker(trainee, nodule_case, caplog):
    attempt = services.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice", rule="standard"
    )
    answer_it(attempt)
    begun = scoring.begin_scoring(attempt.pk)
    personal.erase(trainee)
    with mock.patch("attempts.scoring.begin_scoring", return_value=begun):
        tasks.score_attempt(attempt.pk)
    assert not Result.objects.exists()
    assert [line for line in caplog.records if line.levelname == "ERROR"] == []


def test_a_curators_corrections_stay_without_their_name(curator, nodule_case):
    Case.objects.update(edited_by=curator)
    assert files_of(personal.export(curator))["cases-edited"]
    personal.erase(curator)
    assert Case.objects.get().edited_by is None


def test_commands_export_and_erase_by_name(played, trainee, tmp_path, capsys):
    call_command("export_person", trainee.username, to=tmp_path)
    [archive] = tmp_path.iterdir()
    assert archive.stat().st_mode & 0o077 == 0
    assert files_of(archive.read_bytes())["macros"]
    with mock.patch("builtins.input", return_value="no"), pytest.raises(CommandError):
        call_command("erase_person", trainee.username)
    assert User.objects.filter(pk=trainee.pk).exists()
    call_command("erase_person", number=trainee.pk, yes=True)
    assert f"erase number {trainee.pk} again" in capsys.readouterr().out
    assert not User.objects.filter(pk=trainee.pk).exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export_person", "nobody"], "no account called 'nobody'"),
        (["erase_person", "nobody"], "no such account"),
        (["erase_person"], "Give a name"),
    ],
)
def test_commands_say_what_is_wrong(db, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command(*arguments)


def test_the_invitation_by_which_one_joined_goes_with_its_address(trainee, instructor):
    cohort = Cohort.objects.create(name="Class of spring")
    theirs = Invitation.objects.create(cohort=cohort, email="a@example.org", is_personal=True)
    Invitation.objects.create(cohort=cohort, email="b@example.org", is_personal=True)
    Invitation.objects.create(cohort=cohort)
    Membership.objects.create(cohort=cohort, user=trainee, code="one", invitation=theirs)
    WorkView.objects.create(viewer=instructor, viewer_name="teacher", learner=trainee, what="case")
    files = files_of(personal.export(trainee))
    assert files["memberships"][0]["cohort__name"] == "Class of spring"
    assert files["looked-at"][0]["viewer_name"] == "teacher"
    personal.erase(trainee)
    assert not Membership.objects.exists() and not WorkView.objects.exists()
    left = Invitation.objects.values_list("email", flat=True)
    assert sorted(left) == ["", "b@example.org"]
    assert Cohort.objects.exists()


def test_an_error_while_others_forget_undoes_all(trainee):
    with (
        mock.patch("classroom.models.Invitation.objects.filter", side_effect=RuntimeError),
        pytest.raises(RuntimeError),
    ):
        personal.erase(trainee)
    assert User.objects.filter(pk=trainee.pk).exists()
