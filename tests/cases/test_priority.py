"""What can wait stands back, with its session, behind what learners wait for."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cases import priority
from cases.priority import AUTOGROUP

pytestmark = pytest.mark.pure
STAND_BACK = """
import os
from cases.priority import AUTOGROUP, stand_back
for nice in {steps}:
    stand_back(nice)
print(os.nice(0), AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else "")
"""


@pytest.mark.parametrize("leads", [True, False])
@pytest.mark.parametrize("steps", [[7], [3, 4], [0, 7], [30]])
def test_a_process_that_leads_a_session_takes_it_along(steps, leads):
    inner = [sys.executable, "-c", STAND_BACK.format(steps=steps)]
    outer = (
        inner if leads else [sys.executable, "-c", f"import subprocess; subprocess.run({inner})"]
    )
    said = subprocess.run(
        outer, start_new_session=True, capture_output=True, text=True, check=True
    ).stdout.split()
    reached = str(min(19, os.nice(0) + sum(steps)))
    group = reached if leads else "0"
    assert said == ([reached, group] if AUTOGROUP.exists() else [reached])


class Refusing:
    """A file of the session's priority that refuses what is written, once for each error."""

    def __init__(self, *errors):
        self.errors, self.written = list(errors), []

    def exists(self):
        return True

    def write_text(self, text):
        if self.errors:
            raise self.errors.pop(0)
        self.written.append(text)


@pytest.fixture
def leading(monkeypatch):
    """A process that leads a session, whose niceness is that it was asked for."""
    monkeypatch.setattr(priority.os, "nice", lambda nice: nice)
    monkeypatch.setattr(priority.os, "getsid", lambda pid: os.getpid())
    monkeypatch.setattr(priority, "PAUSE", 0)

    def of(*errors):
        file = Refusing(*errors)
        monkeypatch.setattr(priority, "AUTOGROUP", file)
        return file

    return of


def test_who_is_told_to_ask_again_asks_again(leading):
    """Of processes that are not root one is answered in a tenth of a second, of any session."""
    file = leading(BlockingIOError(), BlockingIOError())
    priority.stand_back(5)
    assert file.written == ["5"]


@pytest.mark.parametrize(
    "errors", [[OSError(30, "Read-only file system")], [BlockingIOError()] * 1000]
)
def test_who_is_refused_works_on(leading, errors):
    file = leading(*errors)
    priority.stand_back(5)
    assert not file.written
