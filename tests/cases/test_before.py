"""What a prior film shows is part of a case's truth: stored, brought up to date, and judged."""

from __future__ import annotations

import pytest

from cases.importers import importer_named
from cases.models import Case
from cases.services import import_cases
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
