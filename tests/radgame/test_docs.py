"""What the documents say of variables, files and links is there, and the reverse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

pytestmark = pytest.mark.pure

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("[A-Z]*.md"), *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
READERS = (
    ROOT / "radgame" / "settings.py",
    ROOT / "radgame" / "environment.py",
    ROOT / "radgame" / "management" / "commands" / "play.py",
)
READ = re.compile(
    r"""(?:\b(?:text|flag|number|words|choice)\(|\benviron(?:\.get\(|\[)|\bgetenv\()\s*["']([A-Z][A-Z0-9_]*)"""
)
ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \|", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
NAMED_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|js|mjs|html|css|csv|json|md))`")
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
CODE = re.compile(r"^```.*?^```|`[^`]+`", re.M | re.S)
LONGEST_DECISION = 25


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose_of(page: Path) -> str:
    """The page without its code blocks, where brackets are no links."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def variables_read() -> set[str]:
    return {name for path in READERS for name in READ.findall(path.read_text(encoding="utf-8"))}


def variables_documented() -> list[str]:
    return ROW.findall((DOCS / "deployment.md").read_text(encoding="utf-8"))


def test_it_works():
    assert {"DATA_DIR", "DATABASE_URL", "PORT"} <= variables_read()


def test_every_variable_that_is_read_is_in_the_table():
    assert variables_read() - set(variables_documented()) == set()


def test_every_variable_of_the_table_is_read():
    assert set(variables_documented()) - variables_read() == set()


def test_no_variable_is_in_the_table_twice():
    documented = variables_documented()
    assert len(documented) == len(set(documented))


def links_of(page: Path) -> list[tuple[Path, str]]:
    """The file and the heading's name (may be empty) of every link that stays in the project."""
    parts = [link.partition("#") for link in LINK.findall(prose_of(page))]
    return [
        ((page.parent / target if target else page), heading)
        for target, _, heading in parts
        if not re.match(r"[a-z]+:", target)
    ]


def headings_of(page: Path) -> set[str]:
    """The names by which a page's headings are linked: small letters, hyphens for spaces."""
    titles = re.findall(r"^#+ +(.+?)\s*$", prose_of(page), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_of_the_project(page):
    targets = [target.resolve() for target, _ in links_of(page)]
    assert [str(one) for one in targets if not one.exists()] == []
    assert [str(one) for one in targets if not one.is_relative_to(ROOT)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_to_a_heading_leads_to_one(page):
    named = [(target, heading) for target, heading in links_of(page) if heading]
    lost = [
        f"{target.name}#{heading}"
        for target, heading in named
        if heading not in headings_of(target)
    ]
    assert lost == []


def test_a_link_that_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One `way` here\n![a](no.png) [b](#one-way-here) [c](https://example.org)")
    assert [(target.name, heading) for target, heading in links_of(page)] == [
        ("no.png", ""),
        ("page.md", "one-way-here"),
    ]
    assert headings_of(page) == {"one-way-here"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_of_the_project_that_is_named_is_there(page):
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named = {name for name in NAMED_FILE.findall(prose_of(page)) if name.split("/")[0] in tops}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def lost_tests(text: str) -> list[str]:
    """The tests that a text names and that are not there."""
    named = NAMED_TEST.findall(text)
    return [
        f"{file}::{test}"
        for file, test in named
        if not (ROOT / file).exists() or f"\ndef {test}(" not in (ROOT / file).read_text()
    ]


def test_every_test_that_is_named_is_there():
    pages = {name_of(page): page.read_text(encoding="utf-8") for page in PAGES}
    assert {name: lost for name, text in pages.items() if (lost := lost_tests(text))} == {}
    named = NAMED_TEST.findall(pages["docs/what-tests-notice.md"])
    assert len(set(named)) > 30
    assert lost_tests("`tests/radgame/test_docs.py::test_it_works`") == []
    gone = ["tests/radgame/test_docs.py::test_it", "tests/no.py::test_it_works"]
    assert lost_tests(" and ".join(f"`{one}`" for one in gone)) == gone


@pytest.mark.parametrize("page", DECISIONS, ids=name_of)
def test_a_decision_is_short_and_carries_its_number(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_DECISION
    number = re.fullmatch(r"(\d{3})-[a-z0-9-]+\.md", page.name)
    assert number is not None
    assert lines[0].startswith(f"# {number[1]}: ")


def test_decisions_are_numbered_without_gaps():
    assert [path.name[:3] for path in DECISIONS] == [
        f"{number:03d}" for number in range(1, len(DECISIONS) + 1)
    ]


def test_the_map_names_every_script_of_the_front_end():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    scripts = (ROOT / "static" / "src").rglob("*.js")
    assert sorted(path.name for path in scripts if f"`{path.name}`" not in page) == []


def test_the_glossary_names_things_that_are_there():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rows = page.partition("| word | meaning |")[2].partition("\n\n")[0]
    named = {name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", rows)}
    rooms = [*ROOT.glob("attempts/*.py"), *ROOT.glob("cases/*.py")]
    code = "\n".join(path.read_text() for path in rooms)
    assert named
    assert [name for name in sorted(named) if not re.search(rf"\b{name}\b", code)] == []


def code_of(page: Path) -> str:
    """All that a page shows as code, each piece of prose's on a line of its own, and no comment."""
    pieces = CODE.findall(page.read_text(encoding="utf-8"))
    lines = (
        piece if piece.startswith("```") else " ".join(piece.split()).strip("`") for piece in pieces
    )
    return re.sub(r"\s#.*", "", "\n".join(lines).replace("\\\n", " "))


def options_of(command: str) -> set[str]:
    parser = load_command_class(get_commands()[command], command).create_parser("", command)
    return set(parser._option_string_actions)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_is_told_is_one_with_these_options(page):
    told = re.findall(r"manage\.py +([a-z_]+)\b([^\n;|&#`]*)", code_of(page))
    unknown = [name for name, _ in told if name not in get_commands()]
    assert unknown == []
    wrong = [
        f"{name} {option}"
        for name, rest in told
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", rest)
        if option not in options_of(name)
    ]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_target_of_make_that_is_told_is_in_the_makefile(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    optional = re.search(r"^OPTIONAL := (.*)$", makefile, re.M)
    known = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    known |= {f"install-{name}" for name in optional[1].split()}
    told = re.findall(r"(?:^|&& |; )make +([^\n;|&#`]*)", code_of(page), re.M)
    words = [word for rest in told for word in rest.split() if re.fullmatch(r"[a-z-]+", word)]
    assert [word for word in words if word not in known] == []


def test_commands_are_found_in_the_documents():
    found = " ".join(map(code_of, PAGES))
    assert found.count("manage.py") > 30 and found.count("make ") > 15
