"""The writers of case data; `storing`, `renditions` and `blackouts` write beside them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from cases import history, originals, patients, series
from cases.imaging import PreparedImage
from cases.importers.base import (
    UNTOLD,
    DatasetInfo,
    ImportedCase,
    Item,
    Problem,
    Skipped,
)
from cases.importers.completeness import judged
from cases.importers.pipeline import Limits, prepared_cases, usable_processors
from cases.importers.wire import KnownImage, Prepared
from cases.mapping import mapped, mappings_of
from cases.models import Case, CaseChange, Dataset
from cases.renditions import known_images
from cases.signals import tell_if_published
from cases.storing import Choices, Stored, first_status, plan_for, store_case
from cases.truth import (
    check_labels,
    check_read,
    has_truth_boxes,
    said_by_library,
    stored_context,
    stored_truth,
    unmapped_of,
)

LONGEST_KEY = 200


@dataclass(frozen=True)
class Imported:
    """One case that went in (or would, on a dry run)."""

    key: str
    stored: Stored
    in_review: bool = False
    """Whether its truth lacks something and it waits for a curator."""
    kept: str = ""
    """Why a person's version was kept, as a sentence."""
    unmapped: tuple[str, ...] = ()
    """The labels of its source that the taxonomy has not."""


@transaction.atomic
def upsert_dataset(info: DatasetInfo) -> Dataset:
    """The data set of this slug, made or brought up to date; what a person changed of it stays.

    One whose license forbids to show it to everybody is not open before somebody confirms that.
    """
    said = asdict(info)
    found = Dataset.objects.select_for_update().get_or_create(slug=said.pop("slug"), defaults=said)
    dataset, is_new = found
    values = said if is_new else {name: _merged(dataset, name, said[name]) for name in said}
    dataset.take_license(values["licence"])
    for name, value in values.items():
        setattr(dataset, name, value)
    if dataset.access == Dataset.Access.OPEN and not dataset.may_be_open:
        dataset.access = Dataset.Access.REGISTERED
        if said["access"] == Dataset.Access.OPEN:
            said["access"] = Dataset.Access.REGISTERED
    dataset.source_said = said
    dataset.save()
    return dataset


def _merged(dataset: Dataset, name: str, said: Any) -> Any:
    """What a data set is to have there when its source says `said`.

    That is what it has, where a person gave it something else than the source said last. Of one
    that came in before that was kept, only who may see it is taken for a person's choice.
    """
    here = getattr(dataset, name)
    before = dataset.source_said.get(name, here if name != "access" else None)
    return said if here == before else here


@transaction.atomic
def set_status(*, case: Case, status: str, by: User | None = None, why: str = "") -> Case:
    """Move a case between draft, review, published and retired, as a person decides.

    Raises:
        ValueError: not a status a case can have.
        UnknownLabel: it cannot be published, since learners could not name its findings.
        NotRead: nor before a second curator has read it, where its data set asks for that.
    """
    if status not in Case.Status.values:
        raise ValueError(f"{status!r} is not a status a case can have")
    case.refresh_from_db(from_queryset=Case.objects.select_for_update())
    before = case.status
    if status == Case.Status.PUBLISHED:
        check_labels(case)
        check_read(case)
        case.review_reasons = []
    case.status, case.held_by_import = status, False
    if status != Case.Status.RETIRED:
        case.duplicate_of = None
    case.save(
        update_fields=["status", "held_by_import", "review_reasons", "duplicate_of", "updated_at"]
    )
    if before != status:
        said = {"before": before, "after": status}
        history.note(case, CaseChange.What.STATUS, by=by, why=why, said=said)
        tell_if_published(case)
    return case


def publish_case(*, case: Case) -> Case:
    return set_status(case=case, status=Case.Status.PUBLISHED)


@transaction.atomic
def restore_case(*, case: Case, by: User | None = None, why: str = "") -> Case:
    """Give a retired case the status back that it had; others stay as they are.

    Raises:
        CannotPublish: it was published, and cannot be any more.
    """
    case.refresh_from_db(from_queryset=Case.objects.select_for_update())
    if case.status != Case.Status.RETIRED:
        return case
    return set_status(case=case, status=history.status_before_retiring(case), by=by, why=why)


@transaction.atomic
def merge_cases(*, case: Case, into: Case, by: User, why: str = "") -> Case:
    """Retire a case for another one of the same film, and have it point to that one.

    What pointed to it points there too. Attempts at it stay readable, and it can be restored.

    Raises:
        ValueError: the other one is the case itself, retired, or made for one learner.
    """
    pair = Case.objects.select_for_update().filter(pk__in=(case.pk, into.pk)).order_by("pk")
    found = {one.pk: one for one in pair}
    case, into = found[case.pk], found[into.pk]
    if case == into:
        raise ValueError("A case is no duplicate of itself.")
    if into.status == Case.Status.RETIRED:
        raise ValueError("The other case is retired: restore it first, or keep this one.")
    if into.made_for_id is not None:
        raise ValueError("The other case was made for one learner: promote it first.")
    said = f"The same film as {into.source_key}"
    set_status(case=case, status=Case.Status.RETIRED, by=by, why=f"{said}. {why}".strip(". "))
    case.duplicates.update(duplicate_of=into)
    Case.objects.filter(pk=case.pk).update(duplicate_of=into)
    kept = f"Kept of two: {case.source_key} is the same film"
    history.note(into, CaseChange.What.STATUS, by=by, why=f"{kept}. {why}".strip(". "))
    patients.agree(case, by=by)
    case.refresh_from_db()
    return case


@transaction.atomic
def set_split(*, case: Case, split: str, by: User | None = None, why: str = "") -> list[Case]:
    """Say where a case and all others of its patient are offered; the others that followed.

    Who and why stand in the history of each.

    Raises:
        ValueError: there is no such split.
    """
    if split not in Case.Split.values:
        raise ValueError(f"{split!r} is not where a case can be offered")
    followed = patients.offer(case, split, by=by, why=why)
    case.refresh_from_db()
    return followed


def retire_case(*, case: Case) -> Case:
    """Take a case out of play; attempts at it stay readable."""
    return set_status(case=case, status=Case.Status.RETIRED)


NOTHING_LEFT = "All its findings were removed, and nobody said that the film is normal."


@contextmanager
def correcting(*, case: Case, by: User, why: str = "", is_normal: bool = False) -> Iterator[None]:
    """What changes of a case's truth or context inside is a person's: imports keep it from then on.

    Changed truth raises the version; both versions stay in the case's history. A published case
    that loses all its findings goes back into review, unless the person says that it `is_normal`.
    All is undone when an error ends it.
    """
    with transaction.atomic():
        before = Case.objects.select_for_update().get(pk=case.pk)
        truth, context = stored_truth(before), stored_context(before)
        was = said_by_library(before)
        said = before.source_truth if before.is_corrected else was
        had_findings = before.findings.exists()
        yield
        after = Case.objects.get(pk=case.pk)
        if had_findings and not is_normal and after.is_playable and not after.findings.exists():
            after.status = Case.Status.REVIEW
            after.review_reasons = [*after.review_reasons, NOTHING_LEFT]
        after.has_truth_boxes = has_truth_boxes(after.findings.prefetch_related("regions"))
        after.knows_findings = after.knows_findings or after.findings.exists()
        if after.findings.exists() or is_normal:  # somebody has said what it shows
            after.review_reasons = [
                one for one in after.review_reasons if not one.endswith((UNTOLD, NOTHING_LEFT))
            ]
        said_normal = after.knows_findings and not before.knows_findings
        new_truth = said_normal or stored_truth(after) != truth
        if new_truth or stored_context(after) != context:
            after.version += new_truth
            after.source_truth = said
            keep_as_corrected(case=after, by=by)
            now = said_by_library(after)
            if new_truth:
                before_it = (before.version, was)
                history.note_truth(after, before=before_it, said=now, by=by, why=why)
            else:
                history.note(after, CaseChange.What.CONTEXT, by=by, why=why, said=now)
            tell_if_published(after)


def keep_as_corrected(*, case: Case, by: User) -> None:
    """Note that a person answers for a case as it is: imports keep it."""
    case.edited_at, case.edited_by = timezone.now(), by
    case.save()


def _pseudonymous(slug: str, item: Item) -> Item:
    """The case with a pseudonym of its patient."""
    if isinstance(item, Problem) or not item.patient:
        return item
    return replace(item, patient=patients.pseudonym(slug, item.patient))


def _within_bound(item: Item) -> Item:
    """The case with what its renditions may be off by the installation's setting."""
    if isinstance(item, Problem) or not settings.RENDITION_MAX_ERROR:
        return item
    images = [
        replace(image, source=replace(image.source, max_error=settings.RENDITION_MAX_ERROR))
        for image in item.images
    ]
    return replace(item, images=tuple(images))


def import_cases(
    info: DatasetInfo,
    items: Iterable[Item],
    *,
    status: str = Case.Status.PUBLISHED,
    jobs: int | None = None,
    limits: Limits | None = None,
    dry_run: bool = False,
    force: bool = False,
    overwrite_corrections: bool = False,
    by: User | None = None,
) -> Generator[Imported | Problem]:
    """Store each case in a transaction of its own; yields what became of it, in order.

    `status` is for new cases whose truth is whole; others wait in review, with the reason, and so
    do all of a data set that asks for a second reading. A
    case that is there keeps the status its curator gave it, and what a person corrected unless
    `overwrite_corrections`. `force` decodes files again that did not change. `by` is who asked for
    it, where that is known.
    """
    dataset = Dataset.objects.filter(slug=info.slug).first() if dry_run else upsert_dataset(info)
    known: Callable[[ImportedCase], list[KnownImage | None]] = (
        (lambda case: []) if force else partial(known_images, dataset)
    )
    choices = Choices(status, overwrite_corrections)
    taken = (series.arranged(dataset, item, dry_run=dry_run) for item in items)
    bounded = (_within_bound(_pseudonymous(info.slug, item)) for item in taken)
    prepared = prepared_cases(bounded, known, jobs=jobs or usable_processors(), limits=limits)
    mappings = mappings_of(dataset)
    if dataset and dataset.needs_second_reading and status == Case.Status.PUBLISHED:
        choices = replace(choices, status=Case.Status.REVIEW)
    for outcome in prepared:
        if isinstance(outcome, Problem):
            yield outcome
            continue
        case, images = outcome
        try:
            known_by = mapped(_doubted(case, images), mappings)
            imported = judged(known_by, [_frames(image) for image in images])
            done = _imported(dataset, imported, images, choices, dry_run=dry_run)
        except Exception as error:  # costs this case only: the next may be well
            if not connection.in_atomic_block:  # else whoever began it has to end it
                connection.close_if_unusable_or_obsolete()
            yield Skipped(case.key, f"{_why(error)} The case was skipped.", "case")
            continue
        yield from imported.problems
        if settings.KEEP_ORIGINALS and not dry_run:
            stored = Case.objects.get(dataset=dataset, source_key=imported.key)
            yield from originals.keep(stored, imported.images, by)
        yield done


def _frames(image: Prepared) -> Sequence[int]:
    """The numbers of an image's frames in the source, in the order they are shown in."""
    return image.frame_order if isinstance(image, PreparedImage) else image.frames


def _doubted(case: ImportedCase, images: Sequence[Prepared]) -> ImportedCase:
    """The case with what is in doubt of its images among its problems."""
    doubts = tuple(
        Problem(f"{case.key}, image {number}", image.doubt)
        for number, image in enumerate(images, start=1)
        if image.doubt
    )
    return replace(case, problems=(*case.problems, *doubts))


def _imported(
    dataset: Dataset | None,
    imported: ImportedCase,
    images: Sequence[Prepared],
    choices: Choices,
    *,
    dry_run: bool,
) -> Imported:
    """What becomes of a case, and on no dry run makes it so.

    Raises:
        ValueError: the library cannot hold it.
    """
    if len(imported.key) > LONGEST_KEY:
        raise ValueError(f"its name has more than {LONGEST_KEY} characters")
    if dry_run:
        case = Case.objects.filter(dataset=dataset, source_key=imported.key).first()
        plan = plan_for(case, imported, images, choices)
        case = case or Case(status=first_status(imported, choices))
    else:
        assert dataset is not None
        case, plan = store_case(dataset=dataset, imported=imported, images=images, choices=choices)
    unmapped = tuple(dict.fromkeys(one["label"] for one in unmapped_of(imported)))
    return Imported(imported.key, plan.stored, plan.is_held(case), plan.kept, unmapped)


def _why(error: Exception) -> str:
    """An error of storing a case as a sentence."""
    if isinstance(error, DatabaseError):
        return f"The database refused it ({error})."
    if isinstance(error, OSError):
        return f"Its files could not be written ({error.strerror or error})."
    if isinstance(error, ValueError):
        return f"The library cannot hold it: {str(error).rstrip('.')}."
    return f"It could not be stored ({type(error).__name__}: {error})."
