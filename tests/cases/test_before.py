"""What a prior film shows is part of a case's truth: stored, brought up to date, and judged."""

from __future__ import annotations

import pytest

from cases.checks import checks_of
from cases.curating import draft_of
from cases.differences import differences
from cases.importers import importer_named
from cases.models import Case, CaseChange
from cases.services import correcting, import_cases
from tests.cases.sources import simulated, simulated_case
from tests.cases.test_simulated import earlier, was

pytestmark = pytest.mark.django_db


def brought(folder, **fields) -> Case:
    simulated(folder, simulated_case(**fields))
    importer = importer_named("simulated")
    list(import_cases(importer.describe(folder), importer.read(folder, (folder,)), jobs=1))
    return Case.objects.get()


def test_an_older_library_is_given_what_the_prior_film_shows_and_another_version(tmp_path):
    case = brought(tmp_path, **earlier())
    assert (case.version, case.before) == (1, [])
    case = brought(tmp_path, **earlier(was(sentence="Haze.", side="bilateral")))
    [one] = case.before
    assert (one["label"], one["change"], one["sentence"]) == ("edema", "gone", "Haze.")
    assert one["regions"][0]["image"] == 1 and one["regions"][0]["box"] == [0.2, 0.2, 0.4, 0.4]
    assert case.version == 2
    assert brought(tmp_path, **earlier(was(sentence="Haze.", side="bilateral"))).version == 2
    assert brought(tmp_path, **earlier()).before == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"label": "no_such_label"}, "is not in the taxonomy"),
        ({"regions": [{"image": 7, "box": [0.2, 0.2, 0.4, 0.4]}]}, "which the case has not"),
    ],
)
def test_what_the_library_cannot_hold_is_told_in_a_sentence(tmp_path, fields, said):
    case = brought(tmp_path, **earlier(was(**fields)))
    assert any(said in reason for reason in case.review_reasons)
    assert not [place for one in case.before for place in one["regions"]]


def test_of_a_corrected_case_it_is_compared_with_its_source(tmp_path, curator):
    case = brought(tmp_path, **earlier(was(sentence="Haze.")))
    with correcting(case=case, by=curator):
        Case.objects.update(indication="Cough for a week.")
    assert [one.about for one in differences(Case.objects.get())] == ["indication"]
    case = brought(tmp_path, **earlier(was(sentence="Haze, in both lungs.")))
    assert case.before[0]["sentence"] == "Haze.", "the curator's version stays as a whole"
    [told] = [one for one in differences(case) if one.about != "indication"]
    assert told.about.startswith("prior film: ") and told.about.endswith(", sentence")
    assert (told.source, told.here) == ("Haze, in both lungs.", "Haze.")
    case = brought(tmp_path, **earlier())
    assert ("there" in {one.here for one in differences(case)}) and case.before


def test_a_version_that_is_replaced_keeps_it_in_the_history(tmp_path):
    brought(tmp_path, **earlier(was(sentence="Haze.")))
    brought(tmp_path, **earlier())
    newest, first = CaseChange.objects.filter(what=CaseChange.What.TRUTH)
    assert newest.said["before"] == [] and first.said["before"][0]["sentence"] == "Haze."


def test_names_in_its_sentences_hold_the_case(tmp_path):
    case = brought(tmp_path, **earlier(was(sentence="Haze, discussed with Dr. Miller.")))
    assert case.status == Case.Status.REVIEW
    assert any("prior film's findings" in reason for reason in case.review_reasons)
    told = [one.sentence for one in checks_of(case, draft_of(case)) if one.kind == "person"]
    assert told and told[0].startswith("A finding of the prior film may hold a person's name")
