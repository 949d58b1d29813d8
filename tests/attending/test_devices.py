"""The rows on devices once more, through the game itself: stored truth, checked answer, page."""

from __future__ import annotations

import html
import uuid

import pytest

from attempts import services, tasks
from bench import attending
from localize.wording import LOSSES
from tests import factories

pytestmark = pytest.mark.any_database

KINDS = {"tube": "tracheal_tube", "catheter": "central_line"}
"""The labels of the game that are marked by their tips."""
ROWS = [row for row in attending.rows() if "^" in row.truth]


def stored(row: attending.Row):
    """The row's truth as a case of the library, on its film of 40 by 40 cm."""
    case = factories.CaseFactory()
    height, width = attending.FILM_MM
    image = factories.ImageFactory(case=case, row_spacing=height / 64, column_spacing=width / 64)
    for truth in attending.truths_of(row.truth):
        finding = factories.FindingFactory(
            case=case,
            label=KINDS.get(truth.label, truth.label),
            significance=truth.significance or "minor",
            side=truth.side,
            position=truth.position,
        )
        for region in truth.regions:
            x0, y0, x1, y1 = region.box
            tip = {"shape": "point", "points": [list(region.point)]} if region.point else {}
            factories.RegionFactory(finding=finding, image=image, x0=x0, y0=y0, x1=x1, y1=y1, **tip)
    return case


def answered(row: attending.Row, image: str):
    marks, ticks = attending.answer_of(row.answer)
    return {
        "marks": [
            {
                "id": mark.id,
                "label": KINDS.get(mark.label, mark.label),
                "image": image,
                "position": mark.position,
                **({"point": list(mark.point)} if mark.point else {"box": list(mark.box)}),
            }
            for mark in marks
        ],
        "ticked": [{"label": tick.label, "side": tick.side} for tick in ticks],
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.truth} | {row.answer}")
def test_a_device_scores_on_the_page_as_an_attending_would(client_of, trainee, db, row):
    case = stored(row)
    attempt = services.open_attempt(
        user=trainee, case=case, kind="localize", mode="practice", rule="clinical"
    )
    answer = answered(row, case.images.get().public_id)
    services.submit(attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=1)
    tasks.score_attempt(attempt.pk)
    result = attempt.results.get()
    assert row.low <= result.score <= row.high, row.because
    address = f"/localize/attempts/{attempt.public_id}/result"
    page = html.unescape(client_of(trainee).get(address).content.decode())
    if row.says:
        assert LOSSES[row.says] in page


def test_there_are_rows_on_devices():
    assert len(ROWS) >= 10
