"""`manage.py doctor` names what is broken and says what to do."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from datetime import timedelta
from unittest import mock

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder

from accounts.models import User
from radgame import doctor, health
from radgame.models import Heartbeat
from tests import factories
from tests.game import ROOT
from tests.radgame.test_health import all_well  # noqa: F401  (a fixture)
from tests.radgame.test_settings import GOOD, settings_with

ENOUGH = 10**12


@pytest.fixture(autouse=True)
def roomy(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: mock.Mock(free=ENOUGH))


@pytest.fixture
def installation(all_well, nodule_case):  # noqa: F811
    """One in which nothing is broken."""
    factories.UserFactory()


def ill() -> dict[str, str]:
    """What is broken: sentence and advice of each."""
    found = [one for one in doctor.examine() if not one.is_well]
    assert all(one.sentence and one.advice for one in found), found
    return {one.about: f"{one.sentence} {one.advice}" for one in found}


def test_it_works(installation, monkeypatch, settings):
    monkeypatch.setattr(doctor, "_front_end", lambda: doctor.Finding("front end", True, "Built."))
    out = io.StringIO()
    call_command("doctor", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[-1] == "All is well."
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert default_storage.listdir("doctor")[1] == [], "nothing is left behind"


def test_what_is_broken_ends_with_1_and_what_to_do(installation, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out)
    assert ended.value.code == 1
    assert "!!  redis" in out.getvalue() and "set REDIS_URL" in out.getvalue()


def without_files():
    image = factories.ImageFactory(frame_order=[0])
    default_storage.delete(image.rendition.name)


def no_accounts():
    User.objects.update(is_active=False)


def read_only(settings):
    settings.MEDIA_ROOT = "/proc/nowhere"


@pytest.mark.parametrize(
    ("harm", "about", "words"),
    [
        (lambda settings: without_files(), "images", "1 of the 2 newest published images"),
        (lambda settings: no_accounts(), "accounts", "createsuperuser"),
        (lambda settings: Heartbeat.objects.filter(name="worker").delete(), "worker", "celery"),
        (lambda settings: Heartbeat.objects.filter(name="sweep").delete(), "periodic", "periodic"),
        (read_only, "media", "MEDIA_ROOT"),
        (lambda settings: setattr(settings, "EMAIL_HOST", "127.0.0.1"), "mail", "EMAIL_HOST"),
        (lambda settings: setattr(settings, "LLM_URL", "http://127.0.0.1:1"), "models", "--queues"),
    ],
)
def test_each_broken_part_is_named(installation, settings, harm, about, words):
    settings.EMAIL_PORT = 1
    harm(settings)
    assert words in ill()[about]


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has for it")
def test_what_decodes_is_held_and_told_where_it_cannot_be_tried(settings):
    assert doctor._decoding().is_well, doctor._decoding()
    settings.BASE_DIR = settings.BASE_DIR / "docs"  # what is tried there fails
    told = doctor._decoding()
    assert not told.is_well and "could do more than it should" in told.sentence and told.advice


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has for it")
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (
            "sandbox.confine = lambda: True",
            ["could open connections", "change files", "started with"],
        ),
        ("sandbox._filtered = lambda rules: False", ["could open connections", "end other"]),
        ("sandbox._survives = lambda act: False", ["could open connections", "change files"]),
    ],
)
def test_what_a_decoding_process_could_do_is_told(monkeypatch, harm, words):
    """In processes in which one of the means fails."""
    code = f"import sys; from cases import sandbox; {harm}; sys.exit(sandbox.main())"
    run = doctor.subprocess.run
    monkeypatch.setattr(
        doctor.subprocess, "run", lambda _, **how: run([sys.executable, "-c", code], **how)
    )
    told = doctor._decoding()
    assert not told.is_well and all(word in told.sentence for word in words), told.sentence


@pytest.mark.skipif(sys.platform != "linux", reason="what Linux has for it")
def test_a_trial_of_decoding_that_hangs_ends_with_a_sentence(monkeypatch):
    run, waits = doctor.subprocess.run, [sys.executable, "-c", "input()"]
    monkeypatch.setattr(doctor, "TRYING_SECONDS", 1)
    monkeypatch.setattr(
        doctor.subprocess,
        "run",
        lambda _, **how: run(waits, stdin=os.pipe()[0], **how),
    )
    told = doctor._decoding()
    assert not told.is_well and "could not be tried in 1 s" in told.sentence and told.advice


def test_a_clock_that_is_wrong_is_told(installation, monkeypatch):
    hour_ago = doctor.timezone.now() - timedelta(hours=1)
    monkeypatch.setattr(doctor.clock, "now", lambda: hour_ago)
    assert "3600" in ill()["clock"]


def test_a_database_that_is_behind_is_told_and_what_needs_it_left_out(installation):
    recorder = MigrationRecorder.Migration.objects
    newest = recorder.filter(app="attempts").order_by("-name").first()
    newest.delete()
    told = ill()
    assert "1 migrations" in told["schema"] and "manage.py migrate" in told["schema"]
    assert "images" not in told


def test_a_database_of_a_later_version_is_no_trouble_but_told(installation):
    MigrationRecorder.Migration.objects.create(app="attempts", name="0999_later")
    [schema] = [one for one in doctor.examine() if one.about == "schema"]
    assert schema.is_well and "attempts.0999_later" in schema.sentence


def test_without_its_database_it_says_so_and_goes_on(installation, monkeypatch):
    away = health.Part("database", False, "The database does not answer.")
    monkeypatch.setattr(doctor.health, "answers", lambda: away)
    assert "DATABASE_URL" in ill()["database"]


@pytest.mark.pure
def test_production_behind_an_unnamed_proxy_is_told(tmp_path):
    code = "from radgame.doctor import _settings, _front_end\nprint(*_settings(), _front_end())"
    told = settings_with(tmp_path, code, **GOOD).stdout
    assert "BEHIND_PROXY=true" in told and "collectstatic" in told


@pytest.mark.pure
def test_an_empty_database_is_told(tmp_path):
    code = """
from radgame import doctor, health
print([one for one in doctor.examine() if not one.is_well])
print(health.parts())
"""
    told = settings_with(tmp_path, code)
    assert "Run manage.py migrate." in told.stdout, told.stderr
    assert "no tables of this version" in told.stdout


@pytest.mark.pure
def test_settings_that_cannot_be_read_are_a_sentence_too(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env={"DATA_DIR": str(tmp_path), "ENVIRONMENT": "production"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("RadGame is not set up right: Production needs its own")
