"""Time of one extraction, of one evaluation and of long texts, and pairs a second of the command.

``python -m bench.evaluate_speed``: report pairs are neighbors in the Open-I archive, or
a few written ones where the archive is absent. It ends with 1 where a long text takes more than
half a second of the processor, or the command answers fewer than 500 pairs a second.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.openi import ARCHIVE, reports
from bench.text_shapes import LONG, PIECES, repeated, shapes
from ml import evaluate, findings, style

PAIRS = 600
LINES = 3000
WARM_UP = 20
WRITTEN = [
    "The heart is enlarged. Small right pleural effusion. No pneumothorax.",
    "Mild left basilar atelectasis. The heart is normal in size. No acute osseous abnormality.",
    "Consolidation in the right lower lobe suggests pneumonia. Degenerative changes of the spine.",
]

TRIES = 3
LIMIT = 0.5
"""Seconds of the processor for a text of `LONG` characters."""
FEWEST_PAIRS = 500
"""Pairs a second of the command line."""


def texts() -> list[str]:
    if not ARCHIVE.exists():
        return WRITTEN * 200
    return [report.text for report in islice(reports(), PAIRS + 1)]


def milliseconds(work: Callable[..., Any], inputs: Sequence[tuple[str, ...]]) -> list[float]:
    """Milliseconds of each call on one core, after warm-up."""
    for arguments in inputs[:WARM_UP]:
        work(*arguments)
    times = []
    for arguments in inputs:
        start = time.perf_counter()
        work(*arguments)
        times.append((time.perf_counter() - start) * 1000)
    return times


def summary(times: list[float]) -> str:
    """Mean, median and 95th percentile in words."""
    twentieths = statistics.quantiles(times, n=20)
    return (
        f"mean {statistics.mean(times):.2f} ms, median {statistics.median(times):.2f} ms, "
        f"p95 {twentieths[-1]:.2f} ms ({len(times)})"
    )


def seconds_of(text: str) -> tuple[float, float]:
    """Processor seconds to read a text, and to read, evaluate and grade it."""
    start = time.process_time()
    findings.extract(text)
    read = time.process_time()
    evaluate.evaluate(WRITTEN[0], text)
    style.score(text)
    return read - start, time.process_time() - start


def least_seconds(texts: Sequence[str]) -> list[tuple[float, float]]:
    """The same of each text, the least of `TRIES`, each in a process that has read none of them.

    Whoever else is on the machine can make a processor's second do half as much, never more.
    """
    with get_context("fork").Pool(1, maxtasksperchild=1) as fresh:
        tries = fresh.map(seconds_of, [text for text in texts for _ in range(TRIES)], chunksize=1)
    of_texts = [tries[first : first + TRIES] for first in range(0, len(tries), TRIES)]
    return [(min(read for read, _ in of), min(scored for _, scored in of)) for of in of_texts]


def verdict(met: bool) -> str:
    return "" if met else " - not met"


def long_texts(found: Sequence[str]) -> bool:
    """Print what long texts of every shape take; whether all are fast enough."""
    for text in (found[0], "Abnormalty of an unknwon kind."):
        seconds_of(text)  # So that no shape's time holds the reading of the tables.
    gc.collect()
    gc.freeze()  # as a scoring process does before it begins
    print(f"{LONG // 1000} kB, seconds of the processor (at most {LIMIT}): read / and scored")
    slowest = 0.0
    shaped = shapes(found)
    for name, (read, scored) in zip(shaped, least_seconds([*shaped.values()]), strict=True):
        slowest = max(slowest, scored)
        print(f"  {name}: {read:.2f} / {scored:.2f}{verdict(scored <= LIMIT)}")
    slow = dict(zip(PIECES, least_seconds([*map(repeated, PIECES)]), strict=True))
    for place, what in enumerate(("read", "read and scored")):
        worst = max(slow, key=lambda piece: slow[piece][place])
        seconds = slow[worst][place]
        slowest = max(slowest, seconds)
        print(
            f"  one of {len(PIECES)} pieces repeated, {what}: at most {seconds:.2f} ({worst!r})"
            f"{verdict(seconds <= LIMIT)}"
        )
    return slowest <= LIMIT


def command_line(pairs: list[tuple[str, str]], processes: int) -> tuple[float, float]:
    """Pairs a second of ``python -m ml evaluate``, by the clock and by one processor's time."""
    lines = "".join(
        json.dumps({"id": number, "reference": a, "candidate": b}) + "\n"
        for number, (a, b) in zip(range(LINES), pairs * (LINES // len(pairs) + 1), strict=False)
    )
    root = Path(__file__).resolve().parents[1]
    start, used = time.perf_counter(), _used_by_children()
    done = subprocess.run(
        [sys.executable, "-m", "ml", "evaluate", "--processes", str(processes)],
        input=lines,
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    seconds = time.perf_counter() - start
    answers = done.stdout.splitlines()
    if len(answers) != LINES or any('"error":' in answer for answer in answers):
        raise SystemExit("the command did not answer every line")
    return LINES / seconds, LINES / (_used_by_children() - used)


def _used_by_children() -> float:
    """Processor seconds of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    found = texts()
    pairs = list(pairwise(found))
    print(f"one extraction: {summary(milliseconds(findings.extract, [(t,) for t in found]))}")
    print(f"one evaluation: {summary(milliseconds(evaluate.evaluate, pairs))}")
    fast = long_texts(found)
    in_time, of_processor = command_line(pairs, 2)
    enough = in_time >= FEWEST_PAIRS
    print(
        f"command line, 2 processes: {in_time:.0f} pairs/s (at least {FEWEST_PAIRS}), "
        f"{of_processor:.0f} a second of one processor{verdict(enough)}"
    )
    return 0 if fast and enough else 1


if __name__ == "__main__":
    sys.exit(main())
