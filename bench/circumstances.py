"""When, where and of which commit something was measured: one line, printed above every table."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def told() -> str:
    """As "2026-11-29, commit 1d852ff, 2 × AMD EPYC, load 0.4"."""
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "not known"
    return f"{day}, commit {commit()}, {os.cpu_count()} × {processor()}, load {load}"


def commit(root: Path = ROOT) -> str:
    """The checkout's, with what is changed in it said; "not known" outside of one."""
    number = _git(root, "rev-parse", "--short", "HEAD")
    if number is None:
        return "not known"
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{number} with changes" if changed else number


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
