"""In which order the files of tests are handed out to processes: those that take longest first.

Otherwise one process is still at work on a long file when the others have nothing left.
"""

from __future__ import annotations

from collections import Counter

import pytest

FIRST = (
    "tests/stack/test_real_worker.py",
    "tests/radgame/test_play.py",
    "tests/stack/test_backup.py",
    "tests/stack/test_faults.py",
)
"""Of those with whole games. The first has the game made that others begin with a copy of, which
takes a minute; the second begins without it meanwhile. What stands side by side in one folder has
one game, so that it is not to be parted by files of another folder.
"""
SECONDS_OF_A_TEST = {"browser": 2.0, "stack": 4.0}
SECONDS_OF_ANOTHER = 0.05
LONG = {
    "tests/ml/test_simulate.py": 55,
    "tests/radgame/test_server.py": 50,
    "tests/ml/test_vlm.py": 40,
    "tests/ml/test_any_text.py": 30,
    "tests/cases/test_simulate_command.py": 30,
    "tests/classroom/test_who_sees_what.py": 30,
    "tests/radgame/test_permissions.py": 30,
    "tests/radgame/test_settings.py": 30,
    "tests/bench/test_forked.py": 25,
    "tests/ml/test_simulate_behind.py": 25,
    "tests/ml/test_simulate_shoulders.py": 25,
    "tests/learning/endless/test_making.py": 25,
    "tests/learning/endless/test_two_films.py": 20,
    "tests/ml/test_simulate_twice.py": 20,
    "tests/ml/test_simulate_visits.py": 20,
    "tests/cases/test_recipes.py": 15,
    "tests/feedback/test_without_model_packages.py": 15,
    "tests/ml/test_llm_foreign_server.py": 15,
}
"""Seconds, about, of files without whole games whose tests take long."""


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _seconds(item: pytest.Item) -> float:
    marked = [
        seconds for name, seconds in SECONDS_OF_A_TEST.items() if item.get_closest_marker(name)
    ]
    return max(marked, default=SECONDS_OF_ANOTHER)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort the tests by their files; those of one file stay as they stand in it."""
    seconds: Counter[str] = Counter()
    for item in items:
        seconds[_file(item)] += _seconds(item)
    place = {file: place for place, file in enumerate(FIRST)}
    items.sort(
        key=lambda item: (
            place.get(_file(item), len(place)),
            -max(seconds[_file(item)], LONG.get(_file(item), 0)),
            _file(item),
        )
    )
