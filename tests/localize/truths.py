"""What a case holds as truth, to compare it with what came back from a file."""

from __future__ import annotations

from cases.models import Case


def places(case: Case, *, digits: int) -> list[tuple[object, ...]]:
    """Each region with its finding, its box rounded to so many digits, in one order."""
    return sorted(
        (
            *(finding.label, finding.side, region.shape, region.alternate),
            *(round(side, digits) for side in region.box),
        )
        for finding in case.findings.all()
        for region in finding.regions.all()
    )
