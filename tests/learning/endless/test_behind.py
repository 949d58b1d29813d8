"""The CT behind a film that was made here: made when asked for, once, or a sentence why not."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from cases import made
from cases.models import Case, Layer
from learning.endless import behind, ct
from learning.models import MadeFilm
from ml.simulate import run
from tests import factories
from tests.learning.endless.made import SIZE, fill, film_for, wanting
from tests.learning.playing import play


@pytest.fixture
def film(trainee, brought, quick, monkeypatch):
    wanting(trainee)
    assert fill(monkeypatch) == 1
    return MadeFilm.objects.get()


def make(case):
    return behind.make(case.pk, SIZE, gated=False)


def test_it_is_made_once_and_shown(film, trainee, client_of):
    client = client_of(trainee)
    scored = play(trainee, film.case, marks=[])
    page = client.get(f"/localize/attempts/{scored.public_id}/").content.decode()
    assert "See through the film" in page
    address = client.get(f"/localize/attempts/{scored.public_id}/behind").json()["ct"]
    assert client.get(address).status_code == 202
    assert client.post(address).json() == {"making": True}
    before = film.size
    assert make(film.case)
    assert not make(film.case)
    told = client.get(address).json()
    layer = Layer.objects.get(kind="ct")
    assert layer.made_here
    with Image.open(io.BytesIO(b"".join(client.get(told["url"])))) as picture:
        assert picture.width == told["across"] * told["shape"][2]
    assert [spot["label"] for spot in told["spots"]] == ["nodule_mass"]
    film.refresh_from_db()
    assert film.size > before
    assert layer.file.name in made.files_of(film.case)


def test_with_the_ct_comes_what_else_a_film_lacks(film, trainee, client_of):
    image = film.case.images.first()
    image.layers.exclude(kind="finding").delete()  # as films of an older release are
    mine = image.layers.get()
    assert make(film.case)
    kinds = set(image.layers.values_list("kind", flat=True))
    assert kinds == {"finding", "anatomy", "bones", "heart", "markings", "bare", "ct"}
    assert image.layers.get(kind="finding") == mine, "what was there stays"
    scored = play(trainee, film.case, marks=[])
    told = client_of(trainee).get(f"/localize/attempts/{scored.public_id}/behind").json()
    assert told["structures"] and len(told["layers"]) == 5


def test_of_a_film_that_the_row_does_not_give_none_is_made(film, trainee, client_of):
    film.case.images.update(source_sha256="0" * 64)
    assert not make(film.case)
    assert not Layer.objects.filter(kind="ct").exists()
    scored = play(trainee, film.case, marks=[])
    client = client_of(trainee)
    address = client.get(f"/localize/attempts/{scored.public_id}/behind").json()["ct"]
    for answer in (client.get(address), client.post(address)):
        assert (answer.status_code, answer.json()["error"]) == (404, behind.UNLIKE)


def test_a_film_from_before_arms_were_lowered_gets_its_ct(film, monkeypatch):
    drawn = run.generate

    def lowered(anatomy, key, plan, *others, **options):
        case = drawn(anatomy, key, plan, *others, **options)
        if not plan.lowered:
            return case
        other = tuple(replace(one, values=one.values[:, ::-1].copy()) for one in case.pictures)
        return replace(case, pictures=other)

    monkeypatch.setattr("ml.simulate.run.generate", lowered)
    assert make(film.case)
    assert Layer.objects.filter(kind="ct").exists()


def test_a_full_disk_is_a_sentence_and_asked_again_it_is_made(film, trainee, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        assert not make(film.case)
    assert behind.problem(film.case) == behind.NOT_KEPT
    behind.ask(film.case)
    assert behind.problem(film.case) == ""
    assert make(film.case)


def test_a_note_cut_within_a_letter_is_read_as_far_as_it_goes(data):
    note = behind._note(7)
    note.parent.mkdir(parents=True)
    note.write_bytes("Full: é".encode()[:-1])
    assert behind.problem(Case(pk=7)).startswith("Full: ")


def test_without_a_ct_or_of_a_real_film_there_is_no_control(trainee, data, plenty, client_of):
    case = film_for(trainee)
    assert ct.problem() and not behind.can_make(case)
    scored = play(trainee, case, marks=[])
    page = client_of(trainee).get(f"/localize/attempts/{scored.public_id}/").content.decode()
    assert "See through" not in page


def test_of_two_films_of_one_person_none_is_made(film):
    assert behind.can_make(film.case)
    factories.ImageFactory(case=film.case, position=1, study="prior")
    assert not behind.can_make(film.case)


def test_films_of_the_demo_set_need_its_own_ct(brought, trainee):
    case = film_for(trainee)
    MadeFilm.objects.all().delete()
    case.dataset.slug = behind.DEMO
    assert not behind.can_make(case)  # the CT that is here is another
    assert not behind.can_make(Case.objects.get(pk=case.pk))
