"""Wrong changes on purpose: each is another program, made in one place; words for people stay."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bench import mutation
from bench.mutants import mutants_of, mutated

pytestmark = pytest.mark.pure

SOURCE = '''"""Words for people."""

import logging

Kind = Literal["typed"]

@decorated(True)
def first(values: list[int] = (), most: int = 3) -> int | None:
    """How many, at most."""
    if not values or len(values) >= most:
        raise ValueError("none")
    logging.info("asked %s", 1)
    values.sort()
    for value in values:
        if value["key"] == 2 and value is not None:
            return value * 2
    return None
'''


def changes(source):
    return [one.what for one in mutants_of("a.py", source)]


@pytest.mark.parametrize(
    "what",
    [
        *("Or → And", "And → Or", "not dropped", "GtE → Gt", "Eq → NotEq", "IsNot → Is"),
        *("Mult → Div", "3 → 4", "2 → 3", "'key' → 'key_'", "returns None"),
        *("removed: values.sort()", "removed: raise ValueError('none')"),
    ],
)
def test_every_kind_of_change_is_made(what):
    assert what in changes(SOURCE)


def test_words_for_people_annotations_and_decorators_stay():
    made = " ".join(changes(SOURCE))
    assert not any(
        word in made for word in ("asked", "Words", "logging", "typed", "True", "None →")
    )


def test_each_change_gives_another_program_and_changes_nothing_else():
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    programs = [mutated(SOURCE, one.number) for one in mutants_of("a.py", SOURCE)]
    assert len(set(programs)) == len(programs)
    for program in programs:
        compile(program, "a.py", "exec")
        lines = program.splitlines()
        assert sum(one != other for one, other in zip(plain, lines, strict=True)) == 1


def test_a_change_is_found_on_its_line():
    (swapped,) = (one for one in mutants_of("a.py", SOURCE) if one.what == "Or → And")
    assert SOURCE.splitlines()[swapped.line - 1].strip().startswith("if not values or")


def test_the_same_seed_draws_the_same_changes_and_another_others():
    first, again = mutation.drawn(40, seed=5), mutation.drawn(40, seed=5)
    assert first == again != mutation.drawn(40, seed=6)
    assert sum(map(len, first.values())) == 40


@pytest.mark.parametrize("module", mutation.MODULES, ids=lambda module: module.name)
def test_every_module_has_files_and_tests(module):
    assert module.found(module.files)
    tests = [Path(mutation.ROOT, test) for pattern in module.tests for test in _globbed(pattern)]
    assert tests
    assert all(test.exists() for test in tests)


def _globbed(pattern):
    return [path.relative_to(mutation.ROOT) for path in mutation.ROOT.glob(pattern)]
