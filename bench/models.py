"""RadGraph and CheXbert on the processor against the code they come from, on the same weights.

``python -m bench.models``: full-size networks of random weights (written to a temporary
folder), reports of the Open-I archive or a few written ones where it is absent, a vocabulary of
their words. Sixteen reports at a time: each another one, and sixteen learners' reports against one
reference as in the game. Theirs is the `radgraph` package as it is, and for CheXbert the
published labeler (padded to the longest of the sixteen) and one report a pass, as the
package `f1chexbert` does. One thread, and processor seconds, so that other work beside it counts
less.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.evaluate_speed import WRITTEN
from bench.openi import ARCHIVE, reports
from ml.models import ModelProblem
from ml.models.packages import require_packages
from tests.checkpoints import FULL, chexbert_folder, published_chexbert, radgraph_folder

REPORTS = 16
ROUNDS = 5
CLOSE = 1e-5
LEAST_TIMES = 2
"""How many times as many reports a second as theirs are asked for."""
VOCABULARY = 20_000


def texts() -> list[str]:
    found = [report.text for report in islice(reports(), REPORTS)] if ARCHIVE.exists() else []
    return found or [f"{text} {WRITTEN[n % 3]}" for n, text in enumerate(WRITTEN * 6)][:REPORTS]


def vocabulary() -> list[str]:
    """Words of the reports, the frequent ones first: about as many pieces a word as in life."""
    many = [r.text for r in islice(reports(), 500)] if ARCHIVE.exists() else WRITTEN
    counted = Counter(word for text in many for word in re.findall(r"\w+", text.lower()))
    return [word for word, _ in counted.most_common(VOCABULARY)]


def seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def compared(theirs: Callable[[], Any], ours: Callable[[], Any]) -> tuple[float, float]:
    """Processor seconds of each, the median of rounds that take turns."""
    theirs(), ours()
    rounds = [(seconds(theirs), seconds(ours)) for _ in range(ROUNDS)]
    return statistics.median(r[0] for r in rounds), statistics.median(r[1] for r in rounds)


def radgraph_rows(folder: Path, found: Sequence[str]) -> list[tuple[str, int, float, float]]:
    from ml.radgraph.batched import BatchedModel
    from ml.radgraph.loading import load

    package = load(folder, "cpu")
    model = BatchedModel(package, REPORTS)
    wanted = package(list(found))
    if [wanted[str(n)] for n in range(len(found))] != model.annotations(found):
        raise SystemExit("RadGraph: the graphs differ from the package's")
    one = [found[0]]
    others = [*found[1:], f"{found[0]} Stable.", *one]
    return [
        (
            "RadGraph, 16 reports",
            REPORTS,
            *compared(lambda: package(list(found)), lambda: model.annotations(found)),
        ),
        (
            "RadGraph, 16 against one reference (theirs reads it 16 times, ours once)",
            REPORTS,
            *compared(
                lambda: package([*found, *one * REPORTS]),
                lambda: model.annotations(others),
            ),
        ),
    ]


def chexbert_rows(folder: Path, found: Sequence[str]) -> list[tuple[str, int, float, float]]:
    from ml.chexbert.network import Network

    published = published_chexbert(folder)
    network = Network(folder, "cpu", REPORTS)
    wanted = published(list(found))
    worst = max(
        float((wanted[n][place] - row[n]).abs().max())
        for place, row in enumerate(network.scores(found))
        for n in range(len(row))
    )
    print(f"CheXbert: the largest difference of a score is {worst:.1e}")
    if worst > CLOSE:
        raise SystemExit("CheXbert: the scores differ from the published code's")
    one = [found[0]]
    others = [*found[1:], f"{found[0]} Stable.", *one]
    return [
        (
            "CheXbert, 16 reports (published labeler)",
            REPORTS,
            *compared(lambda: published(list(found)), lambda: network.scores(found)),
        ),
        (
            "CheXbert, 16 reports (one a pass)",
            REPORTS,
            *compared(lambda: [published([t]) for t in found], lambda: network.scores(found)),
        ),
        (
            "CheXbert, 16 against one reference (one a pass; theirs 16 times, ours once)",
            REPORTS,
            *compared(
                lambda: [published([t]) for t in [*found, *one * REPORTS]],
                lambda: network.scores(others),
            ),
        ),
    ]


def show(rows: Sequence[tuple[str, int, float, float]]) -> int:
    """Print the table; 1 when ours is not as many times faster as asked, else 0."""
    code = 0
    table = Table(title="Reports a processor second", title_justify="left")
    for name in ("", "theirs", "ours", "times", "asked for"):
        table.add_column(name, justify="left" if not name else "right")
    for name, number, theirs, ours in rows:
        times = theirs / ours
        is_met = times >= LEAST_TIMES
        code = max(code, int(not is_met))
        verdict = f"{LEAST_TIMES}: {'ok' if is_met else 'not met'}"
        table.add_row(
            name, f"{number / theirs:.2f}", f"{number / ours:.2f}", f"{times:.2f}", verdict
        )
    Console(width=120).print(table)
    return code


def main() -> int:
    try:
        require_packages()
    except ModelProblem as problem:
        print(problem)
        return 1
    import torch

    torch.set_num_threads(1)
    found, words = texts(), vocabulary()
    with tempfile.TemporaryDirectory(prefix="radgame-bench-") as made:
        folder = Path(made)
        rows = radgraph_rows(radgraph_folder(folder / "radgraph", FULL, words), found)
        rows += chexbert_rows(chexbert_folder(folder / "chexbert", FULL, words), found)
    return show(rows)


if __name__ == "__main__":
    sys.exit(main())
