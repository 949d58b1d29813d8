"""What became of an import: counted, in lines, as a table and as JSON."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

from cases.importers import DatasetInfo, Problem
from cases.importers.base import Removed
from cases.services import Imported
from cases.storing import Stored

SKIPPED, ABSENT, REVIEW, PARTS = "skipped", "not here", "held for review", "parts left out"
ROWS = (*(stored.value for stored in Stored), SKIPPED, ABSENT, REVIEW)
"""Every case is counted in one of them, and once more in the last when it waits for a curator."""
UNMAPPED = 30
"""Unknown labels named in the summary; the report names all."""
REMOVED = "elements of headers removed"
KINDS = {"case": SKIPPED, "absent": ABSENT, "part": PARTS, "removed": REMOVED}


@dataclass
class Tally:
    """The count of an import that may end at any time."""

    info: DatasetInfo
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    kept: list[Imported] = field(default_factory=list)
    unmapped: Counter[str] = field(default_factory=Counter)
    """Labels that the taxonomy has not, by the number of cases."""
    removed: Counter[str] = field(default_factory=Counter)
    """What of headers may tell who somebody is and was not kept, by the keyword of DICOM."""
    seconds: float = 0.0
    stopped: str = ""
    """Why it ended before its end, as a sentence."""

    def count(self, outcome: Imported | Problem) -> None:
        if isinstance(outcome, Problem):
            self.problems.append(outcome)
            self.counts[KINDS[outcome.kind]] += outcome.count
            if isinstance(outcome, Removed):
                self.removed.update(outcome.elements)
            return
        self.counts[outcome.stored.value] += 1
        self.counts[REVIEW] += outcome.in_review
        self.unmapped.update(outcome.unmapped)
        if outcome.kept:
            self.kept.append(outcome)

    @property
    def imported(self) -> int:
        """Cases that are in the library, or would be."""
        return sum(self.counts[stored.value] for stored in Stored)

    def lines(self) -> list[str]:
        """A line for everything left out, and one for every case kept as a person corrected it."""
        return [
            *(f"{problem.where}: {problem.sentence}" for problem in self.problems),
            *(f"{one.key}: {one.kept}" for one in self.kept),
        ]

    def table(self, *, dry_run: bool) -> str:
        table = Table(title=f"{self.info.title}{' (dry run: nothing stored)' if dry_run else ''}")
        table.add_column("Cases")
        table.add_column("Number", justify="right")
        for name in ROWS:
            table.add_row(name, f"{self.counts[name]:,}")
        text = io.StringIO()
        Console(file=text, width=80).print(table)
        return text.getvalue()

    def last_line(self) -> str:
        parts = f"{self.counts[PARTS]:,} parts of cases left out or in doubt"
        held = self.counts[REVIEW]
        wait = f"; {held:,} cases wait in review, each with its reasons" if held else ""
        return f"{parts}{wait}; {self.seconds:.1f} s.{self._unknown()}"

    def _unknown(self) -> str:
        if not self.unmapped:
            return ""
        named = ", ".join(f"{name} ({n:,})" for name, n in self.unmapped.most_common(UNMAPPED))
        return f"\nLabels that the taxonomy has not: {named}."

    def as_json(self) -> str:
        document = {
            "dataset": self.info.slug,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            **{name.replace(" ", "_"): self.counts[name] for name in (*ROWS, PARTS)},
            "kept": [{"where": one.key, "sentence": one.kept} for one in self.kept],
            "unmapped": dict(self.unmapped.most_common()),
            "removed": dict(self.removed.most_common()),
            "problems": [asdict(problem) for problem in self.problems if problem.kind != "removed"],
        }
        return json.dumps(document, indent=1, ensure_ascii=False)
