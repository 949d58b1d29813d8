"""The demo set: a dozen to play at once, the rest behind, each case whole, none twice."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image as Picture

from attempts.services import open_attempt
from cases import demo_set, services
from cases.importers.base import ImportedCase, importer_named
from cases.models import Case
from ml import taxonomy
from tests import factories

pytestmark = pytest.mark.django_db


def entry(key: str, image: str = "a.png") -> dict[str, object]:
    nodule = {"label": "nodule_mass", "regions": [{"image": 0, "box": [0.1, 0.1, 0.2, 0.2]}]}
    return {
        "key": key,
        "images": [{"file": image, "view": "PA"}],
        "findings": [nodule],
        "report": {"findings": "A nodule."},
    }


def write_set(folder: Path, *entries: dict[str, object]) -> Path:
    ramp = np.tile(np.linspace(0, 4095, 60).astype(np.uint16), (40, 1))
    Picture.fromarray(ramp).save(folder / "a.png")
    (folder / "broken.png").write_bytes(b"no picture")
    document = {"dataset": {"slug": "demo"}, "cases": entries}
    (folder / "cases.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def three(tmp_path) -> Path:
    """A set of three cases."""
    return write_set(tmp_path, *(entry(f"case-{number}") for number in range(3)))


def command(folder: Path) -> list[str]:
    out = io.StringIO()
    call_command("load_demo", folder=folder, stdout=out)
    return out.getvalue().splitlines()


def waiting(folder: Path) -> list[ImportedCase]:
    lacking = demo_set.missing(folder)
    return [*lacking.first, *lacking.rest]


def keys() -> list[str]:
    return sorted(Case.objects.values_list("source_key", flat=True))


def test_the_first_dozen_can_be_played_in_both_games_and_has_normal_cases():
    importer = importer_named("simulated")
    first = demo_set.missing().first
    assert len(first) == demo_set.FIRST
    diseases = [{f.label for f in case.findings} - {*taxonomy.variants()} for case in first]
    assert sum(not found for found in diseases) == demo_set.NORMAL_OF_FIRST
    drawn = {slug for slug, label in taxonomy.labels().items() if label.mode == "draw"}
    labels = [finding.label for case in first for finding in case.findings]
    assert len(set(labels) & drawn) >= 3, "Localize has several findings to draw"
    assert len(set(labels)) >= 8
    assert all(case.has_truth_boxes and case.reports for case in first)
    assert all(len(case.images) == 1 for case in first), "those of one picture are ready soonest"
    assert importer.describe(demo_set.FOLDER).simulated


def test_the_set_is_divided_into_the_first_dozen_and_the_rest():
    lacking = demo_set.missing()
    named = [case.key for case in (*lacking.first, *lacking.rest)]
    assert len(named) == len(set(named)) == lacking.total > 60


def test_the_command_loads_what_is_missing_and_says_when_all_is_there(three):
    assert command(three) == ["All 3 demo cases are loaded."]
    assert keys() == ["case-0", "case-1", "case-2"]
    assert command(three) == []


def test_loading_that_was_cut_off_goes_on(three):
    assert demo_set.load(waiting(three)[:1], folder=three) == 1
    kept = Case.objects.get()
    assert [case.key for case in waiting(three)] == ["case-1", "case-2"]
    assert command(three) == ["All 3 demo cases are loaded."]
    assert keys() == ["case-0", "case-1", "case-2"]
    assert Case.objects.filter(pk=kept.pk, public_id=kept.public_id, version=1).exists()


def test_a_release_that_says_more_of_a_case_brings_it_up_to_date_and_keeps_its_attempts(
    three, trainee
):
    command(three)
    changed, kept, corrected = Case.objects.order_by("source_key")
    attempt = open_attempt(user=trainee, case=changed, kind="localize", mode="practice")
    corrected.edited_at = timezone.now()
    corrected.save()
    tip = {"label": "tracheal_tube", "regions": [{"point": [0.5, 0.4]}], "position": "right"}
    anew = [entry(f"case-{number}") | {"findings": [tip]} for number in (0, 2)]
    write_set(three, anew[0], entry("case-1"), anew[1])
    assert [case.key for case in waiting(three)] == ["case-0"]
    command(three)
    changed.refresh_from_db()
    assert (changed.version, changed.findings.get().label) == (2, "tracheal_tube")
    assert kept.findings.get().label == corrected.findings.get().label == "nodule_mass"
    attempt.refresh_from_db()
    assert attempt.case_id == changed.pk
    assert command(three) == []


def test_every_case_is_whole_when_it_can_be_seen(three):
    """Looked at after each case, as a page would in the meantime."""

    def look(done: int) -> None:
        seen = Case.objects.filter(status="published")
        assert seen.count() == done
        for case in seen:
            [image] = case.images.all()
            assert default_storage.exists(image.rendition.name)
            assert default_storage.exists(image.thumbnail.name)
            assert case.findings.get().regions.count() == 1
            assert case.reports.count() == 1

    assert demo_set.load(waiting(three), look, three) == 3


def test_the_room_that_cases_take_is_told_from_their_pixels(three):
    write_set(three, *(entry(f"case-{number}") for number in range(3)), entry("x", "broken.png"))
    assert demo_set.room_for(waiting(three)) == 3 * round(0.45 * 2 * 60 * 40)


def test_a_newer_set_retires_the_cases_of_the_older_one_and_keeps_their_attempts(three):
    command(three)
    learner, played = factories.UserFactory(), Case.objects.get(source_key="case-0")
    attempt = open_attempt(user=learner, case=played, kind="localize", mode="full")
    services.keep_as_corrected(case=Case.objects.get(source_key="case-1"), by=learner)
    write_set(three, entry("case-2"), entry("new-0"))
    said = command(three)
    assert said[-1] == "1 cases of an earlier demo set were retired; attempts stay."
    statuses = dict(Case.objects.values_list("source_key", "status"))
    assert statuses == {
        "case-0": "retired",
        "case-1": "published",
        "case-2": "published",
        "new-0": "published",
    }
    attempt.refresh_from_db()
    assert attempt.case.source_key == "case-0"
    assert command(three) == [], "once is enough"


def test_an_older_set_stays_in_play_until_the_newer_one_is_whole(three):
    command(three)
    write_set(three, entry("bad", "broken.png"), entry("new-0"))
    command(three)
    assert Case.objects.filter(status="published").count() == 4


def test_a_library_of_the_users_own_stays_as_it_is(three):
    factories.CaseFactory()
    assert not demo_set.missing(three)
    assert command(three) == []


def test_a_project_without_demo_cases_has_none_to_load(tmp_path):
    assert not demo_set.missing(tmp_path / "demo")


def test_a_case_that_cannot_be_loaded_does_not_stop_the_others(three):
    write_set(three, entry("bad", "broken.png"), entry("good"))
    assert command(three) == ["1 of 2 demo cases could not be loaded."]
    assert keys() == ["good"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "cases.json is not readable JSON"),
        ("[]", "cases.json is not a JSON object."),
        ('{"cases": 1}', "has no list “cases”"),
    ],
)
def test_a_set_that_cannot_be_read_is_one_sentence(three, content, sentence):
    (three / "cases.json").write_text(content)
    [line] = command(three)
    assert line.startswith("The demo cases could not be loaded: ")
    assert sentence in line


def test_a_set_of_which_nothing_can_be_loaded_is_one_sentence(three):
    write_set(three, entry("bad", "broken.png"))
    [line] = command(three)
    assert line.startswith("The demo cases could not be loaded: bad: ")


def test_progress_is_a_line_a_dozen_where_no_terminal_can_change_one(three):
    write_set(three, *(entry(f"case-{number:02d}") for number in range(26)))
    assert command(three) == [
        "Demo cases: 12 of 26",
        "Demo cases: 24 of 26",
        "All 26 demo cases are loaded.",
    ]


def test_progress_is_one_changing_line_on_a_terminal(three):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    call_command("load_demo", folder=three, stdout=out)
    *changing, last = out.getvalue().rstrip("\n").split("\r")
    assert [line.strip() for line in changing if line.strip()] == [
        f"Demo cases: {done} of 3" for done in (1, 2, 3)
    ]
    assert last == "\033[KAll 3 demo cases are loaded."
