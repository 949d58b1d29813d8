"""What imports write of a case, field by field."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from cases import services, storing
from cases.imaging import Source, prepare_image
from cases.importers import (
    ImportedCase,
    ImportedFinding,
    ImportedImage,
    ImportedRegion,
    ImportedReport,
    Problem,
)
from cases.importers.base import DatasetInfo
from cases.importers.wire import KeptImage
from cases.models import Case, Dataset
from cases.patients import pseudonym
from cases.services import import_cases
from cases.storing import Choices, Stored, plan_for, store_case
from cases.truth import said_by_library
from tests import factories
from tests.cases.files import write_png
from tests.cases.histories import corrected, entries, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


# What an import stores


@pytest.fixture
def film(tmp_path):
    return ImportedImage("a.png", Source((write_png(tmp_path / "a.png"),), view="PA"))


@pytest.fixture
def prepared(film):
    return prepare_image(film.source)


REGION = ImportedRegion((0.1, 0.2, 0.3, 0.4), reader="2", alternate=True)
SAID = ImportedCase(
    key="k",
    images=(),
    findings=(
        ImportedFinding("nodule_mass", "Nodule", "left", sentence="A nodule.", regions=(REGION,)),
    ),
    reports=(ImportedReport("en", "A nodule.", "Nodule."), ImportedReport("es", "Nódulo.")),
    age=50,
    sex="F",
    indication="Cough.",
    comparison="None.",
    patient="~abc",
    offered="held_out",
    explanation="Look at the apex.",
    unmapped=(ImportedFinding("", "Unicorn"),),
)


@pytest.fixture
def dataset(db):
    return factories.DatasetFactory()


@pytest.fixture
def store(dataset, film, prepared):
    """Stores a case of one film."""

    def store(images=None, choices=None, **said):
        imported = replace(SAID, images=(film,), **said)
        more = {"choices": choices} if choices else {}
        return store_case(dataset=dataset, imported=imported, images=images or [prepared], **more)

    return store


def test_a_new_case_is_stored_with_all_that_is_said_of_it(store, dataset, told):
    _, plan = store()
    assert (plan.stored, plan.is_new, plan.kept, plan.replaces_truth) == (
        Stored.NEW,
        True,
        "",
        True,
    )
    stored = Case.objects.get()
    names = ("source_key", "dataset", "age", "sex", "indication", "comparison", "patient")
    assert fresh(stored, *names) == ("k", dataset, 50, "F", "Cough.", "None.", "~abc")
    names = ("split", "explanation", "knows_findings", "has_truth_boxes", "version", "status")
    assert fresh(stored, *names) == ("held_out", "Look at the apex.", True, True, 1, "published")
    assert (stored.edited_at, stored.source_truth, stored.review_reasons) == (None, None, [])
    assert stored.unmapped == [{"label": "Unicorn", "sentence": "", "regions": []}]
    [finding] = stored.findings.all()
    assert (finding.label, finding.source_label, finding.side) == ("nodule_mass", "Nodule", "left")
    assert (finding.sentence, finding.significance) == ("A nodule.", "actionable")
    [region] = finding.regions.all()
    assert (region.box, region.reader, region.alternate) == ((0.1, 0.2, 0.3, 0.4), "2", True)
    assert region.image == stored.images.get()
    assert sorted(stored.reports.values_list("language", "findings", "impression")) == [
        ("en", "A nodule.", "Nodule."),
        ("es", "Nódulo.", ""),
    ]
    assert told == [stored]
    assert entries(stored) == []


def test_the_same_again_changes_nothing(store, told):
    store()
    del told[:]
    case, plan = store()
    assert (plan.stored, plan.fields, plan.replaces_truth) == (Stored.UNCHANGED, {}, False)
    assert (told, entries(case), case.version) == ([], [], 1)


def test_another_truth_replaces_the_findings_and_keeps_what_curators_decide(store, told):
    case, _ = store()
    Case.objects.update(split="practice", explanation="Ours.", status="draft")
    before = said_by_library(case)
    del told[:]
    again, plan = store(findings=(), reports=(), explanation="Theirs.", offered="test_only")
    assert (plan.stored, plan.is_new, plan.replaces_truth) == (Stored.UPDATED, False, True)
    assert (again.pk, again.version, again.findings.count(), again.reports.count()) == (
        case.pk,
        2,
        0,
        0,
    )
    assert (again.split, again.explanation, again.status) == ("practice", "Ours.", "draft")
    why = "Imported: its source says something else"
    assert entries(again) == [
        ("truth", 1, "As it was before", before, None),
        ("truth", 2, why, said_by_library(again), None),
    ]
    assert told == []
    Case.objects.update(status="published")
    store()
    assert told == [again]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"age": None}, {"age": 50}),
        ({"sex": ""}, {"sex": "F"}),
        ({"indication": "", "comparison": ""}, {"indication": "Cough.", "comparison": "None."}),
        ({"patient": ""}, {"patient": "~abc"}),
        ({"age": 0, "sex": "M"}, {"age": 0, "sex": "M"}),
        ({"indication": "Fever."}, {"indication": "Fever."}),
        ({"patient": "~xyz"}, {"patient": "~xyz"}),
    ],
)
def test_a_source_that_is_silent_takes_nothing_away(store, said, kept):
    store()
    case, plan = store(**said)
    assert {name: getattr(case, name) for name in kept} == kept
    is_silent = all(kept[name] != value for name, value in said.items())
    changes = Stored.UNCHANGED if is_silent or "patient" in said else Stored.UPDATED
    assert plan.stored == changes
    assert case.version == 1


def test_headers_fill_what_tables_leave_open(store, prepared):
    from_header = replace(prepared, age=33, sex="M")
    case, _ = store([from_header], age=None, sex="")
    assert (case.age, case.sex) == (33, "M")
    case, _ = store([from_header])
    assert (case.age, case.sex) == (50, "F")
    kept = KeptImage(prepared.sha256, prepared.frame_order)
    case, plan = store([kept], age=None, sex="")
    assert (case.age, case.sex, plan.stored) == (50, "F", Stored.UNCHANGED)


def test_of_several_headers_the_first_that_says_it_counts(prepared):
    silent = ImportedCase("k", ())
    images = [replace(prepared, age=age, sex=sex) for age, sex in ((None, ""), (0, "M"), (44, "F"))]
    assert storing._context_said(silent, images) == {"age": 0, "sex": "M"}
    assert storing._context_said(silent, images[:1]) == {}
    assert storing._context_said(replace(silent, age=7, indication="Cough."), images) == {
        **{"age": 7, "sex": "M", "indication": "Cough."}
    }


@pytest.mark.parametrize(
    ("status", "held", "stored"),
    [
        ("published", False, "published"),
        ("published", True, "review"),
        ("draft", True, "draft"),
        ("review", False, "review"),
    ],
)
def test_a_new_case_has_the_status_that_is_asked_for(store, status, held, stored):
    case, _ = store(choices=Choices(status), is_held=held)
    assert (case.status, case.held_by_import) == (stored, False)


def test_what_the_truth_lacks_holds_a_case_and_what_mends_it_releases_it(store, told):
    lacking = (Problem("k", "It lacks something."),)
    case, plan = store(problems=lacking)
    assert plan.is_held(case)
    names = ("status", "held_by_import", "review_reasons")
    assert fresh(case, *names) == ("review", True, ["k: It lacks something."])
    assert told == []
    case, plan = store()
    assert not plan.is_held(case)
    assert fresh(case, *names) == ("published", False, [])
    assert (told, plan.stored) == ([case], Stored.UPDATED)


def test_what_a_person_corrected_stays_and_is_told(store, curator):
    case, _ = store()
    corrected(case, curator, lambda case: case.findings.update(label="bulla"))
    Case.objects.update(edited_at=datetime(2026, 3, 4, 23, tzinfo=UTC))
    case, plan = store()
    assert (plan.stored, plan.replaces_truth, case.version) == (Stored.KEPT, False, 2)
    kept = f"Kept as corrected by {curator.get_username()} on 2026-03-04"
    takes = " (--overwrite-corrections takes over what the source says)."
    assert plan.kept == f"{kept}{takes}"
    assert [one.label for one in case.findings.all()] == ["bulla"]
    case, plan = store(patient="~xyz", findings=())
    assert plan.kept == f"{kept}; the source has changed too{takes}"
    assert (case.patient, case.source_truth["findings"]) == ("~xyz", [])
    assert [one.label for one in case.findings.all()] == ["bulla"]
    Case.objects.update(edited_by=None)
    assert store(patient="")[1].kept.startswith("Kept as corrected by a curator on 2026-03-04 (")
    assert fresh(case, "patient") == ("~xyz",)
    case, plan = store(choices=Choices(overwrite_corrections=True))
    assert (plan.stored, plan.kept, case.is_corrected) == (Stored.UPDATED, "", False)
    assert [one.label for one in case.findings.all()] == ["nodule_mass"]
    assert (case.version, case.source_truth, case.edited_by) == (3, None, None)


def test_a_correction_that_the_source_shares_by_now_is_nothing_to_tell(store, curator):
    case, _ = store()
    corrected(case, curator, lambda case: case.findings.update(label="bulla"))
    same = (replace(SAID.findings[0], label="bulla", significance="actionable"),)
    case, plan = store(findings=same)
    assert (plan.kept, case.is_corrected) == ("", True)


def test_plans_are_made_without_storing(film, prepared, dataset):
    imported = replace(SAID, images=(film,))
    plan = plan_for(None, imported, [prepared], Choices("draft"))
    assert (plan.stored, plan.fields["patient"], Case.objects.count()) == (Stored.NEW, "~abc", 0)
    assert "status" not in plan.fields
    held = plan_for(None, replace(imported, problems=(Problem("k", "x"),)), [prepared], Choices())
    assert held.fields["status"] == "review"


# Imports


def imported(info, *items, **said):
    return list(import_cases(info, items, jobs=1, **said))


INFO = DatasetInfo("films", "Films", version="1")


def case_of(film, **said):
    return replace(SAID, images=(film,), patient="P-17", **said)


def test_an_import_tells_of_each_case_and_problem_in_their_order(film, tmp_path):
    gone = replace(film, source=Source((tmp_path / "gone.png",)))
    problem = Problem("somewhere", "It is odd.")
    doubtful = case_of(film, key="b", problems=(Problem("b", "It lacks something."),))
    long = case_of(film, key="x" * 201)
    found = imported(INFO, case_of(film, key="a"), problem, doubtful, case_of(gone, key="c"), long)
    first, second, lacking, third, missing, too_long = found
    unmapped = ("Unicorn",)
    assert first == services.Imported("a", Stored.NEW, unmapped=unmapped)
    assert (second, lacking) == (problem, doubtful.problems[0])
    assert third == services.Imported("b", Stored.NEW, in_review=True, unmapped=unmapped)
    assert (missing.where, missing.kind) == ("c", "case")
    assert (too_long.where, too_long.kind) == ("x" * 201, "case")
    assert too_long.sentence == (
        "The library cannot hold it: its name has more than 200 characters. The case was skipped."
    )
    assert sorted(Case.objects.values_list("source_key", flat=True)) == ["a", "b"]


def test_a_name_may_have_two_hundred_letters(film):
    [found] = imported(INFO, case_of(film, key="x" * 200))
    assert (found.stored, found.key) == (Stored.NEW, "x" * 200)


def test_of_a_patient_a_pseudonym_is_kept(film):
    imported(INFO, case_of(film))
    assert Case.objects.get().patient == pseudonym("films", "P-17")


def test_a_dry_run_says_what_an_import_would_do(film):
    same = case_of(film, key="a")
    [dry] = imported(INFO, same, dry_run=True)
    assert (dry.stored, dry.in_review) == (Stored.NEW, False)
    assert (Case.objects.count(), Dataset.objects.count()) == (0, 0)
    held = replace(same, problems=(Problem("a", "It lacks something."),))
    assert [one.in_review for one in imported(INFO, held, dry_run=True)[1:]] == [True]
    imported(INFO, same)
    [dry] = imported(INFO, same, dry_run=True)
    assert dry.stored == Stored.UNCHANGED
    [dry] = imported(replace(INFO, title="Other"), replace(same, findings=(), age=1), dry_run=True)
    assert dry.stored == Stored.UPDATED
    assert fresh(Case.objects.get(), "age", "version") == (50, 1)
    assert Dataset.objects.get().title == "Films"


@pytest.mark.parametrize(
    ("asked", "needs", "status"),
    [
        ("published", False, "published"),
        ("published", True, "review"),
        ("draft", True, "draft"),
    ],
)
def test_cases_of_a_set_that_is_read_twice_wait_for_it(film, asked, needs, status):
    factories.DatasetFactory(slug="films", needs_second_reading=needs)
    imported(INFO, case_of(film), status=asked)
    assert Case.objects.get().status == status


def test_a_rendition_may_be_off_by_the_setting_of_the_installation(film, settings):
    problem = Problem("a", "b")
    item = ImportedCase("k", (film, replace(film, name="b.png")))
    assert services._within_bound(item) is item
    settings.RENDITION_MAX_ERROR = 2
    assert services._within_bound(problem) is problem
    bound = services._within_bound(item)
    assert [image.source.max_error for image in bound.images] == [2, 2]
    assert [image.name for image in bound.images] == ["a.png", "b.png"]


def test_what_is_said_of_a_set_is_kept_with_it():
    dataset = services.upsert_dataset(INFO)
    said = asdict(INFO)
    assert dataset.source_said == {name: said[name] for name in said if name != "slug"}
    assert (dataset.title, dataset.version, dataset.slug) == ("Films", "1", "films")
