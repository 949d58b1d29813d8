"""Style of a learner's report: systematic coverage, and organization and language.

Each part is scored 0, 0.5 or 1, as the published game does (RadGame,
arXiv:2509.13270), but by rules that show their evidence. What the parts look for
is in `ml/data/style_regions.csv` and `ml/data/style_wording.csv`.
"""

from __future__ import annotations

from ml.style.coverage import coverage, coverage_part
from ml.style.model import Evidence, Part, Style
from ml.style.organization import organization_part

__all__ = ["Evidence", "Part", "Style", "coverage", "score"]


def score(text: str, language: str = "en") -> Style:
    """Score the style of a report; never raises, an empty text scores 0 in both parts.

    A language without tables is read with the English ones.
    """
    return Style(
        coverage=coverage_part(text, language), organization=organization_part(text, language)
    )
