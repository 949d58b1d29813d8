"""Settings come from the environment; production refuses what is only good for a try."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.game import ROOT, migrated

pytestmark = pytest.mark.pure
KEY = "a key of more than fifty characters, none of them by chance"
GOOD = {"ENVIRONMENT": "production", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "radgame.example.org"}


NOT_THERE = """
import importlib.util
find_spec = importlib.util.find_spec
def without(name, *rest):
    return None if name == {package!r} else find_spec(name, *rest)
importlib.util.find_spec = without
"""
"""Makes one package look as if it were not installed."""


def settings_with(tmp_path, code="", before="", **environment):
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME")}
    program = f"{before}\nimport django\nfrom django.conf import settings\ndjango.setup()\n{code}"
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


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The data folder of a production whose static files are collected: not to be changed."""
    folder = migrated(tmp_path_factory.mktemp("production"))
    code = (
        "from django.core.management import call_command\n"
        "call_command('collectstatic', interactive=False, verbosity=0)"
    )
    result = settings_with(folder, code, **GOOD)
    assert result.returncode == 0, result.stderr
    return folder


def test_it_works_without_any_variable(tmp_path):
    code = "print(settings.DATABASES['default']['ENGINE'], settings.DEBUG, settings.SIGNUP_OPEN)"
    result = settings_with(tmp_path, code)
    assert result.stdout.split() == ["radgame.sqlite", "False", "False"], result.stderr


@pytest.mark.parametrize(
    ("package", "variables", "subject"),
    [
        ("psycopg", {"DATABASE_URL": "postgresql://nobody@/none"}, "PostgreSQL (DATABASE_URL)"),
        ("storages", {"MEDIA_STORAGE": "s3", "S3_BUCKET": "films"}, "MEDIA_STORAGE=s3"),
    ],
)
def test_what_needs_a_package_that_is_not_installed_says_so(tmp_path, package, variables, subject):
    result = settings_with(tmp_path, before=NOT_THERE.format(package=package), **variables)
    assert result.returncode != 0
    assert f"{subject} needs packages that are not installed" in result.stderr
    assert "make install-production" in result.stderr


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
        ({"SECRET_KEY": "a" * 60}, "Production needs its own SECRET_KEY"),
        ({"SECRET_KEY": KEY[:49]}, "secrets.token_urlsafe"),
        ({"ALLOWED_HOSTS": "*"}, "lets pages of any origin in"),
        ({"ALLOWED_HOSTS": "radgame.example.org, *"}, "lets pages of any origin in"),
        ({"ALLOWED_HOSTS": ""}, "Production needs ALLOWED_HOSTS"),
        ({"ENVIRONMENT": "staging"}, "use 'local' or 'production'"),
        ({"SIGNUP_OPEN": "perhaps"}, "use 'true' or 'false'"),
        ({"SWEEP_SECONDS": "soon"}, "use a whole number"),
        ({"SWEEP_SECONDS": "0"}, "from 1 on"),
        ({"WEB_THREADS": "0"}, "from 1 on"),
        ({"KEEP_LOGS_DAYS": "-1"}, "from 0 on"),
        ({"LOG_LEVEL": "bogus"}, "LOG_LEVEL is 'bogus'; use 'WARNING' or"),
        ({"DATABASE_URL": "bogus://user:a-password@x"}, "DATABASE_URL cannot be read"),
    ],
)
def test_what_must_not_be_is_refused_in_a_sentence(tmp_path, changes, sentence):
    result = settings_with(tmp_path, **{**GOOD, **changes})
    assert result.returncode != 0
    assert sentence in result.stderr
    assert "a-password" not in result.stderr.splitlines()[-1]


def test_production_starts_with_a_key_and_hosts_and_sends_secure_cookies(tmp_path):
    code = "print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE)"
    result = settings_with(tmp_path, code, **GOOD)
    assert result.stdout.split() == ["True", "True"], result.stderr


def test_production_serves_its_pages_after_collectstatic(collected):
    code = """
from django.test import Client
page = Client().get("/account/login/", headers={"host": "radgame.example.org"}, secure=True)
print(page.status_code, "/static/dist/site." in page.content.decode())
"""
    result = settings_with(collected, code, **GOOD)
    assert result.stdout.split() == ["200", "True"], result.stderr


def test_scripts_and_styles_are_kept_as_brotli_and_gzip_too(collected):
    code = """
from django.test import Client
names = [path for path in (settings.STATIC_ROOT / "dist").glob("site.*") if path.suffix == ".css"]
for form in (".br", ".gz"):
    print(all(path.with_name(path.name + form).exists() for path in names))
address = "/static/dist/" + max(names, key=lambda path: len(path.name)).name
asked = {"host": "radgame.example.org", "accept-encoding": "gzip, br"}
answer = Client().get(address, headers=asked, secure=True)
print(answer.headers["Content-Encoding"], "immutable" in answer.headers["Cache-Control"])
"""
    result = settings_with(collected, code, **GOOD)
    assert result.stdout.split() == ["True", "True", "br", "True"], result.stderr


@pytest.mark.parametrize("more", [{}, {"BEHIND_PROXY": "true"}])
def test_django_finds_nothing_to_say_against_production(tmp_path, more):
    code = (
        "from django.core.management import call_command\n"
        "call_command('check', deploy=True, fail_level='WARNING')"
    )
    result = settings_with(tmp_path, code, **GOOD, **more)
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_behind_a_proxy_plain_http_is_led_to_https_but_for_health_checks(collected):
    code = """
from django.test import Client
client = Client(headers={"host": "radgame.example.org"})
print(client.get("/account/login/").headers["Location"], client.get("/healthz").status_code)
by_https = client.get("/account/login/", headers={"x-forwarded-proto": "https"})
print(by_https.status_code)
"""
    result = settings_with(collected, code, **GOOD, BEHIND_PROXY="true")
    said = result.stdout.split()
    assert said == ["https://radgame.example.org/account/login/", "200", "200"], result.stderr


def test_a_damaged_key_file_is_told_in_a_sentence(tmp_path):
    (tmp_path / "secret_key").write_text("x")
    result = settings_with(tmp_path)
    assert "is damaged: delete it" in result.stderr


def test_models_and_migrations_agree(tmp_path):
    code = "from django.core.management import call_command\n"
    code += "call_command('makemigrations', check=True, dry_run=True)"
    result = settings_with(tmp_path, code)
    assert result.returncode == 0, result.stdout
