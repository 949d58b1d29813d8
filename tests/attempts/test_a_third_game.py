"""What docs/adding-a-game.md promises: a declaration and three templates make a game."""

from __future__ import annotations

import uuid

import pytest

from attempts import games, tasks
from attempts.models import Attempt
from tests.attempts import counting

pytestmark = pytest.mark.django_db


@pytest.fixture
def counting_game(settings, tmp_path, monkeypatch):
    monkeypatch.setitem(games._games, "counting", counting.GAME)
    folder = tmp_path / "counting"
    folder.mkdir()
    for name, text in counting.TEMPLATES.items():
        (folder / name).write_text(text)
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}]
    settings.ROOT_URLCONF = "tests.attempts.counting_urls"


@pytest.fixture
def player(client_of, trainee):
    return client_of(trainee)


@pytest.fixture
def attempt(counting_game, player, nodule_case):
    page = player.get(f"/counting/cases/{nodule_case.public_id}/")
    assert page.status_code == 200
    assert "Findings" in page.content.decode() and "dist/counting.js" in page.content.decode()
    return Attempt.objects.get(kind="counting")


def send(player, attempt, what, **body):
    address = f"/counting/attempts/{attempt.public_id}/{what}"
    method = player.put if what == "draft" else player.post
    return method(address, body, content_type="application/json")


def test_it_is_played_to_its_feedback(player, attempt):
    assert send(player, attempt, "draft", number=3, version=0).json() == {"version": 1}
    taken = send(player, attempt, "submit", number=2, submission=str(uuid.uuid4()), version=1)
    assert taken.status_code == 202
    tasks.score_attempt(attempt.pk)
    told = player.get(f"/counting/attempts/{attempt.public_id}/result").content.decode()
    assert told == "<p>There are 2: 100 points.</p>"
    assert "There are 2" in player.get(f"/counting/attempts/{attempt.public_id}/").content.decode()


def test_a_bad_answer_is_refused_in_the_games_words(player, attempt):
    refused = send(player, attempt, "draft", number="many", version=0)
    assert refused.status_code == 422
    assert refused.json() == {"error": "“number” must be a whole number, 0 or more."}


def test_only_the_modes_it_names_are_opened(player, attempt, nodule_case):
    address = f"/counting/cases/{nodule_case.public_id}/?mode=second_look"
    assert player.get(address).status_code == 404


def test_its_attempts_are_of_no_other_game(player, attempt):
    assert player.get(f"/localize/attempts/{attempt.public_id}/").status_code == 404


def test_the_start_page_offers_it(player, attempt):
    assert "Counting" in player.get("/home/").content.decode()
