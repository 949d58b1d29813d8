"""Within which margin two sizes say the same, by what is measured."""

from __future__ import annotations

SMALL_MM, SMALL_MARGIN_MM = 6.0, 2.0
MASS_MM, NODULE_MARGIN_MM = 30.0, 4.0
MASS_MARGIN = 0.20
SPREAD_MARGIN_MM, SPREAD_MARGIN = 10.0, 0.40


def within_margin(reference_mm: float, candidate_mm: float) -> bool:
    """Whether two sizes say the same: 2 mm below 6 mm, 4 mm up to 3 cm, 20 % above.

    A mass (3 cm or more) that is called smaller than 3 cm is never within the margin,
    as it is then called a nodule.
    """
    gap = abs(reference_mm - candidate_mm)
    if reference_mm < SMALL_MM:
        return gap <= SMALL_MARGIN_MM
    if reference_mm < MASS_MM:
        return gap <= NODULE_MARGIN_MM
    return gap <= MASS_MARGIN * reference_mm and candidate_mm >= MASS_MM


def within_spread(reference_mm: float, candidate_mm: float) -> bool:
    """Whether two depths of air or fluid say the same: they change with posture and breath."""
    gap = abs(reference_mm - candidate_mm)
    return gap <= max(SPREAD_MARGIN_MM, SPREAD_MARGIN * reference_mm)


def millimeters(size: float) -> str:
    """A size in words: centimeters from 1 cm on."""
    return f"{size / 10:g} cm" if size >= 10 else f"{size:g} mm"
