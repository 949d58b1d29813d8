"""The dashboard of a class: its figures, cases, learners, and what is said to them."""

from __future__ import annotations

import random
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from attempts.models import Attempt
from attempts.modes import open_guided
from attempts.tasks import score_attempt
from cases.models import Case, Image
from classroom import access, assigning, figures, items
from classroom.models import WorkView
from classroom.services import enroll, leave
from learning.models import CaseRecord
from tests import factories
from tests.classroom.keeping import a_class, kept
from tests.learning.playing import play

RULE = "?rule=standard"


def test_it_works(client_of, instructor, addresses):
    client = client_of(instructor)
    for name, address in addresses.items():
        assert client.get(address + RULE).status_code == 200, name


def test_nobody_but_its_instructors_sees_anything_of_a_class(
    client, client_of, trainee, curator, addresses
):
    other = factories.UserFactory(role="instructor")
    factories.CohortFactory(instructors=[other], learners=[trainee])
    for address in addresses.values():
        assert client.get(address).status_code == 302
        for user in (trainee, curator, other):
            assert client_of(user).get(address).status_code == 404


def test_who_left_is_seen_no_more(client_of, instructor, cohort, addresses):
    leave(cohort.memberships.get())
    client = client_of(instructor)
    assert client.get(addresses["attempt"]).status_code == 404
    assert client.get(addresses["learner"]).status_code == 404
    assert client.get(addresses["item"] + RULE).status_code == 404
    assert "Nobody of this choice" in client.get(addresses["figures"]).content.decode()


def test_what_was_played_before_joining_is_not_shown(client_of, instructor, cohort, addresses):
    cohort.memberships.update(joined_at=timezone.now() + timedelta(minutes=1))
    client = client_of(instructor)
    assert client.get(addresses["attempt"]).status_code == 404
    assert "No case that counts" in client.get(addresses["figures"] + RULE).content.decode()


def test_the_dashboard_says_what_is_found_and_what_it_was_taken_for(
    client_of, instructor, addresses, trainee
):
    page = client_of(instructor).get(addresses["figures"] + RULE).content.decode()
    assert trainee.username in page
    assert "Nodule / mass" in page
    assert "Consolidation" in page
    assert "<svg" in page


def test_a_filter_gives_its_part_of_the_page_alone(client_of, instructor, addresses):
    client = client_of(instructor)
    for name in ("figures", "items", "learner"):
        part = client.get(addresses[name] + RULE, headers={"HX-Request": "true"})
        assert "<html" not in part.content.decode()


@pytest.mark.parametrize(
    "asked", ["?game=chess", "?rule=x&weeks=-1", "?training=%00", "?work=%00&page=x", "?weeks=12"]
)
def test_an_address_that_asks_for_what_there_is_not_breaks_nothing(
    client_of, instructor, addresses, asked
):
    for name in ("figures", "items", "learner"):
        assert client_of(instructor).get(addresses[name] + asked).status_code == 200


def test_records_are_those_of_the_attempts_that_may_be_seen(
    cohort, trainee, nodule_case, instructor
):
    """Before joining, since, assigned before joining, a preview elsewhere, and who has left."""

    def case():
        return factories.ImageFactory().case

    kept(trainee, case(), ago=timedelta(days=3))
    since = kept(trainee, case())
    assigned = kept(trainee, case(), ago=timedelta(days=2))
    work = factories.AssignmentFactory(cohort=cohort, cases=[case()], publish=True)
    run = work.runs.get(user=trainee)
    Attempt.objects.filter(pk=assigned.attempt_id).update(series=run.series)
    elsewhere = factories.CohortFactory(instructors=[trainee])
    other = factories.AssignmentFactory(cohort=elsewhere, cases=[case()], publish=True)
    previewed = kept(trainee, case())
    preview = assigning.preview(other, trainee)
    Attempt.objects.filter(pk=previewed.attempt_id).update(series=preview.series)
    gone = enroll(cohort, factories.UserFactory())
    kept(gone.user, case())
    leave(gone)
    membership = cohort.memberships.get(user=trainee)
    for of in (None, membership):
        found = set(access.visible_records(cohort, of))
        assert found == {since, assigned}
        attempts = access.visible_attempts(cohort, of)
        assert found == set(CaseRecord.objects.filter(attempt__in=attempts))
        as_arrays = access.visible_columns(cohort, "localize", "clinical", of)
        assert set(as_arrays.rows["id"].tolist()) == {one.pk for one in found}


def test_an_empty_class_says_so(client_of, instructor):
    empty = factories.CohortFactory(instructors=[instructor])
    for game in ("localize", "report"):
        address = reverse("classroom:figures", args=[empty.public_id]) + f"?game={game}"
        assert "come with learners" in client_of(instructor).get(address).content.decode()


@pytest.mark.parametrize("name", ["figures", "items"])
def test_a_page_costs_as_many_queries_for_many_learners_as_for_few(
    client_of, instructor, name, django_assert_max_num_queries
):
    cases = [factories.ImageFactory().case for _ in range(6)]
    client = client_of(instructor)
    cost = []
    for size in (2, 12):
        cohort = a_class(instructor, size)
        for membership in cohort.memberships.select_related("user"):
            for case in cases:
                kept(membership.user, case, ratings="5|", sureness="5+ 4-")
        address = reverse(f"classroom:{name}", args=[cohort.public_id])
        with django_assert_max_num_queries(40) as counted:
            assert client.get(address).status_code == 200
        cost.append(len(counted))
    assert cost[0] == cost[1]


def test_where_less_is_found_by_night_the_page_says_so(instructor):
    """Night is that of the class: 23:30 UTC is past midnight in Berlin and morning in Tokyo."""
    cohort = a_class(instructor, 1)
    user, case = cohort.memberships.get().user, factories.ImageFactory().case
    today = timezone.now().replace(hour=23, minute=30, second=0, microsecond=0)
    for hours, hits in ((24, 0), (24 + 12, 2)):
        for _ in range(12):
            record = kept(user, case, hits=hits)
            CaseRecord.objects.filter(pk=record.pk).update(
                submitted_at=today - timedelta(hours=hours)
            )
    scope, _ = figures.scope_of(cohort, {})
    records = scope.columns()
    said = figures.at_night(records, ZoneInfo("Europe/Berlin"))
    assert said.startswith("Between 22:00 and 6:00 this class finds 100 % less than by day (")
    assert figures.at_night(records, ZoneInfo("Asia/Tokyo")) == ""
    assert figures.at_night(records.where(records.rows["hits"] > 0), ZoneInfo("UTC")) == ""


def test_cases_that_class_and_learner_answered_alike_by_night_and_day_say_nothing(instructor):
    cohort = a_class(instructor, 1)
    user, case = cohort.memberships.get().user, factories.ImageFactory().case
    for hours in range(0, 48):
        kept(user, case, ago=timedelta(hours=hours))
    scope, _ = figures.scope_of(cohort, {})
    assert figures.at_night(scope.columns(), ZoneInfo("UTC")) == ""


def test_a_cell_of_the_matrix_leads_to_the_attempts_behind_it(client_of, instructor, cohort):
    user = cohort.memberships.get().user
    nodule = kept(user, factories.ImageFactory().case)
    other = kept(user, factories.ImageFactory().case, truths=0, hits=0)
    page = client_of(instructor).get(reverse("classroom:figures", args=[cohort.public_id]))
    own = reverse("classroom:learner", args=[cohort.public_id, cohort.memberships.get().code])
    cell = (
        f'<td class="few"><a href="{own}?label=nodule_mass#attempts">50 <small>2</small></a></td>'
    )
    assert cell in page.content.decode()
    behind = client_of(instructor).get(f"{own}?label=nodule_mass").content.decode()
    assert "Attempts with Nodule / mass" in behind
    assert str(nodule.attempt.public_id) in behind
    assert str(other.attempt.public_id) not in behind
    everything = client_of(instructor).get(f"{own}?label=no_such_label").content.decode()
    assert str(other.attempt.public_id) in everything


def test_the_filters_of_the_dashboard_go_along_with_a_cell(client_of, instructor, cohort):
    kept(cohort.memberships.get().user, factories.ImageFactory().case)
    address = reverse("classroom:figures", args=[cohort.public_id])
    asked = {"weeks": "4", "x": '"><b>'}
    page = client_of(instructor).get(address, asked).content.decode()
    assert "?weeks=4&amp;x=%22%3E%3Cb%3E&amp;label=nodule_mass#attempts" in page


def test_a_learner_has_the_curve_of_the_class(client_of, instructor, cohort):
    user = cohort.memberships.get().user
    kept(user, factories.ImageFactory().case, ratings="5 0|2")
    kept(user, factories.ImageFactory().case, truths=0, hits=0, ratings="|3")
    own = reverse("classroom:learner", args=[cohort.public_id, cohort.memberships.get().code])
    page = client_of(instructor).get(own).content.decode()
    assert 'data-chart="froc"' in page
    assert 'data-chart="afroc"' in page


def test_a_case_that_able_learners_fail_is_one_to_look_at(instructor):
    cohort = a_class(instructor, 16)
    cases = [factories.ImageFactory().case for _ in range(6)]
    draw = random.Random(1)
    for place, membership in enumerate(cohort.memberships.select_related("user")):
        able = place / 15
        for case in cases[1:]:
            kept(membership.user, case, score=100 * able + draw.random())
        kept(membership.user, cases[0], score=100 * (1 - able))
    scope, _ = figures.scope_of(cohort, {})
    ordered = items.items(scope.columns())
    found = {item.case_id: item for item in ordered}
    assert found[cases[0].pk].verdict == "Able learners fail here: look at the truth."
    assert found[cases[0].pk].discrimination.value < -0.9
    assert found[cases[1].pk].verdict == "Tells able learners from others."
    assert ordered[0].case_id == cases[0].pk, "what is to be looked at comes first"
    assert items.items(scope.columns(), cases[1].pk) == [found[cases[1].pk]]


def test_a_case_with_few_answers_has_no_verdict(client_of, instructor, addresses):
    page = client_of(instructor).get(addresses["item"] + RULE).content.decode()
    assert "Too few answers" in page
    assert 'class="places-heat"' in page
    assert "Consolidation" in page


def test_a_case_leads_to_its_place_at_the_desk_or_to_how_its_truth_is_doubted(
    client_of, instructor, addresses, nodule_case
):
    desk = reverse("cases:curate", args=[nodule_case.public_id])
    page = client_of(instructor).get(addresses["item"] + RULE).content.decode()
    assert desk not in page
    assert reverse("localize:case", args=[nodule_case.public_id]) in page
    instructor.is_superuser = True
    instructor.save()
    assert desk in client_of(instructor).get(addresses["item"] + RULE).content.decode()


def test_the_heat_is_densest_where_most_boxes_lie():
    image = Image(width=320, height=320)
    cells, most = items.heat_over(image, [[0, 0, 0.1, 0.1], [0.0, 0.0, 0.05, 0.05]])
    assert most == 2
    assert cells[0].opacity == "0.75"
    assert len(cells) == 16
    assert items.heat_over(image, []) == ([], 0)


def test_a_case_is_left_out_of_an_assignment_and_taken_back(
    client_of, instructor, cohort, nodule_case
):
    work = factories.AssignmentFactory(cohort=cohort, cases=[nodule_case])
    client = client_of(instructor)
    address = reverse("classroom:leave_out", args=[cohort.public_id, nodule_case.public_id])
    client.post(address, {"assignment": work.public_id, "out": "1"})
    assert work.places.get().left_out_at is not None
    client.post(address, {"assignment": work.public_id})
    assert work.places.get().left_out_at is None
    assert client.post(address, {"assignment": "nothing"}).status_code == 404


def test_the_projector_shows_the_truth_only_when_asked(client_of, instructor, addresses, trainee):
    client = client_of(instructor)
    before = client.get(addresses["discuss"] + RULE).content.decode()
    assert "places-truth" not in before
    assert "Nodule / mass" not in before
    assert "Consolidation 1</span>" in before, "what was said, and by how many"
    assert trainee.username not in before
    after = client.get(addresses["discuss"] + RULE + "&truth").content.decode()
    assert "places-truth" in after
    assert "Nodule / mass" in after


def test_looking_at_a_learner_is_noted(client_of, instructor, addresses, trainee):
    client = client_of(instructor)
    for name in ("learner", "attempt", "discuss"):
        client.get(addresses[name] + RULE)
    assert set(WorkView.objects.filter(learner=trainee).values_list("what", flat=True)) == {
        *("figures", "attempt", "case"),
    }


def test_the_instructor_sees_the_attempt_and_can_change_nothing_of_it(
    client_of, instructor, addresses, played
):
    page = client_of(instructor).get(addresses["attempt"]).content.decode()
    assert "Recognition" in page
    assert "Doubt this truth" not in page
    assert (
        client_of(instructor).post(reverse("localize:flag", args=[played.public_id])).status_code
        == 404
    )


def test_pseudonymous_classes_show_codes(client_of, instructor, cohort, addresses, trainee):
    cohort.is_pseudonymous = True
    cohort.save()
    client = client_of(instructor)
    for name in ("figures", "learner", "attempt"):
        assert trainee.username not in client.get(addresses[name] + RULE).content.decode(), name


def test_cases_are_those_of_the_scope(instructor):
    assert Case.objects.count() == 0
    cohort = a_class(instructor, 1)
    scope, choices = figures.scope_of(cohort, {"game": "report"})
    assert scope.kind == "report"
    assert [choice.field for choice in choices][:2] == ["game", "weeks"]
    assert items.items(scope.columns()) == []


def test_a_second_answer_to_a_case_enters_no_rest_of_its_discrimination(cohort):
    learners = factories.UserFactory.create_batch(5)
    case, other = (factories.ImageFactory().case for _ in range(2))
    for number, learner in enumerate(learners):
        enroll(cohort, learner)
        kept(learner, case, score=20.0 * number)
        kept(learner, other, score=50.0 + number**2)
    scope = figures.Scope(cohort, "localize", "clinical")

    def of_case() -> items.Item:
        return next(one for one in items.items(scope.columns()) if one.case_id == case.pk)

    once = of_case().discrimination
    for number, learner in enumerate(learners):
        kept(learner, case, score=30.0 * (number % 3))
    assert of_case().discrimination == once


def test_of_what_is_not_there_each_learner_is_counted_once(cohort, trainee):
    case = factories.ImageFactory().case
    for labels in (("consolidation", "nodule_mass"), ("consolidation",)):
        made = kept(trainee, case, truths=0, hits=0, overcalls=len(labels))
        made.labels.all().delete()
        for label in labels:
            made.labels.create(label=label, overcalls=1)
    page = items.item_page(figures.Scope(cohort, "localize", "clinical"), case, {})
    assert page.overcalled == [("Consolidation", 1), ("Nodule / mass", 1)]


@pytest.mark.parametrize("kind", ["localize", "report"])
def test_a_guided_case_is_opened_as_the_learner_saw_it(
    client_of, cohort, trainee, instructor, nodule_case, kind
):
    if kind == "localize":
        shown = open_guided(user=trainee, case=nodule_case, kind=kind, rule="standard")
        score_attempt(shown.pk)
    else:
        shown = play(trainee, nodule_case, kind=kind, mode="guided", text="A nodule on the left.")
    own = [cohort.public_id, cohort.memberships.get().code]
    address = reverse("classroom:learner_attempt", args=[*own, shown.public_id])
    client = client_of(instructor)
    listed = client.get(f"{reverse('classroom:learner', args=own)}?game={kind}").content.decode()
    assert f'href="{address}"' in listed
    page = client.get(address).content.decode()
    assert "Nodule" in page and "Write a comment" in page
    assert "When the marks were drawn" not in page
