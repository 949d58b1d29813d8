"""Which build of torch `make models` installs; small programs play pip, uv and the driver."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.game import ROOT

pytestmark = pytest.mark.pure

[TORCH] = [
    line
    for line in (ROOT / "requirements" / "models.txt").read_text().splitlines()
    if line.startswith("torch==")
]
CPU = f"{TORCH}+cpu"
PYTHON = """#!/bin/sh
echo "$@" >> {log}
case "$*" in {refused}) exit 1;; esac
"""


def asked(
    tmp_path: Path, *, system: str = "Linux", card: bool = False, refused: str = "-"
) -> list[str]:
    """What the script asks of pip and uv, which refuse what has the pattern; then what it says."""
    log = tmp_path / "log"
    programs = {
        "python": PYTHON.format(log=log, refused=refused),
        "uname": f"#!/bin/sh\necho {system}\n",
        "nvidia-smi": f"#!/bin/sh\nexit {0 if card else 9}\n",
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    result = subprocess.run(
        [str(ROOT / "requirements" / "install-torch"), str(tmp_path / "python")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    calls = [line.split(" --quiet ")[-1] for line in log.read_text().splitlines()]
    calls = [call.removeprefix("--disable-pip-version-check ") for call in calls]
    return [*calls, *result.stdout.splitlines()]


def test_without_a_card_the_build_for_processors_is_installed(tmp_path):
    assert asked(tmp_path) == [CPU]


def test_where_pip_has_no_such_build_uv_finds_it(tmp_path):
    first, uv, second = asked(tmp_path, refused="*+cpu")
    assert first == CPU
    assert uv.startswith("uv")
    assert second == f"--python {tmp_path}/python --torch-backend cpu {TORCH}"


def test_where_neither_finds_it_the_general_build_is_taken_and_its_size_told(tmp_path):
    *_, last, said = asked(tmp_path, refused="*+cpu|*torch-backend*")
    assert last == TORCH
    assert "taking the general one, several GB large" in said


def test_with_a_card_the_general_build_is_taken(tmp_path):
    assert asked(tmp_path, card=True) == [TORCH]


def test_elsewhere_there_is_one_build_alone(tmp_path):
    assert asked(tmp_path, system="Darwin") == [TORCH]
