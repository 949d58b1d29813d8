"""How many small wrong changes to the code the tests notice.

``python -m bench mutation --count N --seed S`` draws N changes (see `bench.mutants`) from the
modules below, makes each by itself in a copy of the tree, and runs the tests that belong to the
module: first those that call the changed function, in a fork (`bench.forked`); a change that these
do not notice is tried again with all of them, begun anew. A change that no test notices is alive;
some are equivalent, so that 100 % is not to be had. Tests that do not end in time have noticed.
``--only WORD`` takes the modules that have the word in their name, ``--count 20`` is a try.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.forked import JOB
from bench.mutants import Mutant, mutants_of, mutated

ROOT = Path(__file__).resolve().parents[1]
LEAST_PERCENT = 92
"""Of the changes drawn, how many the tests are to notice."""
LONGEST = 1800
"""Seconds that the tests of a module may take from the beginning."""
PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-migrations")
ONLY = ("-m", "not browser and not stack and not models", "--hypothesis-profile=ci")
"""Always the same examples, without a limit on each: other work beside must kill nothing."""


@dataclass(frozen=True)
class Module:
    """Files of one purpose, and the tests that ought to notice a change in them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return ", ".join(self.files)

    def found(self, patterns: Sequence[str]) -> list[str]:
        paths = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
        names = [path.relative_to(ROOT).as_posix() for path in paths]
        return [name for name in dict.fromkeys(names) if not name.endswith("__init__.py")]


RULES = (
    *("tests/ml/test_boxes.py", "tests/ml/test_localize*.py", "tests/ml/test_regions.py"),
    "tests/attending/test_localize.py",
)
COMPARING = (
    *(f"tests/ml/test_{name}.py" for name in ("evaluate*", "attribute_table", "pairing")),
    *("tests/ml/test_significance.py", "tests/ml/test_readings.py"),
    "tests/attending/test_report.py",
)
READING = (
    *(f"tests/ml/test_{name}.py" for name in ("findings*", "context", "commitment", "shorthand")),
    *(f"tests/ml/test_{name}.py" for name in ("cues", "synonyms", "tongues", "words_and_lines")),
    *COMPARING,
)
MODES = ("tests/attempts", "tests/localize/test_modes.py", "tests/report/test_modes.py")
IMPORTS = ("tests/cases/test_[!i]*.py", "tests/cases/test_import*.py")
MODULES = (
    Module(("ml/boxes.py",), RULES),
    Module(("ml/localize/*.py",), RULES),
    Module(("ml/crimson.py",), ("tests/ml/test_crimson*.py",)),
    Module(
        tuple(f"ml/evaluate/{name}.py" for name in ("compare", "pairing")),
        COMPARING,
    ),
    Module(
        tuple(f"ml/evaluate/{name}.py" for name in ("significance", "location")),
        COMPARING,
    ),
    Module(("ml/findings/context.py",), READING),
    Module(("ml/findings/attributes.py",), READING),
    Module(("ml/froc.py",), ("tests/ml/test_froc.py",)),
    Module(
        ("ml/style/*.py",),
        ("tests/ml/test_style*.py", "tests/ml/test_readings.py", "tests/report/*.py"),
    ),
    Module(("attempts/services.py",), MODES),
    Module(("attempts/series.py",), (*MODES, "tests/learning", "tests/classroom/test_assig*.py")),
    Module(("attempts/aids.py", "attempts/modes.py"), (*MODES, "tests/localize")),
    Module(("localize/scoring.py", "localize/answers.py"), ("tests/localize", "tests/attempts")),
    Module(("localize/places.py",), ("tests/localize",)),
    Module(("cases/services.py", "cases/storing.py", "cases/renditions.py"), IMPORTS),
    Module(("cases/imaging/dicom/*.py",), ("tests/cases/test_imaging*.py", "tests/cases/test_w*")),
    Module(("cases/imaging/htj2k.py",), ("tests/cases/test_htj2k.py",)),
    Module(("cases/imaging/*.py",), ("tests/cases/test_imaging*.py", "tests/cases/test_w*")),
    Module(("cases/importers/*.py",), IMPORTS),
    Module(("learning/queries.py", "learning/services.py"), ("tests/learning",)),
    Module(("accounts/permissions.py",), ("tests/radgame/test_permissions.py",)),
)


@dataclass
class Tally:
    """What became of the changes to one module."""

    killed: int = 0
    alive: list[Mutant] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.killed + len(self.alive)

    @property
    def percent(self) -> float:
        return 100 * self.killed / self.count


class Unusable(Exception):
    """Tests that fail without any change tell nothing."""


def drawn(count: int, seed: int, only: str = "") -> dict[Module, list[Mutant]]:
    """So many changes of all that could be made, by module; `only` is a part of their names."""
    every = [
        (module, mutant)
        for module in MODULES
        if only in module.name
        for path in module.found(module.files)
        for mutant in mutants_of(path, (ROOT / path).read_text(encoding="utf-8"))
    ]
    chosen: dict[Module, list[Mutant]] = {}
    for place in sorted(random.Random(seed).sample(range(len(every)), min(count, len(every)))):
        module, mutant = every[place]
        chosen.setdefault(module, []).append(mutant)
    return chosen


@contextmanager
def copied_tree() -> Iterator[Path]:
    """What git knows of or would add, the built front end, and the folder of shared data."""
    folder = Path(tempfile.mkdtemp(prefix="radgame-mutation-"))
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (folder / "radgame" / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / "radgame" / name)
        built, shared = ROOT / "static" / "dist", ROOT.parent / "shared"
        if built.is_dir():
            shutil.copytree(built, folder / "radgame" / "static" / "dist", dirs_exist_ok=True)
        if shared.is_dir():
            (folder / "shared").symlink_to(shared)
        yield folder / "radgame"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def notices(tree: Path, tests: Sequence[str], limit: float | None = None, job: str = "") -> bool:
    """Whether the tests fail, or do not end within `limit` seconds; what they say is kept."""
    with said_in(tree).open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, *PYTEST, *ONLY, *tests],
            cwd=tree,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", JOB: job},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # with what the tests start
        )
    try:
        return process.wait(limit) != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        _end(process)


def said_in(tree: Path) -> Path:
    return tree.parent / "tests.txt"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a run with all it has started."""
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def tally(tree: Path, module: Module, mutants: Sequence[Mutant], report: Console) -> Tally:
    """Make each change to a module and see whether its tests notice.

    Raises:
        Unusable: the tests fail on the code as it is.
    """
    tests = module.found(module.tests) or list(module.tests)
    verdicts = in_forks(tree, module, tests, mutants)
    found = Tally()
    for mutant, verdict in zip(mutants, verdicts, strict=True):
        killed = verdict == "killed" or from_the_beginning(tree, tests, mutant)
        found.killed += killed
        if not killed:
            found.alive.append(mutant)
        word = "killed" if killed else "alive "
        report.print(f"{word} {mutant.path}:{mutant.line} {mutant.what}", markup=False)
    return found


def in_forks(
    tree: Path, module: Module, tests: Sequence[str], mutants: Sequence[Mutant]
) -> list[str]:
    """What `bench.forked` says of each change: killed, alive or unknown."""
    job, told = tree.parent / "job.json", tree.parent / "told.txt"
    changes = [[mutant.path, mutant.number] for mutant in mutants]
    job.write_text(json.dumps({"changes": changes, "told": str(told)}))
    told.write_text("")
    notices(tree, ["-p", "bench.forked", *tests], job=str(job))
    verdicts = told.read_text().split()
    if len(verdicts) != len(mutants):
        said = "\n".join(said_in(tree).read_text(errors="replace").splitlines()[-12:])
        raise Unusable(f"the tests of {module.name} fail without any change:\n{said}")
    return verdicts


def from_the_beginning(tree: Path, tests: Sequence[str], mutant: Mutant) -> bool:
    """Whether all tests of a module, begun anew with the change in its file, notice it."""
    file = tree / mutant.path
    source = file.read_text(encoding="utf-8")
    file.write_text(mutated(source, mutant.number), encoding="utf-8")
    try:
        return notices(tree, tests, LONGEST)
    finally:
        file.write_text(source, encoding="utf-8")


def show(tallies: dict[Module, Tally], console: Console) -> float:
    """Print the table and who is alive; the percentage of all."""
    table = Table(title="Changes noticed", title_justify="left")
    for column in ("module", "killed", "alive", "killed %"):
        table.add_column(column, justify="left" if column == "module" else "right")
    for module, found in tallies.items():
        row = (found.killed, len(found.alive), f"{found.percent:.0f}")
        table.add_row(module.name, *map(str, row))
    whole = Tally(
        sum(found.killed for found in tallies.values()),
        [mutant for found in tallies.values() for mutant in found.alive],
    )
    met = "ok" if whole.percent >= LEAST_PERCENT else "not met"
    verdict = f"{whole.percent:.1f} (at least {LEAST_PERCENT}: {met})"
    table.add_row("all", str(whole.killed), str(len(whole.alive)), verdict)
    console.print(table)
    for mutant in whole.alive:
        console.print(f"alive: {mutant.path}:{mutant.line} {mutant.what}", markup=False)
    return whole.percent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="changes to draw")
    parser.add_argument("--seed", type=int, default=1, help="of the drawing")
    parser.add_argument("--only", default="", help="part of a module's name: draw from these")
    options = parser.parse_args()
    # A shell's background ignores it, and so would the commands that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(width=110, highlight=False)
    tallies = {}
    with copied_tree() as tree:
        for module, mutants in drawn(options.count, options.seed, options.only).items():
            try:
                tallies[module] = tally(tree, module, mutants, console)
            except Unusable as problem:
                console.print(str(problem), markup=False)
                return 2
    return int(show(tallies, console) < LEAST_PERCENT)


if __name__ == "__main__":
    sys.exit(main())
