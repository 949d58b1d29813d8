"""Imports point one way, and never in a circle.

ml ← accounts ← cases ← attempts ← feedback ← games ← learning ← classroom
"""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "ml": set(),
    "accounts": {"ml"},
    "cases": {"ml", "accounts"},
    "attempts": {"ml", "accounts", "cases"},
    "feedback": {"ml", "accounts", "cases", "attempts"},
    "localize": {"ml", "accounts", "cases", "attempts", "feedback"},
    "report": {"ml", "accounts", "cases", "attempts", "feedback"},
    "learning": {"ml", "accounts", "cases", "attempts", "feedback", "localize", "report"},
    "classroom": {
        *("ml", "accounts", "cases", "attempts", "feedback", "localize", "report", "learning"),
    },
}
OURS = {*MAY_IMPORT, "radgame"}
BESIDE = {"bench", "tests", "requirements"}
"""They import what they try; what is installed has none of them."""


def imported_packages(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(), str(path))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_import_goes_against_the_arrows(package):
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in (ROOT / package).rglob("*.py")
        for other in imported_packages(path) & OURS - MAY_IMPORT[package] - {package}
    ]
    assert not wrong


@pytest.mark.parametrize("package", sorted(OURS))
def test_nothing_that_is_installed_needs_tests_or_benches(package):
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for path in (ROOT / package).rglob("*.py")
        for other in imported_packages(path) & BESIDE
    ]
    assert not wrong


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path, known: set[str]) -> set[str]:
    """Every module of ours that a file imports, inside functions and for types as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                found.add(member if member in known else node.module)
    return found & known


def test_no_two_files_import_each_other_in_a_circle():
    paths = {
        module_name(path): path
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
        if path.parent.name != "migrations"
    }
    imports = {name: imported_modules(path, set(paths)) - {name} for name, path in paths.items()}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))


def test_the_pure_core_does_not_know_django():
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "ml").rglob("*.py")
        if imported_packages(path) & {"django", "channels", "celery"}
    ]
    assert not wrong


def modules_after(statements: str) -> set[str]:
    code = f"import sys\n{statements}\nprint(*sorted(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "entry",
    [
        "import radgame.asgi\nfrom django.urls import get_resolver\nget_resolver().url_patterns",
        "import django\nfrom radgame.celery import app\n"
        "django.setup()\napp.loader.import_default_modules()",
    ],
    ids=["web", "worker"],
)
def test_neither_web_nor_worker_loads_torch_or_what_imports_need(entry):
    assert not modules_after(entry) & {"torch", "transformers", "spacy", "pydicom", "scipy"}


def test_no_module_of_the_core_loads_torch_when_imported():
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "ml").rglob("*.py"))
        if path.stem not in ("__main__", "__init__")
    ]
    assert not modules_after("\n".join(f"import {name}" for name in names)) & {
        "torch",
        "transformers",
    }
