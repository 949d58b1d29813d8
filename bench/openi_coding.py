"""Extraction against the human coding of the Open-I reports: ``python -m bench.openi_coding``.

The coders gave each report headings such as ``Pulmonary Atelectasis/base/left/mild``.
``bench/mesh_labels.csv`` says which labels a heading decides, and which it leaves open: a dense
area that is coded `Opacity` may be called an infiltrate in the report, a blunted angle may or may
not be fluid. A label left open by a report's coding is set aside for that report. So is
every report without coding.

Cross-validated: the reports of a block of numbers are read with only those rows of the tables
that some other block has a use for, so that what was written for one report of the block does not
help it.

A label counts as extracted when the report states it or calls it probable; what is only possible
the coders coded about half of the time. The summary gives the other two ways to count as well.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.openi import ARCHIVE, OpenIReport, reports
from ml import findings
from ml.findings import reading
from ml.findings.lexicon import MASK, lexicon
from ml.findings.model import Finding
from ml.findings.patterns import longest
from ml.findings.reading import ReadSentence

TABLE = Path(__file__).parent / "mesh_labels.csv"
WORDS = lexicon("en", masked=True)
UNCODED = {"No Indexing"}
BLOCK = 800
"""Report numbers of one block."""
FEWEST = 10
"""Reports with a label for it to count in the macro average."""
SIDES = ("left", "right", "bilateral")
COUNTED: dict[str, Callable[[Finding], bool]] = {
    "stated": lambda item: item.presence == "present",
    "stated or probable": lambda item: item.presence == "present" or item.certainty == "probable",
    "stated, probable or possible": lambda item: item.presence != "absent",
}
HEADLINE = "stated or probable"


@dataclass(frozen=True)
class Coding:
    """What the codes of one report say."""

    present: frozenset[str]
    open: frozenset[str]
    """Labels that may or may not be present."""
    sides: dict[str, frozenset[str]]
    """Label → sides of its codes; an empty string stands for a code without one."""


@dataclass
class Counts:
    """Agreement on one label."""

    hits: int = 0
    extra: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def coded(self) -> int:
        return self.hits + len(self.lost)

    @property
    def f1(self) -> float:
        total = 2 * self.hits + len(self.extra) + len(self.lost)
        return 2 * self.hits / total if total else 1.0


@cache
def _rows() -> dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]]:
    found: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {}
    with TABLE.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            labels, undecided = (
                tuple(part for part in row[key].split("|") if part)
                for key in ("labels", "undecided")
            )
            found.setdefault(row["heading"], []).append((row["needs"], labels, undecided))
    return found


@cache
def judged() -> tuple[str, ...]:
    """The labels that some heading decides, in the order of the table."""
    labels = (label for rows in _rows().values() for row in rows for label in row[1])
    return tuple(dict.fromkeys(labels))


def coding_of(codes: Iterable[str]) -> Coding:
    """The labels of a report's codes; a heading counts by its first row that fits."""
    present: set[str] = set()
    undecided: set[str] = set()
    sides: dict[str, set[str]] = {}
    for code in codes:
        heading, *attributes = code.split("/")
        for needs, labels, left_open in _rows().get(heading, ()):
            if needs and needs not in attributes:
                continue
            present.update(labels)
            undecided.update(left_open)
            for label in labels:
                said = [side for side in SIDES if side in attributes]
                sides.setdefault(label, set()).update(said or [""])
            break
    return Coding(
        frozenset(present),
        frozenset(undecided - present),
        {label: frozenset(said) for label, said in sides.items()},
    )


def sides_of(found: Iterable[Finding], label: str) -> frozenset[str]:
    """The sides that the text names for a label, both as `bilateral`."""
    sides = {item.side for item in found if item.label == label} - {"", "midline"}
    return frozenset({"bilateral"} if len(sides) > 1 else sides)


@dataclass
class Result:
    """All counts of one way to count."""

    counted: str
    counts: dict[str, Counts] = field(default_factory=dict)
    sides_right: int = 0
    sides_wrong: list[str] = field(default_factory=list)
    reports: int = 0
    set_aside: int = 0

    def add(self, report: OpenIReport, extracted: Iterable[Finding]) -> None:
        coding = coding_of(report.codes)
        counts_as_found = COUNTED[self.counted]
        found = [item for item in extracted if counts_as_found(item)]
        said = {item.label for item in found}
        self.reports += 1
        for label in judged():
            if label in coding.open:
                self.set_aside += 1
                continue
            counts = self.counts.setdefault(label, Counts())
            coded = label in coding.present
            if coded and label in said:
                counts.hits += 1
                self._add_side(report, coding, found, label)
            elif coded:
                counts.lost.append(report.id)
            elif label in said:
                counts.extra.append(report.id)

    def _add_side(
        self, report: OpenIReport, coding: Coding, found: list[Finding], label: str
    ) -> None:
        coded = coding.sides[label]
        if coded not in ({"left"}, {"right"}):
            return
        if sides_of(found, label) == coded:
            self.sides_right += 1
        else:
            self.sides_wrong.append(f"{label} {report.id}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", default="", help="print the disagreements of a label, or sides")
    options = parser.parse_args()
    if not ARCHIVE.exists():
        print(f"skipped: {ARCHIVE} is absent", file=sys.stderr)
        return 0
    results = [Result(counted) for counted in COUNTED]
    unmasked = Result(HEADLINE)
    blocks: dict[int, Result] = {}
    members: dict[int, list[OpenIReport]] = {}
    texts = {}
    for report in reports():
        if not UNCODED & set(report.codes):
            texts[report.id] = report
            extracted = findings.extract(report.text)
            unmasked.add(report, findings.extract(report.text.replace(MASK, MASK.title())))
            number = int(re.sub(r"\D", "", report.id)) // BLOCK
            block = blocks.setdefault(number, Result(HEADLINE))
            members.setdefault(number, []).append(report)
            for result in (*results, block):
                result.add(report, extracted)
    headline = results[list(COUNTED).index(HEADLINE)]
    _print_labels(headline)
    print(f"reports {headline.reports}, label decisions set aside {headline.set_aside}")
    for result in results:
        _print(result)
    print(f"without the rows for removed words: micro-F1 {micro_f1(unmasked):.4f}")
    _print_blocks([blocks[number] for number in sorted(blocks)])
    crossed = cross_validated([members[number] for number in sorted(members)])
    print(f"cross-validated by these blocks: micro-F1 {micro_f1(crossed):.4f}")
    print(f"  gap {micro_f1(headline) - micro_f1(crossed):.4f}")
    _show(headline, texts, options.show)
    return 0


def cross_validated(blocks: Sequence[Sequence[OpenIReport]]) -> Result:
    """Each block read with the rows that matched in another one."""
    read = [[(report, _matched(report.text)) for report in block] for block in blocks]
    used = [{row for _, found in block for row in _rows_of(found)} for block in read]
    result = Result(HEADLINE)
    for place, block in enumerate(read):
        allowed = set().union(*used[:place], *used[place + 1 :])
        for report, found in block:
            result.add(report, findings.stated_in(_only(found, allowed), WORDS))
    return result


def _matched(text: str) -> list[ReadSentence]:
    """The sentences of a text with every match, none set aside for a longer one."""
    return [
        ReadSentence(
            sentence.tokens,
            WORDS.terms.find(sentence.words),
            WORDS.cues.find(sentence.words),
            WORDS.modifiers.find(sentence.words),
        )
        for sentence in reading.read(text, "en")
    ]


def _rows_of(sentences: Iterable[ReadSentence]) -> Iterator[int]:
    for item in sentences:
        for matches in (item.terms, longest(item.cues), longest(item.modifiers)):
            yield from (id(match.value) for match in matches)


def _only(sentences: Iterable[ReadSentence], allowed: set[int]) -> list[ReadSentence]:
    return [
        ReadSentence(
            item.tokens,
            [match for match in item.terms if id(match.value) in allowed],
            longest([match for match in item.cues if id(match.value) in allowed]),
            longest([match for match in item.modifiers if id(match.value) in allowed]),
        )
        for item in sentences
    ]


def _print_blocks(blocks: Sequence[Result]) -> None:
    """Micro-F1 of each block of report numbers: how far it swings within one corpus."""
    figures = [micro_f1(block) for block in blocks]
    print(f"blocks of {BLOCK} report numbers: {' '.join(f'{figure:.3f}' for figure in figures)}")
    print(f"  gap between the best and the worst block {max(figures) - min(figures):.3f}")


def micro_f1(result: Result) -> float:
    """Micro-F1 over all labels."""
    hits = sum(counts.hits for counts in result.counts.values())
    wrong = sum(len(counts.extra) + len(counts.lost) for counts in result.counts.values())
    return 2 * hits / (2 * hits + wrong) if hits or wrong else 1.0


def _print_labels(result: Result) -> None:
    for label, counts in sorted(result.counts.items(), key=lambda item: item[1].f1):
        print(
            f"{label:24s} reports {counts.coded:4d}  extra {len(counts.extra):3d}"
            f"  lost {len(counts.lost):3d}  F1 {counts.f1:.3f}"
        )


def _print(result: Result) -> None:
    everything = result.counts.values()
    frequent = [counts.f1 for counts in everything if counts.coded >= FEWEST]
    sides = result.sides_right + len(result.sides_wrong)
    print(f"found = {result.counted}")
    print(f"  micro-F1 {micro_f1(result):.4f}")
    print(f"  macro-F1 {sum(frequent) / len(frequent):.4f} over {len(frequent)} labels")
    print(f"  side right {result.sides_right / sides:.4f} of {sides} with one side coded")


def _show(result: Result, texts: dict[str, OpenIReport], what: str) -> None:
    if what == "sides":
        lines = result.sides_wrong
    elif what:
        counts = result.counts[what]
        lines = [f"+ {name}" for name in counts.extra] + [f"- {name}" for name in counts.lost]
    else:
        return
    for line in lines:
        report = texts[line.split()[-1]]
        print(f"\n{line} {list(report.codes)}\n  {report.text}")


if __name__ == "__main__":
    sys.exit(main())
