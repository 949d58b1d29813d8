"""`python -m bench [NAME …]`: run the named measurements, or all; see each module for more."""

from __future__ import annotations

import importlib
import sys

NAMES = (
    "game",
    "localize_rules",
    "openi_coding",
    "injection",
    "radpref",
    "evaluate_speed",
    "models",
    "simulate",
)


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in NAMES]:
        print(f"no measurement called {', '.join(unknown)}; there are {', '.join(NAMES)}")
        return 2
    worst = 0
    for name in names or NAMES:
        print(f"\n== bench.{name} ==", flush=True)
        sys.argv = [f"bench.{name}"]  # each reads its own options
        worst = max(worst, importlib.import_module(f"bench.{name}").main() or 0)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
