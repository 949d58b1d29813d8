"""Fixtures for every test: accounts and a small published case with one nodule."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from structlog.contextvars import clear_contextvars

from ml.models.packages import NOT_INSTALLED, has_packages
from radgame import rates
from radgame.celery import app as celery
from tests import factories
from tests.order import longest_first

# A million rounds take a fifth of a second, for each of many hundred passwords. Whole games, whose
# processes are their own, keep to what is usual.
PBKDF2PasswordHasher.iterations = 1_000

# Each test client has middleware of its own, which would read the folder of static files first.
settings.WHITENOISE_AUTOREFRESH = True

# In memory, as with Django's own backend: pytest-django gives any other a file for each process.
if settings.DATABASES["default"]["ENGINE"] == "radgame.sqlite":
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = ":memory:"

# How long one example takes, or is made, says how busy the machine is.
hypothesis_settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests of the model packages run where these are installed, and must where that is asked."""
    if item.get_closest_marker("models") and not has_packages():
        if os.environ.get("MODELS_REQUIRED") == "1":
            pytest.fail(NOT_INSTALLED, pytrace=False)
        pytest.skip(NOT_INSTALLED)


WITH_GAMES = re.compile(r"\bmark\.(browser|stack)\b")
GAMES_ALONE = re.compile(r"(browser|stack)( or (browser|stack))?( and (not )?\w+)*")


def _has_games(file: Path) -> bool:
    return bool(WITH_GAMES.search(file.read_text(encoding="utf-8")))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where `-m` asks for tests with whole games alone, import no other files, unless named."""
    named = any(argument.partition("::")[0].endswith(".py") for argument in config.args)
    if named or not GAMES_ALONE.fullmatch(config.option.markexpr):
        return None
    is_other = collection_path.match("test_*.py") and not _has_games(collection_path)
    return True if is_other else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    whole = {
        item.path for item in items if {"browser", "stack"} & {m.name for m in item.iter_markers()}
    }
    assert all(map(_has_games, whole)), "these would not be found among the tests with whole games"
    longest_first(items)


@pytest.fixture(autouse=True)
def no_haste():
    """Each test begins with nothing counted: its users have the keys of those before them."""
    rates._limiter().storage.reset()


@pytest.fixture(autouse=True)
def no_ids():
    """Nor is anything bound for the log: the test client has no end of a request to forget it."""
    clear_contextvars()


NEAR_MIDNIGHT = 120
"""Seconds."""


@pytest.fixture
def one_day():
    """For what is said of a day or a week: begin no test that midnight (UTC) would cut in two."""
    left = 86_400 - time.time() % 86_400
    if left < NEAR_MIDNIGHT:
        time.sleep(left + 1)


@pytest.fixture
def empty_queues():
    """No task of an earlier test waits in the broker, nor one of this test for a later one."""
    _purge()
    yield
    _purge()


def _purge() -> None:
    with celery.connection_for_write() as connection:
        for queue in ("celery", "models"):
            connection.default_channel.queue_purge(queue)


@pytest.fixture
def trainee(db):
    return factories.UserFactory(role="trainee")


@pytest.fixture
def instructor(db):
    return factories.UserFactory(role="instructor")


@pytest.fixture
def curator(db):
    return factories.UserFactory(role="curator")


@pytest.fixture
def client_of():
    """A logged-in test client of a user."""

    def make(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def nodule_case(db):
    """A published case: one frontal image, one nodule box, cardiomegaly to tick, a report."""
    case = factories.CaseFactory(status="published", indication="Cough for three weeks.")
    image = factories.ImageFactory(case=case, view="PA")
    nodule = factories.FindingFactory(
        case=case,
        label="nodule_mass",
        significance="actionable",
        sentence="Nodule of twelve millimeters in the left upper lobe.",
    )
    factories.RegionFactory(finding=nodule, image=image, x0=0.6, y0=0.2, x1=0.7, y1=0.3)
    factories.FindingFactory(
        case=case, label="cardiomegaly", significance="actionable", sentence="Enlarged heart."
    )
    factories.ReportFactory(case=case, findings="Nodule in the left upper lobe. Enlarged heart.")
    return case
