"""Tables say of which commit, day and machine they are, and every measurement is listed."""

from __future__ import annotations

import re
import subprocess

import pytest

from bench import circumstances
from bench.__main__ import BY_NAME_ONLY, NAMES
from tests.game import ROOT

pytestmark = pytest.mark.pure


@pytest.fixture
def checkout(tmp_path):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", "-C", str(tmp_path), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "code").write_text("1")
    git("add", "code")
    git("commit", "--quiet", "--message", "One")
    return tmp_path, git("rev-parse", "--short", "HEAD")


def test_it_works():
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d, commit .+, \d+ × \S.*, load (\d+\.\d|not known)", circumstances.told()
    )


def test_a_changed_checkout_is_not_called_by_its_commit_alone(checkout):
    folder, number = checkout
    assert circumstances.commit(folder) == number
    (folder / "code").write_text("2")
    assert circumstances.commit(folder) == f"{number} with changes"


def test_outside_of_a_checkout_none_is_made_up(tmp_path):
    assert circumstances.commit(tmp_path / "nowhere") == "not known"


def test_every_measurement_is_in_the_list_with_a_table_that_names_it():
    listed = re.findall(
        r"^\| `(\w+)` \|.*\| (.*) \|$", (ROOT / "docs/benchmarks.md").read_text(), re.MULTILINE
    )
    assert sorted(name for name, _ in listed) == sorted((*NAMES, *BY_NAME_ONLY))
    for name, where in listed:
        for page in re.findall(r"\]\((.*?)\)", where):
            text = (ROOT / "docs" / page).read_text()
            assert re.search(rf"bench[ .]{name}\b", text), f"{page} does not say bench {name}"
