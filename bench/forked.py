"""Changes tried in forks of one pytest process, which imports and collects once for all of them.

A pytest plugin (``-p bench.forked``). It first runs all tests in a fork and notes which of the
module's functions each one calls, and whether it starts a process. Then, for every change, a fork
puts the changed code into the functions that are in memory and runs the tests that call them. What
this cannot see, a table made at import, a result that is kept for later tests, code that runs in
another process, a run from the beginning has to tell (`bench.mutation`): for that the plugin
keeps to the tests which it is told.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import json
import os
import resource
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.main import pytest_runtestloop as run_items

from bench.mutants import changed_tree

JOB = "MUTATION_JOB"
"""Environment variable: a file of a job.

Either ``{"changes": [[path, number], …], "files": [path, …], "told": file}``, with the files of
which the calls are noted, or ``{"only": [test, …]}``, to run these tests in this order. With
``"shortest_limit"`` beside the changes, quick tests have other seconds than below.
"""
SHORTEST_LIMIT, LONGEST_WAIT = 20, 600
TIMES_AS_LONG = 5
"""A fork may take so many times the processor's time of its tests, seconds at least as above.

By the clock twice as many times what all take: then it waits for what does not come.
"""
FAILED, PASSED, NOT_IN_MEMORY = 1, 0, 3
STARTING = frozenset({"fork", "fork_exec", "posix_spawn", "posix_spawnp"})
"""Functions of the interpreter that start a process."""
Place = tuple[str, int]
"""File and first line of a function."""


class Watch:
    """Notes the functions that a test calls, and those that were called before the first."""

    def __init__(self, files: set[str]) -> None:
        self.files = files
        self.called: dict[str, set[Place]] = defaultdict(set)
        self.processor: dict[str, float] = {}
        self.lasting: set[Place] = set()
        self.starting: set[str] = set()
        self.cached: set[CodeType] = set()

    def begin(self, test: str) -> None:
        called = self.called[test]

        def note(frame: Any, event: str, function: Any) -> None:
            code = frame.f_code
            if event == "call":
                place = code.co_filename, code.co_firstlineno
                if code.co_filename in self.files:
                    if place not in called and self.is_lasting(frame):
                        self.lasting.add(place)
                    called.add(place)
                elif code.co_name == "start" and _is_of_processes(code.co_filename):
                    self.starting.add(test)
            elif event == "c_call" and function.__name__ in STARTING:
                self.starting.add(test)

        threading.setprofile(note)
        sys.setprofile(note)

    def is_lasting(self, frame: Any) -> bool:
        """Whether what is called is kept for later tests: in a cache, in a wider fixture."""
        while frame is not None:
            code = frame.f_code
            if code in self.cached:
                return True
            if code.co_name == "execute" and code.co_filename.endswith("_pytest/fixtures.py"):
                return bool(frame.f_locals["self"].scope != "function")
            frame = frame.f_back
        return False

    def end(self) -> None:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        begun = time.process_time()
        self.begin(item.nodeid)
        try:
            return (yield)
        finally:
            self.end()
            self.processor[item.nodeid] = time.process_time() - begun


def cached_codes() -> set[CodeType]:
    """The code of all functions in memory whose results are kept (`functools.cache`)."""
    kept = [one for one in gc.get_objects() if isinstance(one, _lru_cache_wrapper)]
    return {code for one in kept if (code := getattr(one.__wrapped__, "__code__", None))}


def _is_of_processes(file: str) -> bool:
    return file.endswith("multiprocessing/process.py")


BEFORE = ""
"""In place of a test: what was called while the tests were imported."""
_before: list[Watch] = []


def _job() -> dict[str, Any]:
    job: dict[str, Any] = json.loads(Path(os.environ[JOB]).read_text())
    return job


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    job = _job()
    if "changes" in job:
        _before.append(Watch({str(Path(path).resolve()) for path in job["files"]}))
        _before[0].begin(BEFORE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    only = {test: place for place, test in enumerate(_job().get("only", []))}
    if only:
        config.hook.pytest_deselected(items=[one for one in items if one.nodeid not in only])
        kept = [one for one in items if one.nodeid in only]
        items[:] = sorted(kept, key=lambda one: only[one.nodeid])


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """In place of the tests: a line for each change, ``killed``, ``alive`` or ``unknown``."""
    job = _job()
    if "changes" not in job:
        return None
    watch = _before.pop()
    watch.end()
    with Path(job["told"]).open("a") as told:
        calls = calls_of(session, watch)
        if calls is None:
            told.write("unusable\n")
            return True
        least = int(job.get("shortest_limit", SHORTEST_LIMIT))
        for path, number in job["changes"]:
            told.write(verdict(session, calls, path, number, least) + "\n")
            told.flush()
    return True


def calls_file(job: Path) -> Path:
    """Where the `Calls` of a job are kept."""
    return job.with_suffix(".calls")


@dataclass(frozen=True)
class Calls:
    """Which tests call which functions, and how long they take."""

    called: dict[str, set[Place]]
    lasting: set[Place]
    """Functions of which later tests have the result without calling them."""
    starting: set[str]
    """Tests that start a process."""
    processor: dict[str, float]
    """Seconds of the processor's time that each test takes."""
    clock: float
    """Seconds that all of them take."""

    @classmethod
    def kept(cls, file: Path) -> Calls:
        data = json.loads(file.read_text())
        called = {test: {(name, at) for name, at in all_} for test, all_ in data["called"].items()}
        lasting = {(name, at) for name, at in data["lasting"]}
        return cls(called, lasting, set(data["starting"]), data["processor"], data["clock"])

    def keep(self, file: Path) -> None:
        called = {test: sorted(places) for test, places in self.called.items()}
        data = {"called": called, "lasting": sorted(self.lasting)}
        data["starting"] = sorted(self.starting)
        file.write_text(json.dumps({**data, "processor": self.processor, "clock": self.clock}))


def in_fork(does: Callable[[], int], seconds: float, clock: float) -> int:
    """What `does` returns in a fork of its own; FAILED where that breaks or does not end.

    It may take so many seconds of the processor's time, and so many by the clock.
    """
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        status = FAILED
        with contextlib.suppress(BaseException):
            status = does()
        os._exit(status)
    deadline = time.monotonic() + clock
    try:
        while time.monotonic() < deadline:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else FAILED
            time.sleep(0.02)
        return FAILED
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def passes(session: pytest.Session, items: list[pytest.Item]) -> int:
    """Run the tests until one fails."""
    session.items = items
    session.testscollected = len(items)
    try:
        run_items(session)
    except (session.Failed, session.Interrupted):
        return FAILED
    return FAILED if session.testsfailed else PASSED


def calls_of(session: pytest.Session, watch: Watch) -> Calls | None:
    """What the tests of a session call; None if one of them fails."""
    kept = calls_file(Path(os.environ[JOB]))

    def watched() -> int:
        begun = time.monotonic()
        watch.cached = cached_codes()
        session.config.pluginmanager.register(watch)
        status = passes(session, session.items)
        took = watch.processor, time.monotonic() - begun
        Calls(watch.called, watch.lasting, watch.starting, *took).keep(kept)
        return status

    if in_fork(watched, 10**6, 10**6) != PASSED:
        return None
    return Calls.kept(kept)


def verdict(session: pytest.Session, calls: Calls, path: str, number: int, least: int) -> str:
    """What the tests say of one change; they may take `least` seconds, however quick they are."""
    file = str(Path(path).resolve())
    tree, line = changed_tree(Path(path).read_text(encoding="utf-8"), number)
    function = function_at(tree, line)
    if function is None:
        return "unknown"
    first, last = function

    def is_it(place: Place) -> bool:
        return place[0] == file and first <= place[1] <= last

    def call_it(test: str) -> bool:
        return any(is_it(place) for place in calls.called[test])

    chosen = [item for item in session.items if call_it(item.nodeid)]
    if not chosen or call_it(BEFORE):
        return "unknown"

    def changed() -> int:
        if not put_in_place(compile(tree, file, "exec", dont_inherit=True), first, last):
            return NOT_IN_MEMORY
        return passes(session, chosen)

    usual = sum(calls.processor[item.nodeid] for item in chosen)
    seconds = max(least, TIMES_AS_LONG * usual)
    status = in_fork(changed, seconds, max(LONGEST_WAIT, 2 * TIMES_AS_LONG * calls.clock))
    if status == PASSED:
        return "unknown" if any(is_it(place) for place in calls.lasting) else "alive"
    return "unknown" if status == NOT_IN_MEMORY else "killed"


def function_at(tree: ast.Module, line: int) -> tuple[int, int] | None:
    """First and last line, with decorators, of the outermost function whose body has a line."""
    stack: list[ast.AST] = list(tree.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.ClassDef):
            stack += node.body
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            last = node.end_lineno or node.lineno
            if node.body[0].lineno <= line <= last:
                return min([node.lineno, *(one.lineno for one in node.decorator_list)]), last
    return None


def put_in_place(changed: CodeType, first: int, last: int) -> bool:
    """Give the functions in memory that begin on these lines their changed code."""
    codes = {
        (code.co_qualname, code.co_firstlineno): code
        for code in _nested(changed)
        if first <= code.co_firstlineno <= last
    }
    found = False
    for one in gc.get_objects():
        if not isinstance(one, FunctionType) or one.__code__.co_filename != changed.co_filename:
            continue
        code = codes.get((one.__code__.co_qualname, one.__code__.co_firstlineno))
        if code and len(code.co_freevars) == len(one.__code__.co_freevars):
            one.__code__ = code
            found = True
    return found


def _nested(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _nested(constant)
