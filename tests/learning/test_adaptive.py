"""The next case by what a learner can do, and what is said of it before and after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from attempts.series import Terms, assign_series
from cases.services import merge_cases
from learning import adaptive, difficulties, records, services, skills
from learning.models import CaseDifficulty, Chosen, Preferences, Skill
from learning.past import described, with_reasons
from ml.learning.ability import GENERAL
from ml.learning.choosing import Option, wants
from tests import factories
from tests.learning.playing import go_on, mark, play
from tests.learning.test_skills import film


@pytest.fixture(autouse=True)
def no_shares():
    cache.clear()


@pytest.fixture
def known(trainee):
    """A learner of whom something is known: nodules are found, fractures are not."""
    for label in ("nodule_mass", "fracture", "nodule_mass", "fracture", None):
        case = film(label)
        play(trainee, case, marks=[mark(case)] if label == "nodule_mass" else [])
    records.rebuild()
    skills.rebuild()
    return trainee


def library(count: int = 4) -> list:
    cases = [film(label) for label in ("nodule_mass", "fracture", None) for _ in range(count)]
    difficulties.keep_missing()
    return cases


def test_who_is_not_known_gets_a_film_by_chance(trainee):
    library()
    found = services.next_case_for(trainee, "localize")
    assert found.reason == "New to you; 12 unseen cases left."
    assert found.why == ""


def test_a_film_is_chosen_and_nothing_of_it_is_told_before(known):
    cases = library()
    found = services.next_case_for(known, "localize")
    assert found.case in cases
    assert found.strategy == "adaptive"
    before = found.reason.lower()
    assert "chosen to fit you" in before
    assert not any(word in before for word in ("nodule", "fracture", "mass"))
    assert found.why


def test_the_sentence_before_is_the_same_whatever_the_film_is(known):
    library(2)
    said, labels = set(), set()
    for case in [None, *library(1)]:  # four films, and three of each label
        found = services.next_case_for(known, "localize", after=case)
        said.add(found.reason)
        play(known, found.case)
        labels.add(found.case.findings.values_list("label", flat=True).first())
    assert len(said) == 1
    assert len(labels) > 1, "both normal and abnormal films came"


def test_the_reason_is_kept_for_after_the_answer(known, client_of):
    library()
    answer = client_of(known).get(reverse("learning:next", args=["localize"]))
    assert answer.status_code == 302
    kept = Chosen.objects.get()
    assert kept.case.public_id in answer.url
    assert kept.strategy == "adaptive"
    history = reverse("learning:history")
    play(known, kept.case)
    assert "It came" in client_of(known).get(history).content.decode()
    known.attempts.filter(case=kept.case).update(state="submitted")
    assert "It came" not in client_of(known).get(history).content.decode()


def test_a_learner_chooses_the_order(known):
    cases = library()
    Preferences.objects.create(user=known, strategy="sequential")
    assert services.next_case_for(known, "localize").case == cases[0]
    Preferences.objects.update(strategy="random")
    assert services.next_case_for(known, "localize").strategy == "random"


def test_a_seen_film_comes_only_when_its_finding_is_due(known):
    """No new film is left: what was told comes again by `due`, not before."""
    assert adaptive.choose(known, "localize", services.free_cases(known, "localize"), None) is None
    long_ago = timezone.now() - timedelta(days=90)
    known.attempts.update(submitted_at=long_ago, scored_at=long_ago)
    Skill.objects.exclude(label="").update(due_at=long_ago + timedelta(days=3), last_at=long_ago)
    found = adaptive.choose(known, "localize", services.free_cases(known, "localize"), None)
    assert found.case.attempts.filter(user=known).exists()
    assert "due again" in found.told_before


def merged(case, by):
    """Another case of the same film, which `case` has been merged into."""
    other = film(case.findings.get().label if case.findings.exists() else None)
    difficulties.keep_missing()
    merge_cases(case=case, into=other, by=by)
    return other


def test_a_film_that_a_known_one_was_merged_into_is_not_new(known, curator):
    free = services.free_cases(known, "localize")
    for case in list(free):
        merged(case, curator)
    assert adaptive.choose(known, "localize", free, None) is None
    new = film("fracture")
    difficulties.keep_missing()
    assert adaptive.choose(known, "localize", free, None).case == new


def test_a_merged_film_is_due_again_as_what_it_was_merged_into(known, curator):
    long_ago = timezone.now() - timedelta(days=90)
    known.attempts.update(submitted_at=long_ago, scored_at=long_ago)
    Skill.objects.exclude(label="").update(due_at=long_ago + timedelta(days=3), last_at=long_ago)
    free = services.free_cases(known, "localize")
    others = {merged(case, curator) for case in list(free)}
    found = adaptive.choose(known, "localize", free, None)
    assert found.case in others
    assert "due again" in found.told_before


def test_everything_mastered_still_gives_a_film(known):
    library()
    Skill.objects.update(ability=6)
    assert services.next_case_for(known, "localize") is not None


def test_an_empty_library_gives_none(trainee):
    assert services.next_case_for(trainee, "localize") is None


def test_a_retired_film_is_not_chosen(known):
    for case in library(1):
        case.status = "retired"
        case.save()
    assert adaptive.choose(known, "localize", services.free_cases(known, "localize"), None) is None


def test_what_a_class_set_comes_first(known, client_of):
    cases = library()
    factories.AssignmentFactory(
        cohort__learners=[known], cases=cases[:2], publish=True, cohort__instructors=[]
    )
    set_ = known.series.get(is_assigned=True)
    assert set_.tells_at_once
    answer = client_of(known).get(reverse("learning:next", args=["localize"]))
    assert answer.url == reverse("learning:onward", args=[set_.public_id])
    page = client_of(known).get(reverse("learning:home")).content.decode()
    assert f"“{set_.title}” was set for you, and comes first." in page
    assert page.count("chosen to fit you") == 0


def test_a_timed_test_is_not_begun_by_next(known, client_of):
    cases = library()
    terms = Terms(total_seconds=600)
    set_ = assign_series(
        user=known, kind="localize", mode="test", cases=cases[:2], title="Exam", terms=terms
    )
    answer = client_of(known).get(reverse("learning:next", args=["localize"]))
    assert str(set_.public_id) not in answer.url


def test_queries_do_not_grow_with_the_library(known, django_assert_max_num_queries):
    library(1)
    services.next_case_for(known, "localize")
    with django_assert_max_num_queries(16):
        services.next_case_for(known, "localize")
    library(9)
    with django_assert_max_num_queries(16):
        services.next_case_for(known, "localize")


def test_two_devices_get_the_same_film(known):
    library()
    one, other = (services.next_case_for(known, "localize").case for _ in range(2))
    assert one == other
    assert factories.UserFactory().attempts.count() == 0


def test_a_film_told_of_in_the_other_game_of_late_is_not_due(known):
    long_ago = timezone.now() - timedelta(days=90)
    known.attempts.update(submitted_at=long_ago, scored_at=long_ago)
    Skill.objects.exclude(label="").update(due_at=long_ago + timedelta(days=3), last_at=long_ago)
    free = services.free_cases(known, "localize")
    given = []
    while found := adaptive.choose(known, "localize", free, None):
        assert found.case not in given
        given.append(found.case)
        factories.ReportFactory(case=found.case)
        play(known, found.case, kind="report", text="The lungs are clear.")
    assert len(given) == 4, "each film with a finding once"


def test_a_reason_is_of_the_attempt_that_followed_it(known, client_of):
    library()
    client_of(known).get(reverse("learning:next", args=["localize"]))
    chosen = Chosen.objects.get()
    first = play(known, chosen.case)
    second = play(known, chosen.case)
    told = {one.attempt.pk: one.came for one in with_reasons(known, described(known, _of(chosen)))}
    assert told == {first.pk: chosen.why, second.pk: ""}
    Chosen.objects.update(why="It is due again.", chosen_at=timezone.now())
    third = play(known, chosen.case)
    told = {one.attempt.pk: one.came for one in with_reasons(known, described(known, _of(chosen)))}
    assert told == {first.pk: "", second.pk: "", third.pk: "It is due again."}


def test_a_series_came_for_no_reason_of_the_policy(known, client_of):
    library()
    client_of(known).get(reverse("learning:next", args=["localize"]))
    chosen = Chosen.objects.get()
    go_on(assign_series(
        user=known, kind="localize", mode="practice", cases=[chosen.case], title="Week 1",
        rule="standard", terms=Terms(tells_at_once=True),
    ), marks=[])  # fmt: skip
    (one,) = with_reasons(known, described(known, _of(chosen)))
    assert (one.told, one.came) == (True, "")


def test_what_was_offered_to_fit_and_then_came_by_chance_came_by_chance(known, client_of):
    library()
    client = client_of(known)
    client.get(reverse("learning:next", args=["localize"]))
    assert Chosen.objects.exists()
    Preferences.objects.create(user=known, strategy="random")
    found = services.next_case_for(known, "localize")
    Chosen.objects.update(case=found.case)
    client.get(reverse("learning:next", args=["localize"]))
    assert not Chosen.objects.exists()


def _of(chosen: Chosen):
    return chosen.user.attempts.filter(case=chosen.case)


def test_films_that_may_not_be_given_hide_no_others(known, monkeypatch):
    """As many simulated films as are looked at lie nearer to what is wanted than the real ones."""
    monkeypatch.setattr(adaptive, "NEAR", 3)
    simulated = factories.DatasetFactory(slug="simulated", simulated=True)
    labels = ("nodule_mass", "fracture", None)
    near = [film(label) for label in labels for _ in range(4)]
    type(near[0]).objects.filter(pk__in=[case.pk for case in near]).update(dataset=simulated)
    real = library(2)
    rows = CaseDifficulty.objects.filter(kind="localize", case__in=real)
    rows.update(difficulty=-9)
    found = services.next_case_for(known, "localize")
    assert found.case in real
    assert (found.strategy, bool(found.why)) == ("adaptive", True)


def test_all_labels_of_the_last_two_films_wait(known):
    last = film("pneumothorax")
    for label in ("atelectasis", "bulla"):
        factories.FindingFactory(case=last, label=label)
    play(known, film("nodule_mass"), marks=[])
    play(known, film(None), marks=[])
    play(known, last, marks=[])
    records.rebuild()
    skills.rebuild()
    waiting = adaptive.last_labels(skills.skills_of(known, "localize"))
    assert waiting == ["atelectasis", "bulla", "nodule_mass", "pneumothorax"]
    options = [Option(label, GENERAL) for label in (*waiting, "fracture")]
    found = wants(options, tendency=0, recent=waiting, seed="", number=1)
    assert next(one.label for one in found if one.label) == "fracture"


@pytest.mark.django_db
def test_two_that_keep_the_same_difficulties_at_once_write_them_in_one_order(monkeypatch):
    cases = [factories.CaseFactory() for _ in range(3)]
    for case in cases:
        for label in ("nodule_mass", "atelectasis", "fracture"):
            factories.FindingFactory(case=case, label=label)
    written = []

    def note(rows, **_):
        written.append([(one.case_id, one.label, one.kind) for one in rows])

    monkeypatch.setattr(difficulties.CaseDifficulty.objects, "bulk_create", note)
    keys = [case.pk for case in cases]
    difficulties.keep(keys)
    difficulties.keep({*reversed(keys)})
    assert written[0] == written[1]
    assert [row[:2] for row in written[0]] == sorted(row[:2] for row in written[0])
    assert len(written[0]) >= 9
