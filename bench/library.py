"""`python -m bench.library COUNT`: fill the library of DATA_DIR with plain cases."""

from __future__ import annotations

import os
import sys

import django

BATCH = 1000


def fill(count: int) -> None:
    """Published cases of one image without a file, a finding with a region and a report each."""
    from cases.models import Case, Dataset, Finding, Image, ReferenceReport, Region

    dataset, _ = Dataset.objects.get_or_create(slug="bench", defaults={"title": "Filling"})
    for first in range(0, count, BATCH):
        numbers = range(first, min(first + BATCH, count))
        cases = Case.objects.bulk_create(
            Case(dataset=dataset, source_key=f"{n}", status="published") for n in numbers
        )
        images = Image.objects.bulk_create(
            Image(
                case=case,
                source_name="x.png",
                source_sha256=f"{case.pk:064x}",
                source_width=1024,
                source_height=1024,
                width=1024,
                height=1024,
                window_center=128,
                window_width=256,
                rendition="none.png",
                thumbnail="none.webp",
            )
            for case in cases
        )
        findings = Finding.objects.bulk_create(
            Finding(case=case, label="nodule_mass", significance="actionable") for case in cases
        )
        ReferenceReport.objects.bulk_create(
            ReferenceReport(case=case, findings="The lungs are clear.") for case in cases
        )
        Region.objects.bulk_create(
            Region(finding=finding, image=image, x0=0.2, y0=0.2, x1=0.3, y1=0.3)
            for finding, image in zip(findings, images, strict=True)
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radgame.settings")
    django.setup()
    fill(int(sys.argv[1]))
