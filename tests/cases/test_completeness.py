"""A case whose truth lacks something is never published by itself, nor called normal."""

from __future__ import annotations

import pytest
from django.utils.html import escape

from cases import services
from cases.importers import ImportedCase, ImportedFinding, ImportedRegion
from cases.importers.completeness import judged
from cases.models import Case, Finding, Region
from cases.truth import UnknownLabel
from tests import factories
from tests.cases.importing import run, table_row
from tests.cases.sources import (
    findings_with,
    nih,
    padchest,
    sentence,
    simulated,
    simulated_case,
    study,
)

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

MORE = ",0,1,57,M,PA,1,1,1,1"
BOX = [0.1, 0.1, 0.2, 0.2]


def padchest_of(**fields):
    return lambda folder: padchest(folder, study(sentence(**fields)))


def nih_of(entries=None, boxes=None):
    return lambda folder: nih(folder, entries, boxes)


def simulated_of(**fields):
    return lambda folder: simulated(folder, simulated_case(**fields))


def finding_of(**fields):
    return simulated_of(findings=findings_with(**fields))


def region_of(**fields):
    return finding_of(regions=[{"image": 0, "box": BOX, **fields}])


INCOMPLETE = {
    "padchest-gr": [
        (padchest_of(labels=["nodul"]), "“nodul” is not in the taxonomy"),
        (padchest_of(labels=[]), "names no label"),
        (padchest_of(labels=None), "“” is not in the taxonomy"),
        (padchest_of(labels=[7]), "“7” is not in the taxonomy"),
        (padchest_of(labels={"a": 1}), "is not in the taxonomy"),
        (padchest_of(labels=["nodule", ""]), "“” is not in the taxonomy"),
        (padchest_of(labels=["unchanged"]), "no finding came of it"),
        (padchest_of(labels=["exclude"]), "“exclude” is not in the taxonomy"),
        (padchest_of(boxes=[[0.1, 0.1]]), "is not four numbers"),
        (padchest_of(boxes={"x": 1}), "is not four numbers"),
        (padchest_of(abnormal="no"), "neither true nor false"),
        (padchest_of(abnormal=False), "is called not abnormal and has boxes"),
        (padchest_of(sentence_en=["A nodule."]), "is no text"),
        (lambda folder: padchest(folder, {"ImageID": "a.png"}), "no list of findings"),
        (lambda folder: padchest(folder, study("broken")), "not an object"),
        (
            lambda folder: padchest(folder, study(sentence(), sentence(sentence_es=None))),
            "lacks the sentence of a finding",
        ),
        (lambda folder: padchest(folder, study(), study(sentence())), "occurs again"),
    ],
    "nih": [
        (nih_of([f"a.png,Nodul{MORE}"]), "“nodul” is not in the taxonomy"),
        (nih_of([f"a.png,pleural_effusion{MORE}"]), "“pleural_effusion” is not in the"),
        (nih_of([f"a.png,{MORE}"]), "names no label"),
        (nih_of([f"a.png,nan{MORE}"]), "“nan” is not in the taxonomy"),
        (nih_of([f"a.png,No Finding|Mass{MORE}"]), "“No Finding” and findings at once"),
        (nih_of([f"a.png,No Finding{MORE}"], ["a.png,Mass,1,1,9,9"]), "findings at once"),
        (nih_of([f"a.png,Mass{MORE}"], ["a.png,Mass,1,1,9"]), "has 5 cells instead of 6"),
        (nih_of([f"a.png,Mass{MORE}"], ["a.png,Mass,1,1,x,9"]), "is not four numbers"),
        (nih_of([f"a.png,Mass{MORE}"], ['a.png,"Mass,1,1,9,9']), "quotes are broken"),
        (nih_of(None, ["a.png,Mass,2000,1,9,9"]), "lies outside the image"),
        (nih_of(["b.png,Mass" + MORE], ["a.png,Mass,1,1,9,9"]), "no readable row"),
        (nih_of([f"a.png,Mass{MORE}", f"a.png,Effusion{MORE}"]), "A second row"),
    ],
    "simulated": [
        (finding_of(label="nodule"), "“nodule” is not in the taxonomy"),
        (finding_of(label="Cardiomegaly"), "“Cardiomegaly” is not in the taxonomy"),
        (finding_of(label=""), "names no label"),
        (finding_of(label=None), "names no label"),
        (finding_of(significance="very"), "“very” is none of the library"),
        (finding_of(regions="everywhere"), "“regions” are not a list"),
        (finding_of(regions=[BOX]), "Entry 1 of “regions” is not an object"),
        (region_of(box=[0.1, 0.1, 0.1, 0.1]), "has no area"),
        (region_of(image="1"), "names image '1'"),
        (region_of(image=1.7), "names image 1.7"),
        (region_of(image=True), "names image True"),
        (region_of(image=None), "names image None"),
        (region_of(image=1), "lies on image 1"),
        (region_of(frame=3), "lies on frame 3"),
        (region_of(frame=-1), "names frame -1"),
        (simulated_of(findings=["a nodule"]), "Entry 1 of “findings” is not an object"),
        (simulated_of(findings="a nodule"), "“findings” are not a list"),
        (simulated_of(findings=None), "“findings” are not a list"),
        (simulated_of(report="Clear."), "Entry 1 of “report” is not an object"),
        (simulated_of(report={"findings": ["Clear."]}), "not text"),
        (simulated_of(report={}), "has no text"),
        (simulated_of(report=[{"findings": "One."}, {"findings": "Two."}]), "two reports"),
        (simulated_of(images=[{"file": "a.png", "hu_offset": "-1024"}]), "'-1024' is no number"),
        (simulated_of(images=[{"file": "a.png", "study": "old"}]), "neither current nor prior"),
        (
            lambda folder: simulated(folder, simulated_case(findings=[]), simulated_case()),
            "occurs again",
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "write", "reason"),
    [(name, *rest) for name, entries in INCOMPLETE.items() for rest in entries],
)
def test_incomplete_truth_waits_in_review_with_its_reason(tmp_path, name, write, reason):
    output = run(name, write(tmp_path))
    case = Case.objects.get()
    assert case.status == Case.Status.REVIEW
    assert any(reason in said for said in case.review_reasons), case.review_reasons
    assert (table_row(output, "new"), table_row(output, "held for review")) == (1, 1)
    assert reason in " ".join(output.split())


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("padchest-gr", lambda folder: padchest(folder, study())),
        ("padchest-gr", padchest_of(abnormal=False, boxes=[], labels=[])),
        ("padchest-gr", padchest_of(abnormal=None)),
        ("nih", nih_of([f"a.png,No Finding{MORE}"])),
        ("nih", nih_of(None, ["a.png,Mass,1,1,9,9"])),
        ("simulated", simulated_of(findings=[])),
        ("simulated", simulated_of(report=None)),
        ("simulated", finding_of(regions=None)),
    ],
)
def test_whole_truth_is_published(tmp_path, name, write):
    output = run(name, write(tmp_path))
    assert Case.objects.get().status == Case.Status.PUBLISHED
    assert table_row(output, "held for review") == 0


def test_a_draft_stays_one_and_keeps_the_reasons(tmp_path):
    run("simulated", finding_of(label="nodule")(tmp_path), status="draft")
    case = Case.objects.get()
    assert (case.status, len(case.review_reasons)) == ("draft", 1)


def test_a_dry_run_tells_what_would_be_held(tmp_path):
    output = run("simulated", finding_of(label="nodule")(tmp_path), dry_run=True)
    assert table_row(output, "held for review") == 1
    assert not Case.objects.exists()


def test_the_reasons_are_on_the_desk_and_the_case_page(tmp_path, client_of, curator):
    run("simulated", finding_of(label="nodule")(tmp_path))
    case = Case.objects.get()
    client = client_of(curator)
    desk = client.get("/cases/").content.decode()
    page = client.get(f"/cases/{case.public_id}/").content.decode()
    assert escape(case.review_reasons[0]) in desk
    assert escape(case.review_reasons[0]) in page
    assert "A normal case" not in page


def test_learners_see_no_case_that_is_held(tmp_path, client_of, trainee):
    run("simulated", finding_of(label="nodule")(tmp_path))
    assert (
        client_of(trainee).get(f"/localize/cases/{Case.objects.get().public_id}/").status_code
        == 404
    )


# Publishing by hand


def set_status(client, case, status):
    response = client.post(f"/cases/{case.public_id}/status", {"status": status}, follow=True)
    case.refresh_from_db()
    return response.content.decode()


def test_a_curator_may_publish_it_all_the_same_and_the_next_import_lets_it_be(
    tmp_path, client_of, curator
):
    both = [*findings_with(), *findings_with(label="nodule")]
    folder = simulated_of(findings=both)(tmp_path)
    run("simulated", folder)
    case = Case.objects.get()
    assert case.review_reasons
    set_status(client_of(curator), case, "published")
    assert (case.status, case.review_reasons) == ("published", [])
    assert table_row(run("simulated", folder), "unchanged") == 1
    case.refresh_from_db()
    assert (case.status, case.review_reasons) == ("published", [])


def test_a_case_of_one_label_that_nobody_mapped_is_not_published_as_normal(
    tmp_path, client_of, curator
):
    run("simulated", finding_of(label="nodule")(tmp_path))
    case = Case.objects.get()
    page = set_status(client_of(curator), case, "published")
    assert "It was not published. The taxonomy has no label “nodule”" in page
    assert case.status == "review"


def test_a_label_that_is_not_in_the_taxonomy_cannot_be_published(client_of, curator):
    case = factories.CaseFactory(status="review", review_reasons=["One is unclear."])
    factories.FindingFactory(case=case, label="nodul mass typo")
    with pytest.raises(UnknownLabel, match="“nodul mass typo”"):
        services.publish_case(case=case)
    page = set_status(client_of(curator), case, "published")
    assert "It was not published. The taxonomy has no label “nodul mass typo”" in page
    assert (case.status, case.review_reasons) == ("review", ["One is unclear."])
    set_status(client_of(curator), case, "retired")
    assert case.status == "retired"


# Again


def test_an_import_that_makes_truth_incomplete_takes_the_case_out_of_play(tmp_path):
    run("simulated", simulated_of()(tmp_path))
    output = run("simulated", finding_of(label="nodule")(tmp_path))
    case = Case.objects.get()
    assert (case.status, len(case.review_reasons), case.version) == ("review", 1, 2)
    assert (table_row(output, "updated"), table_row(output, "held for review")) == (1, 1)


def test_what_an_import_held_the_next_one_publishes_when_its_truth_is_whole(tmp_path):
    run("simulated", finding_of(label="nodule")(tmp_path))
    output = run("simulated", simulated_of()(tmp_path))
    case = Case.objects.get()
    assert (case.status, case.review_reasons) == ("published", [])
    assert table_row(output, "held for review") == 0


@pytest.mark.parametrize("decided", ["review", "draft", "retired"])
def test_what_a_curator_decided_no_import_changes(tmp_path, decided):
    run("simulated", simulated_of()(tmp_path))
    services.set_status(case=Case.objects.get(), status=decided)
    for write in (finding_of(label="nodule"), simulated_of()):
        run("simulated", write(tmp_path))
        assert Case.objects.get().status == decided


# Boxes and frames


def test_a_box_follows_its_frame_where_a_stack_is_shown_in_another_order():
    regions = tuple(ImportedRegion((0.1, 0.1, 0.2, 0.2), frame=frame) for frame in (0, 2, 3))
    case = ImportedCase("one", (), (ImportedFinding("nodule_mass", regions=regions),))
    whole = judged(case, [(2, 1, 0)])
    assert [region.frame for region in whole.findings[0].regions] == [2, 0]
    assert "lies on frame 3, which the image has not" in whole.problems[0].sentence


# Boxes that are there twice


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("padchest-gr", padchest_of(boxes=[BOX, BOX])),
        ("padchest-gr", lambda folder: padchest(folder, study(*[sentence(boxes=[BOX])] * 2))),
        ("nih", nih_of(None, ["a.png,Mass,1,1,9,9"] * 2)),
        ("nih", nih_of(None, ["a.png,Mass,1,1,9,9", "a.png,Nodule,1,1,9,9"])),
        ("simulated", finding_of(regions=[{"image": 0, "box": BOX}] * 2)),
        ("simulated", simulated_of(findings=findings_with() * 2)),
    ],
)
def test_identical_boxes_of_one_label_are_one(tmp_path, name, write):
    run(name, write(tmp_path))
    assert (Finding.objects.count(), Region.objects.count()) == (1, 1)
    assert Case.objects.get().status == Case.Status.PUBLISHED


def test_boxes_of_two_labels_or_two_readers_stay_apart(tmp_path):
    fields = {"labels": ["nodule", "pleural thickening"], "boxes": [BOX], "extra_boxes": [BOX]}
    run("padchest-gr", padchest_of(**fields)(tmp_path))
    assert sorted(Region.objects.values_list("finding__label", "alternate")) == [
        ("nodule_mass", False),
        ("nodule_mass", True),
        ("pleural_thickening", False),
        ("pleural_thickening", True),
    ]


@pytest.mark.parametrize(
    ("alternate", "kept"), [(False, ["one"]), (True, ["one", "other"])], ids=["truth", "alternate"]
)
def test_the_same_box_of_two_readers_is_one_unless_it_is_an_alternate(alternate, kept):
    regions = tuple(
        ImportedRegion(tuple(BOX), reader=reader, alternate=alternate)
        for reader in ("one", "one", "other")
    )
    case = ImportedCase("one", (), (ImportedFinding("nodule_mass", regions=regions),))
    whole = judged(case, [(0,)])
    assert [region.reader for region in whole.findings[0].regions] == kept


def test_a_finding_keeps_the_boxes_that_another_of_its_label_has_not(tmp_path):
    other = [0.5, 0.5, 0.6, 0.6]
    two = [sentence(boxes=[BOX]), sentence(sentence_en="Two more.", boxes=[BOX, other])]
    run("padchest-gr", padchest(tmp_path, study(*two)))
    first, second = Finding.objects.order_by("id")
    assert [region.box for region in first.regions.all()] == [tuple(BOX)]
    assert [region.box for region in second.regions.all()] == [tuple(other)]
