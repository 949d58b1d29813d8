"""Double reading: a second curator reads a case blind, and what differs is settled on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from cases import history
from cases.curating import Draft, DraftFinding, Refused
from cases.models import Case, CaseChange, Finding, Image, Region, SecondReading
from cases.services import correcting
from ml import taxonomy
from ml.boxes import as_boxes, iou_matrix

SAME_PLACE = 0.5
"""Overlap (IoU) from which two readers' boxes are one place without a word."""
SAME_FINDING = 0.1
"""Overlap from which two places with one label are of the same finding."""
NEAR_SLICES = 2
"""How far apart slices may be on which two readers draw the same; scoring takes as many."""
READER = "second"


@dataclass(frozen=True)
class Place:
    """Where one of the readers has a finding."""

    image: int
    """Its position in the case."""
    frame: int
    box: tuple[float, ...]
    points: tuple[tuple[float, ...], ...] = ()
    is_outline: bool = False
    is_second: bool = False
    """Whether it is the second reader's."""


@dataclass(frozen=True)
class Difference:
    """One finding that the two readers do not give alike."""

    key: str
    """``first-ID``, ``second-N`` or ``both-ID-N``: what is decided by this name."""
    sentence: str
    choices: tuple[tuple[str, str], ...]
    """What may be decided, and in words; the first is what stands unless decided."""
    places: tuple[Place, ...] = ()
    """Where either reader has it."""


def is_wanted(case: Case) -> bool:
    """Whether the case waits for a second reading of its truth before it is published."""
    return case.dataset.needs_second_reading and not case.is_playable and not is_settled(case)


def is_settled(case: Case) -> bool:
    """Whether a second reading of the truth that the case has now is settled."""
    return case.readings.filter(settled_version=case.version).exists()


def why_not(case: Case, reader: User) -> str:
    """Why this curator cannot be the second reader, as a sentence; empty when they can."""
    drew = case.changes.filter(what=CaseChange.What.TRUTH, by=reader).exists()
    if drew or case.edited_by_id == reader.pk:
        return "You drew this truth: the second reader is another curator."
    if case.readings.filter(version=case.version).exists():
        return "This truth was read a second time already."
    if not is_wanted(case):
        return "It waits for no second reading."
    return ""


@transaction.atomic
def keep_reading(*, case: Case, draft: Draft, by: User) -> SecondReading:
    """Store what the second reader drew; settled at once where nothing differs.

    Raises:
        Refused: this curator cannot be the second reader, or somebody was faster.
    """
    case.refresh_from_db(from_queryset=Case.objects.select_for_update())
    problem = why_not(case, by)
    if problem:
        raise Refused(problem)
    findings = [_kept(finding) for finding in draft.findings]
    try:
        with transaction.atomic():
            reading = SecondReading.objects.create(
                case=case, version=case.version, findings=findings, by=by
            )
    except IntegrityError:
        raise Refused("This truth was read a second time already.") from None
    alike = not differences(case, reading)
    history.note(
        case, CaseChange.What.READING, by=by, why="Both agree" if alike else "The readings differ"
    )
    if alike:
        _note_settled(reading, case.version)
    return reading


def _kept(finding: DraftFinding) -> dict[str, Any]:
    return {
        "label": finding.label,
        **finding.values,
        "regions": [
            {
                "image": region.image.position,
                "frame": region.frame,
                "shape": region.shape,
                "points": [list(point) for point in region.points],
                "box": list(region.box),
            }
            for region in finding.regions
        ],
    }


def open_reading(case: Case) -> SecondReading | None:
    """The reading of the present truth that waits to be settled."""
    return case.readings.filter(version=case.version, settled_at__isnull=True).first()


def differences(case: Case, reading: SecondReading) -> list[Difference]:
    """What the two readers do not give alike; findings are paired by label and overlap."""
    first = list(case.findings.prefetch_related("regions__image"))
    pairs, only_second = _paired(first, reading.findings)
    found = []
    for finding, number in pairs:
        if number is None:
            found.append(_only_first(finding))
        elif not _agree(finding, reading.findings[number]):
            found.append(_both(finding, number, reading.findings[number]))
    for number in only_second:
        name = _name(reading.findings[number]["label"])
        sentence = f"Only the second reader gives {name}."
        choices = (("leave", "Leave it out"), ("take", "Take it over"))
        places = _seconds(reading.findings[number])
        found.append(Difference(f"second-{number}", sentence, choices, places))
    return found


def slices_shown(found: Sequence[Difference]) -> list[tuple[int, int]]:
    """Images and their frames on which all that differs is seen: of each reader's places of a
    finding the one in the middle.
    """
    shown = set()
    for one in found:
        for is_second in (False, True):
            own = sorted((p.image, p.frame) for p in one.places if p.is_second == is_second)
            shown.update(own[len(own) // 2 :][:1])
    return sorted(shown)


def _only_first(finding: Finding) -> Difference:
    sentence = f"Only the first reader gives {finding.name}."
    choices = (("keep", "Keep it"), ("drop", "Leave it out"))
    return Difference(f"first-{finding.public_id}", sentence, choices, _firsts(finding))


def _both(finding: Finding, number: int, said: Mapping[str, Any]) -> Difference:
    sentence = f"Both give {finding.name}, with another place, side or position."
    choices = (("first", "As the first reader has it"), ("second", "As the second reader has it"))
    places = (*_firsts(finding), *_seconds(said))
    return Difference(f"both-{finding.public_id}-{number}", sentence, choices, places)


def _firsts(finding: Finding) -> tuple[Place, ...]:
    return tuple(
        Place(
            one.image.position,
            one.frame,
            one.box,
            tuple(map(tuple, one.points)),
            bool(one.outline),
        )
        for one in _places(finding)
    )


def _seconds(said: Mapping[str, Any]) -> tuple[Place, ...]:
    return tuple(
        Place(
            one["image"],
            one["frame"],
            tuple(one["box"]),
            tuple(map(tuple, one["points"])),
            one["shape"] == Region.Shape.POLYGON,
            is_second=True,
        )
        for one in said["regions"]
    )


def _name(label: str) -> str:
    known = taxonomy.labels().get(label)
    return known.name if known else label


def _paired(
    first: Sequence[Finding], second: Sequence[Mapping[str, Any]]
) -> tuple[list[tuple[Finding, int | None]], list[int]]:
    """Each finding of the first reader with the number of the second's, and those left over."""
    left = set(range(len(second)))
    pairs: list[tuple[Finding, int | None]] = []
    for finding in first:
        alike = [
            (overlap(finding, second[number]), -number)
            for number in left
            if second[number]["label"] == finding.label
        ]
        best = max(alike, default=(0.0, 0))
        is_placed = bool(_places(finding))
        if alike and (best[0] >= SAME_FINDING or not is_placed):
            left.discard(-best[1])
            pairs.append((finding, -best[1]))
        else:
            pairs.append((finding, None))
    return pairs, sorted(left)


def _places(finding: Finding) -> list[Region]:
    return [region for region in finding.regions.all() if not region.alternate]


def overlap(finding: Finding, other: Mapping[str, Any]) -> float:
    """The best overlap (IoU) of two findings' places on one image, on the same or near slices."""
    shares = (_overlap(one, place) for one in _places(finding) for place in other["regions"])
    return max(shares, default=0.0)


def _overlap(region: Region, place: Mapping[str, Any]) -> float:
    is_near = abs(region.frame - place["frame"]) <= NEAR_SLICES
    if region.image.position != place["image"] or not is_near:
        return 0.0
    return float(iou_matrix(as_boxes([region.box]), as_boxes([place["box"]]))[0, 0])


def _agree(finding: Finding, other: Mapping[str, Any]) -> bool:
    """Whether side, position and every place of either are those of the other."""
    if (finding.side, finding.position) != (other["side"], other["position"]):
        return False
    own, theirs = _places(finding), list(other["regions"])
    if not own or not theirs:
        return not own and not theirs
    shares = np.array([[_overlap(region, place) for place in theirs] for region in own])
    return bool(
        (shares.max(axis=0) >= SAME_PLACE).all() and (shares.max(axis=1) >= SAME_PLACE).all()
    )


@transaction.atomic
def settle(*, case: Case, decisions: Mapping[str, str], by: User) -> Case:
    """Make what was decided of each difference the truth; the case may then be published.

    Raises:
        Refused: nothing waits to be settled, or something was not decided.
    """
    case.refresh_from_db(from_queryset=Case.objects.select_for_update())
    reading = (
        SecondReading.objects.select_for_update()
        .filter(case=case, version=case.version, settled_at__isnull=True)
        .first()
    )
    if reading is None:
        raise Refused("Nothing of this case waits to be settled.")
    found = differences(case, reading)
    for one in found:
        if decisions.get(one.key) not in dict(one.choices):
            raise Refused(f"{one.sentence} Decide which holds.")
    with correcting(case=case, by=by, why="The second reading was settled"):
        for one in found:
            _carry_out(case, reading, one.key, decisions[one.key])
    after = Case.objects.get(pk=case.pk)
    _note_settled(reading, after.version)
    history.note(after, CaseChange.What.READING, by=by, why="Settled")
    return after


def _note_settled(reading: SecondReading, version: int) -> None:
    reading.settled_at, reading.settled_version = timezone.now(), version
    reading.save()


def _carry_out(case: Case, reading: SecondReading, key: str, decided: str) -> None:
    kind, _, name = key.partition("-")
    if kind == "first" and decided == "drop":
        case.findings.filter(public_id=name).delete()
    elif kind == "second" and decided == "take":
        _take(case, reading.findings[int(name)])
    elif kind == "both" and decided == "second":
        public_id, _, number = name.rpartition("-")
        finding = case.findings.get(public_id=public_id)
        said = reading.findings[int(number)]
        finding.side, finding.position = said["side"], said["position"]
        finding.save()
        finding.regions.filter(alternate=False).update(alternate=True)
        _draw(case, finding, said)


def _take(case: Case, said: Mapping[str, Any]) -> None:
    values = {name: value for name, value in said.items() if name != "regions"}
    _draw(case, Finding.objects.create(case=case, **values), said)


def _draw(case: Case, finding: Finding, said: Mapping[str, Any]) -> None:
    images: dict[int, Image] = {image.position: image for image in case.images.all()}
    for place in said["regions"]:
        Region.objects.create(
            finding=finding,
            image=images[place["image"]],
            reader=READER,
            **{name: place[name] for name in ("frame", "shape", "points")},
            **dict(zip(("x0", "y0", "x1", "y1"), place["box"], strict=True)),
        )
