"""The lock files hold what the lists ask for, with hashes, and no registry's address."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.game import ROOT

pytestmark = pytest.mark.pure

LISTS = sorted((ROOT / "requirements").glob("*.txt"))
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PINNED = re.compile(r"^([a-z0-9.-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)
NOT_LOCKED = {"torch"}
"""Its build for processors has other hashes than the registry's (docs/decisions/014)."""
OLDEST_PYTHON = "3.11.2"


def asked(path: Path) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def pins(path: Path) -> dict[str, list[str]]:
    """Versions by name; several where they differ by Python or platform."""
    found: dict[str, list[str]] = {}
    for name, version, _ in PINNED.findall(path.read_text()):
        found.setdefault(name, []).append(version)
    return found


def npm_lock() -> dict[str, Any]:
    return json.loads((ROOT / "package-lock.json").read_text())


def test_every_list_has_its_lock():
    assert [path.stem for path in LISTS] == [path.stem for path in LOCKS]
    named = (ROOT / "requirements.txt").read_text()
    assert all(path.name in named for path in LISTS if path.stem != "dev")


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_lock_satisfies_its_list(path):
    locked = pins(path.with_suffix(".lock"))
    for requirement in asked(path):
        name = canonicalize_name(requirement.name)
        if name not in NOT_LOCKED:
            assert locked.get(name), f"{name} is not in the lock: run `make lock`"
            assert all(requirement.specifier.contains(version) for version in locked[name])


def test_no_two_locks_name_different_versions():
    versions: dict[str, set[tuple[str, ...]]] = {}
    for path in LOCKS:
        for name, found in pins(path).items():
            versions.setdefault(name, set()).add(tuple(sorted(found)))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_pinned_package_has_hashes(path):
    blocks = re.split(r"^(?=[a-z0-9])", path.read_text(), flags=re.MULTILINE)
    packages = [block for block in blocks if "==" in block.partition("\n")[0]]
    assert packages
    assert all("--hash=sha256:" in block for block in packages)
    assert sum(len(found) for found in pins(path).values()) == len(packages)


def test_every_npm_package_has_a_hash():
    packages = {name: entry for name, entry in npm_lock()["packages"].items() if name}
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


@pytest.mark.parametrize(
    "path",
    [*LISTS, *LOCKS, ROOT / "requirements.txt", ROOT / "package.json", ROOT / "package-lock.json"],
    ids=lambda path: path.name,
)
def test_nothing_names_where_packages_come_from(path):
    text = path.read_text()
    if path.name == "package-lock.json":
        assert not any("resolved" in entry for entry in npm_lock()["packages"].values())
        # Where a package's authors take donations is no registry.
        text = re.sub(r'"url": "[^"]*"|"funding": "[^"]*"', "", text)
    assert not re.search(r"https?://|index-url|find-links", text)


def test_the_lock_is_complete_on_the_oldest_python_that_the_readme_names():
    core = (ROOT / "requirements" / "core.lock").read_text()
    markers = [marker for *_, marker in PINNED.findall(core) if marker]
    assert "python_full_version < '3.11.3'" in markers, "redis needs one package more there"
    assert OLDEST_PYTHON in (ROOT / "README.md").read_text()


def test_the_node_of_the_build_is_one_that_every_package_takes():
    lock = npm_lock()["packages"]
    [version] = {entry["version"] for name, entry in lock.items() if "/node-linux-" in name}
    asks = {name: entry.get("engines", {}).get("node", "*") for name, entry in lock.items()}
    refused = {name: ask for name, ask in asks.items() if not _takes(ask, Version(version))}
    assert refused == {}
    major = version.partition(".")[0]
    assert f"Node {major}" in (ROOT / "README.md").read_text()


def _takes(ask: str, version: Version) -> bool:
    """Whether a range of npm (of the forms that the lock has) takes a version."""
    return any(_takes_all(part.strip(), version) for part in ask.split("||"))


def _takes_all(part: str, version: Version) -> bool:
    bounds = []
    for bound in re.findall(r"(?:[<>=^~]+\s*)?[\d.*x]+", part):
        sign, number = re.fullmatch(r"([<>=^~]*)\s*(.+)", bound).groups()
        number = number.replace(".x", "").replace(".*", "")
        if number in ("*", "x"):
            continue
        if sign in ("^", "~") or not sign:
            bounds.append(f">={number}")
            bounds.append(f"<{int(number.split('.')[0]) + 1}")
        else:
            bounds.append(f"{sign}{number}" if sign != "=" else f"=={number}")
    return version in SpecifierSet(",".join(bounds))


@pytest.mark.parametrize(
    ("ask", "taken"),
    [
        ("*", True),
        (">=22.13", True),
        ("^18 || >=20", True),
        (">= 0.4", True),
        ("20 || 22", False),
        (">=26", False),
        ("^20.19.0 || ^22.12.0", False),
    ],
)
def test_a_range_of_npm_is_read_as_npm_reads_it(ask, taken):
    assert _takes(ask, Version("24.21.0")) is taken


def test_a_package_with_another_content_is_refused(tmp_path):
    """What `make install` passes to pip holds pip to the hashes of the lock."""
    name = "six"
    [version] = pins(ROOT / "requirements" / "core.lock")[name]
    wheel = tmp_path / f"{name}-{version}-py2.py3-none-any.whl"
    wheel.write_bytes(b"not what was locked")
    makefile = (ROOT / "Makefile").read_text()
    [options] = re.findall(r"^LOCKED = \$\(PIP\) (.+)$", makefile, re.MULTILINE)
    alone = tmp_path / "six.lock"
    core = (ROOT / "requirements" / "core.lock").read_text()
    alone.write_text(re.search(rf"^{name}==.*?(?=^[a-z])", core, re.M | re.S)[0])
    command = [sys.executable, "-m", "pip", "install", *options.split(), "--no-index"]
    command += ["--dry-run", "--ignore-installed", "--find-links", str(tmp_path), "-r", str(alone)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0
    assert "HASH" in result.stderr.upper(), result.stderr
