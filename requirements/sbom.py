"""A bill of what runs the game, for scanners: `make sbom` writes sbom.json in CycloneDX 1.6.

Versions are those of the lock files, licenses those of docs/licenses.md. Packages for tests and for
building the front end are not in it. torch is installed beside the locks, in the version that
`requirements/models.txt` pins.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from requirements.licenses import FRONT_END, LISTS, ROOT, read_table

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def python_versions() -> dict[str, str]:
    """The version by package, of all lists that run the game."""
    lists = [(ROOT / "requirements" / f"{name}.lock").read_text() for name in LISTS]
    beside = dict(PINNED.findall((ROOT / "requirements" / "models.txt").read_text()))
    return {"torch": beside["torch"], **dict(PINNED.findall("\n".join(lists)))}


def npm_versions() -> dict[str, set[str]]:
    """The versions by package, several where packages want different ones; none for tests alone."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    found: dict[str, set[str]] = {}
    for path, entry in packages.items():
        if path and not entry.get("dev"):
            found.setdefault(path.rpartition("node_modules/")[2], set()).add(entry["version"])
    return found


def components() -> list[Component]:
    licenses = {(row.name, row.wanted_for == FRONT_END): row.license for row in read_table()}
    python = [
        _component("pypi", "", name, version, licenses.get((name, False), ""))
        for name, version in python_versions().items()
    ]
    front = [
        _component("npm", *_split(name), version, licenses.get((name, True), ""))
        for name, versions in npm_versions().items()
        for version in sorted(versions)
    ]
    return [*python, *front]


def _split(name: str) -> tuple[str, str]:
    """Scope (may be empty) and name of an npm package."""
    scope, _, rest = name.rpartition("/")
    return scope, rest


def _component(kind: str, group: str, name: str, version: str, license: str) -> Component:
    url = PackageURL(kind, group or None, name, version)
    return Component(
        type=ComponentType.LIBRARY,
        group=group or None,
        name=name,
        version=version,
        purl=url,
        bom_ref=url.to_string(),
        licenses=[LicenseFactory().make_from_string(license)] if license else [],
    )


def bill() -> str:
    """The document, as JSON."""
    game = Component(type=ComponentType.APPLICATION, name="radgame", bom_ref="radgame")
    bom = Bom(components=components())
    bom.metadata.component = game
    bom.register_dependency(game, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1)


def main() -> int:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "sbom.json"
    path.write_text(bill() + "\n")
    print(f"Written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
