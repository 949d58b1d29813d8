"""Addresses are proved by letters, sent to a real mail server on loopback."""

from __future__ import annotations

import email
import re
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from allauth.account.models import EmailAddress
from django.core import signing
from django.utils import timezone

from accounts import addresses
from accounts.models import User
from radgame import periodic
from tests import factories
from tests.game import free_port

PASSWORD = "quite-a-long-one-9"

pytestmark = pytest.mark.django_db


class Box:
    """Keeps the letters that the server takes."""

    def __init__(self) -> None:
        self.letters: list[email.message.Message] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        letter = email.message_from_bytes(envelope.content)
        assert [letter["To"]] == envelope.rcpt_tos
        self.letters.append(letter)
        return "250 taken"


@pytest.fixture(scope="module")
def mail_server():
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


@pytest.fixture
def letters(mail_server, settings):
    """What arrives, of a server that sends mail and lets people sign up."""
    box, port = mail_server
    box.letters.clear()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS, settings.SIGNUP_OPEN = False, True
    return box.letters


def sign_up(client, name="newcomer", address="New@example.org"):
    form = {"username": name, "email": address, "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/account/sign-up/", form)


def log_in(client, name="newcomer", password=PASSWORD):
    return client.post("/account/login/", {"username": name, "password": password})


def link_in(letter):
    return re.search(r"http://testserver(/\S+)", letter.get_payload(decode=True).decode())[1]


def test_it_works(client, letters):
    assert "Look at your mail" in sign_up(client).content.decode()
    assert client.get("/home/").status_code == 302, "nobody is logged in yet"
    refusal = log_in(client)
    assert "Open the link in the letter" in refusal.content.decode()
    [letter] = letters
    assert letter["To"] == "new@example.org" and "newcomer" in letter.get_payload()
    opened = client.get(link_in(letter)).content.decode()
    assert "It is mine" in opened
    assert not EmailAddress.objects.get().verified, "a mail scanner that opens links proves nothing"
    assert client.post(link_in(letter)).headers["Location"] == "/account/login/"
    assert log_in(client).headers["Location"] == "/"
    assert User.objects.get().is_guest


def test_a_wrong_password_is_not_told_of_the_letter(client, letters):
    sign_up(client)
    assert "letter that was sent" not in log_in(client, password="wrong").content.decode()


def test_the_link_works_once_and_for_three_days(client, letters, monkeypatch):
    sign_up(client)
    link = link_in(letters[0])
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + 3 * 86_400 + 60)
    assert client.post(link).status_code == 410
    monkeypatch.undo()
    assert client.post(link).status_code == 302
    assert client.post(link).status_code == 410
    assert client.post("/account/address/a-key-of-nobody/").status_code == 410


def test_an_address_of_somebody_gets_the_same_answer_and_they_a_letter(client, letters):
    owner = factories.UserFactory(username="owner")
    addresses.give(owner, "taken@example.org", is_proved=True)
    one = sign_up(client, "one", "Taken@example.org").content.decode()
    two = sign_up(client, "two", "free@example.org").content.decode()
    assert one.split("<main")[1] == two.split("<main")[1]
    assert not User.objects.filter(username="one").exists()
    told, proof = (letter.get_payload() for letter in letters)
    assert "You have one already: owner" in told and "/account/forgotten/" in told
    assert "/account/address/" in proof


def test_of_two_who_gave_an_address_the_first_to_prove_it_has_it(client, letters):
    sign_up(client, "one")
    sign_up(client, "two")
    assert client.post(link_in(letters[0])).status_code == 302
    assert client.post(link_in(letters[1])).status_code == 410
    assert addresses.owner_of("new@example.org").username == "one"


def test_the_link_of_an_address_that_was_changed_proves_nothing(client, letters, client_of):
    user = factories.UserFactory()
    own = client_of(user)
    for address in ("one@example.org", "two@example.org"):
        form = {"email": address, "password": "a long test password"}
        page = own.post("/account/address/", form, follow=True).content.decode()
        assert "A letter is on its way" in page
    assert client.post(link_in(letters[0])).status_code == 410
    assert "It is not proved yet" in own.get("/account/address/").content.decode()
    assert own.post(link_in(letters[1])).headers["Location"] == "/account/address/"
    assert "It is proved to be yours" in own.get("/account/address/").content.decode()


def test_a_letter_about_the_password_proves_the_address_too(client, letters):
    sign_up(client)
    client.post("/account/forgotten/", {"email": "new@example.org"})
    opened = client.get(link_in(letters[1]), follow=True).redirect_chain[-1][0]
    new = "another-long-one-7"
    client.post(opened, {"new_password1": new, "new_password2": new})
    assert log_in(client, password=new).status_code == 302


def test_a_mail_server_that_is_away_keeps_nothing_and_says_so(client, letters, settings):
    settings.EMAIL_PORT = 1
    assert "The letter could not be sent" in sign_up(client).content.decode()
    assert not User.objects.exists()


def test_who_never_proves_the_address_is_forgotten(client, letters):
    sign_up(client)
    periodic.forget()
    assert User.objects.exists()
    User.objects.update(date_joined=timezone.now() - timedelta(days=8))
    periodic.forget()
    assert not User.objects.exists()


def test_letters_to_one_address_are_few(client, letters):
    statuses = [sign_up(client, f"name-{n}").status_code for n in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert len(letters) == 3


def test_accounts_that_were_made_for_people_are_not_asked(client, letters):
    made = factories.UserFactory(email="given@example.org")
    assert log_in(client, made.username, "a long test password").status_code == 302
