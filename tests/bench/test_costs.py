"""What many learners would take is worked out from what one submission takes."""

from __future__ import annotations

import pytest

from bench.costs import Measured, costs, table

pytestmark = pytest.mark.pure

WEEK = 7 * 86_400
PLAIN = Measured(
    **{"web_ms": 20, "scoring_ms": 10, "database_bytes": 1000, "read_bytes": 100},
    **{"film_bytes": 1e6, "page_bytes": 1e4, "cases_a_week": 10, "peak": 2},
    **{"cores": 4, "memory_bytes": 1e9, "disk_bytes": 1e10, "commits_a_second": 100},
    **{"commits": 5, "line_bits": 1e9},
)


def test_a_worked_example():
    """WEEK learners with 10 cases a week and a busiest hour of twice the average: 20 a second."""
    takes = {cost.name: cost.takes for cost in costs(WEEK, PLAIN)}
    assert takes == pytest.approx(
        {
            "submissions at the busiest hour": 20,
            "films, egress": 0.16,
            "pages, egress": 0.0016,
            "web processes": 0.4,
            "scoring processes": 0.2,
            "commits": 100,
            "disk, a year": WEEK * 520 * 1000 / 1e9,
            "memory for records, a year": WEEK * 520 * 100 / 1e9,
        }
    )


def test_what_one_machine_is_enough_for_takes_all_that_it_gives():
    for cost in costs(1000, PLAIN)[1:]:
        at_most = {one.name: one for one in costs(cost.most(1000), PLAIN)}[cost.name]
        assert at_most.takes == pytest.approx(cost.gives)


def test_the_table_says_it_in_round_numbers():
    told = table(WEEK, PLAIN)
    assert "| commits | 100 /s | 100 /s | 600,000 learners |" in told
    assert "A learner a year: 520 submissions, 0.5 MB of rows, 0.5 GB of films, 16 s" in told
