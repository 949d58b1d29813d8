"""Films made for a learner: how they are made, and what happens when it fails."""

from __future__ import annotations

import errno
import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from attempts import services as attempts
from attempts.models import Attempt
from attempts.queries import next_url
from cases import made
from cases.models import Case, Image
from cases.queries import open_to
from learning.endless import ct, making, stock
from learning.models import CaseDifficulty, MadeFilm
from ml.simulate import base as volumes
from ml.simulate.anatomy import Anatomy
from ml.simulate.cases import Aim, generate
from ml.simulate.plans import Plan
from tests.learning.endless.made import SIZE, fill, wanting
from tests.learning.playing import play


def test_a_film_is_made_and_played(trainee, brought, quick, client_of, monkeypatch):
    client = client_of(trainee)
    page = client.get("/endless/").content.decode()
    assert "Your next films are being made" in page
    assert fill(monkeypatch) == 1
    film = MadeFilm.objects.get()
    assert film.case.made_for == trainee and film.case.is_playable
    assert film.case.dataset.simulated and film.case.dataset.slug == stock.SLUG
    assert film.size > 1000 and not making.folder_of(film).exists()
    assert CaseDifficulty.objects.filter(case=film.case).exists()
    assert "1 film waits for you" in client.get("/endless/").content.decode()
    answer = client.get("/endless/next/")
    assert answer.url == f"/localize/cases/{film.case.public_id}/"
    assert 'class="chip simulated"' in client.get(answer.url).content.decode()
    attempt = play(trainee, film.case, marks=[])
    assert next_url(attempt).startswith("/endless/next/")
    behind = client.get(f"/localize/attempts/{attempt.public_id}/behind").json()
    kinds = [one["kind"] for one in behind["layers"]]
    assert kinds == ["finding", "bones", "heart", "markings", "bare"] and behind["structures"]
    assert fill(monkeypatch) == 1, "the next one is made as soon as one is played"


def test_the_same_row_and_ct_ask_for_the_same_film(trainee):
    film = MadeFilm(
        pk=7, user=trainee, number=3, recipe="nodule", contrast=2.0, zone="upper", seed=9
    )
    job = making.job_of(film, "mark")
    assert job == making.job_of(film, "mark") and job.recipe == making.job_of(film, "mark").recipe
    assert job.plan.findings == ("nodule",) and job.gated
    assert (job.difficulty.low, job.difficulty.high) == (2.0 / 1.2, 2.4)
    assert making.job_of(film, "another").recipe != job.recipe
    film.zone = "lower"
    assert making.job_of(film, "mark").recipe != job.recipe


def test_the_simulator_aims_at_contrast_and_zone(drawn, kept):
    anatomy = Anatomy(volumes.opened(kept / "ct"))

    def nodule(aim: Aim):
        return generate(anatomy, "any", Plan(("nodule",)), 1, aim, SIZE).findings[0]

    plain = drawn.findings[0].conspicuity  # as plain as this small phantom has them
    assert nodule(Aim(0.1, 0.3)).conspicuity < plain
    assert "lower zone" in nodule(Aim(0.01, 9.0, "lower")).placed.location


@pytest.mark.parametrize(
    "at", ["learning.endless.making.made.publish_for", "learning.endless.making.store.join"]
)
def test_a_worker_that_was_killed_goes_on(trainee, brought, quick, monkeypatch, at):
    wanting(trainee)

    class Killed(BaseException):
        pass

    def kill(**kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(at, lambda *args, **kwargs: kill())
        with pytest.raises(Killed):
            fill(monkeypatch)
    film = MadeFilm.objects.get()
    assert film.made_at is None
    assert not open_to(trainee, Case.objects.filter(status="published")).exists()
    assert fill(monkeypatch) == 0, "it is taken, as far as anybody knows"
    MadeFilm.objects.filter(pk=film.pk).update(begun_at=timezone.now() - timedelta(hours=1))
    monkeypatch.setattr("ml.simulate.run.generate", lambda *a, **k: pytest.fail("made twice"))
    assert making.fill(SIZE, gated=False) == 1
    film.refresh_from_db()
    assert film.case.made_for == trainee


def test_nothing_is_made_while_somebody_waits_for_a_score(
    trainee, brought, monkeypatch, nodule_case
):
    wanting(trainee)
    attempt = attempts.open_attempt(
        user=trainee, case=nodule_case, kind="localize", mode="practice"
    )
    Attempt.objects.filter(pk=attempt.pk).update(state="submitted", submitted_at=timezone.now())
    assert fill(monkeypatch) == 0
    assert not MadeFilm.objects.exists()


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda folder: (folder / "about.json").unlink(), ct.MISSING_SENTENCE),
        (lambda folder: (folder / "about.json").write_text("{"), ct.DAMAGED_SENTENCE),
        (lambda folder: (folder / "about.json").write_text("[]"), ct.DAMAGED_SENTENCE),
        (lambda folder: (folder / "hu.npy").write_bytes(b"short"), ct.DAMAGED_SENTENCE),
        (lambda folder: (folder / "labels.npy").unlink(), ct.DAMAGED_SENTENCE),
    ],
)
def test_without_a_whole_ct_the_library_serves(
    trainee, brought, client_of, nodule_case, monkeypatch, harm, sentence
):
    harm(brought)
    page = client_of(trainee).get("/endless/").content.decode()
    assert sentence in page and "Films of the library serve instead." in page
    assert reverse("learning:next", args=["localize"]) in page
    assert fill(monkeypatch) == 0


def test_a_byte_that_changed_is_found_when_a_film_is_made(trainee, brought, monkeypatch):
    wanting(trainee)
    content = bytearray((brought / "hu.npy").read_bytes())
    content[len(content) // 2] ^= 1
    (brought / "hu.npy").write_bytes(content)
    assert ct.problem() == "", "pages read no volume"
    assert fill(monkeypatch) == 0
    assert ct.problem() == ct.DAMAGED_SENTENCE
    assert MadeFilm.objects.get().problem.endswith(ct.DAMAGED_SENTENCE)
    assert not Case.objects.exists()


@pytest.mark.django_db
def test_a_ct_that_cannot_be_used_or_kept_changes_nothing(files, brought, monkeypatch, tmp_path):
    before = ct.opened().mark
    with pytest.raises(CommandError, match="There is no file"):
        call_command("bring_ct", ct=tmp_path / "none.nii.gz")
    with pytest.raises(CommandError, match="Name a CT with --ct"):
        call_command("bring_ct")
    with monkeypatch.context() as patch:
        patch.setattr("numpy.save", _no_room)
        with pytest.raises(CommandError, match=r"No space left on device\. Nothing was changed"):
            call_command("bring_ct", ct=files[0], labels=files[1], stdout=io.StringIO())
    assert ct.opened().mark == before
    assert [one.name for one in brought.parent.iterdir()] == ["ct"]
    monkeypatch.setattr(ct, "NEEDED_BYTES", 1 << 60)
    with pytest.raises(CommandError, match="MB are needed"):
        call_command("bring_ct", ct=files[0], labels=files[1])


def _no_room(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("at", ["ml.simulate.store._write_picture", "cases.storing.carry_out"])
def test_a_full_disk_leaves_nothing_half_made(trainee, brought, quick, monkeypatch, at):
    wanting(trainee)
    with monkeypatch.context() as patch:
        patch.setattr(at, _no_room)
        assert fill(monkeypatch) == 0
    film = MadeFilm.objects.get()
    assert "could not be made yet" in film.problem and film.begun_at is None
    assert not Case.objects.exists() and not Image.objects.exists()
    assert fill(monkeypatch) == 1
    film.refresh_from_db()
    assert film.made_at and not film.problem


def test_near_a_full_disk_none_is_made_and_the_page_says_so(
    trainee, brought, monkeypatch, client_of
):
    wanting(trainee)
    monkeypatch.setattr(stock, "LEAVES_FREE", 1 << 60)
    assert fill(monkeypatch) == 0
    trainee.is_staff = True
    trainee.save()
    page = client_of(trainee).get("/endless/").content.decode()
    assert stock.FULL_DISK in page
    assert "bring_ct" not in page, "a CT is there"


def test_a_film_that_cannot_be_opened_leaves_no_draft(trainee, brought, quick, monkeypatch):
    def refuse(**_):
        raise ValueError("A second curator has to read it first.")

    monkeypatch.setattr(made, "publish_for", refuse)
    stock.ask_for(trainee)
    film = stock.take_next()
    opened = ct.opened()
    assert not making.make_film(film, Anatomy(opened.base), opened, SIZE, gated=False)
    assert not Case.objects.exists()
    film.refresh_from_db()
    assert film.given_up_at
    assert "second curator" in film.problem
