"""Settings come from the environment; production refuses what is only good for a try."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.game import ROOT

pytestmark = pytest.mark.pure
KEY = "a key of more than thirty-two characters"
GOOD = {"ENVIRONMENT": "production", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "radgame.example.org"}


def settings_with(tmp_path, code="", **environment):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME")}
    program = f"import django\nfrom django.conf import settings\ndjango.setup()\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            **kept,
            "DJANGO_SETTINGS_MODULE": "radgame.settings",
            "DATA_DIR": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
    )


def test_it_works_without_any_variable(tmp_path):
    code = "print(settings.DATABASES['default']['ENGINE'], settings.DEBUG, settings.SIGNUP_OPEN)"
    result = settings_with(tmp_path, code)
    assert result.stdout.split() == ["django.db.backends.sqlite3", "False", "False"], result.stderr


def test_sqlite_runs_in_wal_mode(tmp_path):
    code = (
        "from django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('PRAGMA journal_mode')\n"
        "    print(cursor.fetchone()[0])"
    )
    assert settings_with(tmp_path, code).stdout.strip() == "wal"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"DEBUG": "1"}, "DEBUG must be off in production"),
        ({"SECRET_KEY": ""}, "Production needs its own SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "Production needs its own SECRET_KEY"),
        ({"ALLOWED_HOSTS": ""}, "Production needs ALLOWED_HOSTS"),
        ({"ENVIRONMENT": "staging"}, "use 'local' or 'production'"),
        ({"SIGNUP_OPEN": "perhaps"}, "use 'true' or 'false'"),
        ({"SWEEP_SECONDS": "soon"}, "use a whole number"),
    ],
)
def test_what_must_not_be_is_refused_in_a_sentence(tmp_path, changes, sentence):
    result = settings_with(tmp_path, **{**GOOD, **changes})
    assert result.returncode != 0
    assert sentence in result.stderr


def test_production_starts_with_a_key_and_hosts_and_sends_secure_cookies(tmp_path):
    code = "print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)"
    result = settings_with(tmp_path, code, **GOOD)
    assert result.stdout.split() == ["True", "True"], result.stderr


def test_production_serves_its_pages_after_collectstatic(tmp_path):
    code = """
from django.core.management import call_command
from django.test import Client
call_command("collectstatic", interactive=False, verbosity=0)
call_command("migrate", verbosity=0)
page = Client().get("/account/login/", headers={"host": "radgame.example.org"}, secure=True)
print(page.status_code, "/static/dist/site." in page.content.decode())
"""
    result = settings_with(tmp_path, code, **GOOD)
    assert result.stdout.split() == ["200", "True"], result.stderr


def test_a_damaged_key_file_is_told_in_a_sentence(tmp_path):
    (tmp_path / "secret_key").write_text("x")
    result = settings_with(tmp_path)
    assert "is damaged: delete it" in result.stderr


def test_models_and_migrations_agree(tmp_path):
    code = "from django.core.management import call_command\n"
    code += "call_command('makemigrations', check=True, dry_run=True)"
    result = settings_with(tmp_path, code)
    assert result.returncode == 0, result.stdout
