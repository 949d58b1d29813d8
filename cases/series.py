"""Which series of a study learners see, and which comes first: what a curator chose stays."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from cases import history, scored
from cases.importers.base import (
    MOST_SERIES,
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    Item,
    Problem,
)
from cases.models import (
    Case,
    CaseChange,
    Dataset,
    Image,
    Region,
    SecondReading,
    StudySeries,
)
from cases.renditions import ImagePlan, carry_out

ASIDE = 10_000
"""Added to positions while they change, since no two may be the same."""
WITH_LEARNERS = (
    "Learners have the case already, and what they marked lies on its images as they are: "
    "upload the study under another title to show other series."
)
NOT_TAKEN = "A place of its truth lies on a series that is not taken; it was left out."


class CannotChoose(ValueError):
    """Why a case's series stay as they are; a sentence."""


@dataclass(frozen=True)
class Offered:
    """A series of a study as the desk tells of it."""

    key: str
    told: str
    number: str
    """Its own, from 0, of this list."""
    place: int
    """Where it is shown, from 1; 0 where it is not."""
    is_here: bool
    """Whether its images are in the library; others come with the next import of its files."""


def arranged(dataset: Dataset | None, item: Item, *, dry_run: bool = False) -> Item:
    """The case with the series that a curator chose, or those that its source would take.

    What the study came with is kept, so that the desk can offer it.
    """
    if isinstance(item, Problem) or not any(image.series for image in item.images):
        return item
    kept = StudySeries.objects.filter(dataset=dataset, source_key=item.key).first()
    known = [[one.series.key, one.series.told] for one in item.images if one.series]
    if dataset and not dry_run and (kept or len(known) > 1):
        kept = kept or StudySeries(dataset=dataset, source_key=item.key)
        if kept.known != known:
            kept.known = known
            kept.save()
    chosen = kept.chosen if kept else None
    there = {image.series.key: at for at, image in enumerate(item.images) if image.series}
    order = [there[key] for key in chosen or () if key in there]
    if not order:
        order = [at for at, image in enumerate(item.images) if not image.is_spare]
    return _with_images(item, order)


def _with_images(case: ImportedCase, order: Sequence[int]) -> ImportedCase:
    place = {before: now for now, before in enumerate(order)}
    problems = list(case.problems)

    def moved(finding: ImportedFinding) -> ImportedFinding:
        kept = [one for one in finding.regions if one.image in place]
        if len(kept) < len(finding.regions):
            problems.append(Problem(problems[0].where if problems else case.key[:8], NOT_TAKEN))
        return replace(finding, regions=tuple(replace(one, image=place[one.image]) for one in kept))

    findings = tuple(moved(one) for one in case.findings)
    unmapped = tuple(moved(one) for one in case.unmapped)
    images = tuple(replace(case.images[at], is_spare=False) for at in order)
    return replace(
        case,
        images=images,
        findings=findings,
        unmapped=unmapped,
        problems=tuple(dict.fromkeys(problems)),
    )


def align(case: Case, images: Sequence[ImportedImage]) -> None:
    """Put the stored stacks of a case into the order of imported ones, with all that lies on them.

    Those that are not among the imported ones come last. To be called in a transaction.
    """
    if not any(image.series for image in images):
        return
    names = [image.name for image in images]
    stored = list(case.images.all())
    there = [one for one in stored if one.source_name in names]
    if len({one.source_name for one in there}) < len(there):
        return
    wanted = {one.pk: names.index(one.source_name) for one in there}
    others = (one for one in stored if one.pk not in wanted)
    wanted |= {one.pk: len(names) + at for at, one in enumerate(others)}
    if any(one.position != wanted[one.pk] for one in stored):
        _place(case, stored, wanted)


def _place(case: Case, stored: Sequence[Image], wanted: Mapping[int, int]) -> None:
    """Give images their positions, and what is kept of places in words the same."""
    moves = {one.position: wanted[one.pk] for one in stored if one.pk in wanted}
    case.images.update(position=F("position") + ASIDE)
    for pk, position in wanted.items():
        Image.objects.filter(pk=pk).update(position=position)
    source = case.source_truth or {}
    readings = list(case.readings.all())
    read = [one for reading in readings for one in reading.findings]
    said = (*source.get("findings", ()), *source.get("before", ()), *case.before, *case.unmapped)
    for one in (*said, *read):
        kept = [place for place in one["regions"] if place["image"] in moves]
        one["regions"] = [place | {"image": moves[place["image"]]} for place in kept]
    case.save(update_fields=["source_truth", "before", "unmapped", "updated_at"])
    SecondReading.objects.bulk_update(readings, ["findings"])


def offered(case: Case) -> list[Offered]:
    """The series of a case's study, those that are taken first; none where there is one only."""
    kept = StudySeries.objects.filter(dataset=case.dataset_id, source_key=case.source_key).first()
    if kept is None:
        return []
    here = list(case.images.values_list("source_name", flat=True))
    words = dict(kept.known)
    taken = [key for key in (here if kept.chosen is None else kept.chosen) if key in words]
    order = [*taken, *(key for key in words if key not in taken)]
    places = dict(zip(taken, range(1, len(taken) + 1), strict=True))
    return [
        Offered(key, words[key], str(at), places.get(key, 0), key in here)
        for at, key in enumerate(order)
    ]


def in_order(places: Iterable[tuple[str, str]]) -> list[str]:
    """The keys of the series that a form gave a place, by place; each place with its key."""
    given = [(int(place), key) for place, key in places if place.isdecimal() and len(place) < 5]
    return [key for place, key in sorted(given, key=lambda one: one[0]) if place]


@transaction.atomic
def choose(*, case: Case, keys: Sequence[str], by: User) -> list[str]:
    """Have these series of a case shown, in this order; the words of those that are still to come.

    What is here changes at once; what is not comes with the next import of the same files.

    Raises:
        CannotChoose: none or too many, places of the truth lie on one that goes, or learners have
            opened the case.
    """
    case.refresh_from_db(from_queryset=Case.objects.select_for_update())
    kept = StudySeries.objects.filter(dataset=case.dataset_id, source_key=case.source_key).first()
    words = dict(kept.known) if kept else {}
    keys = [key for key in dict.fromkeys(keys) if key in words]
    if kept is None or not keys:
        raise CannotChoose("Choose at least one series.")
    if len(keys) > MOST_SERIES:
        raise CannotChoose(f"At most {MOST_SERIES} series of a case are shown: choose fewer.")
    if case.is_playable or scored.is_opened(case):
        raise CannotChoose(WITH_LEARNERS)
    _show(case, keys)
    kept.chosen, kept.by = keys, by
    kept.save()
    here = set(case.images.values_list("source_name", flat=True))
    said = "; ".join(words[key] for key in keys)
    history.note(case, CaseChange.What.CONTEXT, by=by, why=f"Series shown: {said}")
    return [words[key] for key in keys if key not in here]


def _show(case: Case, keys: Sequence[str]) -> None:
    stored = list(case.images.all())
    there = {one.source_name: one for one in stored}
    shown = [there[key] for key in keys if key in there]
    if not shown:
        raise CannotChoose(
            "None of these series is here yet: upload the study again to have them, or keep one "
            "that is here."
        )
    gone = [one for one in stored if one not in shown]
    if Region.objects.filter(image__in=gone).exists():
        raise CannotChoose("Findings have places on a series that would go: delete them first.")
    if _are_read_on(case, {one.position for one in gone}):
        raise CannotChoose(
            "A second reader has places on a series that would go: settle what differs first."
        )
    wanted = {one.pk: at for at, one in enumerate(shown)}
    _place(case, stored, wanted)
    for one in gone:
        carry_out(ImagePlan(one, {}), case.pk, [])


def _are_read_on(case: Case, positions: Container[int]) -> bool:
    """Whether a second reading that waits to be settled has places on one of these images."""
    waiting = case.readings.filter(version=case.version, settled_at=None)
    return any(
        place["image"] in positions
        for reading in waiting
        for one in reading.findings
        for place in one["regions"]
    )


def keep_choices(
    dataset: Dataset, choices: Mapping[str, Any], by: User | None
) -> Iterator[tuple[str, str]]:
    """Keep which series of studies are taken, before the studies come in; tells of which not."""
    for source_key, keys in choices.items():
        case = Case.objects.filter(dataset=dataset, source_key=source_key).first()
        if case and (case.is_playable or scored.is_opened(case)):
            yield source_key, WITH_LEARNERS
            continue
        StudySeries.objects.update_or_create(
            dataset=dataset, source_key=source_key, defaults={"chosen": keys, "by": by}
        )


def kept_choices(dataset: Dataset | None, source_keys: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """What was chosen of these studies before."""
    found = StudySeries.objects.filter(dataset=dataset, source_key__in=source_keys)
    yield from found.exclude(chosen=None).values_list("source_key", "chosen")
