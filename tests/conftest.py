"""Fixtures for every test: accounts and a small published case with one nodule."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories


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
