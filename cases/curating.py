"""A curator's truth of a case: read from the desk's page, refused with a sentence, and stored."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from accounts.models import User
from cases import history
from cases.imaging import OLDEST
from cases.importers.base import cleaned
from cases.importers.shapes import MOST_POINTS
from cases.models import Case, CaseChange, Finding, Image, ReferenceReport, Region
from cases.services import correcting
from cases.truth import CONTEXT
from ml import taxonomy
from ml.boxes import Box, around

READER = "curator"
MOST_FINDINGS, MOST_REGIONS = 100, 500
LONGEST = {"location": 200, "severity": 20, "sentence": 2000}
LONGEST_TEXT = 20_000
SIDES = ("", "left", "right", "bilateral")


class Refused(ValueError):
    """What was sent cannot be a truth; the message is a sentence."""


class Changed(Exception):
    """Somebody changed the case since the page was opened; the message is a sentence."""


@dataclass(frozen=True)
class DraftRegion:
    """One place of a finding; `region` is the public id of the one it was, empty for a new one."""

    image: Image
    frame: int
    shape: str
    points: tuple[tuple[float, float], ...]
    box: Box
    region: str = ""


@dataclass(frozen=True)
class DraftFinding:
    """One finding; `finding` is the public id of the one it was, empty for a new one."""

    label: str
    values: Mapping[str, Any]
    regions: tuple[DraftRegion, ...]
    finding: str = ""


@dataclass(frozen=True)
class Draft:
    """All that the desk's page says of a case."""

    findings: tuple[DraftFinding, ...]
    context: Mapping[str, Any] = field(default_factory=dict)
    reports: tuple[Mapping[str, str], ...] = ()
    explanation: str = ""
    is_normal: bool = False
    """Whether the curator says that there is nothing to find."""


def read_draft(case: Case, data: Any) -> Draft:
    """What the page sent, checked.

    Raises:
        Refused: it does not fit; a sentence that says where.
    """
    if not isinstance(data, dict):
        raise Refused("Nothing that can be read was sent.")
    images = {image.public_id: image for image in case.images.all()}
    sent = _list(data.get("findings"), MOST_FINDINGS, "findings")
    findings = tuple(_finding(one, images, number) for number, one in enumerate(sent, start=1))
    return Draft(
        findings=findings,
        context=_context(data.get("context") or {}),
        reports=_reports(_list(data.get("reports") or [], 20, "reports")),
        explanation=_text(data.get("explanation", ""), LONGEST_TEXT),
        is_normal=data.get("normal") is True and not findings,
    )


def _list(value: Any, most: int, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(f"The {what} are not a list.")
    if len(value) > most:
        raise Refused(f"More than {most} {what} cannot be kept of one case.")
    return value


def _text(value: Any, longest: int) -> str:
    said = cleaned(str(value or "").replace("\r\n", "\n"))
    if len(said) > longest:
        raise Refused(f"“{said[:30]} …” is longer than {longest:,} characters: make it shorter.")
    return said


def _finding(one: Any, images: Mapping[str, Image], number: int) -> DraftFinding:
    where = f"Finding {number}"
    if not isinstance(one, dict):
        raise Refused(f"{where} cannot be read.")
    label = taxonomy.labels().get(str(one.get("label")))
    if label is None:
        raise Refused(f"{where} has no label of the taxonomy: choose one.")
    where = f"{where} ({label.name})"
    significance = one.get("significance") or label.default_significance
    values = {
        "side": _choice(one.get("side"), SIDES, f"{where}: the side"),
        "significance": _choice(significance, taxonomy.SIGNIFICANCES, f"{where}: the significance"),
        "position": _choice(one.get("position"), ("", "right", "wrong"), f"{where}: the position"),
        "size_mm": _size(one.get("size_mm"), where),
        **{name: _text(one.get(name), longest) for name, longest in LONGEST.items()},
    }
    if not label.is_point:
        values["position"] = ""
    places = _list(one.get("regions") or [], MOST_REGIONS, "places")
    regions = tuple(_region(place, images, where) for place in places)
    return DraftFinding(label.slug, values, regions, _text(one.get("id"), 16))


def _choice(value: Any, choices: Sequence[str], what: str) -> str:
    said = str(value or "")
    if said not in choices:
        raise Refused(f"{what} cannot be “{said[:30]}”.")
    return said


def _size(value: Any, where: str) -> float | None:
    if value in (None, ""):
        return None
    try:
        size = float(value)
    except (OverflowError, TypeError, ValueError):
        size = math.nan
    if not 0 < size <= 1000:
        raise Refused(f"{where}: the size is millimeters between 0 and 1000.")
    return size


def _region(one: Any, images: Mapping[str, Image], where: str) -> DraftRegion:
    if not isinstance(one, dict):
        raise Refused(f"{where}: a place cannot be read.")
    image = images.get(str(one.get("image")))
    if image is None:
        raise Refused(f"{where}: a place lies on an image that the case has not.")
    frame = one.get("frame", 0)
    if not isinstance(frame, int) or isinstance(frame, bool) or not 0 <= frame < image.frames:
        raise Refused(f"{where}: a place lies on a slice that the image has not.")
    shape = _choice(one.get("shape"), Region.Shape.values, f"{where}: the shape")
    points = _points(one.get("points") or [], where)
    box = _box_of(shape, points, one.get("box"), where)
    return DraftRegion(image, frame, shape, points, box, _text(one.get("id"), 16))


def _points(value: Any, where: str) -> tuple[tuple[float, float], ...]:
    return tuple(
        _pair(point, where) for point in _list(value, MOST_POINTS, f"corners ({where.lower()})")
    )


def _pair(point: Any, where: str) -> tuple[float, float]:
    if not (isinstance(point, list) and len(point) == 2 and all(map(_is_part, point))):
        raise Refused(f"{where}: a corner lies beside the image.")
    return float(point[0]), float(point[1])


def _is_part(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1  # which is neither infinite nor none


def _box_of(shape: str, points: Sequence[tuple[float, float]], box: Any, where: str) -> Box:
    if shape == Region.Shape.POINT:
        if not points:
            raise Refused(f"{where}: a tip has no place.")
        return around(points[-1])
    if shape == Region.Shape.POLYGON:
        if len(points) < 3:
            raise Refused(f"{where}: an outline has three corners at least.")
        columns, rows = zip(*points, strict=True)
        found = (min(columns), min(rows), max(columns), max(rows))
    else:
        if not (isinstance(box, list) and len(box) == 4 and all(map(_is_part, box))):
            raise Refused(f"{where}: a box lies beside the image.")
        found = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    if not (found[0] < found[2] and found[1] < found[3]):
        raise Refused(f"{where}: a place has no area.")
    return found


def _context(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused("What is told of the patient cannot be read.")
    age = value.get("age")
    if age in (None, ""):
        years = None
    elif str(age).isdecimal() and len(str(age)) <= 3 and int(age) <= 150:
        years = min(int(age), OLDEST)
    else:
        raise Refused("The age is a number of years.")
    return {
        "age": years,
        "sex": _choice(value.get("sex"), Case.Sex.values, "The sex"),
        "indication": _text(value.get("indication"), 2000),
        "comparison": _text(value.get("comparison"), 2000),
    }


def _reports(sent: Sequence[Any]) -> tuple[dict[str, str], ...]:
    found: dict[str, dict[str, str]] = {}
    for one in sent:
        if not isinstance(one, dict):
            raise Refused("A report cannot be read.")
        language = _text(one.get("language"), 5) or "en"
        parts = {name: _text(one.get(name), LONGEST_TEXT) for name in ("findings", "impression")}
        if language in found:
            raise Refused(f"There are two reports in {language}: one is enough.")
        if any(parts.values()):
            found[language] = {"language": language, **parts}
    return tuple(found.values())


@transaction.atomic
def save(*, case: Case, draft: Draft, by: User, why: str, stamp: str) -> Case:
    """Store a curator's truth; what its source says stays beside it, and so does every version.

    `stamp` is the one the page was opened with (`stamp_of`); findings and places that stay keep
    their public ids.

    Raises:
        Refused: the case is published and `why` is empty.
        Changed: somebody changed the case since.
    """
    now = Case.objects.select_for_update().get(pk=case.pk)
    if stamp != stamp_of(now):
        raise Changed("Somebody changed this case since you opened it. Reload to see it.")
    if now.is_playable and not why:
        raise Refused("Learners play this case: say in a word why it changes.")
    explained = now.explanation != draft.explanation
    with correcting(case=now, by=by, why=why, is_normal=draft.is_normal):
        for name in CONTEXT:
            setattr(now, name, draft.context.get(name, getattr(now, name)))
        now.explanation = draft.explanation
        now.knows_findings = now.knows_findings or draft.is_normal
        now.save()
        _store_findings(now, draft)
        _store_reports(now, draft)
    after = Case.objects.get(pk=case.pk)
    if explained:
        said = {"explanation": draft.explanation}
        history.note(after, CaseChange.What.CONTEXT, by=by, why=why or "Explanation", said=said)
    return after


def stamp_of(case: Case) -> str:
    """Changes with the case; pages send it back, so that no curator overwrites another."""
    return case.updated_at.isoformat()


def _store_findings(case: Case, draft: Draft) -> None:
    there = {finding.public_id: finding for finding in case.findings.all()}
    kept: set[int] = set()
    for one in draft.findings:
        finding = there.get(one.finding)
        if finding is None or finding.pk in kept:
            finding = Finding(case=case)
        finding.label = one.label
        for name, value in one.values.items():
            setattr(finding, name, value)
        finding.save()
        kept.add(finding.pk)
        _store_regions(finding, one.regions)
    case.findings.exclude(pk__in=kept).delete()


def _store_regions(finding: Finding, sent: Sequence[DraftRegion]) -> None:
    """The finding's own places; those of other readers (`alternate`) stay as they are."""
    there = {one.public_id: one for one in finding.regions.filter(alternate=False)}
    kept: set[int] = set()
    for one in sent:
        region = there.get(one.region)
        if region is None or region.pk in kept:
            region = Region(finding=finding, reader=READER)
        region.image, region.frame, region.shape = one.image, one.frame, one.shape
        region.points = [list(point) for point in one.points]
        region.x0, region.y0, region.x1, region.y1 = one.box
        region.save()
        kept.add(region.pk)
    finding.regions.filter(alternate=False).exclude(pk__in=kept).delete()


def _store_reports(case: Case, draft: Draft) -> None:
    for one in draft.reports:
        values = {name: one[name] for name in ("findings", "impression")}
        ReferenceReport.objects.update_or_create(
            case=case, language=one["language"], defaults=values
        )
    case.reports.exclude(language__in=[one["language"] for one in draft.reports]).delete()


def page_of(case: Case, viewer_image: Callable[[Image], dict[str, Any]]) -> dict[str, Any]:
    """What the desk's page gets of a case: all of its truth, as `read_draft` takes it back."""
    return {
        "images": [viewer_image(image) for image in case.images.all()],
        "stamp": stamp_of(case),
        "published": case.is_playable,
        "knows_findings": case.knows_findings,
        "findings": [_said(finding) for finding in case.findings.all()],
        "context": {name: getattr(case, name) for name in CONTEXT},
        "reports": list(case.reports.values("language", "findings", "impression")),
        "explanation": case.explanation,
    }


def _said(finding: Finding) -> dict[str, Any]:
    regions = list(finding.regions.all())
    return {
        "id": finding.public_id,
        "label": finding.label,
        **{
            name: getattr(finding, name)
            for name in ("side", "significance", "position", "size_mm", *LONGEST)
        },
        "regions": [_place(region) for region in regions if not region.alternate],
        "others": [_place(region) for region in regions if region.alternate],
    }


def _place(region: Region) -> dict[str, Any]:
    return {
        "id": region.public_id,
        "image": region.image.public_id,
        "frame": region.frame,
        "shape": region.shape,
        "points": region.points,
        "box": list(region.box),
        "reader": region.reader,
    }


def draft_of(case: Case) -> Draft:
    """The stored case as a draft, for whoever checks it without a page."""
    findings = tuple(
        DraftFinding(
            finding.label,
            {
                name: getattr(finding, name)
                for name in ("side", "significance", "position", "size_mm", *LONGEST)
            },
            tuple(
                DraftRegion(
                    region.image,
                    region.frame,
                    region.shape,
                    tuple((x, y) for x, y in region.points),
                    region.box,
                    region.public_id,
                )
                for region in finding.regions.all()
                if not region.alternate
            ),
            finding.public_id,
        )
        for finding in case.findings.all()
    )
    return Draft(
        findings=findings,
        context={name: getattr(case, name) for name in CONTEXT},
        reports=tuple(
            {
                "language": report.language,
                "findings": report.findings,
                "impression": report.impression,
            }
            for report in case.reports.all()
        ),
        explanation=case.explanation,
    )
