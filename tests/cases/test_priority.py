"""What can wait stands back, with its session, behind what learners wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cases.priority import AUTOGROUP

pytestmark = pytest.mark.pure
STAND_BACK = """
import os
from cases.priority import AUTOGROUP, stand_back
stand_back(7)
print(os.nice(0), AUTOGROUP.read_text().split()[-1] if AUTOGROUP.exists() else "")
"""


@pytest.mark.parametrize(("leads", "group"), [(True, "7"), (False, "0")])
def test_a_process_that_leads_a_session_takes_it_along(leads, group):
    inner = [sys.executable, "-c", STAND_BACK]
    outer = (
        inner if leads else [sys.executable, "-c", f"import subprocess; subprocess.run({inner})"]
    )
    said = subprocess.run(
        outer, start_new_session=True, capture_output=True, text=True, check=True
    ).stdout.split()
    assert said == (["7", group] if AUTOGROUP.exists() else ["7"])
