"""The bill of packages names each that runs the game, once a version, and no other."""

from __future__ import annotations

import json

import pytest

from requirements import licenses, sbom

pytestmark = pytest.mark.pure


@pytest.fixture(scope="module")
def bill():
    return json.loads(sbom.bill())


def test_it_works(bill):
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    django = next(row for row in bill["components"] if row["name"] == "django")
    assert django["purl"] == f"pkg:pypi/django@{django['version']}"
    assert django["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]


def test_every_package_of_the_table_of_licenses_is_in_it_and_no_other(bill):
    named = {"/".join(filter(None, (row.get("group"), row["name"]))) for row in bill["components"]}
    assert named == {row.name for row in licenses.read_table()}


def test_every_package_has_a_version_a_license_and_an_address_of_its_own(bill):
    rows = bill["components"]
    assert all(row["version"] and row["licenses"] for row in rows)
    assert len({row["purl"] for row in rows}) == len(rows) > 100


def test_the_game_depends_on_all_of_them(bill):
    [edges] = [row["dependsOn"] for row in bill["dependencies"] if row["ref"] == "radgame"]
    assert set(edges) == {row["purl"] for row in bill["components"]}
