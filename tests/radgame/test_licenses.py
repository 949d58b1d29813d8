"""Every package that runs the game is in docs/licenses.md, under a license that is allowed."""

from __future__ import annotations

import json

import pytest

from requirements import licenses

pytestmark = pytest.mark.pure


def test_every_package_that_is_locked_is_in_the_table():
    named = {row.name for row in licenses.read_table()}
    wanted = {*licenses.python_packages(), *licenses.npm_packages()}
    assert wanted - named == set(), "run `make licenses`"
    assert named - wanted == set(), "run `make licenses`"
    assert {"django", "torch", "transformers", "psycopg", "@cornerstonejs/core"} <= named


def test_every_license_of_the_table_is_allowed():
    refused = [row for row in licenses.read_table() if not licenses.is_allowed(row.license)]
    assert refused == []


def test_the_table_says_what_the_packages_say():
    """Of those installed here; the others were when the table was written."""
    table = {(row.name, row.wanted_for): row.license for row in licenses.read_table()}
    for row in licenses.rows():
        if row.license:
            assert table[row.name, row.wanted_for] == row.license


def test_what_is_stated_by_hand_is_still_needed():
    assert set(licenses.STATED) <= {*licenses.python_packages(), *licenses.npm_packages()}


def test_a_package_for_tests_alone_is_left_out():
    lock = json.loads((licenses.ROOT / "package-lock.json").read_text())["packages"]
    assert lock["node_modules/happy-dom"]["dev"]
    assert "happy-dom" not in licenses.npm_packages()
    assert "djlint" not in licenses.python_packages()


@pytest.mark.parametrize(
    ("license", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-2.0-only) AND Zlib", True),
        ("MIT AND (GPL-2.0-only OR SSPL-1.0)", False),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_a_license_is_allowed_when_it_can_be_followed(license, allowed):
    assert licenses.is_allowed(license) is allowed


def test_a_package_without_a_known_license_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(licenses, "python_packages", lambda: {"not-installed-here": "core"})
    monkeypatch.setattr(licenses, "TABLE", tmp_path / "licenses.md")
    assert licenses.main() == 1
    assert "No license is known of not-installed-here" in capsys.readouterr().out


def test_a_license_that_is_not_allowed_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(licenses, "license_of", lambda name: "GPL-3.0-only")
    monkeypatch.setattr(licenses, "python_packages", lambda: {"copyleft": "core"})
    monkeypatch.setattr(licenses, "TABLE", tmp_path / "licenses.md")
    assert licenses.main() == 1
    assert "copyleft (GPL-3.0-only)" in capsys.readouterr().out
