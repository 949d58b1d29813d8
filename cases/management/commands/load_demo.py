"""Load what the library lacks of the demo cases; `manage.py play` runs this beside the game."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser, OutputWrapper

from cases import demo_set
from cases.priority import stand_back

TOLD_EVERY = 12
"""Cases between two lines of progress where no terminal can show a line that changes."""


def progress_on(
    out: OutputWrapper, there: int, total: int, what: str = "Demo cases"
) -> Callable[[int], None]:
    """A function that tells how many are done, beside the `there` of before it.

    On a terminal it is one line that changes, elsewhere a line a dozen.
    """

    def tell(done: int) -> None:
        now = there + done
        line = f"{what}: {now} of {total}"
        if out.isatty():
            out.write(f"\r{line} ", ending="\r" if now < total else "\r\033[K")
            out.flush()
        elif now % TOLD_EVERY == 0 and now < total:
            out.write(line)
            out.flush()

    return tell


class Command(BaseCommand):
    help = "Load the demo cases that the library lacks; run again, it goes on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=demo_set.FOLDER, help="of the set")
        parser.add_argument("--nice", type=int, default=0, help="how far to stand back (0 to 19)")

    def handle(self, *, folder: Path, nice: int, **options: Any) -> None:
        stand_back(nice)
        # So that a request to end leaves no decoding process behind.
        before = signal.signal(signal.SIGTERM, _interrupt)
        try:
            self.load(folder)
        except KeyboardInterrupt:
            self.say("The demo cases are not all loaded; the next start goes on.")
        except demo_set.DemoProblem as problem:
            self.say(f"The demo cases could not be loaded: {problem}")
        finally:
            signal.signal(signal.SIGTERM, before)

    def load(self, folder: Path) -> None:
        lacking = demo_set.missing(folder)
        if not lacking:
            return
        cases = [*lacking.first, *lacking.rest]
        progress = progress_on(self.stdout, lacking.total - len(cases), lacking.total)
        loaded = demo_set.load(cases, progress, folder) if cases else 0
        if loaded == len(cases):
            self.say(f"All {lacking.total} demo cases are loaded.")
            if retired := demo_set.retire(lacking.outdated):
                self.say(f"{retired} cases of an earlier demo set were retired; attempts stay.")
        else:
            self.say(f"{len(cases) - loaded} of {lacking.total} demo cases could not be loaded.")

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
