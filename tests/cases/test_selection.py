"""Which cases of a source are imported, and what is kept of labels that nobody knows."""

from __future__ import annotations

import pytest
from django.core.management import CommandError

from cases.models import Case
from localize.scoring import playable
from tests.cases import formats
from tests.cases.importing import run, table_row

pytestmark = pytest.mark.django_db


def many(folder, count=6):
    """Odd films have a nodule in one place, even ones a fibrotic band in two."""
    names = [f"f{number}" for number in range(count)]
    rows = [f"{name},Nodule/Mass,8,,10,10,30,30" for name in names[1::2]]
    for name in names[::2]:
        rows += [f"{name},ILD,5,,10,10,30,30", f"{name},ILD,5,,50,50,70,70"]
    formats.films(folder, *(f"{name}.png" for name in names))
    return formats.csv(folder, "train.csv", formats.VINDR_HEADER, *sorted(rows))


def keys():
    return set(Case.objects.values_list("source_key", flat=True))


def test_only_cases_with_a_label_by_slug_or_name(tmp_path):
    run("vindr", many(tmp_path), labels=frozenset(["nodule_mass"]))
    assert keys() == {"f1", "f3", "f5"}


def test_only_cases_with_enough_places_and_of_a_split(tmp_path):
    run("vindr", many(tmp_path), "--min-boxes=2", "--split=Train")
    assert keys() == {"f0", "f2", "f4"}


def test_a_label_that_the_taxonomy_has_not_and_a_split_that_no_case_names_are_told(tmp_path):
    with pytest.raises(CommandError, match="no label unicorn"):
        run("vindr", many(tmp_path), "--labels=Nodule / mass,unicorn")
    with pytest.raises(CommandError, match="No case of the source names a split"):
        run("openi", formats.openi(tmp_path), "--split=train")


def test_a_seed_takes_the_same_cases_again(tmp_path):
    folder = many(tmp_path, 12)
    run("vindr", folder, "--limit=4", "--seed=7")
    first = keys()
    assert len(first) == 4
    assert table_row(run("vindr", folder, "--limit=4", "--seed=7"), "unchanged") == 4
    run("vindr", folder, "--limit=4", "--seed=8")
    assert keys() > first


def test_an_import_that_was_stopped_goes_on_and_doubles_nothing(tmp_path):
    folder = many(tmp_path)
    run("vindr", folder, "--limit=2")
    output = run("vindr", folder)
    assert (table_row(output, "new"), table_row(output, "unchanged")) == (4, 2)
    assert Case.objects.count() == 6


@pytest.mark.parametrize("name", sorted(formats.MADE.keys() - {"radgame"}))
def test_every_format_is_stored_and_unchanged_the_second_time(tmp_path, name):
    folder = formats.MADE[name](tmp_path)
    new = table_row(run(name, folder), "new")
    assert new == Case.objects.count() > 0
    assert table_row(run(name, folder), "unchanged") == new


def test_an_unknown_label_is_kept_with_its_place_and_listed(tmp_path, client_of, curator):
    output = run("vindr", formats.vindr(tmp_path, "a,Unicorn,9,,10,8,30,40"))
    case = Case.objects.get()
    assert case.status == Case.Status.REVIEW
    (kept,) = case.unmapped
    assert (kept["label"], kept["regions"][0]["box"]) == ("Unicorn", [0.1, 0.1, 0.3, 0.5])
    assert "Labels that the taxonomy has not: Unicorn (1)" in " ".join(output.split())
    page = client_of(curator).get(f"/cases/{case.public_id}/").content.decode()
    assert "Unicorn" in page


def test_a_case_whose_findings_nobody_named_is_no_case_for_localize(tmp_path):
    run("rexgradient", formats.rexgradient(tmp_path))
    assert Case.objects.get().status == Case.Status.PUBLISHED
    assert not playable(Case.objects.all(), "clinical").exists()
