"""How an imported case gets into the library: what would change, and the change itself.

Only `cases.services` calls this. What a dry run tells and what an import does come of the same
`Plan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from django.db import transaction

from cases import history, patients, series
from cases.behind import bring
from cases.imaging import PreparedImage
from cases.importers.base import ImportedCase
from cases.importers.wire import Prepared
from cases.models import Case, Dataset, Finding, ReferenceReport, Region
from cases.renditions import ImagePlan, carry_out, delete_files, plan_images
from cases.signals import tell_if_published
from cases.truth import (
    CONTEXT,
    before_of,
    described,
    digest_of_source,
    finding_values,
    imported_truth,
    region_row,
    said_by_library,
    said_by_source,
    stored_truth,
    unmapped_of,
)

REASONS_KEPT = 20
LONGEST_REASON = 300


class Stored(StrEnum):
    """What became of a case on import."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept as corrected"


@dataclass(frozen=True)
class Choices:
    """What whoever imports asked for."""

    status: str = Case.Status.PUBLISHED
    """Of new cases, when their truth is whole."""
    overwrite_corrections: bool = False


DEFAULT = Choices()


@dataclass(frozen=True)
class Plan:
    """What an import does to one case."""

    is_new: bool
    fields: dict[str, Any] = field(default_factory=dict)
    """Of the case, as far as they change."""
    replaces_truth: bool = False
    images: tuple[ImagePlan, ...] = ()
    kept: str = ""
    """Why a person's version stays, as a sentence; empty when it does not."""

    @property
    def stored(self) -> Stored:
        if self.is_new:
            return Stored.NEW
        if self.kept:
            return Stored.KEPT
        seen = set(self.fields) - {"source_digest", "source_truth", "patient"}
        changed = seen or self.replaces_truth or self.images_change
        return Stored.UPDATED if changed else Stored.UNCHANGED

    @property
    def images_change(self) -> bool:
        return any(image.changes for image in self.images)

    def is_held(self, case: Case) -> bool:
        """Whether the case, before or after this plan, then waits in review with reasons."""

        def then(name: str) -> Any:
            return self.fields.get(name, getattr(case, name))

        return bool(then("review_reasons")) and then("status") == Case.Status.REVIEW


def first_status(imported: ImportedCase, choices: Choices) -> str:
    """Of a new case, before its truth is looked at: what a source held back stays so."""
    is_held = imported.is_held and choices.status == Case.Status.PUBLISHED
    return Case.Status.REVIEW if is_held else choices.status


def plan_for(
    case: Case | None, imported: ImportedCase, images: Sequence[Prepared], choices: Choices
) -> Plan:
    """What importing a judged case would do; `case` is the stored one, None when it is new."""
    if case is None:
        case = Case(status=first_status(imported, choices))
        return _plan(case, imported, images, choices, is_new=True)
    if case.is_corrected and not choices.overwrite_corrections:
        return _plan_of_corrected(case, imported, images)
    return _plan(case, imported, images, choices, is_new=False)


def _plan(
    case: Case,
    imported: ImportedCase,
    images: Sequence[Prepared],
    choices: Choices,
    *,
    is_new: bool,
) -> Plan:
    replaces_truth = is_new or stored_truth(case) != imported_truth(imported)
    fields: dict[str, Any] = _context_changes(case, imported, images)
    fields |= {"edited_at": None, "edited_by": None, "source_truth": None}
    fields |= {"patient": imported.patient or case.patient}
    fields |= {"unmapped": unmapped_of(imported), "knows_findings": imported.knows_findings}
    if is_new:  # from then on they are the curators' here
        fields |= {"explanation": imported.explanation, "split": imported.offered or case.split}
    if replaces_truth:
        fields |= {
            "has_truth_boxes": imported.has_truth_boxes,
            "before": before_of(imported),
            "version": case.version + (not is_new),
        }
    digest = digest_of_source(imported)
    if digest != case.source_digest or case.is_corrected:
        fields |= {"source_digest": digest, **_review(case, imported, choices.status)}
    return Plan(
        is_new=is_new,
        fields={name: value for name, value in fields.items() if getattr(case, name) != value},
        replaces_truth=replaces_truth,
        images=plan_images([] if is_new else list(case.images.all()), imported.images, images),
    )


def _review(case: Case, imported: ImportedCase, asked: str) -> dict[str, Any]:
    """Status and reasons after the source said something new.

    Incomplete truth takes a case out of play. What an import held back it releases again;
    what a person decided stays.
    """
    reasons = _reasons(imported)
    if reasons:
        if case.is_playable:
            return {
                "review_reasons": reasons,
                "status": Case.Status.REVIEW,
                "held_by_import": True,
            }
        return {"review_reasons": reasons}
    if not case.held_by_import or imported.is_held:
        return {"review_reasons": []}
    return {"review_reasons": [], "status": asked, "held_by_import": False}


def _reasons(imported: ImportedCase) -> list[str]:
    said = [f"{one.where}: {one.sentence}"[:LONGEST_REASON] for one in imported.problems]
    more = len(said) - REASONS_KEPT
    return [*said[:REASONS_KEPT], f"… and {more:,} more."] if more > 0 else said


def _plan_of_corrected(case: Case, imported: ImportedCase, images: Sequence[Prepared]) -> Plan:
    """A person's version stays; renditions of the same files are made anew where they must be."""
    pictures = plan_images(list(case.images.all()), imported.images, images)
    same_source = tuple(one.without_description() for one in pictures if one.is_of_same_source)
    # A series that a curator chose stands beside what is here, and changes nothing of it.
    added = tuple(
        one
        for one, image in zip(pictures, imported.images, strict=False)
        if image.series and one.image.pk is None
    )
    differs = (
        stored_truth(case) != imported_truth(imported)
        or _context_changes(case, imported, images)
        or any(one.describes_anew or not one.is_of_same_source for one in pictures)
    )
    said = said_by_source(imported, _context_said(imported, images))
    fields: dict[str, Any] = {} if said == case.source_truth else {"source_truth": said}
    if imported.patient not in ("", case.patient):
        fields["patient"] = imported.patient
    kept = ""
    if differs:
        who = case.edited_by.get_username() if case.edited_by else "a curator"
        kept = f"Kept as corrected by {who} on {case.edited_at:%Y-%m-%d}"
        if case.source_digest != digest_of_source(imported):
            kept += "; the source has changed too"
        kept += " (--overwrite-corrections takes over what the source says)."
    return Plan(is_new=False, fields=fields, images=(*same_source, *added), kept=kept)


def _context_changes(
    case: Case, imported: ImportedCase, images: Sequence[Prepared]
) -> dict[str, Any]:
    """What the source says of the patient and the library does not say yet.

    A source that is silent takes nothing away.
    """
    said = _context_said(imported, images)
    return {name: value for name, value in said.items() if value != getattr(case, name)}


def _context_said(imported: ImportedCase, images: Sequence[Prepared]) -> dict[str, Any]:
    """What the source says of the patient; the images' headers fill what tables leave open."""
    said = {name: getattr(imported, name) for name in CONTEXT}
    for image in images:
        if isinstance(image, PreparedImage):
            said["age"] = image.age if said["age"] is None else said["age"]
            said["sex"] = said["sex"] or image.sex
    return {name: value for name, value in said.items() if value not in (None, "")}


def store_case(
    *,
    dataset: Dataset,
    imported: ImportedCase,
    images: Sequence[Prepared],
    choices: Choices = DEFAULT,
) -> tuple[Case, Plan]:
    """Make or update one judged case with all its parts, or nothing of it; what was done.

    The case, its images and their public ids stay when it is imported again, since
    attempts refer to them; findings are replaced, and `version` raised, when the truth changed.

    Raises:
        UnknownLabel: a label is not in the taxonomy.
    """
    written: list[str] = []
    try:
        with transaction.atomic():
            return _store(dataset, imported, images, choices, written)
    except BaseException:
        delete_files(written)
        raise


def _store(
    dataset: Dataset,
    imported: ImportedCase,
    images: Sequence[Prepared],
    choices: Choices,
    written: list[str],
) -> tuple[Case, Plan]:
    case, is_new = Case.objects.select_for_update().get_or_create(
        dataset=dataset,
        source_key=imported.key,
        defaults={"status": first_status(imported, choices)},
    )
    if not is_new:
        series.align(case, imported.images)
    plan = plan_for(None if is_new else case, imported, images, choices)
    replaced = plan.replaces_truth and not is_new
    before = (case.version, said_by_library(case)) if replaced else None
    for one in plan.images:
        carry_out(one, case.pk, written)
    bring(case, imported.behind, written)
    if plan.replaces_truth:
        _replace_truth(case, imported)
    for name, value in plan.fields.items():
        setattr(case, name, value)
    if plan.fields:
        case.save()
    if is_new or plan.images_change or "patient" in plan.fields:
        patients.agree(case)
        case.refresh_from_db(fields=["split"])
    if before:
        why = "Imported: its source says something else"
        history.note_truth(case, before=before, said=said_by_library(case), by=None, why=why)
    if plan.stored in (Stored.NEW, Stored.UPDATED):
        tell_if_published(case)
    return case, plan


def _replace_truth(case: Case, imported: ImportedCase) -> None:
    case.findings.all().delete()
    images = {image.position: image for image in case.images.all()}
    for finding in imported.findings:
        row = Finding.objects.create(case=case, **finding_values(finding))
        Region.objects.bulk_create(
            region_row(row, images[region.image], described(region, region.image))
            for region in finding.regions
        )
    case.reports.all().delete()
    ReferenceReport.objects.bulk_create(
        ReferenceReport(case=case, **asdict(report)) for report in imported.reports
    )
