"""Commands for researchers: ``python -m ml COMMAND < in.jsonl > out.jsonl``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from ml import jsonl

COMMANDS = {
    "localize": ("ml.localize", "score boxes and ticked findings against truth"),
    "extract": ("ml.findings", "findings of a report text"),
    "evaluate": ("ml.evaluate", "CRIMSON evaluation of a candidate report against a reference"),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ml",
        description="Reads one JSON object a line from standard input, writes one a line.",
        epilog="; ".join(f"{name}: {what}" for name, (_, what) in COMMANDS.items()),
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument(
        "--processes",
        type=int,
        default=1 if sys.stdin.isatty() else os.cpu_count() or 1,
        help="worker processes (default: one a core)",
    )
    options = parser.parse_args(arguments)
    module = importlib.import_module(COMMANDS[options.command][0])
    sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        jsonl.run(module.answer_line, sys.stdin, sys.stdout, options.processes)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
