"""`python -m bench [NAME …]`: run the named measurements, or all; see each module for more.

`python -m bench NAME OPTION …` gives one of them its own options. First it prints day, commit and
machine, for whoever keeps a table (docs/benchmarks.md). It ends with 1 when a figure is not what is
asked of it.
"""

from __future__ import annotations

import importlib
import sys

from bench import circumstances

NAMES = (
    "first_run",
    "game",
    "localize_rules",
    "attending",
    "openi_coding",
    "injection",
    "radpref",
    "report_reading",
    "evaluate_speed",
    "models",
    "films",
    "pages",
    "imports",
    "simulate",
    "gates",
    "through",
    "classroom",
    "choosing",
    "learners",
    "threshold",
    "waiting",
    "people",
)
BY_NAME_ONLY = (
    *("constant_texts", "load", "growth", "mutation", "images", "deidentification", "faults"),
    "costs",
)
"""They take long, several GB, or packages of their own; `faults` kills processes, wipes queues,
mounts a small disk; `costs` measures nothing."""


def main(arguments: list[str]) -> int:
    first_option = next((n for n, word in enumerate(arguments) if word.startswith("-")), None)
    names, options = arguments[:first_option], arguments[len(arguments[:first_option]) :]
    known = (*NAMES, *BY_NAME_ONLY)
    if unknown := [name for name in names if name not in known]:
        print(f"no measurement called {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    if options and len(names) != 1:
        print(f"options ({' '.join(options)}) are those of one measurement: name one")
        return 2
    print(circumstances.told(), flush=True)
    worst = 0
    for name in names or NAMES:
        print(f"\n== bench.{name} ==", flush=True)
        sys.argv = [f"bench.{name}", *options]
        worst = max(worst, importlib.import_module(f"bench.{name}").main() or 0)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
