"""The only writers of case data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DataError, IntegrityError, transaction

from cases.imaging import PreparedImage
from cases.importers.base import (
    DatasetInfo,
    ImportedCase,
    ImportedImage,
    Item,
    Problem,
    importer_named,
)
from cases.importers.pipeline import KeptImage, Prepared, prepared_cases, usable_processors
from cases.models import (
    Case,
    Dataset,
    Finding,
    Image,
    ReferenceReport,
    Region,
    rendition_path,
)
from cases.signals import case_published
from cases.truth import finding_values, imported_truth, stored_truth

DEMO_FOLDER = Path(__file__).parent / "demo"
THUMBNAIL = "thumb.webp"
LONGEST_KEY = 200
CONTEXT = ("age", "sex", "indication", "comparison")


class Stored(StrEnum):
    """What became of a case on import."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Imported:
    """One case that went in (or would, on a dry run)."""

    key: str
    stored: Stored


def upsert_dataset(info: DatasetInfo) -> Dataset:
    """The data set of this slug, made or brought up to date."""
    values = asdict(info)
    return Dataset.objects.update_or_create(slug=values.pop("slug"), defaults=values)[0]


def set_status(*, case: Case, status: str) -> Case:
    """Move a case between draft, review, published and retired.

    Raises:
        ValueError: not a status a case can have.
    """
    if status not in Case.Status.values:
        raise ValueError(f"{status!r} is not a status a case can have")
    changed = case.status != status
    case.status = status
    case.save(update_fields=["status", "updated_at"])
    if changed:
        tell_if_published(case)
    return case


def tell_if_published(case: Case) -> None:
    """Tell other apps of a case that learners may play now, or of its new truth."""
    if case.is_playable:
        case_published.send_robust(Case, case=case)


def publish_case(*, case: Case) -> Case:
    return set_status(case=case, status=Case.Status.PUBLISHED)


def retire_case(*, case: Case) -> Case:
    """Take a case out of play; attempts at it stay readable."""
    return set_status(case=case, status=Case.Status.RETIRED)


def demo_is_wanted(folder: Path = DEMO_FOLDER) -> bool:
    """Whether the library is empty, or loading the demo cases was cut off half way."""
    if not folder.is_dir():
        return False
    importer = importer_named("simulated")
    there = Case.objects.filter(dataset__slug=importer.describe(folder).slug).count()
    if not there:
        return not Case.objects.exists()
    items = importer.read(folder, importer.folders(folder))
    return there < sum(not isinstance(item, Problem) for item in items)


def load_demo(progress: Callable[[int], None] | None = None, folder: Path = DEMO_FOLDER) -> int:
    """Import the simulated cases that come with the project; how many are in the library then.

    `progress` is called with the number of cases done so far. None are there when the project
    came without them. Raises ValueError with the first problem when none could be imported.
    """
    if not folder.is_dir():
        return 0
    importer = importer_named("simulated")
    outcomes = import_cases(
        importer.describe(folder), importer.read(folder, importer.folders(folder))
    )
    done, problems = 0, []
    for outcome in outcomes:
        if isinstance(outcome, Problem):
            problems.append(outcome)
            continue
        done += 1
        if progress:
            progress(done)
    if not done and problems:
        raise ValueError(f"{problems[0].where}: {problems[0].sentence}")
    return done


def import_cases(
    info: DatasetInfo,
    items: Iterable[Item],
    *,
    status: str = Case.Status.PUBLISHED,
    jobs: int | None = None,
    dry_run: bool = False,
) -> Iterator[Imported | Problem]:
    """Store each case in a transaction of its own; yields what became of it, in order.

    `status` is for new cases; a case that is there keeps the status its curator gave it.
    """
    dataset = Dataset.objects.filter(slug=info.slug).first() if dry_run else upsert_dataset(info)
    prepared = prepared_cases(
        items, lambda case: _known_digests(dataset, case), jobs=jobs or usable_processors()
    )
    for outcome in prepared:
        if isinstance(outcome, Problem):
            yield outcome
            continue
        case, images = outcome
        if dry_run:
            yield Imported(case.key, _would_be(dataset, case, images))
        else:
            assert dataset is not None
            if len(case.key) > LONGEST_KEY:
                sentence = f"Its name has more than {LONGEST_KEY} characters; it was skipped."
                yield Problem(case.key, sentence, "case")
                continue
            try:
                stored = store_case(dataset=dataset, imported=case, images=images, status=status)
            except (DataError, IntegrityError) as error:
                yield Problem(case.key, f"The database refused it ({error}); skipped.", "case")
            else:
                yield Imported(case.key, stored)


def _known_digests(dataset: Dataset | None, case: ImportedCase) -> list[str]:
    """Digests of the stored images by position; empty where the file must be made (again)."""
    found = Image.objects.filter(case__dataset=dataset, case__source_key=case.key)
    digests = {
        image.position: image.source_sha256
        for image in found
        if default_storage.exists(image.rendition.name)
        and default_storage.exists(image.thumbnail.name)
    }
    return [digests.get(position, "") for position in range(len(case.images))]


def _would_be(
    dataset: Dataset | None, imported: ImportedCase, images: Sequence[Prepared]
) -> Stored:
    case = Case.objects.filter(dataset=dataset, source_key=imported.key).first()
    if dataset is None or case is None:
        return Stored.NEW
    kept = all(isinstance(image, KeptImage) for image in images)
    same = (
        kept and len(images) == case.images.count() and not _context_changes(case, imported, images)
    )
    return (
        Stored.UNCHANGED
        if same and stored_truth(case) == imported_truth(imported)
        else Stored.UPDATED
    )


def store_case(
    *,
    dataset: Dataset,
    imported: ImportedCase,
    images: Sequence[Prepared],
    status: str = Case.Status.PUBLISHED,
) -> Stored:
    """Make or update one case with all its parts, or nothing of it.

    The case, its images and their public ids stay when it is imported again, since
    attempts refer to them; findings are replaced, and `version` raised, when the truth changed.
    """
    written: list[str] = []
    try:
        with transaction.atomic():
            return _store(dataset, imported, images, status, written)
    except BaseException:
        for name in written:
            default_storage.delete(name)
        raise


def _store(
    dataset: Dataset,
    imported: ImportedCase,
    images: Sequence[Prepared],
    status: str,
    written: list[str],
) -> Stored:
    case, is_new = Case.objects.select_for_update().get_or_create(
        dataset=dataset, source_key=imported.key, defaults={"status": status}
    )
    changes: dict[str, Any] = _context_changes(case, imported, images)
    truth_changed = is_new or stored_truth(case) != imported_truth(imported)
    if truth_changed and not is_new:
        changes["version"] = case.version + 1
    images_changed = _store_images(case, imported.images, images, written)
    if truth_changed:
        changes["has_truth_boxes"] = imported.has_truth_boxes
        _replace_truth(case, imported)
    for name, value in changes.items():
        setattr(case, name, value)
    if truth_changed or images_changed or changes:
        tell_if_published(case)
    if is_new:
        case.save()
        return Stored.NEW
    if changes or images_changed:
        case.save()
        return Stored.UPDATED
    return Stored.UNCHANGED


def _context_changes(
    case: Case, imported: ImportedCase, images: Sequence[Prepared]
) -> dict[str, Any]:
    """What the source says of the patient and the library does not say yet.

    A source that is silent takes nothing away; the images' headers fill what tables leave open.
    """
    said = {name: getattr(imported, name) for name in CONTEXT}
    for image in images:
        if isinstance(image, PreparedImage):
            said["age"] = image.age if said["age"] is None else said["age"]
            said["sex"] = said["sex"] or image.sex
    return {
        name: value
        for name, value in said.items()
        if value not in (None, "") and value != getattr(case, name)
    }


# Images


def _store_images(
    case: Case, imported: Sequence[ImportedImage], images: Sequence[Prepared], written: list[str]
) -> bool:
    """Bring the case's images up to date by position; whether anything changed."""
    stored = {image.position: image for image in case.images.all()}
    changed = False
    for position, (source, prepared) in enumerate(zip(imported, images, strict=True)):
        image = stored.pop(position, None) or Image(case=case, position=position)
        if isinstance(prepared, PreparedImage):
            old = _file_names(image) if image.pk else []
            _fill_image(image, source, prepared)
            _write_files(image, prepared, old, written)
            image.save()
            changed = True
        else:
            changed |= _describe_again(image, source)
    for image in stored.values():
        names = _file_names(image)
        image.delete()
        transaction.on_commit(lambda names=names: _delete_files(names))
        changed = True
    return changed


def _fill_image(image: Image, source: ImportedImage, prepared: PreparedImage) -> None:
    image.source_name = source.name[:300]
    image.study, image.study_label = source.study, source.study_label
    image.source_sha256 = prepared.sha256
    for name in ("source_width", "source_height", "width", "height", "bits", "max_value", "view"):
        setattr(image, name, getattr(prepared, name))
    image.frames = len(prepared.renditions)
    image.window_center = prepared.window.center
    image.window_width = prepared.window.width
    image.value_offset = prepared.value_offset
    image.row_spacing, image.column_spacing = prepared.spacing_mm or (None, None)


def _describe_again(image: Image, source: ImportedImage) -> bool:
    """Take over what the table says anew of an image whose file is the same."""
    said: dict[str, Any] = {"study": source.study, "study_label": source.study_label}
    if source.source.view:
        said["view"] = source.source.view
    extent = source.source.extent_mm
    if extent is None and source.source.spacing_mm:
        rows_mm, columns_mm = source.source.spacing_mm
        extent = (rows_mm * image.source_height, columns_mm * image.source_width)
    if extent:
        said |= {"row_spacing": extent[0] / image.height, "column_spacing": extent[1] / image.width}
    changed = {name: value for name, value in said.items() if getattr(image, name) != value}
    for name, value in changed.items():
        setattr(image, name, value)
    if changed:
        image.save(update_fields=list(changed))
    return bool(changed)


def _write_files(
    image: Image, prepared: PreparedImage, old: Sequence[str], written: list[str]
) -> None:
    """Write renditions and thumbnail under the image's public id; those of before go on commit.

    The names hold the source's digest, so that files of other pixels never meet: a
    transaction that fails leaves the old ones as they were.
    """
    names = [image.frame_name(index) for index in range(len(prepared.renditions))]
    files = [*zip(names, prepared.renditions, strict=True)]
    files.append((rendition_path(image, f"{image.digest}-{THUMBNAIL}"), prepared.thumbnail))
    for name, content in files:
        if name in old:  # lost or damaged, and made again from the same source
            default_storage.delete(name)
        else:
            written.append(name)
        default_storage.save(name, ContentFile(content))
    image.rendition.name = names[0]
    image.thumbnail.name = files[-1][0]
    gone = set(old) - {name for name, _ in files}
    transaction.on_commit(lambda: _delete_files(sorted(gone)))


def _file_names(image: Image) -> list[str]:
    return [*(image.frame_path(frame) for frame in range(image.frames)), image.thumbnail.name]


def _delete_files(names: Sequence[str]) -> None:
    for name in names:
        default_storage.delete(name)


# Truth


def _replace_truth(case: Case, imported: ImportedCase) -> None:
    case.findings.all().delete()
    images = {image.position: image for image in case.images.all()}
    for finding in imported.findings:
        row = Finding.objects.create(case=case, **finding_values(finding))
        Region.objects.bulk_create(
            Region(
                finding=row,
                image=images[region.image],
                frame=region.frame,
                reader=region.reader[:50],
                alternate=region.alternate,
                **dict(zip(("x0", "y0", "x1", "y1"), region.box, strict=True)),
            )
            for region in finding.regions
        )
    case.reports.all().delete()
    ReferenceReport.objects.bulk_create(
        ReferenceReport(case=case, **asdict(report)) for report in imported.reports
    )
