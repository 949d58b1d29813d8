"""Writes the database of a release as SQL, for `test_upgrade` to bring up to date ever after.

    .venv/bin/python -m tests.upgrade.make tests/upgrade/NAME.sql

Run it once a release, on the release's own code; what it wrote before stays as it is.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any


def fill() -> None:
    """One of everything that a library and its learners leave in the database."""
    from attempts import modes, series, services, tasks
    from feedback.models import Explanation, ExplanationRating, SecondOpinion
    from localize.models import Flag
    from report.models import Contest, Macro
    from tests import factories

    learner = factories.UserFactory(username="learner", role="trainee", password="!")
    curator = factories.UserFactory(username="curator", role="curator", password="!")
    case = factories.CaseFactory(indication="Cough for three weeks.")
    image = factories.ImageFactory(case=case)
    nodule = factories.FindingFactory(case=case, sentence="Nodule in the left upper lobe.")
    factories.RegionFactory(finding=nodule, image=image)
    factories.RegionFactory(finding=nodule, image=image, reader="2", alternate=True, x0=0.58)
    factories.FindingFactory(case=case, label="cardiomegaly", sentence="Enlarged heart.")
    factories.ReportFactory(case=case, findings="Nodule in the left upper lobe. Enlarged heart.")
    normal = factories.ImageFactory().case
    factories.ReportFactory(case=normal, findings="The lungs are clear. The heart is normal.")

    def play(kind: str, case: Any, mode: str, answer: dict[str, Any], **more: Any) -> Any:
        attempt = services.open_attempt(user=learner, case=case, kind=kind, mode=mode, **more)
        services.save_draft(attempt_id=attempt.pk, version=0, answer=answer)
        services.submit(
            attempt_id=attempt.pk, submission=uuid.uuid4(), answer=answer, elapsed_ms=30_000
        )
        tasks.score_attempt(attempt.pk)
        return attempt

    box = {"id": "m1", "label": "nodule_mass", "image": image.public_id, "frame": 0}
    marked = {"marks": [box | {"box": [0.6, 0.2, 0.7, 0.3], "confidence": 4}], "normal": False}
    drawn = play("localize", case, "practice", {**marked, "ticked": ["edema"]})
    written = play("report", case, "practice", {"text": "Left nodule. Pleural effusion."})
    play("localize", normal, "second_look", {"marks": [], "ticked": ["edema"], "normal": False})
    hinted = services.open_attempt(user=learner, case=case, kind="localize", mode="practice")
    modes.give_hint(attempt_id=hinted.pk, request={})
    services.save_draft(attempt_id=hinted.pk, version=0, answer={**marked, "ticked": []})
    test = series.start_series(user=learner, kind="localize", mode="test", cases=[normal, case])
    play("localize", normal, "test", {"marks": [], "ticked": [], "normal": True}, series=test)
    series.end(test)
    Flag.objects.create(
        attempt=drawn, subject=nodule.public_id, label="nodule_mass", said="Hit.", why="A vessel?"
    )
    Contest.objects.create(
        attempt=written, note="f1", engine="rules", engine_version="1", said="Invented.", why="No."
    )
    Macro.objects.create(user=learner, name="normal", text="The lungs are clear.")
    result = written.results.get()
    SecondOpinion.objects.create(result=result, name="chexbert", problem="No answer.")
    explanation = Explanation.objects.create(
        key="0" * 64,
        facts="1" * 64,
        case=case,
        label="nodule_mass",
        outcome="missed",
        text="A round density.",
        model="a model",
        prompt_version="1",
        asked_by=learner,
        reviewed_by=curator,
    )
    ExplanationRating.objects.create(explanation=explanation, user=learner, helpful=True)


def main(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATA_DIR": folder,
            "DATABASE_URL": "",
            "REDIS_URL": "redis://127.0.0.1:1/0",  # nobody is there to be told
            "DJANGO_SETTINGS_MODULE": "radgame.settings",
        }
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        fill()
        with sqlite3.connect(Path(folder) / "radgame.sqlite3") as database:
            lines = list(database.iterdump())
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
