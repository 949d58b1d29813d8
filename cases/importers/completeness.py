"""Whether an imported case's truth is whole: the one place where every importer's cases are judged.

A case whose truth lacks something is for a curator to see. It is never published by itself,
and what is left of it is never taken for a normal case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from cases.importers.base import (
    ImportedCase,
    ImportedFinding,
    ImportedRegion,
    ImportedReport,
    Problem,
)
from cases.telling import looks_like_a_persons, told_in
from ml import taxonomy

SAME_PLACES = 6
"""Decimals to which two boxes are compared."""
SAID = {"significance": taxonomy.SIGNIFICANCES, "position": ("right", "wrong")}
"""Words that a source may say of a finding."""
NAMED = (
    "What its source calls it or its files looks like a person's name: curators and instructors "
    "read it, and packs carry it. If it is one, rename the files and import them again."
)


def judged(case: ImportedCase, frames: Sequence[Sequence[int]]) -> ImportedCase:
    """The case as it may be stored, with all that its truth lacks among its problems.

    `frames` holds for each image the numbers that its frames have in the source, in the order
    they are shown in; regions count the shown ones afterwards. Labels and boxes that the library
    could not hold are left out; boxes that are there twice are one. What carries a label that the
    taxonomy has not is kept apart, for a curator to map.
    """
    problems = list(case.problems)
    findings, unmapped = [], list(case.unmapped)
    for number, finding in enumerate(case.findings, start=1):
        where = f"{case.key}, finding {number}"
        known = _with_known_label(finding, where, problems)
        regions = _possible(finding.regions, frames, where, problems)
        if known:
            findings.append(replace(known, regions=tuple(_once(regions))))
        elif finding.label or finding.source_label:
            unmapped.append(replace(finding, regions=tuple(_once(regions))))
    before = []
    for number, finding in enumerate(case.before, start=1):
        where = f"{case.key}, earlier finding {number}"
        was = _with_known_label(finding, where, problems)
        if was:
            places = _possible(was.regions, frames, where, problems)
            before.append(replace(was, regions=tuple(_once(places))))
    reports = tuple(_readable(case, problems))
    problems += _persons(replace(case, before=tuple(before)), reports)
    found = replace(
        case,
        findings=tuple(_joined(findings)),
        before=tuple(before),
        reports=reports,
        problems=tuple(problems),
        unmapped=tuple(unmapped),
    )
    return _without_readers_names(found)


def _without_readers_names(case: ImportedCase) -> ImportedCase:
    """The case with numbers for readers who are called by their name or address: learners see
    who drew what, and packs carry it.
    """
    findings = (*case.findings, *case.unmapped, *case.before)
    readers = sorted({region.reader for finding in findings for region in finding.regions})
    named = [one for one in readers if looks_like_a_persons(one) or told_in(one)]
    free = (str(number) for number in count(1) if str(number) not in readers)
    numbers = dict(zip(named, free, strict=False))
    if not numbers:
        return case

    def of(found: Iterable[ImportedFinding]) -> tuple[ImportedFinding, ...]:
        return tuple(replace(one, regions=tuple(map(unnamed, one.regions))) for one in found)

    def unnamed(region: ImportedRegion) -> ImportedRegion:
        return replace(region, reader=numbers.get(region.reader, region.reader))

    return replace(
        case, findings=of(case.findings), unmapped=of(case.unmapped), before=of(case.before)
    )


def _persons(case: ImportedCase, reports: Iterable[ImportedReport]) -> Iterator[Problem]:
    """What of its texts may tell who somebody is; the words themselves are not repeated."""
    texts = {
        "report": "\n".join(f"{one.findings}\n{one.impression}" for one in reports),
        "indication": case.indication,
        "comparison": case.comparison,
        "explanation": case.explanation,
        "findings' text": "\n".join(
            f"{one.sentence}\n{one.location}\n{one.severity}\n{one.source_label}"
            for one in (*case.findings, *case.unmapped)
        ),
        "image's label": "\n".join(one.study_label for one in case.images),
        "prior film's findings": "\n".join(one.sentence for one in case.before),
    }
    if any(map(looks_like_a_persons, (case.key, *(image.name for image in case.images)))):
        yield Problem(case.key, NAMED)
    for where, text in texts.items():
        for what in dict.fromkeys(one.what for one in told_in(text)):
            yield Problem(case.key, f"In its {where} may stand {what}: look before others do.")


def _with_known_label(
    finding: ImportedFinding, where: str, problems: list[Problem]
) -> ImportedFinding | None:
    if finding.label not in taxonomy.labels():
        name = (finding.source_label or finding.label)[:80]
        said = f"The label “{name}” is not in the taxonomy; it is kept as unmapped."
        problems.append(Problem(where, said if name else "It names no label; left out."))
        return None
    for name, allowed in SAID.items():
        value = getattr(finding, name)
        if value not in ("", *allowed):
            said = f"Its {name} “{value[:40]}” is none of the library's."
            problems.append(Problem(where, said))
            nothing: dict[str, Any] = {name: ""}
            finding = replace(finding, **nothing)
    return finding


def _possible(
    regions: Iterable[ImportedRegion],
    frames: Sequence[Sequence[int]],
    where: str,
    problems: list[Problem],
) -> list[ImportedRegion]:
    """The regions that lie on an image and a frame of the case, on the frame as it is shown."""
    kept = []
    for region in regions:
        if not 0 <= region.image < len(frames):
            said = f"A box lies on image {region.image}, which the case has not; it was left out."
        elif region.frame not in frames[region.image]:
            said = f"A box lies on frame {region.frame}, which the image has not; it was left out."
        else:
            kept.append(replace(region, frame=frames[region.image].index(region.frame)))
            continue
        problems.append(Problem(where, said))
    return kept


def _once(regions: Iterable[ImportedRegion]) -> list[ImportedRegion]:
    """Without identical boxes; another reader's alternate stays beside the box it may replace."""
    found: dict[tuple[object, ...], ImportedRegion] = {}
    for region in regions:
        found.setdefault((*_place(region), region.alternate and region.reader), region)
    return list(found.values())


def _place(region: ImportedRegion) -> tuple[object, ...]:
    sides = [side for point in (region.box, *region.points) for side in point]
    return (region.image, region.frame, region.shape, *(round(side, SAME_PLACES) for side in sides))


def _joined(findings: Iterable[ImportedFinding]) -> list[ImportedFinding]:
    """Each box of a label once in the case; a finding with no other box joins the earlier one."""
    kept: list[ImportedFinding] = []
    owner: dict[tuple[object, ...], int] = {}
    for finding in findings:
        own = [region for region in finding.regions if not region.alternate]
        new = [region for region in own if (finding.label, *_place(region)) not in owner]
        if own and not new:
            first = owner[finding.label, *_place(own[0])]
            kept[first] = replace(kept[first], sentence=_both(kept[first], finding))
            continue
        owner |= {(finding.label, *_place(region)): len(kept) for region in new}
        regions = tuple(one for one in finding.regions if one.alternate or one in new)
        kept.append(replace(finding, regions=regions))
    return kept


def _both(first: ImportedFinding, second: ImportedFinding) -> str:
    if second.sentence in first.sentence:
        return first.sentence
    return f"{first.sentence} {second.sentence}".strip()


def _readable(case: ImportedCase, problems: list[Problem]) -> list[ImportedReport]:
    """The reports that have a text, one a language."""
    found: dict[str, ImportedReport] = {}
    for report in case.reports:
        if not (report.findings or report.impression):
            problems.append(Problem(case.key, "A report of it has no text; it was left out."))
        elif report.language in found:
            said = f"It has two reports in “{report.language}”; the second was left out."
            problems.append(Problem(case.key, said))
        else:
            found[report.language] = report
    return list(found.values())
