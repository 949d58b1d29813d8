"""What data sets' own labels mean here: kept by a curator, followed by cases and by imports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from cases import history
from cases.importers.base import ImportedCase, ImportedFinding
from cases.models import Case, CaseChange, Dataset, Finding, LabelMapping, Region
from cases.queries import labels_called
from cases.signals import tell_if_published
from cases.truth import described, has_truth_boxes, region_row, said_by_library
from ml import taxonomy

AT_ONCE = 200
"""Cases that a request brings up to date; a task does the others."""
NOT_IN_TAXONOMY = "is not in the taxonomy"


@dataclass(frozen=True)
class Unmapped:
    """One label of a data set that the taxonomy has not."""

    dataset: Dataset
    name: str
    cases: int
    sentence: str
    """Of the first case that has it; empty where its source has none."""
    suggestion: str
    """A label of the taxonomy that is called so, or empty."""


def mappings_of(dataset: Dataset | None) -> dict[str, str]:
    """Source's label → label of the taxonomy, or empty for what is no finding."""
    if dataset is None:
        return {}
    return dict(LabelMapping.objects.filter(dataset=dataset).values_list("name", "label"))


def mapped(imported: ImportedCase, mappings: Mapping[str, str]) -> ImportedCase:
    """An imported case with what the mappings say of its labels; others stay as they are."""
    if not mappings:
        return imported
    kept, moved, unmapped = [], [], []
    for finding in imported.findings:
        meant = None if finding.label in taxonomy.labels() else mappings.get(_name(finding))
        if meant is None:
            kept.append(finding)
        elif meant:
            moved.append(_meaning(finding, meant))
    for finding in imported.unmapped:
        meant = mappings.get(_name(finding))
        if meant is None:
            unmapped.append(finding)
        elif meant:
            moved.append(_meaning(finding, meant))
    problems = [one for one in imported.problems if not _is_about(one.sentence, mappings)]
    return replace(
        imported,
        findings=(*kept, *moved),
        unmapped=tuple(unmapped),
        problems=tuple(problems),
    )


def _name(finding: ImportedFinding) -> str:
    return (finding.source_label or finding.label)[:200]


def _meaning(finding: ImportedFinding, label: str) -> ImportedFinding:
    return replace(finding, label=label, source_label=_name(finding))


def _is_about(sentence: str, names: Iterable[str]) -> bool:
    """Whether a problem is that one of these labels was not known."""
    return NOT_IN_TAXONOMY in sentence and any(f"“{name[:80]}”" in sentence for name in names)


def unmapped_labels() -> list[Unmapped]:
    """All labels of the library that the taxonomy has not, those of most cases first."""
    counts: Counter[tuple[int, str]] = Counter()
    sentences: dict[tuple[int, str], str] = {}
    rows = Case.objects.exclude(unmapped=[]).values_list("dataset_id", "unmapped")
    for dataset, said in rows.iterator():
        for name in {one["label"] for one in said}:
            counts[dataset, name] += 1
        for one in said:
            if one.get("sentence"):
                sentences.setdefault((dataset, one["label"]), one["sentence"])
    datasets = Dataset.objects.in_bulk({dataset for dataset, _ in counts})
    return [
        Unmapped(
            datasets[dataset],
            name,
            count,
            sentences.get((dataset, name), ""),
            suggestion_for(name),
        )
        for (dataset, name), count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def suggestion_for(name: str) -> str:
    """The one label that is called so, by its name, slug or another word for it; else empty."""
    found = labels_called(name)
    return found[0] if len(found) == 1 else ""


def map_label(*, dataset: Dataset, name: str, label: str, by: User) -> int:
    """Keep what a label means and let the first cases follow; how many are left for the task.

    Raises:
        ValueError: the taxonomy has no such label; a sentence.
    """
    if label and label not in taxonomy.labels():
        raise ValueError(f"The taxonomy has no label “{label}”.")
    LabelMapping.objects.update_or_create(
        dataset=dataset, name=name, defaults={"label": label, "by": by}
    )
    keys = cases_with(dataset, name)
    for key in keys[:AT_ONCE]:
        follow(key, name, label, by)
    return len(keys[AT_ONCE:])


def take_back(mapping: LabelMapping, by: User) -> int:
    """Undo a mapping: what its cases have of it waits to be mapped again; how many are left.

    Of a large data set some cases follow at once, and the mapping stays until the others have
    been asked for too. What was mapped to no finding comes back with the next import.
    """
    found = Case.objects.filter(dataset=mapping.dataset_id, findings__in=_made_by(mapping))
    keys = list(found.order_by("pk").distinct().values_list("pk", flat=True))
    for key in keys[:AT_ONCE]:
        _unfollow(key, mapping, by)
    left = len(keys[AT_ONCE:])
    if not left:
        mapping.delete()
    return left


def _made_by(mapping: LabelMapping) -> QuerySet[Finding]:
    return Finding.objects.filter(
        case__dataset=mapping.dataset_id, source_label=mapping.name, label=mapping.label
    )


@transaction.atomic
def _unfollow(key: int, mapping: LabelMapping, by: User) -> None:
    case = Case.objects.select_for_update().get(pk=key)
    before = (case.version, said_by_library(case))
    made = _made_by(mapping).filter(case=case)
    case.unmapped = [
        *case.unmapped,
        *(
            {
                "label": mapping.name,
                "sentence": one.sentence,
                "regions": [
                    described(region, region.image.position) for region in one.regions.all()
                ],
            }
            for one in made.prefetch_related("regions__image")
        ),
    ]
    made.delete()
    said = f"The label “{mapping.name[:80]}” {NOT_IN_TAXONOMY}; it is kept as unmapped."
    case.review_reasons = [*case.review_reasons, f"{case.source_key}: {said}"[:300]]
    was = case.status
    if case.is_playable:
        case.status = Case.Status.REVIEW
    case.has_truth_boxes = has_truth_boxes(case.findings.prefetch_related("regions"))
    case.version += 1
    case.save()
    why = f"“{mapping.name}” is not mapped any more"
    history.note_truth(case, before=before, said=said_by_library(case), by=by, why=why)
    if case.status != was:
        moved = {"before": was, "after": case.status}
        history.note(case, CaseChange.What.STATUS, by=by, why=why, said=moved)


def cases_with(dataset: Dataset, name: str) -> list[int]:
    """Keys of the cases of a data set that have an unmapped label of this name."""
    rows = Case.objects.filter(dataset=dataset).exclude(unmapped=[]).order_by("pk")
    return [
        key
        for key, said in rows.values_list("pk", "unmapped").iterator()
        if any(one["label"] == name for one in said)
    ]


@transaction.atomic
def follow(key: int, name: str, label: str, by: User | None) -> None:
    """Bring one case in line with a mapping: what was unmapped becomes findings, or is left out."""
    case = Case.objects.select_for_update().get(pk=key)
    said = [one for one in case.unmapped if one["label"] == name]
    if not said:
        return
    before = (case.version, said_by_library(case)) if label else None
    case.unmapped = [one for one in case.unmapped if one["label"] != name]
    case.review_reasons = [one for one in case.review_reasons if not _is_about(one, [name])]
    if label:
        images = {image.position: image for image in case.images.all()}
        for one in said:
            _add(case, one, label, images)
        case.version += 1
        case.knows_findings = True
        case.has_truth_boxes = has_truth_boxes(case.findings.prefetch_related("regions"))
    case.save()
    if before:
        why = f"“{name}” means {taxonomy.labels()[label].name}"
        history.note_truth(case, before=before, said=said_by_library(case), by=by, why=why)
        tell_if_published(case)


def _add(case: Case, one: Mapping[str, Any], label: str, images: Mapping[int, Any]) -> None:
    finding = Finding.objects.create(
        case=case,
        label=label,
        source_label=one["label"],
        sentence=one.get("sentence", ""),
        significance=taxonomy.labels()[label].default_significance,
    )
    Region.objects.bulk_create(
        region_row(finding, images[region["image"]], region)
        for region in one.get("regions", ())
        if region["image"] in images
    )
