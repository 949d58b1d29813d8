"""Small wrong changes to Python source, one at a time: what a test suite ought to notice.

Changed are comparisons, `and` and `or`, `not`, arithmetic, constants, what is returned, and whole
statements. Left alone are annotations, decorators, docstrings and the words of exceptions and of
the log, of which no behavior depends.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is},
    **{ast.In: ast.NotIn, ast.NotIn: ast.In},
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult},
    **{ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd},
}
KEY = re.compile(r"[a-z][a-z0-9_]*")
"""Text that code compares or looks up, not one that people read."""

Change = tuple[str, Callable[[], None]]


@dataclass(frozen=True)
class Mutant:
    """The `number`-th change that can be made to a file."""

    path: str
    number: int
    line: int
    what: str


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Every change there is, in the order of the syntax tree."""
    tree = ast.parse(source)
    return [
        Mutant(path, number, line, what)
        for number, (line, what, _) in enumerate(_changes_of_tree(tree))
    ]


def mutated(source: str, number: int) -> str:
    """The source with one change made; comments and layout are lost."""
    return ast.unparse(changed_tree(source, number)[0]) + "\n"


def changed_tree(source: str, number: int) -> tuple[ast.Module, int]:
    """The syntax tree with one change made, in the lines of the source, and the change's line."""
    tree = ast.parse(source)
    line, _, make = list(_changes_of_tree(tree))[number]
    make()
    return ast.fix_missing_locations(tree), line


def _changes_of_tree(tree: ast.Module) -> Iterator[tuple[int, str, Callable[[], None]]]:
    ignored = _ignored(tree)
    for node in ast.walk(tree):
        if node in ignored:
            continue
        for what, make in _changes_of(node):
            yield getattr(node, "lineno", 0), what, make
        yield from _removals(node)


def _changes_of(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            other = COMPARISONS[type(operator)]
            yield _named(operator, other), partial(node.ops.__setitem__, place, other())
    elif isinstance(node, ast.BoolOp):
        swapped = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield _named(node.op, swapped), partial(setattr, node, "op", swapped())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        twice = ast.UnaryOp(ast.Not(), node.operand)
        yield "not dropped", partial(setattr, node, "operand", twice)
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in ARITHMETIC:
        reverse = ARITHMETIC[type(node.op)]
        yield _named(node.op, reverse), partial(setattr, node, "op", reverse())
    elif isinstance(node, ast.Constant):
        yield from _other_constant(node)
    elif isinstance(node, ast.Return) and node.value is not None and not _says_no(node.value):
        yield "returns None", partial(setattr, node, "value", ast.Constant(None))


def _named(old: ast.AST, new: type[ast.AST]) -> str:
    return f"{type(old).__name__} → {new.__name__}"


def _says_no(node: ast.expr) -> bool:
    """None, or what is taken for it wherever it is asked about: False, an empty text."""
    return isinstance(node, ast.Constant) and not node.value


def _other_constant(node: ast.Constant) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        other: object = not value
    elif isinstance(value, (int, float)):
        other = value + 1
    elif isinstance(value, str) and KEY.fullmatch(value):
        other = f"{value}_"
    else:
        return
    yield f"{value!r} → {other!r}", partial(setattr, node, "value", other)


def _removals(node: ast.AST) -> Iterator[tuple[int, str, Callable[[], None]]]:
    """Statements below a node that can go without leaving a name undefined."""
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        if isinstance(node, (ast.Module, ast.ClassDef)) or not isinstance(statements, list):
            continue
        for place, statement in enumerate(statements):
            if _can_go(statement):
                words = ast.unparse(statement).splitlines()[0]
                gone = partial(statements.__setitem__, place, ast.Pass())
                yield statement.lineno, f"removed: {words[:60]}", gone


def _can_go(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call) and not _is_logging(statement.value)
    if isinstance(statement, ast.Assign):
        return not any(isinstance(target, (ast.Name, ast.Tuple)) for target in statement.targets)
    return isinstance(statement, (ast.AugAssign, ast.Raise, ast.Delete))


def _is_logging(call: ast.Call) -> bool:
    return ast.unparse(call.func).startswith(("logger.", "logging.", "warnings."))


def _ignored(tree: ast.Module) -> set[ast.AST]:
    """Nodes whose change is no change of behavior, or of what only people read."""
    tops: list[ast.AST] = []
    for node in ast.walk(tree):
        tops += [part for name in ("annotation", "returns") if (part := getattr(node, name, None))]
        tops += getattr(node, "decorator_list", [])
        if _is_for_people(node):
            tops.append(node)
    return {node for top in tops for node in ast.walk(top)}


def _is_for_people(node: ast.AST) -> bool:
    """Words of an exception, of the log or of a docstring; and what is imported or typed."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call):
        return _is_logging(node)
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Name) and node.value.id == "Literal"
    return isinstance(node, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom))
