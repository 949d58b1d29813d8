"""`python -m bench costs [--learners 1000000]`: what so many learners would take.

Each figure is an option with what was measured last (docs/performance.md); nothing is run. Prints
in Markdown what a year adds to the disk, what the busiest hour asks of processors, database and
network, and from how many learners on each part is more than one machine gives.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields

DAY_SECONDS, YEAR_WEEKS, DAYS_PER_WEEK = 86_400, 52, 7
GIGA, MILLION = 1e9, 1e6


@dataclass(frozen=True)
class Measured:
    """What one submission takes, what one machine gives, and how people play."""

    web_ms: float = 36
    """Processor milliseconds of web processes a submission, its pages and drafts included
    (`bench load`)."""
    scoring_ms: float = 10
    database_bytes: float = 2900
    """A submission's rows with their indexes on PostgreSQL: the database of `bench growth` ÷ its
    attempts."""
    read_bytes: float = 590
    """Of these what pages of many cases read: records and records of labels."""
    film_bytes: float = 1.6e6
    """A case's films as the browser fetches them (`bench films`)."""
    page_bytes: float = 60e3
    """Pages, drafts and feedback of a submission, compressed."""
    cases_a_week: float = 20
    """That a learner answers."""
    peak: float = 5
    """The busiest hour's rate by the average one."""
    cores: float = 16
    """Of one machine."""
    memory_bytes: float = 64e9
    """Of the database's machine."""
    disk_bytes: float = 4e12
    commits_a_second: float = 2000
    """That one disk takes, commits that share a write counted apart."""
    commits: float = 5
    """A submission's on PostgreSQL: attempt, two drafts, submission, result."""
    line_bits: float = 1e9
    """Of one machine's network a second."""


@dataclass(frozen=True)
class Cost:
    """One part: how much so many learners take of it, and how much one machine gives."""

    name: str
    takes: float
    gives: float
    unit: str

    def most(self, learners: float) -> float:
        """The learners that one machine's share is enough for."""
        return learners * self.gives / self.takes


def costs(learners: float, measured: Measured) -> list[Cost]:
    """What the busiest hour, and what a year, takes of each part."""
    a_week = learners * measured.cases_a_week
    a_second = measured.peak * a_week / (DAYS_PER_WEEK * DAY_SECONDS)
    a_year = a_week * YEAR_WEEKS
    line = measured.line_bits / GIGA
    of_films, of_pages = (
        8 * a_second * one / GIGA for one in (measured.film_bytes, measured.page_bytes)
    )
    return [
        Cost("submissions at the busiest hour", a_second, float("inf"), "/s"),
        Cost("films, egress", of_films, line, "Gbit/s"),
        Cost("pages, egress", of_pages, line, "Gbit/s"),
        Cost("web processes", a_second * measured.web_ms / 1000, measured.cores, "cores"),
        Cost("scoring processes", a_second * measured.scoring_ms / 1000, measured.cores, "cores"),
        Cost("commits", a_second * measured.commits, measured.commits_a_second, "/s"),
        Cost(
            "disk, a year",
            a_year * measured.database_bytes / GIGA,
            measured.disk_bytes / GIGA,
            "GB",
        ),
        Cost(
            "memory for records, a year",
            a_year * measured.read_bytes / GIGA,
            measured.memory_bytes / GIGA,
            "GB",
        ),
    ]


def table(learners: float, measured: Measured) -> str:
    rows = [
        f"| part | {learners:,.0f} learners take | one machine gives | enough for |",
        "| --- | ---: | ---: | ---: |",
    ]
    for cost in costs(learners, measured):
        gives, enough = "", ""
        if cost.gives != float("inf"):
            gives, enough = (
                f"{cost.gives:,.4g} {cost.unit}",
                f"{_round(cost.most(learners)):,} learners",
            )
        rows.append(f"| {cost.name} | {cost.takes:,.4g} {cost.unit} | {gives} | {enough} |")
    one = measured.cases_a_week * YEAR_WEEKS
    seconds = one * (measured.web_ms + measured.scoring_ms) / 1000
    stored = one * measured.database_bytes / MILLION
    films = one * measured.film_bytes / GIGA
    rows += [
        "",
        f"A learner a year: {one:,.0f} submissions, {stored:.1f} MB of rows, "
        f"{films:.1f} GB of films, {seconds:.0f} s of processors.",
    ]
    return "\n".join(rows)


def _round(number: float) -> int:
    """Two figures: more are not known."""
    return int(float(f"{number:.2g}"))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench costs", description=__doc__.split("\n")[0])
    parser.add_argument("--learners", type=float, default=MILLION)
    for field in fields(Measured):
        option = "--" + field.name.replace("_", "-")
        parser.add_argument(option, type=float, default=field.default)
    given = vars(parser.parse_args())
    print(table(given.pop("learners"), Measured(**given)))
    return 0
