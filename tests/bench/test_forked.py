"""Changes are tried in forks: what its tests notice, what not, and what is not theirs to see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.forked import JOB
from bench.mutants import mutants_of

pytestmark = pytest.mark.pure
ROOT = Path(__file__).resolve().parents[2]

MODULE = '''
from functools import cache

MOST = 5

def kept(values):
    """Those that are few enough."""
    return [value for value in values if value <= MOST]

@cache
def doubled(value):
    def twice():
        return value * 2
    return twice()

class Counter:
    def __init__(self):
        self.count = 0

    @property
    def next(self):
        self.count += 1
        return self.count

def endless(least):
    while least < 3:
        least += 1
    return least

def unused():
    return 7 - 2
'''
TESTS = """
from changing import Counter, doubled, endless, kept

def test_kept():
    assert kept([4, 9]) == [4]

def test_doubled():
    assert doubled(3) == 6

def test_counter():
    assert Counter().next == 1

def test_endless():
    assert endless(0) > 2
"""


def tried(folder: Path, tests: str, changes: list[tuple[str, int]]) -> list[str]:
    """What is said of each change to the module by such tests."""
    (folder / "changing.py").write_text(MODULE)
    (folder / "test_changing.py").write_text(tests)
    (folder / "job.json").write_text(json.dumps({"changes": changes, "told": str(folder / "told")}))
    plain = ("-p", "no:cacheprovider", "-p", "no:django", "-c", os.devnull, "--rootdir", folder)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "bench.forked", *plain, folder],
        cwd=folder,
        env={**os.environ, JOB: str(folder / "job.json"), "PYTHONPATH": f"{ROOT}:{folder}"},
        capture_output=True,
    )
    return (folder / "told").read_text().split()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What is said of each change, by line and kind."""
    changes = mutants_of("changing.py", MODULE)
    numbers = [(one.path, one.number) for one in changes]
    verdicts = tried(tmp_path_factory.mktemp("forked"), TESTS, numbers)
    lines = MODULE.splitlines()
    return {
        (lines[one.line - 1].strip(), one.what): verdict
        for one, verdict in zip(changes, verdicts, strict=True)
    }


@pytest.mark.parametrize(
    ("line", "what", "verdict"),
    [
        ("return value * 2", "Mult → Div", "killed"),
        ("return value * 2", "2 → 3", "killed"),
        ("return [value for value in values if value <= MOST]", "LtE → Lt", "alive"),
        ("return [value for value in values if value <= MOST]", "returns None", "killed"),
        ("self.count += 1", "Add → Sub", "killed"),
        ("return self.count", "returns None", "killed"),
        ("least += 1", "Add → Sub", "killed"),  # it never ends
        ("while least < 3:", "Lt → LtE", "alive"),
        ("MOST = 5", "5 → 6", "unknown"),
        ("return 7 - 2", "Sub → Add", "unknown"),
    ],
)
def test_each_change_is_judged_by_the_tests_that_call_its_function(told, line, what, verdict):
    assert told[line, what] == verdict


def test_tests_that_fail_without_a_change_are_of_no_use(tmp_path):
    broken = "def test_broken():\n    assert False\n"
    assert tried(tmp_path, broken, [("changing.py", 0)]) == ["unusable"]
