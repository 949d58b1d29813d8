"""Time of one extraction and one evaluation, and pairs a second through the command line.

``python -m bench.evaluate_speed``: report pairs are neighbors in the Open-I archive, or
a few written ones where the archive is absent.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from bench.openi import ARCHIVE, reports
from ml import evaluate, findings

PAIRS = 600
LINES = 3000
WARM_UP = 20
WRITTEN = [
    "The heart is enlarged. Small right pleural effusion. No pneumothorax.",
    "Mild left basilar atelectasis. The heart is normal in size. No acute osseous abnormality.",
    "Consolidation in the right lower lobe suggests pneumonia. Degenerative changes of the spine.",
]

LONG = 100_000
"""Characters of a text that repeats one piece: no piece may make reading slow."""
SHAPES = (
    *("No effusion, ", "no effusion or ", "possible nodule, ", "cannot exclude ", "likely "),
    *("left right ", "in the right lower lobe ", ", ", "; ", "\n", "1. nodule\n", "and ", "or "),
    *("effusion ", "effusion, nodule, ", "nodule and ", "mass or nodule or ", "8 mm nodule "),
    *("no nodule and no mass and ", "Effusion: no, ", "tube tip ", "is not seen ", "with "),
    *("ETT tip 4 cm above the carina, ", "right 8 mm nodule, left 9 mm nodule, ", "8 mm "),
    *("right lower lobe opacity. ", "No effusion. ", "rib 7 fracture ", "a "),
)


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


def seconds_of(piece: str, length: int = LONG) -> tuple[float, float]:
    """Processor seconds to read a text of one repeated piece, and to evaluate it."""
    text = (piece * (length // len(piece) + 1))[:length]
    start = time.process_time()
    findings.extract(text)
    read = time.process_time()
    evaluate.evaluate(WRITTEN[0], text)
    return read - start, time.process_time() - read


def command_line(pairs: list[tuple[str, str]], processes: int) -> float:
    """Pairs a second of ``python -m ml evaluate``, start included."""
    lines = "".join(
        json.dumps({"id": number, "reference": a, "candidate": b}) + "\n"
        for number, (a, b) in zip(range(LINES), pairs * (LINES // len(pairs) + 1), strict=False)
    )
    root = Path(__file__).resolve().parents[1]
    start = time.perf_counter()
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
    return LINES / seconds


def main() -> int:
    found = texts()
    pairs = list(pairwise(found))
    print(f"one extraction: {summary(milliseconds(findings.extract, [(t,) for t in found]))}")
    print(f"one evaluation: {summary(milliseconds(evaluate.evaluate, pairs))}")
    slow = {piece: seconds_of(piece) for piece in SHAPES}
    for place, what in enumerate(("read", "evaluated")):
        worst = max(slow, key=lambda piece: slow[piece][place])
        print(f"100 kB of one piece {what}: at most {slow[worst][place]:.2f} s ({worst!r})")
    print(f"command line, 2 processes: {command_line(pairs, 2):.0f} pairs/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
