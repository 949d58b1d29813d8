"""Changes tried in forks of one pytest process, which imports and collects once for all of them.

A pytest plugin (``-p bench.forked``). It first runs all tests in a fork and notes which of the
module's functions each one calls. Then, for every change, a fork puts the changed code into the
functions that are in memory and runs the tests that call them. What this cannot see, a table made
at import or a cached value, a run from the beginning has to tell (`bench.mutation`).
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
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.main import pytest_runtestloop as run_items

from bench.mutants import changed_tree

JOB = "MUTATION_JOB"
"""Environment variable: a file of ``{"changes": [[path, number], …], "told": file}``."""
SHORTEST_LIMIT = 20
TIMES_AS_LONG = 5
"""A fork may take so many times the processor's time of all tests, seconds at least as above."""
SLOWEST = 600
"""Seconds by the clock after which a fork is ended: it waits for what does not come."""
FAILED, PASSED, NOT_IN_MEMORY = 1, 0, 3


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """In place of the tests: a line for each change, ``killed``, ``alive`` or ``unknown``."""
    job = json.loads(Path(os.environ[JOB]).read_text())
    with Path(job["told"]).open("a") as told:
        calls = calls_of(session, {str(Path(path).resolve()) for path, _ in job["changes"]})
        if calls is None:
            told.write("unusable\n")
            return True
        seconds = calls.pop("seconds")
        limit = max(SHORTEST_LIMIT, int(TIMES_AS_LONG * seconds))
        for path, number in job["changes"]:
            told.write(verdict(session, calls, path, number, limit) + "\n")
            told.flush()
    return True


def in_fork(does: Callable[[], int], limit: int) -> int:
    """What `does` returns in a fork of its own; FAILED where that breaks or does not end."""
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        status = FAILED
        with contextlib.suppress(BaseException):
            status = does()
        os._exit(status)
    deadline = time.monotonic() + SLOWEST
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


def calls_of(session: pytest.Session, files: set[str]) -> dict[str, Any] | None:
    """Which tests call which functions of the files, by place in the session; None if one fails.

    ``seconds`` is the processor's time that all of them took.
    """
    kept = Path(os.environ[JOB]).with_suffix(".calls")

    def watched() -> int:
        watch = Watch(files)
        session.config.pluginmanager.register(watch)
        status = passes(session, session.items)
        kept.write_text(json.dumps({**watch.by_test(), "seconds": time.process_time()}))
        return status

    return json.loads(kept.read_text()) if in_fork(watched, 10**6) == PASSED else None


class Watch:
    """Notes the functions that a test calls."""

    def __init__(self, files: set[str]) -> None:
        self.files = files
        self.called: dict[str, set[tuple[str, int]]] = defaultdict(set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        called = self.called[item.nodeid]

        def note(frame: Any, event: str, _: Any) -> None:
            code = frame.f_code
            if event == "call" and code.co_filename in self.files:
                called.add((code.co_filename, code.co_firstlineno))

        threading.setprofile(note)
        sys.setprofile(note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]

    def by_test(self) -> dict[str, list[tuple[str, int]]]:
        return {test: sorted(called) for test, called in self.called.items()}


def verdict(
    session: pytest.Session, calls: dict[str, Any], path: str, number: int, limit: int
) -> str:
    """What the tests say of one change."""
    file = str(Path(path).resolve())
    tree, line = changed_tree(Path(path).read_text(encoding="utf-8"), number)
    function = function_at(tree, line)
    if function is None:
        return "unknown"
    first, last = function
    chosen = [
        item
        for item in session.items
        if any(name == file and first <= at <= last for name, at in calls[item.nodeid])
    ]
    if not chosen:
        return "unknown"

    def changed() -> int:
        if not put_in_place(compile(tree, file, "exec", dont_inherit=True), first, last):
            return NOT_IN_MEMORY
        return passes(session, chosen)

    status = in_fork(changed, limit)
    return {PASSED: "alive", NOT_IN_MEMORY: "unknown"}.get(status, "killed")


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
