"""Goals, the daily film, decks of other films, bookmarks and their cards."""

from __future__ import annotations

import importlib
import json
import sqlite3
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Picture

from attempts.models import Series
from attempts.series import Terms, assign_series, end, open_next, start_series
from learning import cards, daily, difficulties, own_views, points, records, review, services
from learning.models import DailyFilm, Kept, Preferences
from tests import factories
from tests.learning.playing import go_on, mark, play
from tests.learning.test_skills import film

pytestmark = pytest.mark.usefixtures("one_day")


@pytest.fixture
def open_film(db):
    case = film()
    case.dataset.access = "open"
    case.dataset.save()
    return case


def test_points_come_from_scores_and_can_be_switched_off(trainee, client_of):
    case = film()
    play(trainee, case, marks=[mark(case)])
    records.rebuild()
    standing = points.standing_of(trainee, points.preferences_of(trainee))
    assert (standing.points, standing.this_week, standing.best_day) == (10, 1, 1)
    client, url = client_of(trainee), reverse("learning:goals")
    page = client.get(url).content.decode()
    assert all(word in page for word in ("Level", "Weeks in a row", "Badges"))
    form = {"strategy": "random", "weekly_goal": 5, "time_zone": "Europe/Berlin"}
    assert client.post(url, form).status_code == 302
    page = client.get(url).content.decode()
    assert not any(word in page for word in ("<dt>Level", "<dt>Weeks", "<h2>Badges"))
    assert Preferences.objects.get().strategy == "random"


def test_a_wrong_time_zone_is_refused_with_a_sentence(trainee, client_of):
    form = {"strategy": "random", "weekly_goal": 5, "time_zone": "Mars/Olympus"}
    answer = client_of(trainee).post(reverse("learning:goals"), form)
    assert "is no time zone" in answer.content.decode()
    assert not Preferences.objects.exists()


def test_the_daily_film_is_one_for_all_one_go_and_told_the_next_day(open_film, trainee, instructor):
    now = timezone.now()
    go, again = daily.begin(trainee, now), daily.begin(trainee, now)
    assert go == again
    assert daily.begin(instructor, now).film == go.film
    go_on(go.series, marks=[mark(open_film)])
    assert open_next(go.series) is None, "one go"
    go.series.refresh_from_db()
    assert not go.series.tells
    line = daily.share_text(go)
    assert "answered in" in line
    assert "of 100" not in line
    assert services.next_case_for(trainee, "report") is None, "held in the other game too"
    Series.objects.update(told_from=now - timedelta(minutes=1))
    go.series.refresh_from_db()
    line = daily.share_text(go)
    assert "■■■■■ 100 of 100" in line
    assert "nodule" not in line.lower()


def test_the_day_is_the_same_everywhere_and_a_film_is_not_taken_twice(open_film):
    other = film()
    late = datetime(2026, 3, 29, 23, 59, tzinfo=UTC)
    assert daily.day_of(late) == late.date()
    first = daily.film_of(late.date())
    second = daily.film_of(late.date() + timedelta(days=1))
    assert {first.case, second.case} == {open_film, other}
    assert DailyFilm.objects.count() == 2


def test_a_film_whose_findings_nobody_named_is_no_daily_film(open_film):
    type(open_film).objects.update(knows_findings=False)
    assert daily.film_of(daily.day_of(timezone.now())) is None


def test_no_film_is_open_to_all(trainee, client_of):
    film()
    answer = client_of(trainee).post(reverse("learning:daily"), follow=True)
    assert "no film open to all today" in answer.content.decode()


def test_mistakes_are_played_again_on_other_films(trainee, client_of):
    missed, others = film("fracture"), [film("fracture") for _ in range(3)]
    normal = film(None)
    difficulties.keep_missing()
    play(trainee, missed, marks=[])
    records.rebuild()
    answer = client_of(trainee).post(reverse("learning:deck", args=["localize"]))
    assert answer.status_code == 302
    deck = review.open_decks(trainee)[0]
    assert set(deck.cases.all()) == {*others, normal}
    assert deck.tells_at_once
    again = review.mistakes_deck(trainee, "localize", timezone.now())
    assert again == deck, "another window gets the same"


def test_no_deck_where_nothing_is_left(trainee, client_of):
    url = reverse("learning:deck", args=["localize"])
    answer = client_of(trainee).post(url, {"label": "fracture"}, follow=True)
    assert "No other film" in answer.content.decode()
    assert client_of(trainee).post(url, {"label": "nothing"}).status_code == 404


def test_a_bookmark_is_kept_changed_and_dropped(trainee, client_of, instructor):
    attempt = play(trainee, film(), marks=[])
    url, client = reverse("learning:keep", args=[attempt.public_id]), client_of(trainee)
    client.post(url, {"note": "behind the heart"})
    assert "behind the heart" in client.get(reverse("learning:kept")).content.decode()
    client.post(url, {"note": "x" * 2001})
    assert Kept.objects.get().note == "behind the heart"
    assert client_of(instructor).post(url).status_code == 404
    client.post(url, {"drop": "yes"})
    assert not Kept.objects.exists()


def test_cards_cover_the_region_and_only_of_what_was_told(trainee):
    case = film()
    image = case.images.get()
    image.rendition.save("0000.png", ContentFile(factories.png()))
    attempt = play(trainee, case, marks=[])
    review.keep(attempt, "a note")
    names, notes = opened(cards.deck_of(trainee))
    assert len(notes) == 1
    assert "Nodule" in notes[0].split("\x1f")[1]
    assert "Nodule" not in notes[0].split("\x1f")[0]
    assert "a note" in notes[0]
    assert "0" in names and "1" in names
    attempt.state = "submitted"
    attempt.save()
    assert opened(cards.deck_of(trainee))[1] == []


def opened(deck: bytes) -> tuple[list[str], list[str]]:
    with zipfile.ZipFile(BytesIO(deck)) as archive:
        with sqlite3.connect(":memory:") as database:
            database.deserialize(archive.read("collection.anki2"))
            notes = [row[0] for row in database.execute("SELECT flds FROM notes")]
        return archive.namelist(), notes


def test_nothing_that_is_kept_is_told_or_carded_while_a_test_holds_its_film(trainee, client_of):
    case = film()
    case.images.get().rendition.save("0000.png", ContentFile(factories.png()))
    review.keep(play(trainee, case, marks=[]), "behind the heart")
    held = start_series(user=trainee, kind="report", mode="test", cases=[case])

    def told():
        page = client_of(trainee).get(reverse("learning:kept")).content.decode()
        return "behind the heart" in page, len(opened(cards.deck_of(trainee))[1])

    assert told() == (False, 0)
    end(held)
    assert told() == (True, 1)


@pytest.mark.parametrize("is_guest", [True, False])
def test_what_a_guest_kept_is_told_and_carded_while_its_data_set_is_open(
    is_guest, open_film, trainee
):
    trainee.is_guest = is_guest
    open_film.images.get().rendition.save("0000.png", ContentFile(factories.png()))
    kept = review.keep(play(trainee, open_film, marks=[]), "")
    assert list(review.kept_of(trainee)) == [kept]
    type(open_film.dataset).objects.update(access="private")
    assert list(review.kept_of(trainee)) == ([] if is_guest else [kept])
    assert len(opened(cards.deck_of(trainee))[1]) == (0 if is_guest else 1)


def test_no_deck_tells_what_was_missed_on_a_film_that_a_test_holds(trainee):
    missed = film("fracture")
    play(trainee, missed, marks=[])
    records.rebuild()
    assert list(review.missed_labels(trainee, "localize")) == ["fracture"]
    held = start_series(user=trainee, kind="report", mode="test", cases=[missed])
    assert not review.missed_labels(trainee, "localize")
    end(held)
    assert list(review.missed_labels(trainee, "localize")) == ["fracture"]


def test_the_button_beside_a_past_case_leaves_a_note_as_it_is(trainee, client_of):
    attempt = play(trainee, film())
    client, url = client_of(trainee), reverse("learning:keep", args=[attempt.public_id])
    client.post(url, {"note": "look behind the heart"})
    client.post(url)
    assert Kept.objects.get().note == "look behind the heart"


def test_a_film_that_a_test_holds_is_no_daily_film_of_its_learner(open_film, trainee):
    Series.objects.filter(user=trainee).delete()
    now = timezone.now()
    first = daily.begin(trainee, now)
    assert first is not None
    assert daily.begin(trainee, now + timedelta(days=1)) is None, "held until its midnight"


def test_a_daily_film_that_is_retired_during_its_day_is_replaced(open_film, trainee, instructor):
    other, now = film(), timezone.now()
    today = daily.day_of(now)
    unanswered, answered = daily.begin(trainee, now), daily.begin(instructor, now)
    first = unanswered.film.case
    go_on(answered.series, marks=[])
    first.status = "retired"
    first.save()
    assert daily.is_lost(unanswered)
    again = daily.begin(trainee, now)
    second = other if first == open_film else open_film
    assert again.pk == unanswered.pk, "still one go"
    assert (again.film.day, open_next(again.series).case) == (today, second)
    assert daily.begin(instructor, now).series == answered.series, "an answer stays one"
    assert DailyFilm.objects.get().case == second


def test_a_solution_is_not_offered_while_a_test_has_the_film(open_film, trainee, client_of):
    go = daily.begin(trainee, timezone.now())
    go_on(go.series, marks=[mark(open_film)])
    assert open_next(go.series) is None
    Series.objects.update(told_from=timezone.now() - timedelta(minutes=1))
    page = client_of(trainee).get(reverse("learning:daily")).content.decode()
    assert ">Solution<" in page
    start_series(user=trainee, kind="report", mode="test", cases=[open_film])
    page = client_of(trainee).get(reverse("learning:daily")).content.decode()
    assert ">Solution<" not in page
    assert "of 100" not in page


def test_a_deck_begun_twice_is_one_and_can_be_ended(trainee, client_of):
    for _ in range(6):
        film()
    difficulties.keep_missing()
    now = timezone.now()
    deck = review.label_deck(trainee, "localize", "nodule_mass", now)
    assert review.label_deck(trainee, "localize", "nodule_mass", now) == deck
    client = client_of(trainee)
    page = client.get(reverse("learning:series", args=[deck.public_id])).content.decode()
    assert "End now" in page
    client.post(reverse("learning:end", args=[deck.public_id]))
    deck.refresh_from_db()
    assert not deck.is_open
    assert review.label_deck(trainee, "localize", "nodule_mass", now) != deck


def test_nobody_ends_what_a_class_set_under_the_name_of_a_deck(trainee, client_of):
    case, cohort = film(), factories.CohortFactory(learners=[trainee])
    title = "Practice: Nodule / mass"
    factories.AssignmentFactory(cohort=cohort, cases=[case], title=title, publish=True)
    given = Series.objects.get(user=trainee)
    client_of(trainee).post(reverse("learning:end", args=[given.public_id]))
    given.refresh_from_db()
    assert given.is_open


def test_decks_of_before_are_told_from_what_others_set(trainee):
    migration = importlib.import_module("learning.migrations.0008_decks")
    now, case = timezone.now(), film()

    def given(title: str, closes_at: datetime | None) -> Series:
        return assign_series(
            user=trainee, kind="localize", mode="practice", cases=[case], title=title,
            terms=Terms(tells_at_once=True, closes_at=closes_at),
        )  # fmt: skip

    deck = given("Practice: Nodule / mass", now + review.LASTS)
    given("Practice: Nodule / mass", now + timedelta(days=9))
    given("Practice: Nodule / mass", None)
    given("Homework", now + review.LASTS)
    migration.mark_decks(apps, None)
    assert review.open_decks(trainee) == [deck]


def test_what_others_set_is_no_deck_by_its_title_alone(trainee, client_of):
    given = assign_series(
        user=trainee, kind="localize", mode="practice", cases=[film()],
        title=review.MISTAKES_TITLE, terms=Terms(tells_at_once=True),
    )  # fmt: skip
    assert not review.open_decks(trainee)
    client_of(trainee).post(reverse("learning:end", args=[given.public_id]))
    given.refresh_from_db()
    assert given.is_open, "also where nothing is left of the class that set it"


def test_each_image_is_decoded_once_for_its_cards(trainee, monkeypatch):
    case = film()
    image = case.images.get()
    factories.RegionFactory(finding__case=case, finding__label="fracture", image=image)
    attempt = play(trainee, case, marks=[mark(case)])
    review.keep(attempt, "")
    decoded = []
    picture = cards._picture
    monkeypatch.setattr(cards, "_picture", lambda one: decoded.append(one) or picture(one))
    assert len(opened(cards.deck_of(trainee))[1]) == 2
    assert decoded == [image]


def test_a_deck_of_mistakes_takes_turns_among_what_was_missed(trainee):
    labels = ["fracture"] * 3 + ["nodule_mass", "pneumothorax"]
    for label in labels:
        play(trainee, film(label), marks=[])
    others = {label: [film(label) for _ in range(8)] for label in set(labels)}
    for _ in range(4):
        film(None)
    difficulties.keep_missing()
    records.rebuild()
    deck = review.mistakes_deck(trainee, "localize", timezone.now())
    held = set(deck.cases.all())
    assert len(held) == 10
    assert {label: len(held.intersection(others[label])) for label in others} == dict.fromkeys(
        others, 2
    )


def test_a_deck_whose_time_is_up_is_begun_anew(trainee):
    film("fracture"), film("fracture")
    difficulties.keep_missing()
    now = timezone.now()
    old = review.label_deck(trainee, "localize", "fracture", now - timedelta(days=9))
    new = review.label_deck(trainee, "localize", "fracture", now)
    assert new != old
    assert new.is_open
    old.refresh_from_db()
    assert old.closed_because == "time"


def test_a_film_kept_from_two_attempts_is_one_card_with_both_notes(trainee):
    case = film()
    case.images.get().rendition.save("0000.png", ContentFile(factories.png()))
    for note in ("first <look>", "second look", ""):
        review.keep(play(trainee, case, marks=[]), note)
    names, (note,) = opened(cards.deck_of(trainee))
    assert "first &lt;look&gt;" in note and "second look" in note
    assert {name for name in names if name.isdigit()} == {"0", "1"}


def test_bookmarks_have_pages(trainee, client_of, monkeypatch):
    monkeypatch.setattr(own_views, "BOOKMARKS_A_PAGE", 2)
    for number in range(3):
        review.keep(play(trainee, film(), marks=[]), f"note {number}")
    client, url = client_of(trainee), reverse("learning:kept")
    first, second = (client.get(url, {"page": page}).content.decode() for page in (1, 2))
    assert "note 2" in first and "note 1" in first and "note 0" not in first
    assert "note 0" in second and "Page 2 of 2" in second


def test_the_front_of_a_card_covers_the_region_and_nothing_else(trainee):
    case = film()
    image = case.images.get()
    image.rendition.save("0000.png", ContentFile(factories.png(400, 200, 200)))
    type(image).objects.update(width=400, height=200)
    review.keep(play(trainee, case, marks=[]), "")
    with zipfile.ZipFile(BytesIO(cards.deck_of(trainee))) as archive:
        places = {name: place for place, name in json.loads(archive.read("media")).items()}
        (front,) = (name for name in places if name.endswith("front.jpg"))
        picture = Picture.open(BytesIO(archive.read(places[front])))
    assert picture.size == (400, 200)
    assert not picture.getexif()
    inside, outside = picture.getpixel((260, 50)), picture.getpixel((200, 50))
    assert abs(inside - 90) < 10 and outside > 180, "x 0.6 to 0.7, y 0.2 to 0.3"
    assert picture.getpixel((260, 80)) > 180
