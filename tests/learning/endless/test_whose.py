"""Films made for a learner are theirs alone, until a curator promotes them."""

from __future__ import annotations

import io

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts import personal
from attempts import services as attempts
from cases import made
from cases import services as library_services
from cases.models import Case, CaseChange, Dataset
from cases.packing import write_pack
from cases.queries import cases_for_desk, image_url, may_play
from classroom.choosing import Filters, library
from learning import adaptive, daily, difficulties, services
from learning.drills import choosing
from learning.endless import playing, stock, wishes
from learning.models import CaseDifficulty, Chosen, MadeFilm
from tests import factories
from tests.learning.endless.made import drill, fill, film_for, wanting
from tests.learning.playing import mark, play


def test_others_never_meet_it(trainee, client_of, nodule_case):
    case = film_for(trainee)
    case.reports.create(findings="A nodule.", impression="A nodule.")
    Dataset.objects.update(access=Dataset.Access.OPEN)
    other = factories.UserFactory(role="trainee")
    assert may_play(trainee, case) and not may_play(other, case)
    image = case.images.get()
    addresses = [
        f"/localize/cases/{case.public_id}/",
        f"/report/cases/{case.public_id}/",
        image_url(image),
        reverse("cases:thumbnail", args=[image.public_id, image.token]),
        reverse("cases:shown", args=[image.public_id, image.token, 0]),
    ]
    for address in addresses:
        assert client_of(trainee).get(address).status_code == 200, address
        assert client_of(other).get(address).status_code == 404, address
    for user in (trainee, other):
        for kind in ("localize", "report"):
            assert case not in services.playable(user, kind)
        assert case not in choosing.new_films(user)
    assert case not in choosing.new_films(other, made=True)
    assert case not in library("localize", "clinical", Filters())
    assert daily.film_of(timezone.now().date()).case == nodule_case
    assert case not in cases_for_desk()


def test_the_desk_finds_and_promotes_it(trainee, client_of, tmp_path):
    case = film_for(trainee)
    curator = factories.UserFactory(role="curator")
    client = client_of(curator)
    assert case.public_id not in client.get("/cases/").content.decode()
    assert case.public_id in client.get("/cases/?problem=made").content.decode()
    page = client.get(reverse("cases:detail", args=[case.public_id])).content.decode()
    assert "made for one learner" in page and "Promote to everybody" in page
    assert client.get(image_url(case.images.get())).status_code == 200
    assert write_pack(tmp_path / "one.zip", case.dataset).cases == 0
    client.post(reverse("cases:act"), {"action": "promote", "case": case.public_id})
    case.refresh_from_db()
    assert case.made_for is None
    assert CaseChange.objects.filter(case=case, by=curator).exists()
    other = factories.UserFactory(role="trainee")
    assert services.next_case_for(other, "localize").case == case
    assert playing.next_film(trainee) is None, "it is the library's now"
    made.promote(case=case, by=curator)
    assert CaseChange.objects.filter(case=case, by=curator).count() == 1


def test_what_is_everybodys_is_never_deleted(trainee):
    case = film_for(trainee)
    attempts.open_attempt(user=trainee, case=case, kind="localize", mode="practice")
    assert not stock.unplayed().exists()
    Case.objects.filter(pk=case.pk).update(made_for=None)
    case.refresh_from_db()
    with pytest.raises(ValueError, match="everybody's"):
        made.remove(case=case)


def test_what_was_made_for_a_person_goes_with_the_account(trainee, nodule_case):
    played, waiting, given = (film_for(trainee) for _ in range(3))
    play(trainee, played, marks=[])
    drill(trainee, waiting)
    made.promote(case=given, by=factories.UserFactory(role="curator"))
    personal.erase(trainee)
    assert set(Case.objects.all()) == {nodule_case, given}
    assert not MadeFilm.objects.exists()


def test_a_films_name_does_not_tell_for_whom_it_was_made(trainee, data):
    made_for = film_for(trainee).made_film
    same_number = film_for(factories.UserFactory(role="trainee")).made_film
    assert made_for.number == same_number.number and made_for.key != same_number.key
    assert str(trainee.pk) not in made_for.key.replace(f"{made_for.pk:08d}", "")


def test_nothing_of_the_film_is_said_before_it_is_answered(
    trainee, client_of, brought, quick, monkeypatch
):
    wanting(trainee)
    monkeypatch.setattr(wishes, "next_wish", lambda *args: wishes.Wish("nodule", 2.0, "upper"))
    fill(monkeypatch)
    case = MadeFilm.objects.get().case
    client = client_of(trainee)
    ahead = client.get("/endless/next/", headers={"Accept": "application/json"}).json()
    assert ahead == {"images": [image_url(case.images.get())]}
    client.get("/endless/next/")
    assert "made for you" in Chosen.objects.get().why, "kept, to be told with the truth"
    text = "".join(
        client.get(address).content.decode()
        for address in ("/endless/", f"/localize/cases/{case.public_id}/", "/account/")
    )
    finding = case.findings.get()
    for word in (case.source_key, finding.public_id, finding.sentence, "contrast-to-noise"):
        assert word not in text, word
    [part] = [one for one in personal.parts() if one.name == "made-films"]
    assert list(part.rows(trainee)) == []


def test_no_export_has_it(trainee, tmp_path):
    pytest.importorskip("highdicom", reason="needs `make install-data`")
    case = film_for(trainee)
    play(trainee, case, marks=[mark(case)])
    image = case.images.get()

    def places(*more):
        """Where the film is: in COCO's file, beside it, among the DICOM objects."""
        path, films, objects = (tmp_path / name for name in ("coco.json", "films", "dicom"))
        out, slug = io.StringIO(), case.dataset.slug
        call_command("export_coco", slug, path, *more, images=films, stdout=out)
        call_command("export_dicom", slug, objects, *more, stdout=out)
        names = " ".join(film.name for film in films.iterdir())
        found = (image.public_id in path.read_text(), image.public_id in names)
        return *found, (objects / case.public_id).exists()

    for more in ([], ["--marks"]):
        assert not any(places(*more))
    Case.objects.filter(pk=case.pk).update(made_for=None)
    for more in ([], ["--marks"]):
        assert all(places(*more)), "as everybody's it would be there"


def test_no_case_is_merged_into_it(trainee, curator, nodule_case):
    case = film_for(trainee)
    with pytest.raises(ValueError, match="made for one learner"):
        library_services.merge_cases(case=nodule_case, into=case, by=curator)
    nodule_case.refresh_from_db()
    assert nodule_case.is_playable


def test_what_is_common_in_the_library_is_asked_of_the_library(trainee):
    case = film_for(trainee)
    difficulties.keep([case.pk])
    assert CaseDifficulty.objects.filter(case=case, label="nodule_mass").exists()
    cache.delete("label-shares-localize")
    assert "nodule_mass" not in adaptive._shares("localize")
