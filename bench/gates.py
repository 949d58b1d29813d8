"""`python -m bench gates`: whether each simulated case of the demo set passes every gate.

It ends with 1 when one does not. `--folder FOLDER` judges the ``cases.json`` there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ml.simulate import gates
from ml.simulate.verdicts import Verdict
from tests.game import ROOT

DEMO = ROOT / "cases" / "demo"
NAMED = 8
"""Cases named for a gate; of more the number is told."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench gates")
    parser.add_argument("--folder", type=Path, default=DEMO)
    folder = parser.parse_args().folder
    document = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    films = [case for case in document["cases"] if case["images"][0]["view"] != "CT"]
    verdicts = [verdict for case in films for verdict in gates.judge(case)]
    verdicts += gates.judge_set(films)
    Console(width=120).print(_table(verdicts, len(films)))
    return int(any(not verdict.passed for verdict in verdicts))


def _table(verdicts: list[Verdict], films: int) -> Table:
    by_gate: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        by_gate[verdict.gate].append(verdict)
    failing = {verdict.case for verdict in verdicts if not verdict.passed}
    table = Table(title=f"{films} films, {len(failing & {v.case for v in verdicts})} that fail")
    for name in ("gate", "judged", "fail", "which"):
        table.add_column(name, justify="right" if name in ("judged", "fail") else "left")
    for name in [*(gate.__name__ for gate in gates.GATES), "indications"]:
        wrong = [verdict for verdict in by_gate[name] if not verdict.passed]
        which = "; ".join(f"{v.case} {v.value} ({v.asked})" for v in wrong[:NAMED])
        if len(wrong) > NAMED:
            which += f"; and {len(wrong) - NAMED} more"
        table.add_row(name, str(len(by_gate[name])), str(len(wrong)), which)
    return table


if __name__ == "__main__":
    sys.exit(main())
