"""A measurement that is beyond what is asked of it fails, and its options reach it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from bench import __main__ as bench
from bench import models
from bench.figures import Figure, show

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("values", "code"),
    [((1, 4), 0), ((4, 4), 0), ((4.1, 1), 1), ((1, 5), 1), ((float("nan"), 1), 1)],
)
def test_a_figure_that_is_too_much_ends_the_command_with_1(values, code, capsys):
    figures = [Figure("one", 9, "s"), *(Figure("asked", value, "s", 4) for value in values)]
    assert show("Figures", figures) == code
    assert ("too much" in capsys.readouterr().out) == bool(code)


@pytest.mark.parametrize(("theirs", "code"), [(2.0, 0), (1.9, 1)])
def test_models_that_are_not_twice_as_fast_end_the_command_with_1(theirs, code, capsys):
    assert models.show([("fast", 16, 3.0, 1.0), ("asked", 16, theirs, 1.0)]) == code
    assert ("not met" in capsys.readouterr().out) == bool(code)


@pytest.fixture
def measured(monkeypatch):
    """The measurements run by name, each with its options; `codes` says how each ends."""
    found = SimpleNamespace(calls=[], codes={})

    def module(name):
        def main():
            found.calls.append(tuple(sys.argv))
            return found.codes.get(name.removeprefix("bench."))

        return SimpleNamespace(main=main)

    monkeypatch.setattr(bench.importlib, "import_module", module)
    monkeypatch.setattr(sys, "argv", ["bench"])
    return found


def test_the_worst_of_several_measurements_is_how_the_command_ends(measured):
    measured.codes = {"game": 1, "models": 0}
    assert bench.main(["models"]) == 0
    assert bench.main(["game", "models"]) == 1


def test_options_go_to_the_one_measurement_that_is_named(measured):
    assert bench.main(["mutation", "--count", "20", "--seed", "7"]) == 0
    assert measured.calls == [("bench.mutation", "--count", "20", "--seed", "7")]
    assert bench.main(["--count", "20"]) == 2
    assert bench.main(["game", "models", "--count", "20"]) == 2
    assert len(measured.calls) == 1


def test_without_a_name_all_are_run_but_those_that_take_hours(measured):
    assert bench.main([]) == 0
    assert [call[0] for call in measured.calls] == [f"bench.{name}" for name in bench.NAMES]
    assert not set(bench.NAMES) & set(bench.BY_NAME_ONLY)


def test_a_measurement_that_does_not_exist_is_refused(measured, capsys):
    assert bench.main(["speed"]) == 2
    assert "no measurement called speed" in capsys.readouterr().out
