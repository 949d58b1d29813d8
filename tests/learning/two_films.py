"""A case of two films of one person, as the worker leaves it for its learner."""

from __future__ import annotations

from cases.models import Case, Image
from learning.models import MadeFilm
from tests import factories
from tests.learning.endless.made import film_for

BEFORE = {
    "label": "nodule_mass",
    "sentence": "A round nodule of 13 mm was seen in the left upper zone.",
    "regions": [{"image": 1, "box": [0.6125, 0.2125, 0.6875, 0.2875]}],
}


def with_prior(case: Case) -> Image:
    return factories.ImageFactory(
        case=case, position=case.images.count(), study="prior", study_label="a year ago"
    )


def two_films(user, change: str, technique: str = "") -> Case:
    purpose = MadeFilm.Purpose.MACHINE if technique else MadeFilm.Purpose.CHANGE
    before = [] if change in ("new", "") else [BEFORE]
    case = film_for(
        user,
        purpose=purpose,
        change=change,
        technique=technique,
        before=before,
        recipe="nodule" if change else "",
    )
    with_prior(case)
    if change in ("gone", ""):
        case.findings.all().delete()
    else:
        case.findings.update(progression=change)
    return case
