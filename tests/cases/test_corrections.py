"""What a curator corrects: through the services, and kept by the next import."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage

from cases import made, services
from cases.differences import differences
from cases.models import Case, Finding, Image
from cases.signals import case_published
from tests import factories
from tests.cases.files import ramp, write_png
from tests.cases.importing import run, table_row
from tests.cases.sources import findings_with, simulated, simulated_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(curator, client_of):
    curator.is_staff = True
    curator.save()
    return client_of(curator)


def form_of(client, case):
    """What the administration's form of a case sends when nothing is changed."""
    page = client.get(f"/admin/cases/case/{case.pk}/change/")
    values = {
        f"{form.prefix}-{name}" if form.prefix else name: form[name].value()
        for form in (
            page.context["adminform"].form,
            *(
                form
                for inline in page.context["inline_admin_formsets"]
                for form in (inline.formset.management_form, *inline.formset.forms)
            ),
        )
        for name in form.fields
    }
    return {name: "" if value is None else value for name, value in values.items()}


def change(client, case, **changed):
    values = form_of(client, case) | changed
    values.pop("images-0-DELETE", None)
    return client.post(
        f"/admin/cases/case/{case.pk}/change/",
        {name: value for name, value in values.items() if not name.endswith("-DELETE")},
        follow=True,
    )


# The administration


def test_saving_without_a_change_corrects_nothing(staff, nodule_case):
    before = Case.objects.values().get(pk=nodule_case.pk)
    assert change(staff, nodule_case).status_code == 200
    after = Case.objects.values().get(pk=nodule_case.pk)
    assert {**before, "updated_at": 0} == {**after, "updated_at": 0}


@pytest.mark.parametrize(
    ("changed", "version"),
    [
        ({"findings-0-label": "consolidation"}, 2),
        ({"findings-0-sentence": "Another."}, 2),
        ({"findings-1-significance": "urgent"}, 2),
        ({"findings-0-side": "left"}, 2),
        ({"reports-0-findings": "Another."}, 2),
        ({"indication": "Fever."}, 1),
        ({"images-0-view": "AP"}, 1),
    ],
)
def test_a_change_is_kept_as_the_curators_and_changed_truth_raises_the_version(
    staff, curator, nodule_case, changed, version
):
    change(staff, nodule_case, **changed)
    nodule_case.refresh_from_db()
    assert (nodule_case.edited_by, nodule_case.version) == (curator, version)
    assert nodule_case.edited_at
    assert nodule_case.findings.first().regions.count() == 1, "boxes stay"


def test_a_status_alone_is_no_correction(staff, nodule_case):
    change(staff, nodule_case, status="retired")
    nodule_case.refresh_from_db()
    assert (nodule_case.status, nodule_case.edited_at) == ("retired", None)


def test_a_label_is_one_of_the_taxonomy_or_nothing_is_saved(staff, nodule_case):
    page = change(staff, nodule_case, **{"findings-0-label": "nodul mass typo"})
    assert "nodul mass typo is not one of the available choices" in page.content.decode()
    assert nodule_case.findings.first().label == "nodule_mass"
    assert "Nodule / mass" in page.content.decode(), "labels are chosen by name"


def test_a_side_is_one_that_scoring_knows_or_as_its_source_has_it(staff, nodule_case):
    page = change(staff, nodule_case, **{"findings-0-side": "lefft"}).content.decode()
    assert "lefft is not one of the available choices" in page
    nodule_case.findings.update(side="midline")
    change(staff, nodule_case, **{"findings-0-sentence": "Another."})
    finding = nodule_case.findings.first()
    assert (finding.sentence, finding.side) == ("Another.", "midline")


def test_a_finding_checks_its_own_label(nodule_case):
    finding = Finding(case=nodule_case, label="nodul", significance="minor")
    with pytest.raises(ValidationError, match="nodul"):
        finding.full_clean()


def test_an_unknown_label_cannot_be_published_there(staff):
    case = factories.CaseFactory(status="review")
    factories.FindingFactory(case=case, label="nodul")
    values = form_of(staff, case) | {"status": "published"}
    values |= {"findings-TOTAL_FORMS": 0, "findings-INITIAL_FORMS": 0}
    page = staff.post(f"/admin/cases/case/{case.pk}/change/", values, follow=True)
    assert "Nothing was saved. The taxonomy has no label “nodul”" in page.content.decode()
    case.refresh_from_db()
    assert case.status == "review"


def test_version_and_source_are_not_to_be_typed(staff, nodule_case):
    change(staff, nodule_case, version=9, source_key="other", has_truth_boxes="")
    nodule_case.refresh_from_db()
    assert (nodule_case.version, nodule_case.has_truth_boxes) == (1, True)
    assert nodule_case.source_key != "other"


def test_a_finding_added_there_has_its_labels_significance_and_no_box(staff, nodule_case):
    added = {
        "findings-TOTAL_FORMS": 3,
        "findings-2-label": "pneumonia",
        "findings-2-case": nodule_case.pk,
    }
    change(staff, nodule_case, **added)
    nodule_case.refresh_from_db()
    assert nodule_case.findings.get(label="pneumonia").significance == "actionable"
    assert not nodule_case.has_truth_boxes, "nobody drew where the pneumonia is"


def test_boxes_and_reasons_are_seen_there(staff, nodule_case):
    nodule_case.review_reasons = ["A box of <it> was left out."]
    nodule_case.save()
    page = staff.get(f"/admin/cases/case/{nodule_case.pk}/change/").content.decode()
    assert "image 1: 0.600, 0.200, 0.700, 0.300" in page
    assert "A box of &lt;it&gt; was left out." in page
    assert nodule_case.public_id in page


def test_changed_truth_of_a_published_case_is_told_to_who_waits_for_it(staff, nodule_case):
    told = []
    receiver = lambda case, **_: told.append((case.pk, case.version))  # noqa: E731
    case_published.connect(receiver)
    try:
        change(staff, nodule_case)
        change(staff, nodule_case, **{"findings-0-sentence": "Another."})
    finally:
        case_published.disconnect(receiver)
    assert told == [(nodule_case.pk, 2)]


def test_a_case_is_told_of_when_it_is_published_and_not_again_as_long_as_it_is(nodule_case):
    told = []
    receiver = lambda case, **_: told.append(case.status)  # noqa: E731
    case_published.connect(receiver)
    try:
        for status in ("published", "retired", "published", "published"):
            services.set_status(case=nodule_case, status=status)
    finally:
        case_published.disconnect(receiver)
    assert told == ["published"]


def test_a_case_that_was_made_for_one_learner_is_told_of_once_it_is_everybodys(
    nodule_case, trainee, curator
):
    nodule_case.made_for, nodule_case.status = trainee, "review"
    nodule_case.save()
    told = []
    receiver = lambda case, **_: told.append(case.pk)  # noqa: E731
    case_published.connect(receiver)
    try:
        services.set_status(case=nodule_case, status="published")
        assert told == []
        made.promote(case=nodule_case, by=curator)
    finally:
        case_published.disconnect(receiver)
    assert told == [nodule_case.pk]


def test_a_case_made_there_is_the_curators(staff, curator):
    dataset = factories.DatasetFactory()
    empty = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}
    inlines = {
        f"{name}-{k}": v for name in ("images", "findings", "reports") for k, v in empty.items()
    }
    values = {"dataset": dataset.pk, "source_key": "mine", "status": "draft", "sex": "", **inlines}
    staff.post("/admin/cases/case/add/", values)
    case = Case.objects.get(source_key="mine")
    assert (case.status, case.edited_by) == ("draft", curator)


# The next import


def corrected(folder, by, **fields):
    """An imported case whose sentence a person corrected."""
    run("simulated", simulated(folder, simulated_case(**fields)))
    case = Case.objects.get()
    with services.correcting(case=case, by=by):
        case.findings.update(sentence="Corrected.")
        Case.objects.update(indication="Corrected.")
    case.refresh_from_db()
    return case


def test_a_second_import_keeps_a_correction_and_names_who_made_it(tmp_path, curator):
    case = corrected(tmp_path, curator)
    output = run("simulated", tmp_path, report=tmp_path / "report.json")
    line = f"case-1: Kept as corrected by {curator.username} on {case.edited_at:%Y-%m-%d} (--over"
    assert line in output
    assert "the source has changed" not in output
    assert (table_row(output, "kept as corrected"), table_row(output, "updated")) == (1, 0)
    report = json.loads((tmp_path / "report.json").read_text())
    assert [row["where"] for row in report["kept"]] == ["case-1"]
    case.refresh_from_db()
    assert (case.version, case.indication) == (2, "Corrected.")
    assert case.findings.get().sentence == "Corrected."


@pytest.mark.parametrize(
    "fields",
    [
        {"findings": findings_with(sentence="Changed.")},
        {"indication": "Changed."},
        {"report": None},
        {"findings": findings_with(label="nodul")},
    ],
)
def test_that_the_source_changed_too_is_told_until_it_is_settled(tmp_path, curator, fields):
    case = corrected(tmp_path, curator)
    simulated(tmp_path, simulated_case(**fields))
    for _ in range(2):
        output = run("simulated", tmp_path)
        assert "; the source has changed too (--overwrite-corrections takes over" in output
    case.refresh_from_db()
    assert (case.status, case.version, case.indication) == ("published", 2, "Corrected.")
    assert case.findings.get().sentence == "Corrected."


def test_the_sources_side_of_a_correction_is_on_the_cases_page(tmp_path, curator, client_of):
    case = corrected(tmp_path, curator)
    page = client_of(curator).get(f"/cases/{case.public_id}/")
    told = {one.about: (one.source, one.here) for one in page.context["differences"]}
    assert told == {
        "indication": ("Cough.", "Corrected."),
        "Nodule / mass, sentence": ("A nodule.", "Corrected."),
    }
    assert "<td>A nodule.</td><td>Corrected.</td>" in page.content.decode()


def test_what_the_source_says_later_is_kept_beside_the_correction(tmp_path, curator):
    case = corrected(tmp_path, curator)
    moved = [{"image": 0, "box": [0.5, 0.5, 0.6, 0.6]}]
    more = {**findings_with()[0], "label": "fracture"}
    findings = [*findings_with(regions=moved), more]
    run("simulated", simulated(tmp_path, simulated_case(findings=findings)))
    case.refresh_from_db()
    told = {one.about: (one.source, one.here) for one in differences(case)}
    assert told["Nodule / mass, places"] == ("0.50 0.50 0.60 0.60", "0.10 0.10 0.20 0.20")
    assert told["Fracture"] == ("there", "")
    assert table_row(run("simulated", tmp_path), "kept as corrected") == 1


def test_a_source_that_says_what_the_curator_said_differs_in_nothing(tmp_path, curator):
    case = corrected(tmp_path, curator)
    same = simulated_case(findings=findings_with(sentence="Corrected."), indication="Corrected.")
    run("simulated", simulated(tmp_path, same))
    case.refresh_from_db()
    assert differences(case) == []


def test_corrections_are_overwritten_when_asked_for(tmp_path, curator):
    case = corrected(tmp_path, curator)
    output = run("simulated", tmp_path, overwrite_corrections=True)
    assert table_row(output, "updated") == 1
    case.refresh_from_db()
    assert (case.version, case.indication, case.edited_at, case.edited_by) == (
        3,
        "Cough.",
        None,
        None,
    )
    assert case.source_truth is None
    assert case.findings.get().sentence == "A nodule."
    assert table_row(run("simulated", tmp_path), "unchanged") == 1


def test_a_dry_run_tells_what_would_be_kept_and_what_overwritten(tmp_path, curator):
    corrected(tmp_path, curator)
    assert table_row(run("simulated", tmp_path, dry_run=True), "kept as corrected") == 1
    options = {"dry_run": True, "overwrite_corrections": True}
    assert table_row(run("simulated", tmp_path, **options), "updated") == 1
    assert Finding.objects.get().sentence == "Corrected."


def test_overwriting_with_incomplete_truth_takes_the_case_out_of_play(tmp_path, curator):
    case = corrected(tmp_path, curator, findings=findings_with(label="nodul"))
    with services.correcting(case=case, by=curator):
        factories.FindingFactory(case=case)
    services.publish_case(case=case)
    run("simulated", tmp_path)
    assert Case.objects.get().status == "published"
    run("simulated", tmp_path, overwrite_corrections=True)
    assert (Case.objects.get().status, Finding.objects.count()) == ("review", 0)


def test_a_correction_that_the_source_takes_over_is_no_longer_named(tmp_path, curator):
    corrected(tmp_path, curator)
    fields = {"indication": "Corrected.", "findings": findings_with(sentence="Corrected.")}
    output = run("simulated", simulated(tmp_path, simulated_case(**fields)))
    assert table_row(output, "unchanged") == 1


def test_lost_files_of_a_corrected_case_are_made_again(tmp_path, curator):
    corrected(tmp_path, curator)
    image = Image.objects.get()
    default_storage.delete(image.rendition.name)
    run("simulated", tmp_path)
    assert default_storage.exists(Image.objects.get().rendition.name)


def test_another_picture_never_comes_under_corrected_truth(tmp_path, curator):
    corrected(tmp_path, curator)
    before = Image.objects.values().get()
    write_png(tmp_path / "a.png", ramp(rows=80))
    output = run("simulated", tmp_path)
    assert table_row(output, "kept as corrected") == 1
    assert Image.objects.values().get() == before
    run("simulated", tmp_path, overwrite_corrections=True)
    assert Image.objects.get().height == 80


def test_a_corrected_view_is_kept(tmp_path, curator):
    run("simulated", simulated(tmp_path, simulated_case()))
    case = Case.objects.get()
    with services.correcting(case=case, by=curator):
        case.images.update(view="AP", study_label="Last year")
    assert table_row(run("simulated", tmp_path), "kept as corrected") == 1
    assert table_row(run("simulated", tmp_path, force=True), "kept as corrected") == 1
    image = Image.objects.get()
    assert (image.view, image.study_label) == ("AP", "Last year")


def test_who_corrected_a_case_is_on_its_page_and_may_leave(tmp_path, curator, client_of):
    case = corrected(tmp_path, curator)
    page = client_of(factories.UserFactory(role="curator"))
    address = f"/cases/{case.public_id}/"
    assert f"corrected by {curator.username}" in page.get(address).content.decode()
    curator.delete()
    assert "corrected by a curator" in page.get(address).content.decode()
    assert "Kept as corrected by a curator on" in run("simulated", tmp_path)


def test_an_error_amid_a_correction_undoes_it(nodule_case, curator):
    with pytest.raises(ZeroDivisionError), services.correcting(case=nodule_case, by=curator):
        nodule_case.findings.all().delete()
        raise ZeroDivisionError
    nodule_case.refresh_from_db()
    assert (nodule_case.findings.count(), nodule_case.edited_at) == (2, None)
