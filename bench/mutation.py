"""How many small wrong changes to the code the tests notice.

``python -m bench mutation --count N --seed S`` draws N changes (see `bench.mutants`) from the
modules below, makes each by itself in a copy of the tree, and runs the tests that belong to the
module: first those that call the changed function, in a fork (`bench.forked`). A change that these
do not notice is tried again from the beginning with the tests that start a process, of which a fork
sees nothing; one outside of functions that are called, with all that call anything of the module,
those of its file first. A change that no test notices is alive; some are equivalent, so that 100 %
is not to be had. Tests that do not end in many times their time have noticed. ``--only WORD`` takes
the modules that have the word in their name, ``--count 20`` is a try, ``--jobs`` says how many
copies of the tree work side by side.
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
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.forked import BEFORE, JOB, TIMES_AS_LONG, Calls, calls_file
from bench.mutants import Mutant, mutants_of, mutated

ROOT = Path(__file__).resolve().parents[1]
LEAST_PERCENT = 92
"""Of the changes drawn, how many the tests are to notice."""
LONGEST_WAIT = 600
"""Seconds that tests from the beginning may take at least, or ten times what all of them took."""
NO_TESTS = 5
"""What pytest ends with where it has run none, which is no notice."""
MOST_AT_ONCE = 60
"""Changes for one copy of the tree; a module that has more of them is shared out."""
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
    *(f"tests/ml/test_{name}.py" for name in ("evaluate*", "attribute_table", "pairing*")),
    *(f"tests/ml/test_{name}.py" for name in ("significance", "readings", "sizes", "own_words")),
    "tests/attending/test_report.py",
)
READING = (
    *(f"tests/ml/test_{name}.py" for name in ("findings*", "context", "commitment", "shorthand")),
    *(f"tests/ml/test_{name}.py" for name in ("cues", "synonyms", "tongues", "words_and_lines")),
    *COMPARING,
)
MODES = ("tests/attempts", "tests/localize/test_modes.py", "tests/report/test_modes.py")
IMPORTS = ("tests/cases/test_[!i]*.py", "tests/cases/test_import*.py")
FILMS = ("tests/cases/test_imaging*.py", "tests/cases/test_w*.py")
FILMS_OF_CASES = tuple(
    f"tests/cases/test_{name}.py" for name in ("lettering", "merging", "packs", "renditions")
)
MODULES = (
    Module(("ml/boxes.py",), RULES),
    Module(("ml/localize/*.py",), RULES),
    Module(("ml/crimson.py",), ("tests/ml/test_crimson*.py",)),
    Module(
        tuple(f"ml/evaluate/{name}.py" for name in ("compare", "misplaced", "pairing")),
        COMPARING,
    ),
    Module(
        tuple(f"ml/evaluate/{name}.py" for name in ("significance", "location")),
        COMPARING,
    ),
    Module(("ml/findings/context.py", "ml/findings/clauses.py"), READING),
    Module(
        tuple(f"ml/findings/{name}.py" for name in ("attributes", "places", "degrees")), READING
    ),
    Module(("ml/froc.py",), ("tests/ml/test_froc.py",)),
    Module(
        ("ml/style/*.py",),
        ("tests/ml/test_style*.py", "tests/ml/test_readings.py", "tests/report/*.py"),
    ),
    Module(("attempts/services.py", "attempts/scoring.py"), MODES),
    Module(("attempts/series.py",), (*MODES, "tests/learning", "tests/classroom/test_assig*.py")),
    Module(("attempts/aids.py", "attempts/modes.py"), (*MODES, "tests/localize")),
    Module(("localize/scoring.py", "localize/answers.py"), ("tests/localize", "tests/attempts")),
    Module(("localize/places.py",), ("tests/localize",)),
    Module(("cases/services.py", "cases/storing.py", "cases/renditions.py"), IMPORTS),
    Module(("cases/imaging/dicom/*.py",), FILMS),
    Module(("cases/imaging/htj2k.py",), ("tests/cases/test_htj2k.py",)),
    Module(("cases/imaging/[!h]*.py",), (*FILMS, *FILMS_OF_CASES)),
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


def notices(tree: Path, arguments: Sequence[str], limit: float | None = None) -> bool:
    """Whether the tests fail, or do not end within `limit` seconds; what they say is kept."""
    with said_in(tree).open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, *PYTEST, *ONLY, "-p", "bench.forked", *arguments],
            cwd=tree,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", JOB: str(job_of(tree))},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # with what the tests start
        )
    running.add(process)
    try:
        return process.wait(limit) not in (0, NO_TESTS)
    except subprocess.TimeoutExpired:
        return True
    finally:
        running.discard(process)
        _end(process)


running: set[subprocess.Popen[bytes]] = set()


def said_in(tree: Path) -> Path:
    return tree.parent / "tests.txt"


def job_of(tree: Path) -> Path:
    return tree.parent / "job.json"


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
    calls = Calls.kept(calls_file(job_of(tree)))
    found = Tally()
    for mutant, verdict in zip(mutants, verdicts, strict=True):
        killed = verdict == "killed"
        if not killed:
            left = still_to_ask(calls, str((tree / mutant.path).resolve()), verdict)
            killed = bool(left) and from_the_beginning(tree, mutant, left, calls.clock)
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
    told = tree.parent / "told.txt"
    changes = [[mutant.path, mutant.number] for mutant in mutants]
    job = {"changes": changes, "files": module.found(module.files), "told": str(told)}
    job_of(tree).write_text(json.dumps(job))
    told.write_text("")
    notices(tree, tests)
    verdicts = told.read_text().split()
    if len(verdicts) != len(mutants):
        said = "\n".join(said_in(tree).read_text(errors="replace").splitlines()[-12:])
        raise Unusable(f"the tests of {module.name} fail without any change:\n{said}")
    return verdicts


def still_to_ask(calls: Calls, file: str, verdict: str) -> list[str]:
    """Tests that could notice a change which no fork has noticed, the likeliest first.

    Of those that start a process the ones that call the file here as well, if there are any: the
    process then does what is left of the same work.
    """
    reach = {
        test: {name for name, _ in places}
        for test, places in calls.called.items()
        if test != BEFORE
    }
    starting = [test for test in reach if test in calls.starting]
    near = [test for test, files in reach.items() if file in files]
    if verdict == "alive":
        return [test for test in starting if file in reach[test]] or starting
    module = [test for test, files in reach.items() if files]
    return list(dict.fromkeys([*near, *module, *starting])) or list(reach)


def from_the_beginning(tree: Path, mutant: Mutant, only: Sequence[str], seconds: float) -> bool:
    """Whether some tests of a module, begun anew with the change in its file, notice it.

    All tests of the module take so many seconds without a change.
    """
    file = tree / mutant.path
    source = file.read_text(encoding="utf-8")
    file.write_text(mutated(source, mutant.number), encoding="utf-8")
    job_of(tree).write_text(json.dumps({"only": only}))
    paths = {test.split("::")[0] for test in only}
    try:
        limit = max(LONGEST_WAIT, 2 * TIMES_AS_LONG * seconds)
        return notices(tree, sorted(paths), limit)
    finally:
        file.write_text(source, encoding="utf-8")


Share = tuple[Module, list[Mutant]]


def shares_of(chosen: dict[Module, list[Mutant]]) -> list[Share]:
    """The work in pieces for one copy of the tree each, the largest first."""
    shares = [
        (module, mutants[first : first + MOST_AT_ONCE])
        for module, mutants in chosen.items()
        for first in range(0, len(mutants), MOST_AT_ONCE)
    ]
    return sorted(shares, key=lambda share: -len(share[1]))


def tallied(chosen: dict[Module, list[Mutant]], jobs: int, report: Console) -> dict[Module, Tally]:
    """The tallies of all modules, in their order, with `jobs` copies of the tree side by side.

    Raises:
        Unusable: the tests of a module fail on the code as it is.
    """
    tallies = {module: Tally() for module in chosen}
    lock = threading.Lock()

    def work(share: Share) -> None:
        module, mutants = share
        with copied_tree() as tree:
            found = tally(tree, module, mutants, report)
        with lock:
            tallies[module].killed += found.killed
            tallies[module].alive += found.alive

    pool = ThreadPoolExecutor(jobs)
    try:
        for _ in pool.map(work, shares_of(chosen)):
            pass
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in [*running]:
            _end(process)
    return tallies


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
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree side by side")
    options = parser.parse_args()
    # A shell's background ignores it, and so would the commands that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(width=110, highlight=False)
    chosen = drawn(options.count, options.seed, options.only)
    try:
        tallies = tallied(chosen, options.jobs, console)
    except Unusable as problem:
        console.print(str(problem), markup=False)
        return 2
    return int(show(tallies, console) < LEAST_PERCENT)


if __name__ == "__main__":
    sys.exit(main())
