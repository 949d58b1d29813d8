"""Changes are tried in forks: what their tests notice, what not, and what is not theirs to see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.forked import BEFORE, JOB, Calls, calls_file
from bench.mutants import mutants_of
from bench.mutation import still_to_ask

pytestmark = pytest.mark.pure
ROOT = Path(__file__).resolve().parents[2]

MODULE = '''
from functools import cache

MOST = 5

def least():
    return 1 + 1

LEAST = least()

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

@cache
def _table():
    return {"one": 1 * 1}

def looked_up(key):
    return _table().get(key)

def unused():
    return 7 - 2
'''
TESTS = """
import subprocess

import pytest

from changing import Counter, doubled, endless, kept, least, looked_up

def test_kept():
    assert kept([4, 9]) == [4]

def test_doubled():
    assert doubled(3) == 6

def test_counter():
    assert Counter().next == 1

def test_endless():
    assert endless(0) > 2

def test_least():
    assert least() == 2

def test_nothing_is_looked_up():
    assert looked_up("two") is None

def test_one_is_looked_up():
    assert looked_up("one") == 1

def test_of_a_process():
    subprocess.run(["true"], check=True)
"""


def tried(folder: Path, tests: str, changes: list[tuple[str, int]]) -> list[str]:
    """What is said of each change to the module by such tests."""
    (folder / "changing.py").write_text(MODULE)
    (folder / "test_changing.py").write_text(tests)
    job = {"changes": changes, "files": ["changing.py"], "told": str(folder / "told")}
    run(folder, {**job, "shortest_limit": 2})  # what never ends takes all of it
    return (folder / "told").read_text().split()


def run(folder: Path, job: dict[str, object], *arguments: str) -> str:
    """What pytest says of a job in a folder that has the module and its tests."""
    (folder / "job.json").write_text(json.dumps(job))
    plain = ("-p", "no:cacheprovider", "-p", "no:django", "-c", os.devnull, "--rootdir", folder)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-p", "bench.forked", *plain, *arguments, folder],
        cwd=folder,
        env={**os.environ, JOB: str(folder / "job.json"), "PYTHONPATH": f"{ROOT}:{folder}"},
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("forked")


@pytest.fixture(scope="module")
def told(folder):
    """What is said of each change, by line and kind."""
    changes = mutants_of("changing.py", MODULE)
    verdicts = tried(folder, TESTS, [(one.path, one.number) for one in changes])
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
        ("return 1 + 1", "Add → Sub", "unknown"),  # it was called before, at import
        ('return {"one": 1 * 1}', "1 → 2", "unknown"),  # kept from the first of two tests
    ],
)
def test_each_change_is_judged_by_the_tests_that_call_its_function(told, line, what, verdict):
    assert told[line, what] == verdict


def test_tests_that_fail_without_a_change_are_of_no_use(tmp_path):
    broken = "def test_broken():\n    assert False\n"
    assert tried(tmp_path, broken, [("changing.py", 0)]) == ["unusable"]


def test_what_no_fork_notices_is_left_to_tests_that_may(told, folder):
    calls = Calls.kept(calls_file(folder / "job.json"))
    file = str(folder / "changing.py")
    test = {one.partition("::")[2]: one for one in calls.called if one != BEFORE}
    assert still_to_ask(calls, file, "alive") == [test["test_of_a_process"]]
    every = [*test.values()]
    assert every[-1] == test["test_of_a_process"]
    assert still_to_ask(calls, file, "unknown") == every


def test_told_tests_are_run_alone_and_in_the_order_told(told, folder):
    only = ["test_changing.py::test_least", "test_changing.py::test_kept"]
    said = run(folder, {"only": only}, "-v")
    assert [said.index(test) for test in only] == sorted(said.index(test) for test in only)
    assert "2 passed, 6 deselected" in said
