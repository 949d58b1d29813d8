"""A learner's own figures as a table to take away: a row for each case that counts and is told of.

All else that is kept of a person is in the archive of their account (`accounts.personal`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import User
from attempts.queries import held_cases
from learning.models import CaseRecord

COLUMNS = (
    *("submitted_at", "game", "rule", "case", "score", "seconds", "normal_film"),
    *("findings", "found", "missed_search", "missed_recognition", "missed_precision"),
    *("false_marks", "labels"),
)


def rows_of(user: User) -> Iterator[dict[str, Any]]:
    """The oldest first, in the columns `COLUMNS`; `labels` says found of shown for each label."""
    records = CaseRecord.objects.filter(user=user).prefetch_related("labels").select_related("case")
    told = records.exclude(case__in=held_cases(user).values("case_id"))
    for record in told.order_by("submitted_at", "pk"):
        yield {
            "submitted_at": record.submitted_at,
            "game": record.kind,
            "rule": record.rule,
            "case": record.case.public_id,
            "score": round(record.score, 1),
            "seconds": round(record.elapsed_ms / 1000, 1) if record.elapsed_ms else None,
            "normal_film": record.is_normal,
            "findings": record.truths,
            "found": record.hits,
            "missed_search": record.search,
            "missed_recognition": record.recognition,
            "missed_precision": record.precision,
            "false_marks": record.overcalls,
            "labels": " ".join(
                f"{one.label}:{one.hits}/{one.truths}" for one in record.labels.all() if one.truths
            ),
        }


def as_csv(user: User) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    for row in rows_of(user):
        writer.writerow({**row, "submitted_at": row["submitted_at"].isoformat()})
    return stream.getvalue()


def as_json(user: User) -> str:
    return json.dumps(list(rows_of(user)), cls=DjangoJSONEncoder, indent=1)
