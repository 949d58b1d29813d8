"""Damaged tables of every format: a sentence or fewer cases, never an error of any other kind."""

from __future__ import annotations

import random

import pytest

from cases.importers import SourceProblem
from tests.cases import formats
from tests.cases.sources import read

pytestmark = pytest.mark.pure

SUFFIXES = (".csv", ".json", ".xml", ".txt")
DAMAGES = 60


def damaged(content, chance):
    """Bytes changed, cut off, doubled, put in or taken out, at a few places."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        kind = chance.choice(("flip", "cut", "double", "insert", "remove", "number", "quote"))
        if kind == "flip" and at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        elif kind == "cut":
            del changed[at:]
        elif kind == "double":
            changed[at:at] = changed[max(0, at - 30) : at]
        elif kind == "insert":
            changed[at:at] = bytes(chance.randrange(256) for _ in range(5))
        elif kind == "remove":
            del changed[at : at + chance.randint(1, 20)]
        elif kind == "number":
            changed[at:at] = chance.choice(
                (b"-1", b"1e999", b"NaN", b"null", b"[]", b"{}", b"9" * 400)
            )
        else:
            changed[at:at] = chance.choice((b'"', b",", b"\n", b"<", b"]", b"}", b"&", b";"))
    return bytes(changed)


@pytest.mark.parametrize("name", sorted(formats.MADE.keys() - {"radgame"}))
def test_damage_is_told_and_nothing_breaks(name, tmp_path):
    formats.MADE[name](tmp_path)
    tables = [file for file in tmp_path.rglob("*") if file.suffix in SUFFIXES]
    whole = {file: file.read_bytes() for file in tables}
    chance = random.Random(name)
    for _ in range(DAMAGES):
        file = chance.choice(tables)
        file.write_bytes(damaged(whole[file], chance))
        try:
            cases, problems = read(name, tmp_path)
        except SourceProblem as problem:
            assert str(problem)
        else:
            for case in cases.values():
                assert case.images
            assert all(problem.sentence for problem in problems)
        file.write_bytes(whole[file])
