"""A model's explanation streams into the feedback; with its server dead the atlas is there."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing

import pytest
from playwright.sync_api import expect

from tests.browser.player import Player
from tests.game import logged_in
from tests.library import furnished
from tests.servers import PATIENT, chat_server, close, status

pytestmark = pytest.mark.browser


class Writer:
    """A chat server's act: two words on the side it was told of, the others when it is to go on."""

    def __init__(self, chat):
        self.chat = chat
        self.began, self.go_on = threading.Event(), threading.Event()

    def __call__(self, handler):
        facts = json.loads(self.chat.asked[-1]["messages"][1]["content"][-1]["text"])
        side = "left" if "left" in facts["place"] else "right"
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        words = f"This is a nodule in the {side} lung. Its edge is sharp and it is round."
        self.began.set()
        for place, word in enumerate(words.split()):
            event = {"choices": [{"delta": {"content": f"{word} "}}]}
            handler.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            handler.wfile.flush()
            if place == 1:
                self.go_on.wait(PATIENT)
        handler.wfile.write(b"data: [DONE]\n\n")
        handler.close_connection = True


@pytest.fixture(scope="module")
def chat():
    with chat_server() as running:
        yield running


@pytest.fixture(scope="module")
def seeing_game(chat):
    """A game whose cases were not explained ahead, so that learners have to ask."""
    variables = {"VLM_URL": chat.url, "VLM_MODEL": "seer-1", "LLM_TIMEOUT_SECONDS": "60"}
    chat.will(status(401))
    with furnished(**variables) as running:
        for key in published_again(running):
            running.line(rf"Case {key} is not explained ahead", PATIENT)
        wait_until_quiet(chat)
        yield running


def published_again(game, count=3):
    """Keys of cases with findings that the curator has taken out of play and published again."""
    query = "SELECT DISTINCT c.id, c.public_id FROM cases_case c "
    query += "JOIN cases_finding f ON f.case_id = c.id WHERE c.status = 'published' ORDER BY c.id"
    cases = game.rows(query)[:count]
    assert len(cases) == count
    with closing(logged_in(game, "curator")) as curator:
        for status_ in ("retired", "published"):
            form = {
                "action": status_,
                "why": "To see what follows.",
                "case": [case for _, case in cases],
                "csrfmiddlewaretoken": curator.cookies["csrftoken"],
            }
            answer = curator.post("/cases/act/", data=form)
            assert f"{count} cases: " in answer.text
    return [key for key, _ in cases]


def wait_until_quiet(chat, seconds=3, patience=60):
    """Until the server was asked, and then not for some seconds."""
    started_at = last = time.time()
    asked = 0
    while not asked or time.time() - last < seconds:
        assert time.time() - started_at < patience, f"asked {asked} times"
        if len(chat.asked) > asked:
            asked, last = len(chat.asked), time.time()
        time.sleep(0.1)


@pytest.fixture
def player(seeing_game, page):
    person = Player(seeing_game, page)
    person.log_in(seeing_game.enroll())
    return person


def missed(player, nodules):
    """The row of a nodule that was missed, opened."""
    player.open(player.case_with(nodules=nodules))
    player.page.keyboard.press("n")
    player.submit()
    player.wait_for_feedback()
    row = player.page.locator(".finding.outcome-missed").first
    if row.get_attribute("open") is None:
        row.locator("summary").first.click()
    return row


def test_an_explanation_is_written_into_the_feedback(player, chat):
    writer = Writer(chat)
    chat.will(writer)
    row = missed(player, 1)
    text = row.locator(".explanation")
    assert writer.began.wait(PATIENT)
    expect(text).to_contain_text("This")  # while the server still waits to write on
    expect(row.locator("[data-role=badge]")).to_have_text("Model, being written …")
    writer.go_on.set()
    expect(row.locator(".explanation")).to_contain_text("it is round.")
    expect(row.locator("[data-role=badge]")).to_have_text("Model, unreviewed")
    for said in ("Helpful", "Wrong"):
        row.get_by_role("button", name=said, exact=True).click()
        pressed = row.locator(".rating [aria-pressed=true]")
        expect(pressed).to_have_text(said)
        expect(row.locator(".rating [role=status]")).to_contain_text("Noted")
    player.page.reload()
    player.wait_for_feedback()
    if row.get_attribute("open") is None:
        row.locator("summary").first.click()
    expect(row.locator(".rating [aria-pressed=true]")).to_have_text("Wrong")


def test_with_the_server_dead_the_atlas_explains(player, chat):
    chat.will(close)
    forget = "from feedback.models import Explanation; Explanation.objects.all().delete()"
    player.game.manage("shell", "--no-imports", "-c", forget)  # what was explained ahead meanwhile
    row = missed(player, 2)
    expect(row.locator(".explanation")).to_contain_text("You did not mark")
    expect(row.locator("[data-role=badge]")).to_have_text("Atlas")
    expect(row.locator(".rating")).to_be_hidden()
    wait_until_quiet(chat)
    assert len(chat.asked) >= 1
    expect(row.locator(".explanation")).to_contain_text("You did not mark")
    expect(row.locator("[data-role=badge]")).to_have_text("Atlas")
