"""What services write of a case, field by field: status, merging, corrections."""

from __future__ import annotations

import pytest

from cases import services
from cases.importers.base import UNTOLD
from cases.models import Case, CaseChange
from cases.patients import pseudonym
from cases.services import (
    merge_cases,
    restore_case,
    set_split,
    set_status,
)
from cases.truth import said_by_library
from tests import factories
from tests.cases.histories import corrected, entries, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


# Status


@pytest.mark.parametrize("before", Case.Status.values)
@pytest.mark.parametrize("after", Case.Status.values)
def test_a_status_is_set_with_all_that_goes_with_it(before, after, curator, told):
    kept = factories.CaseFactory()
    case = factories.CaseFactory(
        status=before, review_reasons=["a: b"], held_by_import=True, duplicate_of=kept
    )
    assert set_status(case=case, status=after, by=curator, why="because") == case
    assert fresh(case, "status", "held_by_import", "review_reasons", "duplicate_of") == (
        after,
        False,
        [] if after == "published" else ["a: b"],
        kept if after == "retired" else None,
    )
    is_new = before != after
    said = {"before": before, "after": after}
    assert entries(case) == ([("status", 1, "because", said, curator)] if is_new else [])
    assert told == ([case] if is_new and after == "published" else [])


def test_a_status_that_there_is_none_is_refused():
    case = factories.CaseFactory()
    with pytest.raises(ValueError, match=r"^'gone' is not a status a case can have$"):
        set_status(case=case, status="gone")
    assert fresh(case, "status") == ("published",)


def test_short_ways_to_publish_and_to_retire():
    case = factories.CaseFactory(status="draft")
    assert services.publish_case(case=case) == case
    assert fresh(case, "status") == ("published",)
    assert services.retire_case(case=case) == case
    assert fresh(case, "status") == ("retired",)


@pytest.mark.parametrize("before", ["draft", "review", "published"])
def test_what_was_retired_gets_back_what_it_was(before, curator):
    case = factories.CaseFactory(status=before)
    assert restore_case(case=case, by=curator, why="x") == case
    assert entries(case) == []  # it is not retired
    set_status(case=case, status="retired", by=curator)
    assert restore_case(case=case, by=curator, why="sorry") == case
    assert fresh(case, "status") == (before,)
    said = {"before": "retired", "after": before}
    assert entries(case)[-1] == ("status", 1, "sorry", said, curator)


def test_what_somebody_else_retired_meanwhile_is_restored_too(curator):
    case = factories.CaseFactory()
    set_status(case=Case.objects.get(pk=case.pk), status="retired", by=curator)
    assert case.status == "published"  # as it was read before
    restore_case(case=case, by=curator)
    assert fresh(case, "status") == ("published",)
    assert len(entries(case)) == 2


# Merging


@pytest.mark.parametrize(
    ("why", "more"), [("sharper", ". sharper"), ("sharper.", ". sharper"), ("", "")]
)
def test_of_two_cases_each_says_what_became_of_it(why, more, curator):
    one, other = factories.CaseFactory(source_key="one"), factories.CaseFactory(source_key="other")
    assert merge_cases(case=one, into=other, by=curator, why=why) == one
    assert fresh(one, "status", "duplicate_of") == ("retired", other)
    assert fresh(other, "status", "duplicate_of") == ("published", None)
    said = {"before": "published", "after": "retired"}
    assert entries(one) == [("status", 1, f"The same film as other{more}", said, curator)]
    kept = f"Kept of two: one is the same film{more}"
    assert entries(other) == [("status", 1, kept, None, curator)]


def test_cases_that_cannot_be_merged_are_refused_and_nothing_changes(curator, trainee):
    one = factories.CaseFactory()
    for into, sentence in (
        (one, "A case is no duplicate of itself."),
        (
            factories.CaseFactory(status="retired"),
            "The other case is retired: restore it first, or keep this one.",
        ),
        (
            factories.CaseFactory(made_for=trainee),
            "The other case was made for one learner: promote it first.",
        ),
    ):
        with pytest.raises(ValueError) as problem:
            merge_cases(case=one, into=into, by=curator)
        assert str(problem.value) == sentence
    assert fresh(one, "status", "duplicate_of") == ("published", None)
    assert not CaseChange.objects.exists()


def test_where_a_case_is_offered_is_set_with_those_of_its_patient(curator):
    patient = pseudonym("test-set", "P-17")
    one, other = (factories.CaseFactory(patient=patient) for _ in range(2))
    with pytest.raises(ValueError, match=r"^'nowhere' is not where a case can be offered$"):
        set_split(case=one, split="nowhere")
    followed = set_split(case=one, split="held_out", by=curator, why="a study")
    assert followed == [other]
    assert one.split == "held_out"
    assert fresh(other, "split") == ("held_out",)


# Corrections


def without_findings(case):
    case.findings.all().delete()


def test_what_changes_nothing_is_no_correction(nodule_case, curator, told):
    after = corrected(nodule_case, curator)
    assert (after.edited_at, after.edited_by, after.version) == (None, None, 1)
    assert (after.source_truth, after.status) == (None, "published")
    assert (entries(after), told) == ([], [])


def test_another_truth_is_another_version_and_the_one_before_is_kept(nodule_case, curator, told):
    before = said_by_library(nodule_case)

    def rename(case):
        case.findings.update(label="bulla")

    after = corrected(nodule_case, curator, rename, why="a bulla")
    assert (after.version, after.edited_by, after.source_truth) == (2, curator, before)
    assert after.edited_at is not None
    assert entries(after) == [
        ("truth", 1, "As it was before", before, None),
        ("truth", 2, "a bulla", said_by_library(after), curator),
    ]
    assert told == [after]
    again = corrected(after, curator, lambda case: case.findings.update(label="edema"))
    assert (again.version, again.source_truth) == (3, before)


def test_what_is_said_of_the_patient_is_no_new_version(nodule_case, curator):
    def older(case):
        Case.objects.filter(pk=case.pk).update(age=61)

    after = corrected(nodule_case, curator, older, why="by the file")
    assert (after.version, after.age, after.is_corrected) == (1, 61, True)
    assert entries(after) == [("context", 1, "by the file", said_by_library(after), curator)]


@pytest.mark.parametrize(
    ("status", "is_normal", "held"),
    [
        ("published", False, True),
        ("published", True, False),
        ("draft", False, False),
        ("review", False, False),
    ],
)
def test_a_published_case_that_loses_all_its_findings_waits(
    nodule_case, curator, status, is_normal, held
):
    Case.objects.filter(pk=nodule_case.pk).update(status=status, review_reasons=["a: b"])
    after = corrected(nodule_case, curator, without_findings, is_normal=is_normal)
    assert after.status == ("review" if held else status)
    assert after.review_reasons == ["a: b", *([services.NOTHING_LEFT] if held else [])]
    assert after.has_truth_boxes


def test_a_case_that_was_normal_before_is_not_held(curator):
    case = factories.CaseFactory()
    after = corrected(case, curator, lambda case: factories.ReportFactory(case=case))
    assert (after.status, after.version, after.review_reasons) == ("published", 2, [])


def test_what_somebody_has_said_no_longer_waits_for_it(curator):
    reasons = [f"a: {UNTOLD}", "b: c", services.NOTHING_LEFT]
    case = factories.CaseFactory(status="review", review_reasons=reasons, knows_findings=False)
    after = corrected(case, curator, lambda case: factories.FindingFactory(case=case))
    assert (after.review_reasons, after.knows_findings) == (["b: c"], True)
    assert not after.has_truth_boxes
    other = factories.CaseFactory(status="review", review_reasons=reasons, knows_findings=False)
    after = corrected(other, curator, lambda case: factories.ReportFactory(case=case))
    assert (after.review_reasons, after.knows_findings) == (reasons, False)


def test_that_a_film_is_normal_is_a_truth_where_nobody_knew(curator):
    case = factories.CaseFactory(
        status="review", review_reasons=[f"a: {UNTOLD}"], knows_findings=False
    )

    def normal(case):
        Case.objects.filter(pk=case.pk).update(knows_findings=True)

    after = corrected(case, curator, normal, is_normal=True)
    assert (after.version, after.review_reasons, after.is_corrected) == (2, [], True)
    assert [what for what, *_ in entries(after)] == ["truth", "truth"]


def test_an_error_undoes_a_correction(nodule_case, curator):
    def breaks(case):
        without_findings(case)
        raise RuntimeError

    count = nodule_case.findings.count()
    with pytest.raises(RuntimeError):
        corrected(nodule_case, curator, breaks)
    assert count > 0
    assert nodule_case.findings.count() == count
    assert fresh(nodule_case, "version", "edited_at") == (1, None)
