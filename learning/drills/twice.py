"""Two films of one person: what is known to have changed between them, and what technique alone.

Such a case has its own film first and one of a prior study. What became of the finding says the
library (`Finding.progression`) or the row of a film that was made (`MadeFilm.change`), whose other
technique no library tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from cases.models import Case, Finding, Image
from cases.progressions import is_known, known
from learning.models import MadeFilm
from ml import taxonomy
from ml.simulate.changes import TECHNIQUES


@dataclass(frozen=True)
class Compared:
    """What is to be told of two films."""

    change: str
    """A word of `CHANGES`; empty where neither film shows a finding."""
    technique: str
    """A word of `TECHNIQUES`; empty where the films are of the same technique, or nobody knows."""
    findings: tuple[Finding, ...]
    """Of the later film: the one that `change` is of, or none."""
    before: tuple[dict[str, Any], ...]
    """What the earlier film shows, as `MadeFilm.before`; none where nobody marked it."""
    earlier: Image

    @property
    def is_changed(self) -> bool:
        return self.change not in ("", "unchanged")


def with_prior_film(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those whose first image is of this study, and that have a frontal film of a prior one."""
    own = Image.objects.filter(case=OuterRef("pk"), position=0, study=Image.Study.CURRENT)
    return cases.filter(Exists(own), Exists(_frontal_priors().filter(case=OuterRef("pk"))))


def _frontal_priors() -> QuerySet[Image]:
    frontal = (Image.View.PA, Image.View.AP, Image.View.FRONTAL)
    return Image.objects.filter(study=Image.Study.PRIOR, frames=1, view__in=frontal)


def of_change(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those that can be asked what has changed: two films, one finding, and that is known of it."""
    asked = Finding.objects.filter(case=OuterRef("pk")).exclude(label__in=taxonomy.variants())
    one = asked.order_by().values("case").annotate(n=Count("pk")).filter(n=1)
    told_of = asked.filter(is_known())
    gone = MadeFilm.objects.filter(case=OuterRef("pk"), change="gone", technique="")
    other = MadeFilm.objects.filter(case=OuterRef("pk")).exclude(technique="")
    told = Q(Exists(one) & Exists(told_of)) | Q(~Exists(asked) & Exists(gone))
    return with_prior_film(cases).filter(told).exclude(Exists(other))


def of_technique(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Those whose earlier film is known to be of another technique."""
    made = MadeFilm.objects.filter(case=OuterRef("pk"), technique__in=TECHNIQUES)
    return with_prior_film(cases).filter(Exists(made))


def compared(case: Case) -> Compared | None:
    """What two films of a case are known to differ in; None where that is not known (any more)."""
    earlier = _frontal_priors().filter(case=case).order_by("position").first()
    if earlier is None:
        return None
    film = MadeFilm.objects.filter(case=case).first()
    rows = case.findings.prefetch_related("regions__image")
    asked = tuple(one for one in rows if not taxonomy.is_variant(one.label))
    technique = film.technique if film else ""
    before = tuple(film.before) if film else ()
    if len(asked) > 1:
        return None
    if asked:
        change = known(asked[0].progression)
        return Compared(change, technique, asked, before, earlier) if change else None
    if film is None or film.change not in ("gone", ""):
        return None
    return Compared(film.change, technique, (), before, earlier)


def can_be_asked(case: Case, rule: str) -> bool:
    """Whether what the drill of this rule asks of two films is known of a case."""
    found = compared(case)
    if found is None:
        return False
    return bool(found.technique) if rule == MadeFilm.Purpose.MACHINE else bool(found.change)
