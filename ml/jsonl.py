"""Streaming JSON Lines: one object in, one object out, and a bad line never stops the run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from typing import Any, TextIO

Handler = Callable[[dict[str, Any]], dict[str, Any]]

CHUNK = 32
MAX_LINE = 4_000_000


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def answer(handle: Handler, line: str) -> str:
    """Run `handle` on one line of JSON and return one line of JSON.

    Whatever is wrong with the line (not JSON, not an object, a value that
    `handle` refuses with ValueError, KeyError or TypeError) comes back as
    ``{"id", "error"}``; `id` is null when the line has none.
    """
    identity: Any = None
    try:
        if len(line) > MAX_LINE:
            raise ValueError(f"the line has {len(line)} characters; at most {MAX_LINE} are read")
        item = json.loads(line, parse_constant=_refuse_constant)
        if not isinstance(item, dict):
            raise ValueError(f"expected a JSON object, got {type(item).__name__}")
        identity = item.get("id")
        result = {"id": identity, **handle(item)}
        return json.dumps(result, ensure_ascii=False, allow_nan=False)
    except KeyError as error:
        problem = f"missing key {error}"
    except RecursionError:
        problem = "the JSON is nested too deeply"
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        problem = str(error) or type(error).__name__
    return json.dumps({"id": identity, "error": problem}, ensure_ascii=False)


def _answer_all(handle: Handler, lines: list[str]) -> list[str]:
    return [answer(handle, line) for line in lines]


def _chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    kept = (line for line in lines if line.strip())
    while chunk := list(islice(kept, CHUNK)):
        yield chunk


def run(handle: Handler, source: Iterable[str], sink: TextIO, processes: int = 1) -> None:
    """Answer every non-empty line of `source` into `sink`, in order.

    With `processes` > 1 chunks of lines are answered by that many worker
    processes, a bounded number of chunks ahead, so that memory stays constant
    whatever the length of the input. `handle` must then be picklable.
    """
    if processes <= 1:
        for line in source:
            if line.strip():
                sink.write(answer(handle, line) + "\n")
                sink.flush()
        return
    with ProcessPoolExecutor(processes) as pool:
        pending: list[Any] = []
        for chunk in _chunks(source):
            pending.append(pool.submit(_answer_all, handle, chunk))
            if len(pending) >= processes * 3:
                _write(pending.pop(0).result(), sink)
        for future in pending:
            _write(future.result(), sink)


def _write(lines: list[str], sink: TextIO) -> None:
    sink.writelines(line + "\n" for line in lines)
    sink.flush()


def finite(value: Any, name: str) -> float:
    """Return `value` as a float; ValueError names `name` when it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return float(value)
